"""One search of a race, and its results."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from coursekit.race.contestants import Contestant
from coursekit.search import Search
from coursekit.trials import History, Status
from coursekit.worlds import World


class Entry(NamedTuple):
    """One search: a contestant and a seed."""

    contestant: Contestant
    seed: int


class Limits(NamedTuple):
    """When a search ends; seconds are the trainings' own, simulated or real.

    noisy: whether each search is in `world.seeded(seed)`, where a candidate has one training.
    """

    trials: int | None
    seconds: float | None
    noisy: bool = False


class Run(NamedTuple):
    """The results of a search: one value per finished trial, in order of completion.

    scores: the search's own, shape (trials,); NaN for failed trials. costs: seconds, shape
    (trials,). overhead: CPU seconds of the whole search: strategy and estimator only, as replays
    take none. configurations: of the trials; empty if not kept. worth: of the incumbent after each
    trial, shape (trials,), see `race`; without it the best score so far. measures, messages: those
    of the trials.
    """

    scores: np.ndarray
    costs: np.ndarray
    overhead: float
    configurations: Sequence[Mapping[str, Any]] = ()
    worth: np.ndarray | None = None
    measures: Sequence[Mapping[str, float]] = ()
    messages: Sequence[str] = ()

    def found(self) -> np.ndarray:
        """The worth of the search's answer after each trial; -inf if it has none."""
        if self.worth is not None:
            return self.worth
        return np.maximum.accumulate(np.where(np.isnan(self.scores), -np.inf, self.scores))


def run(shared: tuple[World, Limits], entry: Entry) -> Run:
    """One search in a world from its first trial to its end."""
    world, (trials, seconds, noisy) = shared
    if noisy:
        world = world.seeded(entry.seed)
    strategy, judge = entry.contestant.make(world, trials)
    begun = time.process_time()
    history = Search(strategy, seed=entry.seed).run(
        judge, trials=trials, seconds=seconds, progress=False
    )
    overhead = time.process_time() - begun
    done = history.finished
    return Run(
        np.array([trial.score for trial in done], dtype=float),
        np.array([trial.cost for trial in done], dtype=float),
        overhead,
        [dict(trial.configuration) for trial in done],
        worth(history, world),
        [dict(trial.measures) for trial in done],
        [trial.message for trial in done],
    )


def worth(history: History, world: World) -> np.ndarray:
    """The worth of the incumbent by the search's own scores in the world, after each trial.

    -inf before the first completed trial. An incumbent whose full training fails is worth the
    lowest possible score, -inf if that is unknown.
    """
    least = -math.inf if world.bounds is None else world.bounds[0]
    best, value, found = -math.inf, -math.inf, list[float]()
    for trial in history.finished:
        if trial.status is Status.COMPLETED and trial.score > best:
            best, value = trial.score, world.worth(trial.configuration)
            value = value if math.isfinite(value) else least
        found.append(value)
    return np.array(found, dtype=float)
