"""Gaussian process of warped scores, learnt from the trials of a search.

The warping is the one that makes the scores likeliest (Snelson et al., 2003, NIPS 16;
`snelson2003warped`), out of a few.
"""

from __future__ import annotations

import math

import numpy as np

from coursekit.surrogates.axes import Axes
from coursekit.surrogates.gaussian_process import GaussianProcess
from coursekit.surrogates.observations import Observations
from coursekit.surrogates.warping import typical_gap, warp

# Candidates for the softness of `warp`, in units of the first scores' typical gap.
SOFTNESSES = (math.inf, 1.0, 0.1, 0.01)


class WarpedProcess:
    """The process for all observations so far; what it learns depends on their order alone.

    first: how many scores tell the unit of the softness. Later ones do not count: as a search
        converges its gaps shrink, and the search would take ever smaller differences for large.
    most: how many trials the process sees; with more trials, half of these are the best and half
        the latest.

    A failed trial enters with the worst score. Hyperparameters are fitted again when the number of
    trials has grown by a tenth, the softness when it has grown by a half.
    """

    def __init__(self, axes: Axes, observed: Observations, *, first: int, most: int) -> None:
        self._axes, self._observed, self._first, self._most = axes, observed, first, most
        # Memos: number of trials, and what was learnt from them.
        self._softness, self._hyperparameters = (0, 0.0), (0, 0.0, np.empty(0))

    def differ(self) -> bool:
        """Whether there are two different scores to learn from."""
        scores = self._completed()
        return len(scores) > 0 and bool((scores != scores[0]).any())

    def __call__(self) -> tuple[GaussianProcess, np.ndarray]:
        """The process, and the encoded points that it has seen, shape (n, axes)."""
        softness = self._likeliest()
        count = _reached(len(self._observed), 1.1)
        if self._hyperparameters[:2] != (count, softness):
            self._hyperparameters = count, softness, self._fit(count, softness)[1]
        points, scores, spreads = self._data(len(self._observed))
        warped, spreads, _ = warp(scores, spreads, softness)
        learnt = self._hyperparameters[2]
        made = GaussianProcess(self._axes, points, warped, spreads=spreads, hyperparameters=learnt)
        return made, points

    def _likeliest(self) -> float:
        count = _reached(len(self._observed), 1.5)
        if self._softness[0] != count:
            fits = [(self._fit(count, each)[0], each) for each in SOFTNESSES]
            self._softness = count, max(fits, key=lambda fit: round(fit[0], 4))[1]
        return self._softness[1]

    def _fit(self, count: int, softness: float) -> tuple[float, np.ndarray]:
        """The log evidence for a softness from the first `count` trials, and hyperparameters."""
        points, scores, spreads = self._data(count)
        warped, spreads, slopes = warp(scores, spreads, softness)
        process = GaussianProcess(self._axes, points, warped, spreads=spreads)
        return process.log_evidence() + slopes, np.round(process.hyperparameters, 4)

    def _completed(self) -> np.ndarray:
        scores = self._observed.scores
        return scores[np.isfinite(scores)]

    def _data(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points, scores and spreads of the first `count` trials, `most` of them; scores in units
        of the first ones' gap, so that rounding decides alike on any scale."""
        scores = self._observed.scores[:count]
        failed = np.isnan(scores)
        scores = np.where(failed, 0.0 if failed.all() else scores[~failed].min(), scores)
        chosen = np.arange(count)
        if count > self._most:
            best = np.argsort(-scores, kind="stable")[: self._most // 2]
            chosen = np.union1d(best, chosen[count - (self._most - len(best)) :])
        known = self._completed()
        unit = typical_gap(known[: self._first]) or typical_gap(known) or 1.0
        spreads = self._observed.spreads[chosen] / unit
        return self._observed.points[chosen], scores[chosen] / unit, spreads


def _reached(total: int, factor: float) -> int:
    """The largest number up to `total` that steps of this factor reach from 1."""
    count = 1
    while (following := max(count + 1, int(factor * count))) <= total:
        count = following
    return count
