"""Weight inheritance: the same evolution with it and from scratch, epochs to a fixed accuracy.

There are two spaces. The first has only shapes of perceptrons (layers, units, dropout), on small
rotated digits on which training takes long; the training settings are fixed. The second is the
kit's, in which learning rate, batch size and optimizer are searched too.

Evolution takes the best of the last ten trials as parent, as hill climbing does (Elsken et al.,
2017; `elsken2017simple`): heirs gain most from a short line of ancestors. From scratch, each
candidate is trained for a fixed number of epochs with fresh weights; inheritance has to beat the
best of several such numbers, a random search included. All epochs count, also those of founders and
of bad children. The accuracy to reach is fixed beforehand: the median result of the same evolution
from scratch in 960 epochs of full trainings, over ten other seeds.

It also shows where inheritance fails: inherited scores and scores of short trainings from scratch
are both compared with the same candidates' full trainings from scratch.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from coursekit.estimators.inheritance import Inheritance
from coursekit.processes import spread
from coursekit.search import Search
from coursekit.strategies.random import Random
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.trials import Evaluation, History, Suggestion
from coursekit.worlds import Live, MLPs
from coursekit.worlds.recipes import SHAPES

FIXING = range(1000, 1010)  # seeds that the accuracy to reach comes from
CAP = 960  # epochs of each of them; a search that needs more has not reached it
JUDGED = 6  # trials of a search that are trained fully for the rank correlation
APART = 10_000  # between the seed of a search and that of full trainings to compare with


class Way(NamedTuple):
    """How candidates are trained: for how many epochs, with their parents' weights or without.

    random: random search instead of evolution.
    """

    inherits: bool
    epochs: int
    random: bool = False

    def __str__(self) -> str:
        start = "inheritance" if self.inherits else "random" if self.random else "from scratch"
        return f"{start}, {self.epochs} epochs"


@cache
def _table(seed: int) -> MLPs:
    return MLPs(seed=seed)


class Place(NamedTuple):
    """A space, and the ways to search it: epochs of a training from scratch, and of heirs."""

    name: str
    title: str
    scratch: Sequence[int]
    heirs: Sequence[int]

    def live(self, seed: int) -> Live:
        if self.name == "shapes":
            return Live(SHAPES, fidelity="half resolution", seed=seed)
        return Live("mlps", seed=seed)

    def trained(self, suggestion: Suggestion, seed: int) -> Evaluation:
        """Trained from fresh weights for its budget; the kit's recorded runs are not repeated."""
        if self.name == "shapes":
            return self.live(seed).evaluate(suggestion)
        return _table(seed).evaluate(suggestion)

    def full(self, configuration: Any, seed: int) -> float:
        """The score of a full training from scratch with another seed; a table gives its mean."""
        if self.name == "shapes":
            return self.live(seed + APART).evaluate(Suggestion(configuration)).score
        return _table(seed).accuracy(configuration)

    def ways(self) -> list[Way]:
        return [
            *(Way(False, each) for each in self.scratch),
            Way(False, self.scratch[0], random=True),
            *(Way(True, each) for each in self.heirs),
        ]


PLACES = (
    Place("shapes", "only shapes, the same training", (80, 160, 40), (8, 4)),
    Place("recipes", "with learning rate, batch size and optimizer", (40, 20, 10), (8, 4)),
)


class Searched(NamedTuple):
    """The result of a search.

    epochs: until the accuracy was reached, else the cap. reached: whether it was reached. best: the
    winner's score. full: that of its full training from scratch. rows: for some heirs, or some of
    the shortest trainings from scratch, the score and the full training's score.
    """

    epochs: int
    reached: bool
    best: float
    full: float
    rows: list[tuple[float, float]]


def search(target: float, task: tuple[Place, Way, int]) -> Searched:
    """One search from one seed, until it reaches the target or the cap."""
    place, way, seed = task
    running, estimate = _search(place, way, seed)
    spent, reached = 0, False
    while spent < CAP and not reached:
        history = running.run(estimate, trials=len(running.history) + 1, progress=False)
        spent += len(history[-1].curve)
        reached = history[-1].score >= target
    best = history.best()
    full = place.full(best.configuration, seed)
    inherited = estimate.inherited if isinstance(estimate, Inheritance) else None
    judged = way.inherits or way.epochs == min(place.scratch)
    rows = _rows(place, history, inherited, seed) if judged else []
    return Searched(min(spent, CAP), reached, best.score, full, rows)


