"""Replays of the kit's own tables of trained candidates: thousands of trials in seconds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial
from coursekit.worlds import trained_tables
from coursekit.worlds.base import FULL, World
from coursekit.worlds.recipes import FIDELITIES, RECIPES
from coursekit.worlds.rows import Rows, one_training


class Replay(World):
    """Returns the validation accuracy after each epoch, and the seconds that it took.

    dataset: the one that the table was trained on, which is also the default.
    seed: None returns the mean over a configuration's trainings that did not fail. A number
        returns one of them, drawn for each configuration by this seed, as if a search trained
        each candidate once. The optimum stays the best mean.
    fidelity: "full", "quarter data" or "half resolution".

    Raises ValueError for other names, DataError if the table's file is missing or damaged.
    """

    name: ClassVar[str]
    early = True
    bounds: tuple[float, float] | None = (0.0, 1.0)  # of accuracies
    measure, percent = "validation accuracy", True
    fidelities = FIDELITIES

    def __init__(
        self, dataset: str | None = None, *, seed: int | None = None, fidelity: str = FULL
    ) -> None:
        recipe = RECIPES[self.name]
        if dataset not in (None, *self.datasets):
            raise ValueError(f"no data set {dataset!r}: there is {', '.join(self.datasets)}")
        if fidelity not in FIDELITIES:
            raise ValueError(f"no fidelity {fidelity!r}: there are {', '.join(FIDELITIES)}")
        self.dataset, self.space, self.title = recipe.data, recipe.space, recipe.title
        self.seed, self.fidelity, self.epochs = seed, fidelity, recipe.epochs
        self._table, shared = trained_tables.read(self.name)
        self._rows, self._entries = Rows(self.space), shared.tolist()
        level = FIDELITIES.index(fidelity)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # where every training has failed
            ends = np.nanmean(self._table.validation[:, 0, :, -1], axis=1, dtype=float)
            curves = np.nanmean(self._table.validation[:, level], axis=1, dtype=float)
        self.optimum = float(np.nanmax(ends))
        if seed is not None:
            trained = self._table.validation[:, level]
            curves = one_training(trained, recipe.seeds, seed).astype(float)
        # Plain tuples and floats: a look-up takes a microsecond. A failed run ends with its NaN.
        lengths = np.minimum(np.isfinite(curves).sum(axis=1) + 1, recipe.epochs).tolist()
        self._curves = [
            tuple(curve[:length]) for curve, length in zip(curves.tolist(), lengths, strict=True)
        ]
        self._seconds: list[float] = self._table.seconds[:, level].astype(float).tolist()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(seed={self.seed}, fidelity={self.fidelity!r})"

    def __str__(self) -> str:
        return self.title if self.fidelity == FULL else f"{self.title}, {self.fidelity}"

    def at(self, fidelity: str) -> Self:
        return type(self)(self.dataset, seed=self.seed, fidelity=fidelity)

    def entry(self, configuration: Mapping[str, Any]) -> int:
        """Its index in the table, the same for isomorphic cells; ValueError if it is not there."""
        return self._entries[self._rows(configuration)]

    def accuracy(self, configuration: Mapping[str, Any]) -> float:
        """The mean accuracy of its full trainings after the last epoch, independent of the world's
        seed and fidelity."""
        return _mean(self._table.validation[self.entry(configuration), 0, :, -1])

    def worth(self, configuration: Mapping[str, Any]) -> float:
        return self.accuracy(configuration)

    def seeded(self, seed: int) -> Self:
        return type(self)(self.dataset, seed=seed, fidelity=self.fidelity)

    def test(self, configuration: Mapping[str, Any]) -> float:
        """The mean accuracy of its full trainings on the test images, after the last epoch."""
        return _mean(self._table.test[self.entry(configuration), 0])

    def parameters(self, configuration: Mapping[str, Any]) -> int:
        """The number of trained parameters at this fidelity."""
        level = FIDELITIES.index(self.fidelity)
        return int(self._table.parameters[self.entry(configuration), level])

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        found = self.evaluate(trial, history)
        seconds = found.cost / len(found.curve)
        for score in found.curve:
            yield Epoch(score, seconds)

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        """The score of the budget's last epoch, the curve up to it, and the seconds it took.

        Raises ValueError for a budget below one epoch, or beyond the table's last epoch.
        """
        suggestion = trial if isinstance(trial, Suggestion) else trial.suggestion
        return self._result(self.entry(suggestion.configuration), suggestion.budget)

    def results(self, budget: int | None = None) -> list[Evaluation]:
        """The evaluations of all entries, in the order of `trained_tables.entries`.

        budget, errors: as for `evaluate`.
        """
        return [self._result(entry, budget) for entry in range(len(self._curves))]

    def _result(self, entry: int, budget: int | None) -> Evaluation:
        curve = self._curves[entry]
        if budget is not None:
            if not 1 <= budget <= self.epochs:
                raise ValueError(
                    f"budget={budget}: this table holds 1 to {self.epochs} epochs; give a strategy "
                    f"with budgets max_budget={self.epochs}"
                )
            curve = curve[:budget]
        return Evaluation(curve[-1], curve, self._seconds[entry] * len(curve))


def _mean(accuracies: np.ndarray) -> float:
    finite = accuracies[np.isfinite(accuracies)]
    return float(finite.mean(dtype=float)) if len(finite) else float("nan")


class Cells(Replay):
    """1,011 cells (4,096 with their isomorphic twins) on rotated MNIST-5k: 12 epochs, two seeds."""

    name = "cells"
    datasets = (RECIPES["cells"].data,)


class MLPs(Replay):
    """4,536 perceptrons with their optimizers, on digits: 40 epochs, three seeds."""

    name = "mlps"
    datasets = (RECIPES["mlps"].data,)
