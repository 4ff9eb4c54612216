"""World: a space, and the place where its candidates are judged."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Self

from coursekit.spaces import Space
from coursekit.trials import Epoch, Evaluation, Suggestion

FULL = "full"


class World(ABC):
    """Judges the candidates of one space on one data set, the same way each time it is asked.

    `train` is a training run, epoch by epoch; `estimate` is the same run to its end, at once. A
    run that fails ends with a score of NaN. `at` is the same world at a lower fidelity.
    """

    datasets: ClassVar[tuple[str, ...]]  # their names, the usual one first
    early: bool  # whether scores before the last epoch are known: budgets make sense
    fidelities: tuple[str, ...] = (FULL,)  # what `at` takes, the full one first

    dataset: str
    space: Space
    epochs: int  # of a full training
    fidelity: str = FULL
    optimum: float  # the best score there is at full fidelity; NaN if nobody knows

    @abstractmethod
    def __init__(self, dataset: str) -> None: ...

    @abstractmethod
    def train(self, suggestion: Suggestion) -> Iterator[Epoch]:
        """A training run up to the suggestion's budget, by default to its end."""

    def estimate(self, suggestion: Suggestion) -> Evaluation:
        """What a run up to the suggestion's budget comes to: the score of its last epoch."""
        done = list(self.train(suggestion))
        curve = tuple([epoch.score for epoch in done])
        score = curve[-1] if curve else math.nan
        return Evaluation(score, curve, sum(epoch.seconds for epoch in done))

    def at(self, fidelity: str) -> Self:
        """The same world at another of its `fidelities`; ValueError for one that it has not."""
        if fidelity != self.fidelity:
            raise ValueError(
                f"{self} has no fidelity {fidelity!r}: it has {', '.join(self.fidelities)}"
            )
        return self
