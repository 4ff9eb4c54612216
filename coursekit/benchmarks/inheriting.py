"""Weight inheritance: the same evolution with it and from scratch, epochs to a fixed accuracy.

Regularized evolution (population 10, tournament 3) over the kit's perceptrons on digits. From
scratch each candidate is trained for so many epochs with fresh weights, as the kit's table has
recorded; with inheritance a child begins with its parent's weights and is trained here and now.
The accuracy to reach was fixed beforehand: the 99th percentile of all full trainings in the table,
rounded. All epochs count, those of founders and of children that came to nothing too.

And where it fails: what an inherited score says about a candidate, held against the same
candidate's full training from scratch, beside what a short training from scratch says.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from coursekit.estimators.inheritance import Inheritance
from coursekit.processes import spread
from coursekit.search import Estimate, Search
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.trials import Evaluation, History, Suggestion
from coursekit.worlds import Live, MLPs

SCRATCH = (40, 20, 10, 5)  # epochs of each training
HEIRS = (2, 4, 8)
CAP = 6000  # epochs, after which a search has not reached it


class Way(NamedTuple):
    """How candidates are trained: for so many epochs, with their parents' weights or without."""

    inherits: bool
    epochs: int

    def __str__(self) -> str:
        return f"{'inheritance' if self.inherits else 'from scratch'}, {self.epochs} epochs"


class Searched(NamedTuple):
    """What a search came to.

    epochs: until the accuracy was reached, the cap if it was not. reached: whether it was. best:
    the winner's score. full: its full training from scratch, the mean in the table. rows: of each
    trial its score, the table's full accuracy, whether it inherited, its ancestors' epochs.
    """

    epochs: int
    reached: bool
    best: float
    full: float
    rows: list[tuple[float, float, bool, int]]


def search(target: float, task: tuple[Way, int]) -> Searched:
    """One search from one seed, until it reaches the target or the cap."""
    way, seed = task
    table = MLPs(seed=seed)
    estimate: Estimate
    if way.inherits:
        estimate = Inheritance(Live("mlps", seed=seed), epochs=way.epochs)
    else:
        estimate = Scratch(table, way.epochs)
    strategy = RegularizedEvolution(table.space, population_size=10, sample_size=3)
    running, spent, reached = Search(strategy, seed=seed), 0, False
    while spent < CAP and not reached:
        history = running.run(estimate, trials=len(running.history) + 1, progress=False)
        spent += len(history[-1].curve)
        reached = history[-1].score >= target
    best = history.best()
    rows = _rows(history, table, estimate.inherited if isinstance(estimate, Inheritance) else {})
    return Searched(spent, reached, best.score, table.accuracy(best.configuration), rows)


class Scratch:
    """Trains each candidate from fresh weights for so many epochs, in a replay."""

    def __init__(self, world: MLPs, epochs: int) -> None:
        self.world, self.epochs = world, epochs

    def __call__(self, suggestion: Suggestion) -> Evaluation:
        return self.world.estimate(replace(suggestion, budget=self.epochs))


def _rows(history: History, table: MLPs, inherited: Any) -> list[tuple[float, float, bool, int]]:
    found = []
    for trial in history.completed:
        born = inherited.get(trial.number)
        heir = born is not None and born.share > 0
        full = table.accuracy(trial.configuration)
        found.append((trial.score, full, heir, born.before if heir else 0))
    return found


def target() -> float:
    """The accuracy to reach: the 99th percentile of the table's full trainings, to 3 digits."""
    table = MLPs()
    ends = [table.accuracy(each) for each in table.space.enumerate()]
    return round(float(np.nanquantile(ends, 0.99)), 3)


def measure(seeds: int = 20, workers: int = 1) -> dict[Way, list[Searched]]:
    """All searches, by way and seed."""
    ways = [Way(False, each) for each in SCRATCH] + [Way(True, each) for each in HEIRS]
    tasks = [(way, seed) for seed in range(seeds) for way in ways]
    done = dict(spread(search, target(), tasks, workers))
    return {way: [done[way, seed] for seed in range(seeds)] for way in ways}


def report(measured: dict[Way, list[Searched]]) -> str:
    """The table of epochs, the paired ratio, and where it fails, as text."""
    seeds = len(next(iter(measured.values())))
    scratch = {way: done for way, done in measured.items() if not way.inherits}
    rival = min(scratch, key=lambda way: _median([done.epochs for done in scratch[way]]))
    lines = [
        f"epochs until a trial reaches {target():.1%}, {seeds} seeds (cap {CAP:,})",
        f"{'':<26}{'median':>8}{'quartiles':>16}{'reached':>9}{'ratio':>8}"
        f"{'winner':>9}{'retrained':>11}",
    ]
    for way, done in measured.items():
        epochs = [each.epochs for each in done]
        low, high = np.percentile(epochs, [25, 75])
        pairs = zip(done, scratch[rival], strict=True)
        ratio = _median([mine.epochs / theirs.epochs for mine, theirs in pairs])
        best, full = _mean([each.best for each in done]), _mean([each.full for each in done])
        lines.append(
            f"{way!s:<26}{_median(epochs):>8,.0f}{f'{low:,.0f} to {high:,.0f}':>16}"
            f"{sum(each.reached for each in done):>6}/{seeds}{ratio:>8.2f}{best:>9.2%}{full:>11.2%}"
        )
    lines += [
        f"ratio: to {rival}, the best from scratch; median of the pairs of equal seeds",
        "winner: the score that ended the search. retrained: the same candidate, 40 epochs from "
        "scratch",
        "",
        "where it fails: what a score says of the candidate's full training from scratch",
        f"{'':<26}{'rank correlation':>18}{'score - full, points':>22}{'of later half':>15}",
    ]
    for way, done in measured.items():
        kept = [[row for row in each.rows if row[2] or not way.inherits] for each in done]
        ranks = [rank(rows) for rows in kept if len(rows) > 5]
        off = [100 * _mean([row[0] - row[1] for row in rows]) for rows in kept if rows]
        late = [100 * _mean([r[0] - r[1] for r in rows[len(rows) // 2 :]]) for rows in kept if rows]
        if ranks:
            lines.append(f"{way!s:<26}{_mean(ranks):>18.2f}{_mean(off):>22.1f}{_mean(late):>15.1f}")
    return "\n".join(lines)


def rank(rows: Sequence[tuple[float, float, bool, int]]) -> float:
    """Spearman's rank correlation of scores with full trainings; NaN if one of them is constant."""
    from scipy.stats import rankdata

    both = [rankdata([row[place] for row in rows]) for place in (0, 1)]
    if any(each.std() == 0 for each in both):
        return float("nan")
    return float(np.corrcoef(both[0], both[1])[0, 1])


def run(options: argparse.Namespace) -> None:
    """Measure and print. options: `seeds` and `workers`."""
    print(report(measure(options.seeds, options.workers or 1)))


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values)) if len(values) else float("nan")
