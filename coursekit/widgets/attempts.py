"""Training runs by hand, recorded and compared: the model behind the Explorer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit.data import Dataset
from coursekit.training.numpy.perceptron import train_perceptron

# The values to choose from, in the order in which they are shown.
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "layers": (1, 2, 3),
    "units": (8, 16, 32, 64, 128),
    "activation": ("relu", "tanh", "gelu"),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "learning_rate": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
    "batch_size": (32, 64, 128, 256),
    "optimizer": ("adam", "sgd"),
}


@dataclass(frozen=True)
class Attempt:
    """One finished training run.

    curve: validation accuracy after each epoch, NaN where it diverged. seconds: measured.
    """

    number: int
    by: str
    configuration: Mapping[str, Any]
    curve: tuple[float, ...]
    seconds: float
    parameters: int

    @property
    def score(self) -> float:
        """The best validation accuracy of the run; 0 if it diverged from the start."""
        return float(np.nanmax([0.0, *self.curve]))


class Attempts:
    """Trains configurations on one data set with one budget and keeps the results.

    epochs: the budget of each run. seed: of weights, minibatches and of `random`.
    """

    def __init__(self, data: Dataset, *, epochs: int = 20, seed: int = 0) -> None:
        self.data = data
        self.epochs = epochs
        self.seed = seed
        self.runs: list[Attempt] = []
        self._draws = 0

    def add(self, configuration: Mapping[str, Any], by: str = "you") -> Attempt:
        """Train one configuration for real. A configuration tried before is not trained again."""
        for known in self.runs:
            if known.configuration == configuration and known.by == by:
                return known
        model, run = train_perceptron(configuration, self.data, epochs=self.epochs, seed=self.seed)
        epochs = list(run)
        attempt = Attempt(
            len(self.runs) + 1,
            by,
            dict(configuration),
            tuple(score for score, _ in epochs),
            sum(seconds for _, seconds in epochs),
            model.parameters,
        )
        self.runs.append(attempt)
        return attempt

    def random(self) -> Attempt:
        """One trial of a random search over CHOICES, without repeats: the opponent."""
        known = len(self.runs)
        while len(self.runs) == known:
            rng = np.random.default_rng((self.seed, self._draws))
            self._draws += 1
            configuration = {
                name: options[rng.integers(len(options))] for name, options in CHOICES.items()
            }
            attempt = self.add(configuration, by="random search")
        return attempt

    def clear(self) -> None:
        """Forget all runs; the random search starts again with its first trial."""
        self.runs.clear()
        self._draws = 0

    def leader(self) -> str | None:
        """ "you", "random search" or "a draw"; None until both have run something."""
        mine, theirs = self.best("you"), self.best("random search")
        if mine is None or theirs is None:
            return None
        if mine.score == theirs.score:
            return "a draw"
        return "you" if mine.score > theirs.score else "random search"

    def ranking(self) -> list[Attempt]:
        """Best score first; ties: the smaller network, then the earlier run."""
        return sorted(self.runs, key=lambda run: (-run.score, run.parameters, run.number))

    def best(self, by: str | None = None) -> Attempt | None:
        """The incumbent, of all runs or of one player's."""
        return next((run for run in self.ranking() if by in (None, run.by)), None)
