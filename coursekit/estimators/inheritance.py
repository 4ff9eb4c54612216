"""Weight inheritance: a child begins with its parent's weights, and a few epochs are enough.

Large-scale evolution (Real et al., 2017, ICML, arXiv:1703.01041; `real2017large`), and hill
climbing with morphisms (Elsken, Metzen and Hutter, 2017, arXiv:1711.04528; `elsken2017simple`).
"""

from __future__ import annotations

import math
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import pstdev
from time import perf_counter
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

import numpy as np

from coursekit.arguments import as_path, whole_number
from coursekit.estimators.base import LEAST, Estimator, Trains, least_spread
from coursekit.estimators.legacies import Legacies, Legacy
from coursekit.trials import ALONE, Epoch, Evaluation, History, Suggestion, Trial


class TrainingRun(Protocol):
    """A training run that gives its weights, by name, and the parent's share of them."""

    def __iter__(self) -> Iterator[Epoch]: ...
    def __next__(self) -> Epoch: ...
    def close(self) -> None: ...
    @property
    def weights(self) -> Mapping[str, np.ndarray]: ...
    @property
    def share(self) -> float: ...


@runtime_checkable
class TrainsFrom(Trains, Protocol):
    """A world whose training runs can begin with given weights."""

    def train_from(
        self, suggestion: Suggestion, parent: Mapping[str, np.ndarray] | None
    ) -> TrainingRun: ...


class Inherited(NamedTuple):
    """Where the initial weights of a trial came from.

    parent: number of the trial that they came from; None for fresh weights. share: the parent's
    share of them, 0..1. before: epochs for which they were already trained.
    """

    parent: int | None
    share: float
    before: int


class Inheritance(Estimator):
    """Trains a child from its parent's weights for a few epochs, instead of from scratch.

    A suggestion with a `parent` begins with that trial's weights: wider and deeper children by a
    morphism, others as far as the weights fit. All other suggestions begin with fresh weights. A
    suggestion with its parent's own configuration, such as a promotion of Hyperband, trains from
    the parent's last epoch to its budget.

    epochs: of a training that begins with a parent's weights; by default a tenth of a full one.
    first: of a training that begins with fresh weights; by default the same.
    folder: where weights are kept; by default a temporary one, which a resumed search has lost.
    count, size, out: limits of the folder, as for `Legacies`.

    It saves most when training is long and the next parent is the best recent trial, so that few
    epochs are spent on side lines: local search, or evolution with sample_size=population_size. If
    the learning rate is searched too, the search finds a good network, not a good configuration
    (`python -m coursekit.benchmarks estimators --parts inheritance` measures both).

    A score from fewer epochs than a full training, or from inherited weights, is an estimate: its
    spread is the standard deviation of the later half of its curve. `inherited` says by trial
    number how each trial began. Outside of a search nothing is kept or inherited, since a
    suggestion has no number.
    """

    def __init__(
        self,
        world: Trains,
        *,
        epochs: int | None = None,
        first: int | None = None,
        folder: str | Path | None = None,
        count: int | None = 1000,
        size: int | None = 2**30,
        out: str = "oldest",
    ) -> None:
        super().__init__(world)
        for name, value in (("epochs", epochs), ("first", first)):
            if value is not None:
                whole_number(name, value)
        self._short = max(1, round(world.epochs / 10)) if epochs is None else epochs
        self._first = self._short if first is None else first
        place = (
            Path(tempfile.mkdtemp(prefix="coursekit-"))
            if folder is None
            else as_path("folder", folder)
        )
        if folder is None:
            weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        self.legacies = Legacies(
            place / world.fidelity.replace(" ", "_"), count=count, size=size, out=out
        )
        self.inherited: dict[int, Inherited] = {}

    @classmethod
    def supports(cls, world: Trains) -> bool:
        return isinstance(world, TrainsFrom)

    @classmethod
    def needs(cls) -> str:
        return "it needs one that trains from given weights, such as Live('mlps')"

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        begun, trial = perf_counter(), Trial.of(trial)
        with self.training(trial, history) as epochs:
            made = Evaluation.of(list(epochs))
        inherited = self.inherited.get(trial.number)
        whole = len(made.curve) >= self.epochs and not (inherited and inherited.before)
        later = made.curve[len(made.curve) // 2 :]
        moved = pstdev(later) if later and all(map(math.isfinite, later)) else 0.0
        cost = max(made.cost, perf_counter() - begun)  # reading and writing weights included
        spread = 0.0 if whole else max(moved, least_spread(made, self.bounds, LEAST))
        return made._replace(cost=cost, spread=spread)

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """The run from the parent's weights; its weights are kept when it ends or is closed."""
        world = cast(TrainsFrom, self.world)  # `supports` has checked it
        trial = Trial.of(trial)
        suggestion, number = trial.suggestion, None if trial.number == ALONE else trial.number
        legacy = None if history is None else self._legacy(suggestion, history)
        same = legacy is not None and self._same(legacy, suggestion.configuration)
        budget = self._budget(suggestion, legacy, same)
        run = world.train_from(
            replace(suggestion, budget=budget), None if legacy is None else legacy.weights
        )
        before = legacy.epochs if legacy else 0
        done, score = 0, math.nan
        try:
            for epoch in run:
                if not done and number is not None:
                    parent = suggestion.parent if legacy else None
                    self.inherited[number] = Inherited(parent, run.share, before)
                done, score = done + 1, epoch.score
                yield epoch
        finally:
            weights = run.weights
            run.close()
            if number is not None and weights and math.isfinite(score):
                own = done + (legacy.own if same and legacy else 0)
                before = before if run.share else 0
                left = Legacy(suggestion.configuration, weights, before + done, own)
                self.legacies.put(number, score, left)

    def _budget(self, suggestion: Suggestion, legacy: Legacy | None, same: bool) -> int:
        if legacy and same and suggestion.budget is not None:
            return max(1, suggestion.budget - legacy.own)
        usual = self._short if legacy else self._first
        return usual if suggestion.budget is None else suggestion.budget

    def _legacy(self, suggestion: Suggestion, history: History) -> Legacy | None:
        """The parent's legacy, if it exists and belongs to this search."""
        parent = suggestion.parent
        if parent is None or not 0 <= parent < len(history):
            return None
        legacy = self.legacies.get(parent)
        if legacy is None:
            return None
        if not self._same(legacy, history[parent].configuration):
            warnings.warn(
                f"the weights of trial {parent} in {self.legacies.folder} are another search's: "
                "fresh weights are used; give each search its own folder",
                stacklevel=3,
            )
            return None
        return legacy

    def _same(self, legacy: Legacy, configuration: Mapping[str, Any]) -> bool:
        return self.space.key(legacy.configuration) == self.space.key(configuration)
