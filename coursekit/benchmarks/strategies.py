"""Search strategies: the cost of a suggestion and the results, against the field's optimizers.

Three parts, all contestants in one run, each with its default settings:
  cost    CPU seconds of ask and tell until a number of trials is done, on 4 floats, 3 integers and
          3 categoricals with an objective that costs nothing; imports and set-up are not counted,
          the kit's journal is off; medians over the repeats. A contestant that would exceed
          --patience before the next mark stops; one that needs a third of it is measured once. Slow
          peers end at 200; smac's initial design depends on that, so its first 50 cost nothing.
  choices the kit alone: CPU seconds a trial, over 50 trials, on unordered choices of many values
          and one float, and the ratio to a choice of 10 values.
  search  the best validation accuracy found on NAS-Bench-201 at 50, 100, 200 and 500 trials: mean
          and standard deviation over the seeds, which are the same for the kit's strategies;
          differences from a champion and from random search (Wilcoxon, Holm over the contestants).
          Slow peers run fewer trials and seeds by default. With --kept FILE their searches can be
          stopped and resumed by a later call.

The peers have their own environment, next to the course's:
  UV_PROJECT_ENVIRONMENT=.peers uv sync --no-default-groups --group peers --extra keras \\
      --extra benchmarks
  .peers/bin/python -m coursekit.benchmarks strategies
Peers that are not installed are named and left out. All of it takes about an hour on two cores;
`--peers "optuna TPE"` takes minutes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.arguments import count
from coursekit.benchmarks.contests import MARKS, report, search
from coursekit.benchmarks.peers import PEERS, SLOW, contestant
from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import STRATEGIES
from coursekit.worlds import NASBench201

COST_MARKS = (50, 200, 1000, 5000)
CHOICES = ((10, 1), (10_000, 1), (10, 10), (1000, 10))  # values, and how many such choices
CHOICE_TRIALS = 50
# Which contestants correspond: the ratios to print.
RIVALS = {
    "random": ("optuna random", "keras-tuner random"),
    "regularized_evolution": ("syne-tune REA", "optuna NSGA-II"),
    "tpe": ("optuna TPE",),
    "bayesian": ("keras-tuner Bayesian", "optuna GP", "smac"),
}
MIXED = Space(
    {
        **{f"float_{i}": Float(1e-4, 1.0, log=i < 2) for i in range(4)},
        **{f"integer_{i}": Integer(1, 2 ** (4 + i)) for i in range(3)},
        **{f"choice_{i}": Choice(("a", "b", "c", "d", "e")[: 3 + i]) for i in range(3)},
    }
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    usual = [name for name, cls in STRATEGIES.items() if not cls.budgeted]
    add = parser.add_argument
    parts = ("cost", "choices", "search")
    add("--parts", type=some_of(*parts), default=list(parts), help=",".join(parts))
    add(
        "--strategies",
        type=some_of(*usual, ""),
        default=usual,
        help=f"of the kit: {','.join(usual)}",
    )
    add("--peers", type=some_of(*PEERS, ""), default=list(PEERS), help=f"{','.join(PEERS)}; or ''")
    add("--repeats", type=count, default=3, help="of the cost part (3)")
    add("--patience", type=count, default=60, help="seconds that one contestant may take (60)")
    add("--cost-trials", type=count, default=COST_MARKS[-1], help="the last mark of cost (5000)")
    sets = NASBench201.datasets
    add("--datasets", type=some_of(*sets), default=list(sets), help=f"{','.join(sets)}")
    add("--trials", type=count, default=MARKS[-1], help="of each search (500)")
    add("--seeds", type=count, default=20, help="of each contestant (20)")
    add("--slow-trials", type=count, help="of the slow peers, in place of 50 or 100")
    add("--slow-seeds", type=count, default=5, help="of the slow peers (5)")
    add(
        "--champion", choices=usual, metavar="NAME", help="held against every peer; bayesian or tpe"
    )
    add("--workers", type=count, help="processes of the search part; one a core by default")
    add("--kept", type=Path, metavar="FILE", help="keeps peers' searches; what it has is not rerun")


def run(options: argparse.Namespace) -> None:
    """Measure, and print the tables and the ratios."""
    missing = [name for name in options.peers if name and not _there(PEERS[name].package)]
    if missing:
        print(f"not installed, left out: {', '.join(missing)} (see --help)", file=sys.stderr)
    peers = [name for name in options.peers if name and name not in missing]
    options.strategies = [name for name in options.strategies if name]
    if "cost" in options.parts:
        kit = [name for name in options.strategies if STRATEGIES[name].supports(MIXED)]
        report_cost(cost([*kit, *peers], options), options)
    if "choices" in options.parts:
        report_choices(options.strategies, options.repeats)
    if "search" in options.parts:
        for dataset in options.datasets:
            report(dataset, search(dataset, peers, options), options)


def report_choices(names: Sequence[str], repeats: int) -> None:
    """Print what a trial costs over choices of many values, and the ratio to a choice of 10."""
    print(f"\nmilliseconds a trial over choices (values x choices), {CHOICE_TRIALS} trials")
    print(" " * 24 + "".join(f"{f'{values} x {count}':>18}" for values, count in CHOICES))
    for name in names:
        if not STRATEGIES[name].supports(_choices(10, 1)):
            continue
        taken = [
            statistics.median(_seconds_a_trial(name, *each, seed) for seed in range(repeats))
            for each in CHOICES
        ]
        cells = [f"{1000 * each:.2f} ({each / taken[0]:.1f})" for each in taken]
        print(f"{name:<24}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def _choices(values: int, count: int) -> Space:
    items = [f"value {index}" for index in range(values)]
    return Space({"x": Float(0, 1)} | {f"choice_{i}": Choice(items) for i in range(count)})


def _seconds_a_trial(name: str, values: int, count: int, seed: int) -> float:
    search = Search(STRATEGIES[name](_choices(values, count)), seed=seed)
    begun = time.process_time()
    search.run(lambda suggestion: suggestion.configuration["x"], trials=CHOICE_TRIALS)
    return (time.process_time() - begun) / CHOICE_TRIALS


def cost(names: Sequence[str], options: argparse.Namespace) -> dict[str, list[dict[int, float]]]:
    """For each contestant and repeat, CPU seconds at each mark that was reached."""
    marks = sorted({m for m in COST_MARKS if m < options.cost_trials} | {options.cost_trials})
    measured: dict[str, list[dict[int, float]]] = {}
    for name in names:
        measured[name] = []
        if name not in SLOW:
            _cost_of(name, [20], 0, options.patience)  # for its imports
        for repeat in range(options.repeats):
            print(f"cost: {name}, repeat {repeat + 1}", file=sys.stderr, flush=True)
            mine = [m for m in marks if m <= 200] if name in SLOW else marks
            measured[name].append(_cost_of(name, mine, repeat, options.patience))
            if max(measured[name][0].values(), default=np.inf) > options.patience / 3:
                break
    return measured


def _cost_of(name: str, marks: Sequence[int], seed: int, patience: float) -> dict[int, float]:
    asking, reached = contestant(name, MIXED, seed, marks[-1]), dict[int, float]()
    configuration = next(asking)  # imports and set-up
    begun = time.process_time()
    try:
        for trial in range(1, marks[-1] + 1):
            configuration = asking.send(objective(configuration))
            if trial in marks:
                spent = reached[trial] = time.process_time() - begun
                following = marks[min(marks.index(trial) + 1, len(marks) - 1)]
                if spent * following / trial > patience:
                    break
            elif time.process_time() - begun > 2 * patience:
                break
    except StopIteration:  # it has no more suggestions
        reached.setdefault(trial, time.process_time() - begun)
    asking.close()
    return {mark: seconds for mark, seconds in reached.items() if mark in marks}


def objective(configuration: Mapping[str, Any]) -> float:
    score = -((configuration["float_2"] - 0.3) ** 2) - abs(configuration["float_0"] - 0.01)
    return score + 0.01 * configuration["integer_0"] + (configuration["choice_0"] == "b")


def report_cost(
    measured: Mapping[str, Sequence[Mapping[int, float]]], options: argparse.Namespace
) -> None:
    """The table of medians, and the ratios between corresponding contestants."""
    marks = sorted({mark for runs in measured.values() for run in runs for mark in run})
    medians = {
        name: {m: statistics.median(r[m] for r in runs if m in r) for m in marks if m in runs[0]}
        for name, runs in measured.items()
    }
    print("CPU seconds of ask and tell, by number of trials, one thread, medians")
    print(f"{'':22}" + "".join(f"{mark:>10,}" for mark in marks) + f"{'ms/trial':>10}{'runs':>6}")
    for name, found in medians.items():
        cells = "".join(f"{found[m]:10.3f}" if m in found else f"{'-':>10}" for m in marks)
        last = max(found, default=0)
        pace = f"{1000 * found[last] / last:10.3f}" if last else f"{'-':>10}"
        print(f"{name:22}{cells}{pace}{len(measured[name]):6}")
    for ours, rivals in RIVALS.items():
        for theirs in rivals:
            both = [m for m in marks if m in medians.get(ours, {}) and m in medians.get(theirs, {})]
            ratios = [f"{medians[theirs][m] / medians[ours][m]:.3g}x at {m:,}" for m in both]
            if ratios:
                print(f"{theirs} takes, of {ours}'s time: {', '.join(ratios)}")
    print(flush=True)


def _there(package: str) -> bool:
    return find_spec(package) is not None


def some_of(*known: str) -> Any:
    def names(text: str) -> list[str]:
        found = [name.strip() for name in text.split(",")]
        for name in found:
            if name not in known:
                listed = ", ".join(filter(None, known))
                raise argparse.ArgumentTypeError(f"{name!r} is none of {listed}")
        return found

    return names
