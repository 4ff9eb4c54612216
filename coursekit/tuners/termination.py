"""Learning-curve extrapolation in Keras Tuner (Domhan, Springenberg and Hutter, 2015, IJCAI): a
callback that stops unpromising trials.

tuner = keras_tuner.RandomSearch(build, "val_accuracy", max_trials=100)
tuner.search(x, y, epochs=40, callbacks=[StopUnpromising(tuner)], validation_data=...)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import keras_tuner

from coursekit.arguments import probability, whole_number
from coursekit.estimators.extrapolation import HOPE, decide, first
from coursekit.forecasting.experience import Experience
from coursekit.tuners.internals import TrialStatus


class Stopped(NamedTuple):
    """A training that was stopped: after so many epochs, with this chance to beat the best.

    score and spread: what its last epoch was forecast to bring; higher is better.
    """

    epochs: int
    chance: float
    score: float
    spread: float


class StopUnpromising(keras.callbacks.Callback):
    """Stops a trial's training when it will hardly beat the best trial so far.

    The best is read from the tuner's oracle, which a search that goes on after a crash brings
    along; of a budgeted search, the best of the trials with the same budget. As everywhere in
    Keras Tuner, a trial's score is the one of its best epoch, stopped or not: it is measured.
    Forecasts learn from the curves that came to their end in this session, see `Experience`: Keras
    Tuner keeps none for the next. Of a loss they learn only where `bounds` are given.

    tuner: any of Keras Tuner's that trains Keras models, or of the kit's. The copies that it makes
        of its callbacks share what they know.
    delta: stop if the chance to beat the best is below it; δ in the paper.
    start: the first epoch after which to decide; by default a tenth of all, 2 at least.
    every: epochs from one decision to the next.
    bounds: the least and the highest value there can be of the objective (of its negative, if it
        is to be minimised); by default 0 and 1 for what lies there.

    stopped: what was stopped in this session, by trial.
    experience: what the others tell, by the first and the number of their epochs.
    """

    def __init__(
        self,
        tuner: keras_tuner.Tuner,
        *,
        delta: float = HOPE,
        start: int | None = None,
        every: int = 1,
        bounds: tuple[float, float] | None = None,
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
        self._curve: list[float] = []
        self._from = 0  # the first epoch of this training; a promoted trial goes on from another

    def __deepcopy__(self, memo: Any) -> StopUnpromising:
        """One for the next training, which knows and tells what this one does."""
        made = type(self)(
            self.tuner,
            delta=self.delta,
            start=self.start,
            every=self.every,
            bounds=self.bounds,
        )
        made.stopped, made.experience = self.stopped, self.experience
        return made

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._curve = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        objective = self.tuner.oracle.objective
        if not logs or not objective.has_value(logs):
            return  # Keras Tuner says so at the end of the training
        if not self._curve:
            self._from = epoch
        self._curve.append(self._sign() * float(objective.get_value(logs)))
        horizon = int((self.params or {}).get("epochs") or 0) - self._from
        if self._due(len(self._curve), horizon) and math.isfinite(self._curve[-1]):
            trial = self._trial()
            decision = decide(
                self._curve, horizon, self._best(trial), delta=self.delta, bounds=self.bounds,
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
            key = self._from, horizon
            if key not in self.experience:
                self.experience[key] = Experience(horizon, bounds=self.bounds)
            self.experience[key].learn(self._curve)

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
