"""The search part of the strategies' benchmark: what each contestant finds on NAS-Bench-201."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.benchmarks.peers import PEERS, SLOW, Peer
from coursekit.processes import spread
from coursekit.race import Run
from coursekit.race.contestants import Contestant
from coursekit.race.runs import Entry, Limits, run
from coursekit.race.significance import holm, wilcoxon
from coursekit.worlds import NASBench201

MARKS = (50, 100, 200, 500)
Runs = dict[str, dict[int, Run]]  # by contestant and seed


def search(dataset: str, peers: Sequence[str], options: argparse.Namespace) -> Runs:
    """Each contestant's runs by seed; peers' searches stored in `options.kept` are not rerun."""
    world, runs = NASBench201(dataset), Runs()
    groups: dict[int, list[Entry]] = {}
    kept = Kept(options.kept, dataset)
    for name in [*options.strategies, *peers]:
        trials, seeds = _limits(name, options)
        known = kept.read(name, trials) if name in PEERS else {}
        runs[name] = {seed: run for seed, run in sorted(known.items()) if seed < seeds}
        build = partial(Peer, name=name, trials=trials) if name in PEERS else name
        mine = Contestant(name, build)
        left = [Entry(mine, seed) for seed in range(seeds) if seed not in runs[name]]
        groups.setdefault(trials, []).extend(left)
    for trials, entries in groups.items():
        entries.sort(key=lambda entry: entry.seed)
        workers = max(1, min(options.workers or os.cpu_count() or 1, len(entries)))
        with closing(spread(run, (world, Limits(trials, None)), entries, workers)) as done:
            for number, ((contestant, seed), found) in enumerate(done, start=1):
                runs[contestant.name][seed] = found
                if contestant.name in PEERS:
                    kept.write(contestant.name, trials, seed, found)
                _progress(f"search: {dataset}, {number} of {len(entries)}", number)
        _progress("", 0)
    return runs


def _limits(name: str, options: argparse.Namespace) -> tuple[int, int]:
    """How many trials and seeds."""
    if name not in SLOW:
        return options.trials, options.seeds
    trials = options.slow_trials or PEERS[name].trials
    return min(options.trials, trials), min(options.seeds, options.slow_seeds)


class Kept:
    """Peers' searches in a file, one JSON line each, so that long measurements can be interrupted.

    The kit's own are not kept: its code changes. path: None keeps nothing.
    """

    def __init__(self, path: Path | None, dataset: str) -> None:
        self._path, self._dataset = path, dataset

    def _about(self, name: str, trials: int) -> dict[str, Any]:
        of = version(name.split()[0])  # the package that the peer is named after
        return {"dataset": self._dataset, "contestant": name, "version": of, "trials": trials}

    def read(self, name: str, trials: int) -> dict[int, Run]:
        """By seed, the searches by this version of the peer with this limit."""
        if self._path is None or not self._path.exists():
            return {}
        about, found = self._about(name, trials), dict[int, Run]()
        for line in _whole_lines(self._path):
            if all(line[key] == value for key, value in about.items()):
                scores = np.array(line["scores"], dtype=float)
                found[line["seed"]] = Run(scores, np.zeros(len(scores)), line["overhead"])
        return found

    def write(self, name: str, trials: int, seed: int, run: Run) -> None:
        if self._path is None:
            return
        scores = [score if np.isfinite(score) else None for score in run.scores.tolist()]
        line = {**self._about(name, trials), "seed": seed, "overhead": run.overhead}
        with self._path.open("a") as file:
            file.write(json.dumps({**line, "scores": scores}) + "\n")


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            print(f"{path}, line {number}: not JSON, ignored", file=sys.stderr)


def _progress(text: str, number: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:70}" if number else "", end="", file=sys.stderr, flush=True)
    elif number == 1:
        print(text, file=sys.stderr, flush=True)


def best(runs: Mapping[int, Run], mark: int) -> dict[int, float]:
    """The best score after `mark` trials, in percent, for the seeds that got there."""
    return {
        seed: 100 * float(np.nanmax(run.scores[:mark]))
        for seed, run in runs.items()
        if len(run.scores) >= mark
    }


def report(
    dataset: str, runs: Mapping[str, Mapping[int, Run]], options: argparse.Namespace
) -> None:
    """The table of best scores, and the differences from the champion and from random search."""
    marks = [mark for mark in MARKS if mark < options.trials] + [options.trials]
    optimum = 100 * NASBench201(dataset).optimum
    print(f"NAS-Bench-201, {dataset}: best validation accuracy, % (optimum {optimum:.2f})")
    print(f"{'':22}" + "".join(f"{mark:>16}" for mark in marks) + f"{'seeds':>8}")
    for name, found in runs.items():
        cells = [_mean(list(best(found, mark).values())) for mark in marks]
        print(f"{name:22}" + "".join(f"{cell:>16}" for cell in cells) + f"{len(found):8}")
    ours = [name for name in runs if name not in PEERS]
    champion = options.champion or next((n for n in ("bayesian", "tpe") if n in ours), "random")
    peers = [name for name in runs if name in PEERS]
    for base, others in (("random", ours), (champion, peers)):
        for mark in marks:
            if base in runs and (text := _against(base, others, runs, mark)):
                print(f"at {mark}, against {base}: {text}")
    print(flush=True)


def _against(
    base: str, others: Sequence[str], runs: Mapping[str, Mapping[int, Run]], mark: int
) -> str:
    """Differences from `base` in points, with p-values adjusted by Holm for all comparisons."""
    mine, pairs = best(runs[base], mark), {}
    for name in others:
        theirs = best(runs[name], mark)
        seeds = sorted(set(mine) & set(theirs))
        if name != base and seeds:
            pairs[name] = np.array([theirs[seed] - mine[seed] for seed in seeds])
    adjusted = holm([wilcoxon(values) for values in pairs.values()])
    return ", ".join(
        f"{name} {values.mean():+.2f} (p {'< 0.001' if p < 0.001 else f'= {p:.2g}'})"
        for (name, values), p in zip(pairs.items(), adjusted, strict=True)
    )


def _mean(values: Sequence[float]) -> str:
    if not values:
        return "-"
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.2f} ± {spread:.2f}"
