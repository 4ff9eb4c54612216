"""A search on several workers, on a simulated clock: who trains what, and who waits."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from coursekit.arguments import positive, whole_number
from coursekit.search import Search
from coursekit.trials import Evaluation, History, Judge, Pause, Trial
from coursekit.worlds.base import World


class Continued:
    """The world's own scores; a promotion costs only the epochs that it adds to its parent's.

    A world charges each trial from its first epoch. With checkpoints, as in Keras Tuner, a promoted
    candidate continues where its parent ended. All epochs of a training cost alike here.
    """

    def __init__(self, world: World) -> None:
        self.world, self.early, self.epochs = world, world.early, world.epochs

    def evaluate(self, trial: Trial, history: History) -> Evaluation:
        found, budget = self.world.evaluate(trial, history), trial.suggestion.budget
        if trial.suggestion.parent is None or budget is None:
            return found
        parent = history[trial.suggestion.parent]
        done = parent.suggestion.budget
        if done is None or parent.configuration != trial.configuration:
            return found
        return found._replace(cost=found.cost * (1 - done / budget))


class Stragglers:
    """A judge whose answers stay the same, while some trials take much longer.

    share: of the trials that are slow, drawn by their numbers and the seed. slowness: how many
    times as long they take.
    """

    def __init__(
        self, judge: Judge, seed: int = 0, *, share: float = 0.1, slowness: float = 8.0
    ) -> None:
        self.judge, self.seed, self.share, self.slowness = judge, seed, share, slowness

    def evaluate(self, trial: Trial, history: History) -> Evaluation:
        found = self.judge.evaluate(trial, history)
        slow = np.random.default_rng((self.seed, trial.number)).random() < self.share
        return found._replace(cost=found.cost * self.slowness) if slow else found


class Job(NamedTuple):
    """A trial on a worker, from `start` to `end`, in seconds since the search began."""

    worker: int
    trial: int
    start: float
    end: float


def simulate(search: Search, judge: Judge, *, workers: int, seconds: float) -> list[Job]:
    """Run a new search on several workers until that many seconds have passed on their clock.

    A worker that is free asks for a trial; a trial is told when its cost has passed. Those whose
    end lies behind the limit stay running. Returns the jobs in the order of their start; times
    between the jobs of a worker are waiting.
    """
    whole_number("workers", workers)
    positive("seconds", seconds)
    free, running, jobs = list(range(workers)), list[tuple[float, int, int, Evaluation]](), []
    now = 0.0
    while True:
        while free and not isinstance(trial := search.ask(), Pause):
            evaluation = judge.evaluate(trial, search.history)
            job = Job(heappop(free), trial.number, now, now + evaluation.cost)
            jobs.append(job)
            heappush(running, (job.end, job.worker, trial.number, evaluation))
        if not running or running[0][0] > seconds:
            return jobs
        now = running[0][0]
        while running and running[0][0] == now:  # all of a moment, before anything starts
            _, worker, number, evaluation = heappop(running)
            search.tell(number, evaluation)
            heappush(free, worker)


def waiting(jobs: Sequence[Job], workers: int, until: float) -> np.ndarray:
    """The share of the time until then in which each worker had no job, shape (workers,)."""
    busy = np.zeros(workers)
    for job in jobs:
        busy[job.worker] += max(0.0, min(job.end, until) - job.start)
    return 1 - busy / until
