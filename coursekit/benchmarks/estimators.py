"""Estimators: what they gain by judging at a part of the cost, and where they fail.

Parts, all in one run, one thread:
  forecasts    the end of a curve from its first part: mean error in points, log-likelihood of the
               score (nats, in bins of one point; higher is better), Spearman's rank correlation,
               coverage of the bands of 50, 80 and 95 %, milliseconds a curve; then ours against the
               last value and the power law, with 95 % of a paired bootstrap of the curves.
               The forecast's constants were chosen on the sets for development and on the even
               entries of the kit's tables. Reported: the odd entries (one training each;
               perceptrons 10 of 40 epochs, cells 4 of 12), and sets of other data and other models,
               which were measured only when all constants were fixed. The criteria there: better
               than both in error and log-likelihood, and no worse than the last value in rank (the
               interval of the difference is not below 0). The reading guide
               references/learning_curve_extrapolation.md describes the two rounds that it took.
               "last value, width fitted" gets the width of its own errors on these same curves.
               "ours, after 20 curves" has learned from 20 finished curves of the same set, none of
               them among those that it is scored on.
               MCMC runs on the first few curves only; all are scored on those again.
               "ours, bounds unknown" does not get the bounds 0 and 1 of an accuracy.
  objectives   trials that are stopped in Keras Tuner by accuracy, percent, error and loss, and how
               many of them wrongly; how losses are forecast.
  termination  a noisy race of searches that stop trainings by extrapolation against full trainings:
               the accuracy lost, in points, and the share of the seconds, for two deltas.
  races        strategies x estimators in both worlds at equal seconds (of --trials full trainings
               on average): the worth of the incumbents, and which differences are significant.
  fidelities   rank correlation of every fidelity, at several epochs, with the full result.
  failures     stopping after a few epochs: how many of the candidates that beat the bar are lost.
  inheritance  searches whose children begin with their parents' weights, and the same from scratch:
               epochs until a fixed accuracy, all trainings counted, in two spaces; and the rank
               correlation of heirs' scores with full trainings.
All of it takes about ten minutes on one core, and inheritance a quarter of an hour more.
--curves, --seeds and --mcmc shorten it; --workers shortens inheritance.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np

from coursekit.arguments import count
from coursekit.benchmarks import inheritance_parity, objectives
from coursekit.benchmarks.curves import DEVELOPMENT, REPORTED
from coursekit.benchmarks.forecasters import ACCURACY, FORECASTERS, Guess, gaussian, ours
from coursekit.benchmarks.scores import Scores, difference, row
from coursekit.benchmarks.strategies import some_of
from coursekit.estimators.agreement import agreement
from coursekit.estimators.extrapolation import HOPE, decide
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.forecast import Forecast
from coursekit.forecasting.scale import Bounds
from coursekit.race import price, race, report
from coursekit.trials import Suggestion
from coursekit.worlds import WORLDS, make
from coursekit.worlds.trained_tables import entries

PARTS = (
    "forecasts", "objectives", "termination", "races", "fidelities", "failures", "inheritance"
)  # fmt: skip
RACING = ("full", "extrapolation", "lower_fidelity")
SEEN = {"mlps": 10, "cells": 4}  # epochs of the kit's curves; of others 10
FITTED = "last value, width fitted"
LIVED = 20  # curves that a search has finished, for the row of that name
EXPERIENCED = f"ours, after {LIVED} curves"
UNKNOWN = "ours, bounds unknown"
UNKNOWN_EXPERIENCED = f"... after {LIVED} curves"
DELTAS = (HOPE, 2 * HOPE)  # of the termination rule: the default, and a bolder one
_now = time.process_time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("--parts", type=some_of(*PARTS), default=list(PARTS), help=",".join(PARTS))
    add("--curves", type=count, default=200, help="of each set (200)")
    add("--mcmc", type=int, default=5, help="curves of each set that MCMC runs on (5)")
    add("--seeds", type=count, default=20, help="of each race, and of inheritance (20)")
    add(
        "--workers",
        type=count,
        default=os.cpu_count() or 1,
        help="processes of races and inheritance",
    )
    add("--trials", type=count, default=60, help="of each search (60)")
    add(
        "--strategies",
        type=some_of("random", "tpe", "regularized_evolution", "bayesian"),
        default=["random", "tpe"],
        help="of the races (random,tpe)",
    )


def run(options: argparse.Namespace) -> None:
    """Measure, and print the tables."""
    if "forecasts" in options.parts:
        for name in (*SEEN, *REPORTED, *DEVELOPMENT):
            print(f"curves: {name}", file=sys.stderr, flush=True)
            few = 0 if name in DEVELOPMENT else options.mcmc
            known = experience_of(name, options.curves)
            unknown = experience_of(name, options.curves, None)
            curves = curves_of(name, options.curves)
            forecasts(name, curves, SEEN.get(name, 10), few, known, unknown)
    if "objectives" in options.parts:
        objectives.run(options.seeds)
    if "termination" in options.parts:
        for name in SEEN:
            termination(name, options)
    if "races" in options.parts:
        for name in SEEN:
            at_equal_seconds(name, options)
    if "fidelities" in options.parts:
        for name in SEEN:
            fidelities(name, options.curves)
    if "failures" in options.parts:
        for name in SEEN:
            failures(name, curves_of(name, options.curves))
        failures("late bloomers, made up", late_bloomers(100), bar=0.9)
    if "inheritance" in options.parts:
        inheritance_parity.run(options)


def curves_of(name: str, wanted: int) -> np.ndarray:
    """Whole curves, shape (wanted, epochs): of an outside set, or of a world, one training each.

    A world's curves are those of the odd entries of its table, since the forecast was developed on
    the even ones; each entry is used once, since isomorphic cells share a curve.
    """
    outside = DEVELOPMENT | REPORTED
    if name in outside:
        return outside[name](wanted)
    world = WORLDS[name](seed=1)  # type: ignore[call-arg]
    odd, found = entries(world.space)[1::2], list[Sequence[float]]()
    for place in np.random.default_rng(2).permutation(len(odd)):
        curve = world.evaluate(Suggestion(odd[place])).curve
        if np.isfinite(curve).all():
            found.append(curve)
    return np.array(found[:wanted])


def experience_of(name: str, wanted: int, bounds: Bounds | None = ACCURACY) -> Experience:
    """The experience from other curves of the set than the `wanted` ones."""
    outside = DEVELOPMENT | REPORTED
    others = (
        outside[name](LIVED, seed=1)
        if name in outside
        else curves_of(name, wanted + LIVED)[wanted:]
    )
    found = Experience(others.shape[1], bounds=bounds)
    for curve in others:
        found.learn(curve)
    return found


def forecasts(
    name: str, curves: np.ndarray, seen: int, few: int, experience: Experience, unknown: Experience
) -> None:
    """The table of one set, and our differences from the others by a bootstrap of its curves."""
    horizon, ends = curves.shape[1], curves[:, -1]
    use = "for development" if name in DEVELOPMENT else "reported"
    print(f"\n{name} ({use}): {len(curves)} curves, {seen} of {horizon} epochs seen")
    print(f"{'':26}{'error':>7}{'log-lik':>9}{'rank':>7}{'50 %':>7}{'80 %':>6}{'95 %':>6}{'ms':>9}")
    guesses: dict[str, list[Guess]] = {}
    spent: dict[str, float] = {}
    Forecast(curves[0, :seen], horizon, bounds=ACCURACY).score  # noqa: B018  the ensemble is drawn once
    for each, forecaster in FORECASTERS.items():
        mine = curves[:few] if each == "MCMC" else curves
        if not len(mine):
            continue
        begun = _now()
        guesses[each] = [forecaster(curve[:seen], horizon) for curve in mine]
        spent[each] = 1000 * (_now() - begun) / len(mine)
        if each == "last value":
            width = float(np.sqrt(np.mean((curves[:, seen - 1] - ends) ** 2)))
            guesses[FITTED] = [gaussian(curve[seen - 1], width) for curve in curves]
            spent[FITTED] = 0.0
    begun = _now()
    guesses[EXPERIENCED] = [ours(curve[:seen], horizon, experience) for curve in curves]
    spent[EXPERIENCED] = 1000 * (_now() - begun) / len(curves)
    begun = _now()
    guesses[UNKNOWN] = [ours(curve[:seen], horizon, bounds=None) for curve in curves]
    spent[UNKNOWN] = 1000 * (_now() - begun) / len(curves)
    begun = _now()
    guesses[UNKNOWN_EXPERIENCED] = [
        ours(curve[:seen], horizon, unknown, bounds=None) for curve in curves
    ]
    spent[UNKNOWN_EXPERIENCED] = 1000 * (_now() - begun) / len(curves)
    for each, found in guesses.items():
        if each != "MCMC":
            print(f"{each:26}{row(Scores(found, ends))}{spent[each]:9.2f}")
    if "MCMC" in guesses:
        print(f"on the first {few} only:")
        for each, found in guesses.items():
            print(f"{each:26}{row(Scores(found[:few], ends[:few]))}{spent[each]:9.2f}")
    begun = _now()
    for curve in curves:
        best = float(ends.max())
        decide(curve[:seen], horizon, best, bounds=ACCURACY).forecast.score  # noqa: B018
    alone = 1000 * (_now() - begun) / len(curves)
    print(f"ours without the distribution that is scored here: {alone:.2f} ms for score and chance")
    for one, other in (("ours", "last value"), ("ours", "power law"), (EXPERIENCED, "ours")):
        off = difference(Scores(guesses[one], ends), Scores(guesses[other], ends))
        print(f"{one} minus {other}: {off}")


def termination(name: str, options: argparse.Namespace) -> None:
    """At equal trials: the accuracy that stopping loses, and the seconds that it saves."""
    estimators = {"full": "full"} | {f"delta {d:.2f}": f"extrapolation(delta={d})" for d in DELTAS}
    found = race(
        make(name), options.strategies, estimators, trials=options.trials, seeds=options.seeds,
        noisy=True, workers=options.workers,
    )  # fmt: skip
    best = found.best()
    for strategy in options.strategies:
        print(
            f"\ntermination, {strategy} on {name}, {options.trials} trials, {options.seeds} seeds"
        )
        for estimator in list(estimators)[1:]:
            stopping = f"{strategy} + {estimator}"
            off = (100 * (best[strategy] - best[stopping])).tolist()
            runs = found.runs[strategy], found.runs[stopping]
            shares = [runs[1][s].costs.sum() / runs[0][s].costs.sum() for s in found.paired()]
            spent = statistics.fmean(run.overhead for run in runs[1].values())
            error = statistics.stdev(off) / len(off) ** 0.5 if len(off) > 1 else 0.0
            print(
                f"{estimator}: full minus stopped {statistics.fmean(off):+.3f} points (standard "
                f"error {error:.3f}, worst {max(off):+.2f}), {statistics.fmean(shares):.0%} of the "
                f"seconds ({min(shares):.0%} to {max(shares):.0%}), {spent:.1f} s"
            )


def at_equal_seconds(name: str, options: argparse.Namespace) -> None:
    """A race at equal seconds; a full training takes the world's mean seconds."""
    world = make(name)
    found = race(
        world, options.strategies, RACING, trials=None, seconds=options.trials * price(world),
        seeds=options.seeds, noisy=True, workers=options.workers,
    )  # fmt: skip
    print(f"\nrace on {name}, the seconds of {options.trials} full trainings")
    print(f"{report.table(found)}\n{report.statement(found)}")


