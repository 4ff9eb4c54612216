"""The scales that learning curves are forecast on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coursekit.arguments import whole_number

Array = np.ndarray
Bounds = tuple[float, float]
LONGEST = 5_000  # epochs

# For unknown bounds: the angle of the score that counts as a good end, the angle between a usual
# beginning and a usual end, and the factors by which that may be wrong, with the weight of each
# factor relative to the next.
LEVEL = 1.1
SPAN = 0.6
FACTORS = (1.0, 2.0, 4.0, 8.0, 16.0)
LIGHTER = 0.5


def check(horizon: int, bounds: Bounds | None) -> None:
    """Raises TypeError or ValueError for an invalid horizon or invalid bounds."""
    whole_number("horizon", horizon, 1, LONGEST)
    if bounds is not None and not -math.inf < bounds[0] < bounds[1] < math.inf:
        raise ValueError(f"bounds={bounds!r}: give the least and the highest score there can be")


def scores_of(curve: Sequence[float] | Array) -> Array:
    """A curve as numbers, shape (epochs,); TypeError for anything else."""
    try:
        scores = np.asarray(curve, dtype=float)
    except (TypeError, ValueError):
        scores = np.empty((0, 0))
    if scores.ndim != 1:
        raise TypeError(f"curve={curve!r}: give one score for each epoch, such as [0.5, 0.7]")
    return scores


class Bounded:
    """Scores between two known bounds as arcsin(sqrt(share)), where accuracies have even noise.

    factors: only 1, since this scale is fully known.
    """

    factors: tuple[float, ...] = (1.0,)

    def __init__(self, bounds: Bounds) -> None:
        self.low, self.high = map(float, bounds)

    def forth(self, scores: Array | float) -> Array:
        """Scores beyond the bounds count as the bounds."""
        inside = np.clip(np.asarray(scores, dtype=float), self.low, self.high)
        half = self.high / 2 - self.low / 2  # their difference may overflow
        return np.arcsin(np.sqrt(np.clip((inside / 2 - self.low / 2) / half, 0.0, 1.0)))

    def back(self, angles: Array | float) -> Array:
        share = np.sin(np.clip(angles, 0.0, np.pi / 2)) ** 2
        return (1 - share) * self.low + share * self.high

    def limit(self, scores: Array, below: Array) -> Array:
        """Probabilities of at most these scores; 0 and 1 where the bounds make them certain."""
        return np.where(scores >= self.high, 1.0, np.where(scores < self.low, 0.0, below))


class Unbounded:
    """Scores without known bounds, on a straight line to angles.

    A scaled and shifted curve has the same angles: they are measured from `top` in units of
    `reach`, and both come from the scores. How far the scores of later epochs may go is unknown, so
    a forecast tries several `factors` of the reach, and the curve decides which are likely. Every
    score keeps some probability.

    top: a score that counts as a good end.
    reach: the distance from a usual beginning to a usual end, above 0.
    """

    factors = FACTORS

    def __init__(self, top: float, reach: float) -> None:
        self.top, self.reach = float(top), float(reach)

    def forth(self, scores: Array | float) -> Array:
        half = np.asarray(scores, dtype=float) / 2 - self.top / 2  # a difference may overflow
        return LEVEL + SPAN * (half / (self.reach / 2))

    def back(self, angles: Array | float) -> Array:
        with np.errstate(over="ignore"):  # what overflows is cut to the largest score
            far = (np.asarray(angles, dtype=float) - LEVEL) / SPAN * (self.reach / 2)
        return 2 * np.clip(self.top / 2 + far, -8e307, 8e307)

    def limit(self, scores: Array, below: Array) -> Array:
        """Probabilities of at most these scores: never 0 or 1, since the scale is a guess."""
        return np.clip(below, 1e-12, 1 - 1e-12)


Scale = Bounded | Unbounded


def reach_of(scores: Array) -> float:
    """The range of some scores; 0 if they differ only by rounding."""
    if not len(scores):
        return 0.0
    least, most = float(scores.min()), float(scores.max())
    half = most / 2 - least / 2
    if half <= max(4e-16 * max(abs(least), abs(most)), 1e-300):
        return 0.0
    return min(2 * half, 1.7e308)


def prior_of(scale_factors: tuple[float, ...], members: int) -> Array:
    """The weights of factors and members before any score, shape (factors * members,)."""
    shares = LIGHTER ** np.arange(len(scale_factors))
    return np.repeat(shares / shares.sum() / members, members)


def stretched(angles: Array, by: Array | float) -> Array:
    """Angles `by` times as far from `LEVEL`: those on a scale whose reach is smaller by `by`."""
    if isinstance(by, float) and by == 1.0:
        return angles
    return LEVEL + (angles - LEVEL) * by
