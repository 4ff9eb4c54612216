"""World: a space, and the place where its candidates are judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from coursekit.spaces import Space
from coursekit.trials import Epoch, Evaluation, Suggestion


class World(ABC):
    """Judges the candidates of one space on one data set, the same way each time it is asked.

    `train` is a training run, epoch by epoch; `estimate` is the same run to its end, at once.
    """

    datasets: ClassVar[tuple[str, ...]]  # their names, the usual one first
    early: ClassVar[bool]  # whether scores before the last epoch are known: budgets make sense

    dataset: str
    space: Space
    optimum: float  # the best score there is; NaN if nobody knows

    @abstractmethod
    def __init__(self, dataset: str) -> None: ...

    @abstractmethod
    def train(self, suggestion: Suggestion) -> Iterator[Epoch]:
        """A training run up to the suggestion's budget."""

    @abstractmethod
    def estimate(self, suggestion: Suggestion) -> Evaluation:
        """What a run up to the suggestion's budget comes to."""
