"""Learning-curve extrapolation in Keras Tuner: a callback that stops unpromising trials.

Domhan, Springenberg and Hutter (2015, IJCAI; `domhan2015speeding`).

tuner = keras_tuner.RandomSearch(build, "val_accuracy", max_trials=100)
tuner.search(x, y, epochs=40, callbacks=[StopUnpromising(tuner)], validation_data=...)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import keras_tuner

from coursekit.arguments import probability, whole_number
from coursekit.estimators.extrapolation import HOPE, decide, first
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.scale import Bounds
from coursekit.tuners.internals import TrialStatus

METRICS = (
    keras.metrics.Accuracy,
    keras.metrics.AUC,
    keras.metrics.BinaryAccuracy,
    keras.metrics.BinaryIoU,
    keras.metrics.CategoricalAccuracy,
    keras.metrics.F1Score,
    keras.metrics.FBetaScore,
    keras.metrics.IoU,
    keras.metrics.MeanIoU,
    keras.metrics.OneHotIoU,
    keras.metrics.OneHotMeanIoU,
    keras.metrics.Precision,
    keras.metrics.PrecisionAtRecall,
    keras.metrics.Recall,
    keras.metrics.RecallAtPrecision,
    keras.metrics.SensitivityAtSpecificity,
    keras.metrics.SparseCategoricalAccuracy,
    keras.metrics.SparseTopKCategoricalAccuracy,
    keras.metrics.SpecificityAtSensitivity,
    keras.metrics.TopKCategoricalAccuracy,
)  # Keras's own between 0 and 1


def bounds_of(objective: str, model: keras.Model | None = None) -> Bounds | None:
    """(0, 1) for a metric that lies there, with or without `val_`; None if unknown.

    The class of the model's metric of that name decides: one of Keras's own, not a subclass and not
    a wrapped function. If the model has no such metric, as in a custom training loop, the name
    decides ("accuracy", "auc", "precision", also with a number that Keras has appended).
    """
    name = objective.removeprefix("val_")
    kinds = [type(metric) for metric in _metrics(model) if metric.name == name]
    if kinds:
        return (0.0, 1.0) if all(kind in METRICS for kind in kinds) else None
    return (0.0, 1.0) if re.sub(r"_\d+$", "", name).lower() in NAMES else None


def _metrics(holder: Any) -> Iterator[keras.metrics.Metric]:
    """A model's metrics, including metrics inside others."""
    for metric in getattr(holder, "metrics", ()):
        yield metric
        yield from _metrics(metric)


