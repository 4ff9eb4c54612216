"""Importance: the estimate from a search's trials against the truth of a whole table.

The tables are the kit's own, of which every configuration was trained. For each, the truth is the
exact functional ANOVA of being among the best, main effects only; PED-ANOVA estimates the same from
the trials of a search.
  error   the share that stands at wrong parameters, in percent: half the sum of absolute
          differences, mean over the seeds. "equal shares" is the error of an estimate that knows
          nothing; "all scores" that of the truth about all scores, in place of the best.
  tau     Kendall's rank correlation of the estimated with the true shares, mean.
  first   how often the parameter that is estimated to be the most important is.
It takes some minutes on one core; --seeds and --trials shorten it.
"""

from __future__ import annotations

import argparse
import math
import sys

import numpy as np

from coursekit.arguments import count
from coursekit.benchmarks.strategies import some_of
from coursekit.importance import functional_anova, main_effects, ped_anova
from coursekit.search import Search
from coursekit.strategies import make
from coursekit.worlds import Cells, MLPs

TABLES = {"mlps": MLPs, "cells": Cells}
STRATEGIES = ("random", "quasi_random", "regularized_evolution", "tpe")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("--tables", type=some_of(*TABLES), default=list(TABLES), help=",".join(TABLES))
    add("--strategies", type=some_of(*STRATEGIES), default=list(STRATEGIES),
        help=",".join(STRATEGIES))  # fmt: skip
    add("--trials", type=count, default=[50, 200, 500], nargs="+", help="of searches (50 200 500)")
    add("--seeds", type=count, default=20, help="of each search (20)")
    add("--top", type=float, default=0.25, help="the share of trials that are the best (0.25)")


def run(options: argparse.Namespace) -> None:
    """Measure, and print the tables."""
    for table in options.tables:
        world = TABLES[table]()
        scores = np.array([world.accuracy(each) for each in world.space.enumerate()])
        scores = np.nan_to_num(scores, nan=0.0)
        best = scores >= np.sort(scores)[-math.ceil(options.top * len(scores))]
        truth = main_effects(functional_anova(world.space, best, most=1))
        usual = main_effects(functional_anova(world.space, scores, most=1))
        print(f"\n{world.title}: importance for the best {options.top:.0%}, {options.seeds} seeds")
        print("truth: " + ", ".join(f"{name} {share:.1%}" for name, share in truth.items()))
        print(f"{'':24}{'trials':>7}{'error':>9}{'tau':>7}{'first':>7}")
        equal = dict.fromkeys(truth, 1 / len(truth))
        for name, known in (("equal shares", equal), ("all scores", usual)):
            print(f"{name:24}{'':7}{100 * error(known, truth):7.1f} %")
        for strategy in options.strategies:
            print(f"{table}: {strategy}", file=sys.stderr, flush=True)
            found: dict[int, list[dict[str, float]]] = {n: [] for n in sorted(options.trials)}
            for seed in range(options.seeds):
                search = Search(make(strategy, world.space), seed=seed)
                judge = world.seeded(seed)
                for trials in found:
                    history = search.run(judge, trials=trials)
                    found[trials].append(ped_anova(world.space, history, top=options.top))
            for trials, estimates in found.items():
                errors = np.mean([error(each, truth) for each in estimates])
                tau = np.mean([agreement(each, truth) for each in estimates])
                first = np.mean([most(each) == most(truth) for each in estimates])
                print(f"{strategy:24}{trials:7}{100 * errors:7.1f} %{tau:7.2f}{first:7.0%}")


def error(estimate: dict[str, float], truth: dict[str, float]) -> float:
    """The share that stands at wrong parameters: 0 if the two agree, at most 1."""
    return sum(abs(estimate[name] - share) for name, share in truth.items()) / 2


def agreement(estimate: dict[str, float], truth: dict[str, float]) -> float:
    """Kendall's tau of the shares."""
    from scipy.stats import kendalltau

    return float(kendalltau([estimate[name] for name in truth], list(truth.values()))[0])


def most(shares: dict[str, float]) -> str:
    """The parameter with the largest share."""
    return max(shares, key=lambda name: shares[name])
