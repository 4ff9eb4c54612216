"""Estimator: judges a candidate by training it as little as it takes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol, Self, runtime_checkable

from coursekit.arguments import KeepsOptions
from coursekit.spaces import Space
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial


@runtime_checkable
class Trains(Protocol):
    """What an estimator needs of a world; an estimator is one too, so that they go together.

    epochs: of a full training. early: whether scores before the last epoch are known.
    fidelities: what `at` takes, the full one first. bounds: the least and the highest score there
    can be, None if nobody knows. train: a training run up to the trial's budget, by default to its
    end; closing the generator stops it. finished: what such a run comes to.
    """

    space: Space
    epochs: int
    fidelity: str
    bounds: tuple[float, float] | None

    @property
    def early(self) -> bool: ...
    @property
    def fidelities(self) -> tuple[str, ...]: ...
    def train(
        self, trial: Trial | Suggestion, history: History | None = None
    ) -> Iterator[Epoch]: ...
    def finished(self, done: Sequence[Epoch]) -> Evaluation: ...
    def at(self, fidelity: str) -> Self: ...


class Estimator(KeepsOptions, ABC):
    """Judges candidates around a world's training runs; never proposes.

    It stops a run when it has seen enough and accounts for every second that it has caused. What it
    knows of earlier trials it reads in the history, so it has nothing to save: a search that
    resumes brings the history along. Outside of a search a suggestion stands for the trial. An
    evaluation's spread says what it is: 0 for a score that was measured at the end of a full
    training, above 0 for one that was estimated. A failed training has a score of NaN.

    world: where candidates are trained, or another estimator: `LowerFidelity(world)` inside
        `Extrapolation` forecasts the curves of the cheap trainings. Raises TypeError for what is
        neither, ValueError for a world that the estimator does not support.
    options: keyword arguments only, each with a default that works; kept as `options`.
    """

    estimates: ClassVar[bool] = True  # whether some of its scores are estimated

    def __init__(self, world: Trains) -> None:
        if not isinstance(world, Trains):
            raise TypeError(f"world={world!r}: give a world such as MLPs(), or an estimator")
        if not self.supports(world):
            raise ValueError(f"{type(self).__name__} cannot judge in {world}: {self.needs()}")
        self.world = world
        # One by one, so that an estimator that changes one of them can say so after this.
        self.space, self.epochs, self.early = world.space, world.epochs, world.early
        self.fidelity, self.fidelities = world.fidelity, world.fidelities
        self.bounds = world.bounds

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"{type(self).__name__}({self.world!r}{options})"

    @classmethod
    def supports(cls, world: Trains) -> bool:
        """Whether the estimator can judge in this world; in any, unless it says otherwise."""
        return True

    @classmethod
    def needs(cls) -> str:
        """What a world needs so that it is supported, for the error message."""
        return "it supports any world"

    @abstractmethod
    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        """What the candidate is worth: its score, its curve, what that cost, and how sure it is."""

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """The training runs behind the scores; the world's, unless the method changes them."""
        return self.world.train(trial, history)

    @contextmanager
    def training(
        self, trial: Trial | Suggestion, history: History | None
    ) -> Iterator[Iterator[Epoch]]:
        """`train` for a `with` block, at whose end the training stops, finished or not."""
        epochs = self.train(trial, history)
        try:
            yield epochs
        finally:
            if isinstance(epochs, Generator):
                epochs.close()

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        """What a training comes to that went as far as it should, to an inner estimator too."""
        return self.world.finished(done)

    def at(self, fidelity: str) -> Self:
        """The same estimator around the world at another fidelity."""
        return type(self)(self.world.at(fidelity), **self.options)


def least_spread(made: Evaluation, bounds: tuple[float, float] | None, share: float) -> float:
    """The smallest spread that tells an estimate from a measurement, above 0.

    share: of what lies between the bounds; where these are not known, of what the curve spans. A
    rounding error of the score at least.
    """
    least, most = bounds or (min(made.curve, default=0.0), max(made.curve, default=0.0))
    reach = share * (most - least)
    return max(reach, math.ulp(made.score)) if math.isfinite(reach) else math.ulp(made.score)
