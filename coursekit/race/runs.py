"""One search of a race, and what it brings."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from coursekit.race.contestants import Build, build
from coursekit.search import Search
from coursekit.worlds import World


class Task(NamedTuple):
    """One search: a contestant under its name, and a seed."""

    name: str
    contestant: str | Build
    seed: int


class Limits(NamedTuple):
    """When a search ends; seconds are simulated."""

    trials: int | None
    seconds: float | None


class Run(NamedTuple):
    """What a search brought.

    scores: shape (trials,), in order of completion, NaN for failed trials.
    costs: simulated seconds of each, shape (trials,).
    overhead: CPU seconds of the whole search: the strategy's own, as replays take none.
    configurations: what was tried, one for each score; none where nobody kept them.
    """

    scores: np.ndarray
    costs: np.ndarray
    overhead: float
    configurations: Sequence[Mapping[str, Any]] = ()


def run(shared: tuple[World, Limits], task: Task) -> Run:
    """One search in a world from its first trial to its end."""
    world, limits = shared
    strategy = build(task.contestant, world.space)
    begun = time.process_time()
    history = Search(strategy, seed=task.seed).run(world, **limits._asdict(), progress=False)
    overhead = time.process_time() - begun
    trials = history.finished
    scores, costs = [trial.score for trial in trials], [trial.cost for trial in trials]
    configurations = [dict(trial.configuration) for trial in trials]
    return Run(
        np.array(scores, dtype=float), np.array(costs, dtype=float), overhead, configurations
    )