def _snake(name: str) -> str:
    """Keras's name for a metric of this class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


NAMES = {"acc"} | {_snake(metric.__name__) for metric in METRICS}


class Stopped(NamedTuple):
    """A training that was stopped after `epochs`, with its chance to beat the best.

    score and spread: the forecast for its last epoch; higher is better.
    """

    epochs: int
    chance: float
    score: float
    spread: float


class StopUnpromising(keras.callbacks.Callback):
    """Stops a trial's training when it is unlikely to beat the best trial so far.

    The oracle gives the best score, also when a search resumes after a crash. In a budgeted search
    it is the best of the trials with the same budget. As everywhere in Keras Tuner, a trial's score
    is that of its best epoch, stopped or not: it is measured, not forecast. Forecasts learn from
    the curves that were completed in this session, see `Experience`; Keras Tuner does not save
    curves. The same curves in percent, or as losses, give the same decisions: an unknown scale is
    estimated from the scores of the search.

    tuner: one of the kit's, or any of Keras Tuner's that trains Keras models. Its copies of this
        callback share their experience.
    delta: stop if the chance to beat the best is below it; δ in the paper.
    start: the first epoch after which to decide; by default a tenth of all epochs, at least 2.
    every: epochs between decisions.
    bounds: the lowest and the highest possible value of the objective (of its negative, if the
        objective is minimised). By default 0 and 1 for Keras's own accuracies, AUC, precision,
        recall and similar metrics, see `bounds_of`, as long as all scores lie there; no bounds for
        others. A loss has no bounds either, not even 0: a likelihood or a similarity may be
        negative.

    stopped: the trials that were stopped in this session.
    experience: the curves of the other trials, by their first epoch and number of epochs.
    """

    def __init__(
        self,
        tuner: keras_tuner.Tuner,
        *,
        delta: float = HOPE,
        start: int | None = None,
        every: int = 1,
        bounds: Bounds | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(tuner, keras_tuner.Tuner):
            raise TypeError(f"tuner={tuner!r}: give the tuner whose search this is for")
        self.tuner, self.bounds = tuner, bounds
        self.delta = probability("delta", delta, below_1=True)
        self.start = None if start is None else whole_number("start", start)
        self.every = whole_number("every", every)
        self.stopped: dict[str, Stopped] = {}
        self.experience: dict[tuple[int, int], Experience] = {}
        self._refuted: list[float] = []  # a score outside the bounds of `bounds_of`
        self._curve: list[float] = []
        self._from = 0  # the first epoch of this training; a promoted trial continues another

    def __deepcopy__(self, memo: Any) -> StopUnpromising:
        """A callback for the next training, which shares this one's experience."""
        made = type(self)(
            self.tuner,
            delta=self.delta,
            start=self.start,
            every=self.every,
            bounds=self.bounds,
        )
        made.stopped, made.experience = self.stopped, self.experience
        made._refuted = self._refuted
        return made

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._curve = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        objective = self.tuner.oracle.objective
        if not logs or not objective.has_value(logs):
            return  # Keras Tuner raises at the end of the training
        if not self._curve:
            self._from = epoch
        self._curve.append(self._sign() * float(objective.get_value(logs)))
        horizon = int((self.params or {}).get("epochs") or 0) - self._from
        if self._due(len(self._curve), horizon) and math.isfinite(self._curve[-1]):
            trial = self._trial()
            best = self._best(trial)
            decision = decide(
                self._curve, horizon, best, delta=self.delta, bounds=self._bounds(best),
                experience=self.experience.get((self._from, horizon)),
            )  # fmt: skip
            if decision.stop:
                forecast = decision.forecast
                name = "" if trial is None else trial.trial_id
                self.stopped[name] = Stopped(
                    len(self._curve), decision.chance, forecast.score, forecast.spread
                )
                self.model.stop_training = True
        if len(self._curve) == horizon:
            key, bounds = (self._from, horizon), self._bounds()
            if key not in self.experience:
                self.experience[key] = Experience(horizon, bounds=bounds)
            self.experience[key].learn(self._curve)

    def _bounds(self, best: float = -math.inf) -> Bounds | None:
        """The given bounds, or those of Keras's own metric unless a score lies outside."""
        if self.bounds is not None or self._refuted:
            return self.bounds
        found = bounds_of(self.tuner.oracle.objective.name, self.model)
        if found is None:
            return None
        low, high = sorted(self._sign() * bound for bound in found)
        scores = [score for score in (*self._curve, best) if math.isfinite(score)]
        outside = [score for score in scores if not low <= score <= high]
        if outside:
            self._refuted.append(outside[0])
            self.experience.clear()
            return None
        return low, high

    def _sign(self) -> int:
        return 1 if self.tuner.oracle.objective.direction == "max" else -1

    def _due(self, seen: int, horizon: int) -> bool:
        start = first(horizon) if self.start is None else self.start
        return start <= seen < horizon and (seen - start) % self.every == 0

    def _trial(self) -> Any:
        return self.tuner.oracle.ongoing_trials.get(self.tuner.tuner_id)

    def _best(self, trial: Any) -> float:
        """The best score among the completed trials with this one's budget; -inf for none."""
        budget = trial and trial.hyperparameters.values.get("tuner/epochs")
        scores = [
            self._sign() * each.score
            for each in list(self.tuner.oracle.trials.values())
            if each.status == TrialStatus.COMPLETED
            and each.score is not None
            and math.isfinite(each.score)
            and each.hyperparameters.values.get("tuner/epochs") == budget
        ]
        return max(scores, default=-math.inf)