def fidelities(name: str, wanted: int) -> None:
    """Spearman's correlation of each fidelity and number of epochs with the mean full result."""
    world = WORLDS[name](seed=1)  # type: ignore[call-arg]
    rng = np.random.default_rng(3)
    asked = [Suggestion(world.space.sample(rng)) for _ in range(wanted)]
    full = [world.evaluate(each) for each in asked]
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
            cheap = [lower.evaluate(Suggestion(s.configuration, budget=mark)) for s in asked]
            found = agreement(cheap, full)
            cells.append(f"{f'{found.rank:.2f} ({found.pairs:.2f}, {found.share:.0%})':>22}")
        print(f"{fidelity:18}" + "".join(cells))


def late_bloomers(wanted: int) -> np.ndarray:
    """Curves that stay flat for 8 to 32 epochs and then rise to 95 %, shape (wanted, 40)."""
    rng, epochs = np.random.default_rng(0), np.arange(1, 41)
    turns = rng.uniform(8, 32, (wanted, 1))
    rise = 0.15 + 0.8 / (1 + np.exp(-(epochs - turns) / 2))
    return rise + rng.normal(0, 0.005, rise.shape)


def failures(name: str, curves: np.ndarray, bar: float | None = None) -> None:
    """The share of the curves above the bar at their end that would be stopped early."""
    ends, horizon = curves[:, -1], curves.shape[1]
    if bar is None:
        bar = float(np.sort(ends)[-max(2, len(ends) // 10)])
    winners, losers = curves[ends > bar], curves[ends <= bar]
    print(f"\nfailures in {name}: the bar is {100 * bar:.1f} %, {len(winners)} clear it")
    print(f"{'epochs seen':14}{'winners stopped':>17}{'losers stopped':>17}{'above median':>15}")
    for seen in sorted({max(1, round(horizon * s)) for s in (0.03, 0.08, 0.17, 0.33, 0.5)}):
        shares: Mapping[str, float] = {
            which: sum(decide(c[:seen], horizon, bar, bounds=ACCURACY).stop for c in group)
            / max(1, len(group))
            for which, group in (("winners", winners), ("losers", losers))
        }
        above = np.mean(
            [c[-1] > Forecast(c[:seen], horizon, bounds=ACCURACY).median for c in curves]
        )
        print(f"{seen:<14}{shares['winners']:>17.0%}{shares['losers']:>17.0%}{above:>15.0%}")
