"""Estimators: what judging candidates at a part of the cost is worth, and where it fails.

Parts, all in one run, one thread:
  forecasts    the end of a curve from its first part: mean error in points, log-likelihood of the
               score (nats, in bins of one point; higher is better), Spearman's rank correlation,
               coverage of the bands of 50, 80 and 95 %, milliseconds a curve. On the kit's curves
               (one training each; perceptrons 10 of 40 epochs, cells 4 of 12), on others (boosting,
               linear models, scikit-learn's perceptrons) on data that the prior never saw.
               "last value, width fitted" is told the width of its own errors on these very curves.
               MCMC runs on the first few curves alone; all are scored on those again.
  termination  searches that stop trainings by extrapolation against full trainings, the same seeds:
               the accuracy lost, in points, and the share of the epochs.
  fidelities   rank correlation of every fidelity, at several epochs, with the full result.
  failures     stopping after so many epochs: how many of those that beat the bar are lost.
  inheritance  searches whose children begin with their parents' weights, and the same from scratch:
               epochs until a fixed accuracy, all trainings counted, in two spaces; and how heirs'
               scores rank beside full trainings.
All of it takes about ten minutes on one core, and inheritance a quarter of an hour more;
--curves, --seeds and --mcmc make it shorter, --workers the inheritance.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np

from coursekit.benchmarks import inheriting
from coursekit.benchmarks.curves import OUTSIDE
from coursekit.benchmarks.forecasters import FORECASTERS, GRID, Guess, gaussian
from coursekit.benchmarks.strategies import count, some_of
from coursekit.estimators.extrapolation import Extrapolation, decide
from coursekit.estimators.full_training import FullTraining
from coursekit.estimators.lower_fidelity import agreement
from coursekit.search import Search
from coursekit.strategies import make as make_strategy
from coursekit.surrogates.forecast import Forecast
from coursekit.trials import Suggestion
from coursekit.worlds import WORLDS, World

PARTS = ("forecasts", "termination", "fidelities", "failures", "inheritance")
SEEN = {"mlps": 10, "cells": 4}  # epochs of the kit's curves; of others 10
FITTED = "last value, width fitted"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("--parts", type=some_of(*PARTS), default=list(PARTS), help=",".join(PARTS))
    add("--curves", type=count, default=200, help="of each set (200)")
    add("--mcmc", type=int, default=5, help="curves of each set that MCMC runs on (5)")
    add("--seeds", type=count, default=20, help="searches with termination (20)")
    add("--workers", type=count, default=os.cpu_count() or 1, help="processes for inheritance")
    add("--trials", type=count, default=60, help="of each search (60)")
    add(
        "--strategies",
        type=some_of("random", "tpe", "regularized_evolution", "bayesian"),
        default=["random", "tpe"],
        help="of the termination part (random,tpe)",
    )


def run(options: argparse.Namespace) -> None:
    """Measure, and print the tables."""
    if "forecasts" in options.parts:
        for name in (*SEEN, *OUTSIDE):
            print(f"curves: {name}", file=sys.stderr, flush=True)
            forecasts(name, curves_of(name, options.curves), SEEN.get(name, 10), options.mcmc)
    if "termination" in options.parts:
        for name in SEEN:
            for strategy in options.strategies:
                termination(name, strategy, options)
    if "fidelities" in options.parts:
        for name in SEEN:
            fidelities(name, options.curves)
    if "failures" in options.parts:
        for name in SEEN:
            failures(name, curves_of(name, options.curves))
        failures("late bloomers, made up", late_bloomers(100), bar=0.9)
    if "inheritance" in options.parts:
        inheriting.run(options)


def curves_of(name: str, wanted: int) -> np.ndarray:
    """Whole curves, shape (wanted, epochs): of a world, one training each, or of an outside set."""
    if name in OUTSIDE:
        return OUTSIDE[name](wanted)
    world = WORLDS[name](seed=1)  # type: ignore[call-arg]
    rng, found = np.random.default_rng(2), list[Sequence[float]]()
    while len(found) < wanted:
        curve = world.estimate(Suggestion(world.space.sample(rng))).curve
        if np.isfinite(curve).all():
            found.append(curve)
    return np.array(found)


def forecasts(name: str, curves: np.ndarray, seen: int, few: int) -> None:
    """The table of one set, and ours against the last value in rank, by a bootstrap of curves."""
    horizon, ends = curves.shape[1], curves[:, -1]
    print(f"\n{name}: {len(curves)} curves, {seen} of {horizon} epochs seen")
    print(f"{'':26}{'error':>7}{'log-lik':>9}{'rank':>7}{'50 %':>7}{'80 %':>6}{'95 %':>6}{'ms':>9}")
    guesses: dict[str, list[Guess]] = {}
    spent: dict[str, float] = {}
    Forecast(curves[0, :seen], horizon).score  # noqa: B018  the ensemble is drawn once
    for each, forecaster in FORECASTERS.items():
        mine = curves[:few] if each == "MCMC" else curves
        if not len(mine):
            continue
        begun = time.process_time()
        guesses[each] = [forecaster(curve[:seen], horizon) for curve in mine]
        spent[each] = 1000 * (time.process_time() - begun) / len(mine)
        if each == "last value":
            width = float(np.sqrt(np.mean((curves[:, seen - 1] - ends) ** 2)))
            guesses[FITTED] = [gaussian(curve[seen - 1], width) for curve in curves]
            spent[FITTED] = 0.0
    for each, found in guesses.items():
        if each != "MCMC":
            print(f"{each:26}{_row(found, ends)}{spent[each]:9.2f}")
    if "MCMC" in guesses:
        print(f"on the first {few} alone:")
        for each, found in guesses.items():
            print(f"{each:26}{_row(found[:few], ends[:few])}{spent[each]:9.2f}")
    last, ours = (np.array([g.score for g in guesses[n]]) for n in ("last value", "ours"))
    begun = time.process_time()
    for curve in curves:
        decide(curve[:seen], horizon, float(ends.max())).forecast.score  # noqa: B018
    alone = 1000 * (time.process_time() - begun) / len(curves)
    print(f"ours without the distribution that is scored here: {alone:.2f} ms for score and chance")
    low, high = _rank_difference(ours, last, ends)
    print(f"rank correlation, ours minus last value: {low:+.3f} to {high:+.3f} (95 %, bootstrap)")


def _row(guesses: Sequence[Guess], ends: np.ndarray) -> str:
    from scipy.stats import spearmanr

    middles, scores = (np.array([g[place] for g in guesses]) for place in (1, 0))
    error = 100 * float(np.abs(middles - ends).mean())
    low, high = (
        np.array([np.interp(e + side, GRID, g.below, left=0.0, right=1.0)
                  for g, e in zip(guesses, ends, strict=True)])
        for side in (-0.005, 0.005)
    )  # fmt: skip
    likelihood = float(np.mean(np.log(np.maximum(high - low, 1e-6) / 0.01)))
    place = np.abs((low + high) / 2 - 0.5) * 2
    covered = [float(np.mean(place <= share)) for share in (0.5, 0.8, 0.95)]
    rank = float(spearmanr(scores, ends)[0]) if len(set(scores)) > 1 else float("nan")
    cover = f"{covered[0]:7.0%}{covered[1]:6.0%}{covered[2]:6.0%}"
    return f"{error:7.2f}{likelihood:9.2f}{rank:7.3f}{cover}"


def _rank_difference(ours: np.ndarray, last: np.ndarray, ends: np.ndarray) -> tuple[float, float]:
    from scipy.stats import spearmanr

    rng, found = np.random.default_rng(0), []
    for _ in range(500):
        drawn = rng.integers(len(ends), size=len(ends))
        found.append(
            spearmanr(ours[drawn], ends[drawn])[0] - spearmanr(last[drawn], ends[drawn])[0]
        )
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(low), float(high)


def termination(name: str, strategy: str, options: argparse.Namespace) -> None:
    """Paired searches, with the table's mean accuracy of what was chosen as the result."""
    lost, shares, wall = [], [], 0.0
    for seed in range(options.seeds):
        world = WORLDS[name](seed=seed)  # type: ignore[call-arg]
        full, stopped = (
            Search(make_strategy(strategy, world.space), seed=seed)
            for _ in range(2)
        )  # fmt: skip
        full.run(FullTraining(world), trials=options.trials)
        begun = time.process_time()
        stopped.run(Extrapolation(world), trials=options.trials)
        wall += time.process_time() - begun
        lost.append(100 * (_accuracy(world, full) - _accuracy(world, stopped)))
        shares.append(_epochs(stopped) / _epochs(full))
    deviation = statistics.stdev(lost) if len(lost) > 1 else 0.0
    error = deviation / len(lost) ** 0.5
    print(
        f"\ntermination, {strategy} on {name}, {options.trials} trials, {options.seeds} paired "
        f"seeds: full minus stopped {statistics.fmean(lost):+.3f} points (standard error "
        f"{error:.3f}, worst {max(lost):+.2f}), {statistics.fmean(shares):.0%} of the epochs "
        f"({min(shares):.0%} to {max(shares):.0%}), {wall / options.seeds:.1f} s a search"
    )


