"""World: a space, and the place where its candidates are judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from coursekit.spaces import Space
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

FULL = "full"


class World(ABC):
    """Judges the candidates of one space on one data set, the same way each time it is asked.

    `train` is a training run, epoch by epoch; `evaluate` is the same run to its end, at once. A
    run that fails ends with a score of NaN. `at` is the same world at a lower fidelity.

    Both take a trial, or a suggestion where there is no search:
    `world.evaluate(Suggestion(configuration)).score`.
    """

    datasets: ClassVar[tuple[str, ...]]  # their names, the usual one first
    early: bool  # whether scores before the last epoch are known: budgets make sense
    fidelities: tuple[str, ...] = (FULL,)  # what `at` takes, the full one first

    dataset: str
    space: Space
    epochs: int  # of a full training
    fidelity: str = FULL
    optimum: float  # the best score there is at full fidelity; NaN if nobody knows
    bounds: tuple[float, float] | None = None  # the least and the highest score, if known

    @abstractmethod
    def __init__(self, dataset: str) -> None: ...

    @abstractmethod
    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """A training run up to the trial's budget, by default to its end."""

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        """What a run up to the trial's budget comes to: the score of its last epoch."""
        return self.finished(list(self.train(trial, history)))

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        """What a training comes to that went as far as it should."""
        return Evaluation.of(done)

    def at(self, fidelity: str) -> Self:
        """The same world at another of its `fidelities`; ValueError for one that it has not."""
        if fidelity != self.fidelity:
            raise ValueError(
                f"{self} has no fidelity {fidelity!r}: it has {', '.join(self.fidelities)}"
            )
        return self
