"""World: a space, and the place where its candidates are judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from coursekit.spaces import Space
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

FULL = "full"


class World(ABC):
    """Judges the candidates of one space on one data set; equal calls give equal results.

    `train` is a training run, epoch by epoch; `evaluate` gives the result of the same run. A run
    that fails ends with a score of NaN. `at` is the same world at a lower fidelity. `worth` is the
    score of a full training: races compare by it.

    Both take a trial, or a suggestion outside a search:
    `world.evaluate(Suggestion(configuration)).score`.
    """

    datasets: ClassVar[tuple[str, ...]]  # their names, the default first
    early: bool  # whether scores before the last epoch exist, so that budgets make sense
    fidelities: tuple[str, ...] = (FULL,)  # what `at` takes, the full one first

    dataset: str
    space: Space
    epochs: int  # of a full training
    fidelity: str = FULL
    optimum: float  # the best score at full fidelity; NaN if unknown
    bounds: tuple[float, float] | None = None  # the lowest and the highest possible score, if any

    measure: str = "score"  # what a score is, in the words of tables and figures
    percent: bool = False  # whether people read it in percent
    minimised: bool = False  # whether people read its negative, such as a loss: scores are -loss

    @abstractmethod
    def __init__(self, dataset: str) -> None: ...

    @abstractmethod
    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """A training run up to the trial's budget, by default to its end."""

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        """The result of a run up to the trial's budget; its score is that of the last epoch."""
        return self.finished(list(self.train(trial, history)))

    def finished(self, done: Sequence[Epoch]) -> Evaluation:
        """The result of a completed training run."""
        return Evaluation.of(done)

    def worth(self, configuration: Mapping[str, Any]) -> float:
        """The score of a full training, whatever the world's fidelity; NaN if it fails.

        A table answers with the mean over its trainings, whatever the world's seed.
        """
        return self.at(FULL).evaluate(Suggestion(configuration)).score

    def seeded(self, seed: int) -> Self:
        """The same world with one training of each candidate, drawn by this seed.

        The world itself, unless it has several trainings of each.
        """
        return self

    def shown(self, score: float, digits: int = 2) -> str:
        """A score as people read it: in percent if that is usual, and with their own sign."""
        value = -score if self.minimised else score
        return f"{100 * value:.{digits}f} %" if self.percent else f"{value:.{digits + 2}g}"

    def at(self, fidelity: str) -> Self:
        """The same world at another of its `fidelities`; ValueError for any other fidelity."""
        if fidelity != self.fidelity:
            raise ValueError(
                f"{self} has no fidelity {fidelity!r}: it has {', '.join(self.fidelities)}"
            )
        return self
