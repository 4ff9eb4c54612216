"""A search whose space grows: Keras Tuner discovers hyperparameters while trials run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coursekit.search import Search
from coursekit.spaces import Configuration
from coursekit.strategies import Strategy
from coursekit.trials import History, Pause, Suggestion


class GrowingSearch(Search):
    """A `Search` that goes on with a new strategy when there is more to search."""

    def grow(
        self, strategy: Strategy, complete: Callable[[Mapping[str, Any]], Configuration]
    ) -> None:
        """Go on with this strategy, as if all trials so far had been its own.

        complete: makes a configuration of the old space one of the new.
        """
        before, self.strategy = self.history, strategy
        self.history, self.spent = History(), 0.0
        for trial in before:
            s = trial.suggestion
            self.replay([Suggestion(complete(s.configuration), s.budget, s.parent, s.info)])
        for trial in before.finished:
            self.replay([(trial.number, trial.evaluation)])


class Undiscovered(Strategy):
    """While no hyperparameter is known: one trial without any, which may discover some."""

    def __new__(cls) -> Undiscovered:
        return object.__new__(cls)

    def __init__(self) -> None:
        self.options = {}

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if not history:
            return Suggestion({})
        return Pause.WAIT if history.running else Pause.DONE
