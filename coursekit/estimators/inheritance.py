"""Weight inheritance: a child begins with its parent's weights, and a few epochs are enough.

Large-scale evolution (Real et al., 2017, ICML, arXiv:1703.01041), and hill climbing
with morphisms (Elsken, Metzen, Hutter, 2017, arXiv:1711.04528).
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
from coursekit.estimators.base import Estimator, Trains, least_spread
from coursekit.estimators.legacies import Legacies, Legacy
from coursekit.trials import ALONE, Epoch, Evaluation, History, Suggestion, Trial

LEAST = 1e-3  # spread of a score that has not moved, as a share of what there can be


class TrainingRun(Protocol):
    """A training run that can be asked for its weights, by name, and for the parent's share."""

    def __iter__(self) -> Iterator[Epoch]: ...
    def __next__(self) -> Epoch: ...
    def close(self) -> None: ...
    @property
    def weights(self) -> Mapping[str, np.ndarray]: ...
    @property
    def share(self) -> float: ...


@runtime_checkable
class TrainsFrom(Trains, Protocol):
    """A world whose training runs can begin with other weights than fresh ones."""

    def train_from(
        self, suggestion: Suggestion, parent: Mapping[str, np.ndarray] | None
    ) -> TrainingRun: ...


class Inherited(NamedTuple):
    """How a trial came by the weights that it began with.

    parent: number of the trial that they came from; None for fresh ones. share: which share of
    them is the parent's, 0..1. before: epochs that they had been trained for already.
    """

    parent: int | None
    share: float
    before: int


class Inheritance(Estimator):
    """Trains a child from its parent's weights for a few epochs, in place of all from scratch.

    A suggestion with a `parent` begins with what that trial has left: wider and deeper children by
    a morphism, others as far as the weights fit; everybody else begins with fresh weights. One that
    goes on with its parent's own configuration, as Hyperband's promotions do, trains from the
    parent's last epoch to its budget.

    epochs: of a training that begins with a parent's weights; by default a tenth of a full one.
    first: of one that begins with fresh weights; by default as many.
    folder: where weights are kept; by default a temporary one, which a resumed search has lost.
    count, size, out: its bounds, as `Legacies` takes them.

    It saves most where training is long and the next parent is the best of late, so that few epochs
    are spent on side lines: local search, or evolution with sample_size=population_size. Where the
    learning rate is searched for as well, the network is good that is found, not its configuration
    (`python -m coursekit.benchmarks estimators --parts inheritance` measures both).

    A score that took fewer epochs than a full training, or inherited weights, is an estimate: its
    spread is the standard deviation of the later half of its curve. `inherited` tells by trial
    number how each began. Nothing is kept or inherited outside of a search: a suggestion alone
    has no number.
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
        """The run from the parent's weights; what it was when it ended or was closed is kept."""
        world = cast(TrainsFrom, self.world)  # `supports` has seen to it
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
        """What the parent has left, if that is there and its own."""
        parent = suggestion.parent
        if parent is None or not 0 <= parent < len(history):
            return None
        legacy = self.legacies.get(parent)
        if legacy is None:
            return None
        if not self._same(legacy, history[parent].configuration):
            warnings.warn(
                f"the weights of trial {parent} in {self.legacies.folder} are another search's: "
                "fresh ones are taken; give each search a folder of its own",
                stacklevel=3,
            )
            return None
        return legacy

    def _same(self, legacy: Legacy, configuration: Mapping[str, Any]) -> bool:
        return self.space.key(legacy.configuration) == self.space.key(configuration)