def _accuracy(world: World, search: Search) -> float:
    """What the choice is worth: the mean over its trainings, of the best that was trained whole."""
    whole = [t for t in search.history.completed if t.spread == 0]
    return world.accuracy(max(whole, key=lambda t: t.score).configuration)  # type: ignore[attr-defined]


def _epochs(search: Search) -> int:
    return sum(len(trial.curve) for trial in search.history)


def fidelities(name: str, wanted: int) -> None:
    """Spearman's correlation of each fidelity and number of epochs with the mean full result."""
    world = WORLDS[name](seed=1)  # type: ignore[call-arg]
    rng = np.random.default_rng(3)
    asked = [Suggestion(world.space.sample(rng)) for _ in range(wanted)]
    full = [world.estimate(each) for each in asked]
    marks = sorted({max(1, round(world.epochs * share)) for share in (0.05, 0.1, 0.25, 0.5, 1)})
    print(f"\nfidelities of {name}: Spearman's rho (Kendall's tau, share of the seconds)")
    print(f"{'epochs':18}" + "".join(f"{mark:>22}" for mark in marks))
    for fidelity in world.fidelities:
        cells = []
        for mark in marks:
            if fidelity == world.fidelity and mark == world.epochs:
                cells.append(f"{'1 (1, 100 %)':>22}")
                continue
            lower = world.at(fidelity)
            cheap = [lower.estimate(Suggestion(s.configuration, budget=mark)) for s in asked]
            found = agreement(cheap, full)
            cells.append(f"{f'{found.rank:.2f} ({found.pairs:.2f}, {found.share:.0%})':>22}")
        print(f"{fidelity:18}" + "".join(cells))


