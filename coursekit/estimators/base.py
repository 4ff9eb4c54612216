"""Estimator: judges a candidate with as little training as possible."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol, Self, runtime_checkable

from coursekit.arguments import KeepsOptions
from coursekit.spaces import Space
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

LEAST = 1e-3  # least spread of an estimate, as a share of the possible range


@runtime_checkable
class Trains(Protocol):
    """What an estimator needs of a world; an estimator is one too, so estimators can be nested.

    epochs: of a full training. early: whether scores before the last epoch are known.
    fidelities: what `at` takes, the full one first. bounds: the lowest and the highest possible
    score, None if unknown. train: a training run up to the trial's budget, by default to its end;
    closing the generator stops it. finished: the evaluation of such a run.
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

    It stops a run when it has seen enough, and its cost includes every second that it has caused.
    It reads earlier trials in the history, so it has nothing to save: a resumed search passes the
    history. Outside of a search, a suggestion takes the place of the trial. The spread of an
    evaluation is 0 for a score measured at the end of a full training, above 0 for an estimate. A
    failed training has a score of NaN.

    world: where candidates are trained, or another estimator: `LowerFidelity(world)` inside
        `Extrapolation` forecasts the curves of the cheap trainings. Raises TypeError for any other
        object, ValueError for a world that the estimator does not support.
    options: keyword arguments only, each with a default that works; kept as `options`.
    """

    estimates: ClassVar[bool] = True  # whether some of its scores are estimated

    def __init__(self, world: Trains) -> None:
        if not isinstance(world, Trains):
            raise TypeError(f"world={world!r}: give a world such as MLPs(), or an estimator")
        if not self.supports(world):
            raise ValueError(f"{type(self).__name__} cannot judge in {world}: {self.needs()}")
        self.world = world
        # Attributes, so that an estimator can overwrite one of them afterwards.
        self.space, self.epochs, self.early = world.space, world.epochs, world.early
        self.fidelity, self.fidelities = world.fidelity, world.fidelities
        self.bounds = world.bounds

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"{type(self).__name__}({self.world!r}{options})"

    @classmethod
    def supports(cls, world: Trains) -> bool:
        """Whether the estimator can judge in this world; by default it can in any."""
        return True

    @classmethod
    def needs(cls) -> str:
        """What the estimator requires of a world, for the error message."""
        return "it supports any world"

    @abstractmethod
    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        """The candidate's score, curve, cost and spread."""

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """The training runs behind the scores; the world's, unless the method changes them."""
        return self.world.train(trial, history)

    @contextmanager
    def training(
        self, trial: Trial | Suggestion, history: History | None
    ) -> Iterator[Iterator[Epoch]]:
        """`train` for a `with` block: the training stops at its end, finished or not."""
        epochs = self.train(trial, history)
        try:
            yield epochs
        finally:
            if isinstance(epochs, Generator):
                epochs.close()

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        """The evaluation of a training that went as far as planned, an inner estimator's too."""
        return self.world.finished(done)

    def at(self, fidelity: str) -> Self:
        """The same estimator around the world at another fidelity."""
        return type(self)(self.world.at(fidelity), **self.options)


def least_spread(made: Evaluation, bounds: tuple[float, float] | None, share: float) -> float:
    """The smallest spread that marks a score as an estimate, above 0.

    share: of the range between the bounds; if these are unknown, of the curve's range. At least a
    rounding error of the score.
    """
    least, most = bounds or (min(made.curve, default=0.0), max(made.curve, default=0.0))
    reach = share * (most - least)
    return max(reach, math.ulp(made.score)) if math.isfinite(reach) else math.ulp(made.score)