def _search(place: Place, way: Way, seed: int) -> tuple[Search, Any]:
    live = place.live(seed)
    if way.random:
        strategy: Any = Random(live.space)
    else:
        strategy = RegularizedEvolution(live.space, population_size=10, sample_size=10)
    if way.inherits:
        return Search(strategy, seed=seed), Inheritance(live, epochs=way.epochs)
    return Search(strategy, seed=seed), lambda suggestion: place.trained(
        replace(suggestion, budget=way.epochs), seed
    )


def _rows(place: Place, history: History, inherited: Any, seed: int) -> list[tuple[float, float]]:
    trials = history.completed
    if inherited is not None:
        trials = [trial for trial in trials if inherited[trial.number].share > 0]
    chosen = np.linspace(0, len(trials) - 1, min(JUDGED, len(trials))).astype(int)
    return [(trials[i].score, place.full(trials[i].configuration, seed)) for i in chosen]


def _found(place: Place, seed: int) -> float:
    """The best score of evolution from scratch with full trainings."""
    epochs = place.live(seed).epochs
    running, estimate = _search(place, Way(False, epochs), seed)
    return running.run(estimate, trials=CAP // epochs, progress=False).best().score


def target(place: Place, workers: int = 1) -> float:
    """The accuracy to reach: the median over other seeds, to 3 digits."""
    return round(_median([best for _, best in spread(_found, place, FIXING, workers)]), 3)


def measure(place: Place, goal: float, seeds: int = 20, workers: int = 1
            ) -> dict[Way, list[Searched]]:  # fmt: skip
    """All searches, by way and seed."""
    tasks = [(place, way, seed) for seed in range(seeds) for way in place.ways()]
    done = {task[1:]: found for task, found in spread(search, goal, tasks, workers)}
    return {way: [done[way, seed] for seed in range(seeds)] for way in place.ways()}


def report(place: Place, goal: float, measured: dict[Way, list[Searched]]) -> str:
    """The table of epochs, the paired ratios, and where inheritance fails, as text."""
    seeds = len(next(iter(measured.values())))
    scratch = {way: done for way, done in measured.items() if not way.inherits}
    rival = min(scratch, key=lambda way: _median([done.epochs for done in scratch[way]]))
    lines = [
        f"{place.title}: epochs until a trial reaches {goal:.1%}, {seeds} seeds "
        f"(counted as {CAP:,} at most)",
        f"{'':<25}{'median':>7}{'quartiles':>15}{'reached':>9}{'ratio':>7}{'95 %':>13}"
        f"{'winner':>9}{'retrained':>11}{'rank':>7}{'too high':>10}",
    ]
    for way, done in measured.items():
        epochs = [each.epochs for each in done]
        low, high = np.percentile(epochs, [25, 75])
        pairs = zip(done, scratch[rival], strict=True)
        ratios = [mine.epochs / theirs.epochs for mine, theirs in pairs]
        least, most = _interval(ratios)
        best, full = _mean([each.best for each in done]), _mean([each.full for each in done])
        ranks = [rank(each.rows) for each in done if len(each.rows) == JUDGED]
        off = [100 * (score - full) for each in done for score, full in each.rows]
        lines.append(
            f"{way!s:<25}{_median(epochs):>7,.0f}{f'{low:,.0f} to {high:,.0f}':>15}"
            f"{sum(each.reached for each in done):>6}/{seeds}{_median(ratios):>7.2f}"
            f"{f'{least:.2f} to {most:.2f}':>13}{best:>9.2%}{full:>11.2%}"
            + (f"{_mean(ranks):>7.2f}{_mean(off):>+10.1f}" if off else "")
        )
    return "\n".join(lines)


LEGEND = """ratio: to the epochs of the best from scratch, evolution or random; median of the pairs
of equal seeds, and its 95 % by a bootstrap of them. winner: the score that ended the search.
retrained: the same candidate, trained fully from scratch. rank: Spearman's correlation of scores
(only of heirs, if there are any) with full trainings from scratch. too high: by how many points
these scores exceed them."""


def rank(rows: Sequence[tuple[float, float]]) -> float:
    """Spearman's rank correlation of scores with full trainings; NaN if one of them is constant."""
    from scipy.stats import rankdata

    both = [rankdata(column) for column in zip(*rows, strict=True)]
    if any(each.std() == 0 for each in both):
        return float("nan")
    return float(np.corrcoef(both[0], both[1])[0, 1])


def run(options: argparse.Namespace) -> None:
    """Measure and print. options: `seeds` and `workers`."""
    workers = options.workers or 1
    for place in PLACES:
        goal = target(place, workers)
        print(f"\n{report(place, goal, measure(place, goal, options.seeds, workers))}", flush=True)
    print(f"\n{LEGEND}")


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    drawn = np.median(rng.choice(ratios, (2000, len(ratios))), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")
