"""The moving average of rewards as a baseline (Williams, 1992; `williams1992simple`).

As in Zoph and Le (2017, ICLR, arXiv:1611.01578; `zoph2017neural`), but scaled.
"""

from __future__ import annotations

import math

from coursekit.arguments import probability


class MovingBaseline:
    """An exponential moving average b of scores R, and the moving spread of R around it.

    decay: the weight of a score falls by this factor with each later one; from 0 to below 1.
    spread: of R around b, in the scores' units; never 0, and not a rounding error.
    """

    def __init__(self, decay: float) -> None:
        self.decay = probability("baseline_decay", decay, below_1=True)
        self.spread = 1.0
        self._first: float | None = None  # scores are measured from it, so a shift changes nothing
        self._sums = 0.0, 0.0, 0.0  # decayed sums of 1, R and (R - b)^2

    @property
    def value(self) -> float:
        """The baseline b; NaN before the first score."""
        if self._first is None:
            return math.nan
        return self._first + self._sums[1] / self._sums[0]

    def advantage(self, score: float) -> float:
        """What one more score counts: R - b in units of the spread; moves both averages."""
        if self._first is None:
            self._first = score
        reward = score - self._first
        count, total, squares = (self.decay * each for each in self._sums)
        count, total = count + 1, total + reward
        gap = reward - total / count
        squares += gap * gap  # gap**2 would raise for an enormous one
        self._sums = count, total, squares
        self.spread = max((squares / count) ** 0.5, 1e-9 * abs(reward)) or 1.0
        return gap / self.spread
