"""Random search (Bergstra and Bengio, 2012, JMLR 13; `bergstra2012random`): independent draws."""

from __future__ import annotations

import numpy as np

from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Suggestion


class Random(Strategy):
    """Draws from the space without repeats, until it is exhausted.

    repeats: draw with replacement; the search then never ends.
    """

    def __init__(self, space: Space, *, repeats: bool = False) -> None:
        super().__init__(space)
        self.repeats = repeats

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if self.repeats:
            return Suggestion(self.space.sample(rng))
        drawn = self.fresh(history, rng)
        return Pause.DONE if drawn is None else Suggestion(drawn)