def late_bloomers(wanted: int) -> np.ndarray:
    """Curves that do nothing for 8 to 32 epochs and then rise to 95 %, shape (wanted, 40)."""
    rng, epochs = np.random.default_rng(0), np.arange(1, 41)
    turns = rng.uniform(8, 32, (wanted, 1))
    rise = 0.15 + 0.8 / (1 + np.exp(-(epochs - turns) / 2))
    return rise + rng.normal(0, 0.005, rise.shape)


def failures(name: str, curves: np.ndarray, bar: float | None = None) -> None:
    """Of the tenth that clears the bar in the end, the share that would be stopped early."""
    ends, horizon = curves[:, -1], curves.shape[1]
    if bar is None:
        bar = float(np.sort(ends)[-max(2, len(ends) // 10)])
    winners, losers = curves[ends > bar], curves[ends <= bar]
    print(f"\nfailures in {name}: the bar is {100 * bar:.1f} %, {len(winners)} clear it")
    print(f"{'epochs seen':14}{'winners stopped':>17}{'losers stopped':>17}{'above median':>15}")
    for seen in sorted({max(1, round(horizon * s)) for s in (0.03, 0.08, 0.17, 0.33, 0.5)}):
        shares: Mapping[str, float] = {
            which: sum(decide(c[:seen], horizon, bar).stop for c in group) / max(1, len(group))
            for which, group in (("winners", winners), ("losers", losers))
        }
        above = np.mean([c[-1] > Forecast(c[:seen], horizon).median for c in curves])
        print(f"{seen:<14}{shares['winners']:>17.0%}{shares['losers']:>17.0%}{above:>15.0%}")
