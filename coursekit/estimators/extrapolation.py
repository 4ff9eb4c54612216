"""Learning-curve extrapolation: stop a training that will hardly beat the best one.

Domhan, Springenberg and Hutter (2015, IJCAI; `domhan2015speeding`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coursekit.arguments import probability, whole_number
from coursekit.estimators.base import Estimator, Trains, least_spread
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.forecast import Forecast
from coursekit.trials import Epoch, Evaluation, History, Suggestion, Trial

# By default the least chance of beating the best that keeps a training going: delta in the paper.
HOPE = 0.05


class Decision(NamedTuple):
    """Whether to stop a training, the chance that it would beat the incumbent, and the forecast."""

    stop: bool
    chance: float
    forecast: Forecast


class Extrapolation(Estimator):
    """Forecasts the end of each curve, and stops a training that will hardly beat the best so far.

    The score of a stopped training is its forecast, with the forecast's spread; a training that
    reached its end has its own score. The best so far is the best of those in the history that
    reached their end; without a history nothing is stopped. Suggestions with a budget are compared
    with those that have the same budget. Forecasts learn from finished curves; see `Experience`.

    delta: stop if the chance of beating the best is below it; 0 never stops. δ in the paper.
    start: the first epoch after which a forecast is made; by default a tenth of all, at least 2.
    every: epochs from one forecast to the next.
    bounds: the lowest and the highest possible score; by default the world's.
    """

    def __init__(
        self,
        world: Trains,
        *,
        delta: float = HOPE,
        start: int | None = None,
        every: int = 1,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(world)
        start = first(world.epochs) if start is None else start
        self.delta = probability("delta", delta, below_1=True)
        self.start, self.every = whole_number("start", start), whole_number("every", every)
        self.bounds = world.bounds if bounds is None else bounds
        # A memo of the last history: experience by horizon, and the number of trials in it.
        self._seen: History | None = None
        self._experience: dict[int, tuple[Experience, int]] = {}

    @classmethod
    def supports(cls, world: Trains) -> bool:
        return world.early

    @classmethod
    def needs(cls) -> str:
        return "it needs scores before the last epoch"

    def incumbent(self, history: History | None, horizon: int | None = None) -> float:
        """The best score of a training for `horizon` epochs that was not stopped; else -inf."""
        horizon = self.epochs if horizon is None else horizon
        scores = (t.score for t in _completed(history) if self._whole(t, horizon))
        return max(scores, default=-math.inf)

    def _whole(self, trial: Trial, horizon: int) -> bool:
        """Whether it had a budget of `horizon` epochs and was not stopped here."""
        wanted = self.epochs if trial.suggestion.budget is None else trial.suggestion.budget
        # A training that was not stopped has reached its budget, or has ended early.
        return wanted == horizon and (len(trial.curve) == wanted or trial.spread == 0)

    def experience(self, history: History | None, horizon: int) -> Experience:
        """The experience from the trainings for `horizon` epochs that reached their end."""
        if history is not self._seen:
            self._seen, self._experience = history, {}
        new = Experience(horizon, bounds=self.bounds), 0
        found, read = self._experience.get(horizon, new)
        completed = _completed(history)
        for trial in completed[read:]:
            if self._whole(trial, horizon):
                found.learn(trial.curve)
        self._experience[horizon] = found, len(completed)
        return found

    def evaluate(self, trial: Trial | Suggestion, history: History | None = None) -> Evaluation:
        budget = Trial.of(trial).suggestion.budget
        horizon = self.epochs if budget is None else budget
        incumbent, done = self.incumbent(history, horizon), list[Epoch]()
        with self.training(trial, history) as epochs:
            for epoch in epochs:
                done.append(epoch)
                if self._due(len(done), horizon) and math.isfinite(epoch.score):
                    curve = [each.score for each in done]
                    decision = decide(
                        curve, horizon, incumbent, delta=self.delta, bounds=self.bounds,
                        experience=self.experience(history, horizon),
                    )  # fmt: skip
                    if decision.stop:
                        return self._stopped(done, decision.forecast)
        return self.finished(done)

    def _stopped(self, done: list[Epoch], forecast: Forecast) -> Evaluation:
        made = self.finished(done)
        own = max(forecast.spread, least_spread(made, self.bounds, 1e-6))
        return made._replace(score=forecast.score, spread=math.hypot(own, made.spread))

    def _due(self, epoch: int, horizon: int) -> bool:
        late = epoch - self.start
        return late >= 0 and late % self.every == 0 and epoch < horizon


def _completed(history: History | None) -> Sequence[Trial]:
    return () if history is None else history.completed


def first(horizon: int) -> int:
    """The epoch after which the first forecast is made: a tenth of all, at least 2."""
    return max(2, math.ceil(horizon / 10))


def decide(
    curve: Sequence[float] | np.ndarray,
    horizon: int,
    incumbent: float,
    *,
    delta: float = HOPE,
    bounds: tuple[float, float] | None = None,
    experience: Experience | None = None,
) -> Decision:
    """The paper's rule: stop if P(y_T > y*) < delta.

    curve: scores so far. horizon: the epoch that counts, T. incumbent: the best so far, y*; -inf
    never stops. bounds: the lowest and the highest possible score, if known. experience: from the
    search's finished curves.

    The decision is the same on another scale, a * score + b with a > 0, with bounds scaled too. If
    the scale is unknown (see `Forecast.known`), the training continues.
    """
    forecast = Forecast(curve, horizon, bounds=bounds, incumbent=incumbent, experience=experience)
    if incumbent == -math.inf:
        return Decision(False, 1.0, forecast)
    chance = forecast.beats(incumbent)
    return Decision(forecast.known and chance < delta, chance, forecast)
