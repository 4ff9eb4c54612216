"""The cost of a trial without its training: the kit's tuners against Keras Tuner's RandomSearch.

All search the same space with a `run_trial` that trains nothing: what remains is suggesting,
recording and saving. CPU and wall seconds differ by the waiting for the disk: the kit's journal is
synced after each result, Keras Tuner's files are not. Medians over the repeats; the contestants
take turns.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from typing import Any, NamedTuple

from coursekit.arguments import count
from coursekit.benchmarks.strategies import MIXED, objective, some_of
from coursekit.strategies import STRATEGIES

PEER = "kt.RandomSearch"
USUAL = ("random", "regularized_evolution", "tpe")
MARKS = (50, 200, 1000)


class Cost(NamedTuple):
    """Milliseconds a trial."""

    cpu: float
    wall: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    usable = [name for name, cls in STRATEGIES.items() if cls.supports(MIXED)]
    known, add = some_of(*usable), parser.add_argument
    add("--strategies", type=known, default=list(USUAL), help=f"of the kit: {','.join(USUAL)}")
    marks = ",".join(map(str, MARKS))
    add("--trials", type=_counts, default=MARKS, help=f"each in its own search ({marks})")
    add("--repeats", type=count, default=5, help="of each (5)")


def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the ratios."""
    import keras_tuner

    from coursekit.tuners import TUNERS

    contestants = {PEER: keras_tuner.RandomSearch}
    contestants |= {name: TUNERS[name] for name in options.strategies}
    print(f"{'ms a trial':24}{'trials':>8}{'CPU':>9}{'wall':>9}{'of ' + PEER + ' (CPU, wall)':>36}")
    for kind in contestants.values():
        cost(kind, 5, 0)  # for its imports
    for trials in options.trials:
        measured: dict[str, list[Cost]] = {name: [] for name in contestants}
        for repeat in range(options.repeats):
            print(f"{trials} trials, repeat {repeat + 1} of {options.repeats}", file=sys.stderr)
            for name, kind in contestants.items():
                measured[name].append(cost(kind, trials, repeat))
        report(trials, measured)


def cost(kind: Any, trials: int, seed: int) -> Cost:
    """Run one search of `trials` trials with this class of tuners."""
    import keras_tuner

    from coursekit.tuners.conversion import to_hyperparameters

    class Untrained(kind):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
            return objective(trial.hyperparameters.values)

    with tempfile.TemporaryDirectory() as folder:
        tuner = Untrained(
            objective=keras_tuner.Objective("score", "max"),
            max_trials=trials,
            seed=seed + 1,
            hyperparameters=to_hyperparameters(MIXED),
            directory=folder,
        )
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        tuner.search(verbose=0)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        done = len(tuner.oracle.end_order)
    if done != trials:
        raise RuntimeError(f"{kind.__name__} ended {done} of {trials} trials")
    return Cost(1000 * cpu / trials, 1000 * wall / trials)


def report(trials: int, measured: dict[str, list[Cost]]) -> None:
    """Print the medians, and their ratios to the peer's."""
    medians = {
        name: Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))
        for name, costs in measured.items()
    }
    peer = medians[PEER]
    for name, found in medians.items():
        ratios = f"{found.cpu / peer.cpu:.2f}, {found.wall / peer.wall:.2f}"
        print(f"{name:24}{trials:8}{found.cpu:9.2f}{found.wall:9.2f}{ratios:>36}", flush=True)


def _counts(text: str) -> list[int]:
    return [count(each.strip()) for each in text.split(",")]
