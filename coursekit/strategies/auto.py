"""Auto: the strategy that the benchmark recommends (`coursekit.strategies.recommend`)."""

from __future__ import annotations

import numpy as np

from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.strategies.recommendation import recommend
from coursekit.strategies.registry import make
from coursekit.trials import History, Pause, Suggestion, Trial


class Auto(Strategy):
    """Searches with the strategy that `recommend` names for the space and the number of trials.

    expected_trials: how many trials the search can pay; tuners and races say it themselves.
    noise: whether scores of good configurations differ by little more than luck.
    workers: how many trials run at once.

    `recommendation` says which strategy it is, and why.
    """

    def __init__(
        self, space: Space, *, expected_trials: int = 50, noise: bool = False, workers: int = 1
    ) -> None:
        super().__init__(space)
        self.recommendation = recommend(space, expected_trials, noise=noise, workers=workers)
        self._chosen = make(self.recommendation.strategy, space)
        self.repeats = self._chosen.repeats

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        return self._chosen.suggest(history, rng)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        self._chosen.observe(trial, rng)
