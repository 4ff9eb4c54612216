"""The scales that learning curves are forecast on."""

from __future__ import annotations

import math

import numpy as np

from coursekit.arguments import whole_number

Array = np.ndarray
Bounds = tuple[float, float]
LONGEST = 5_000  # epochs

# Where bounds are not known: the angle of the score that is taken for a good end, the angles that
# lie between a usual beginning and a usual end, and by which factors that may be wrong, with the
# weight of each factor against the next.
LEVEL = 1.1
SPAN = 0.6
FACTORS = (1.0, 2.0, 4.0, 8.0, 16.0)
LIGHTER = 0.5


def check(horizon: int, bounds: Bounds | None) -> None:
    """Raises TypeError or ValueError for a horizon or bounds without which there is no forecast."""
    whole_number("horizon", horizon, 1, LONGEST)
    if bounds is not None and not -math.inf < bounds[0] < bounds[1] < math.inf:
        raise ValueError(f"bounds={bounds!r}: give the least and the highest score there can be")


class Bounded:
    """Scores between two known bounds as arcsin(sqrt(share)), where accuracies have even noise.

    factors: there is one, 1: nothing about this scale is unknown.
    """

    factors: tuple[float, ...] = (1.0,)

    def __init__(self, bounds: Bounds) -> None:
        self.low, self.high = map(float, bounds)

    def forth(self, scores: Array | float) -> Array:
        """Scores beyond the bounds count as the bounds."""
        inside = np.clip(np.asarray(scores, dtype=float), self.low, self.high)
        half = self.high / 2 - self.low / 2  # their difference may be no number
        return np.arcsin(np.sqrt(np.clip((inside / 2 - self.low / 2) / half, 0.0, 1.0)))

    def back(self, angles: Array | float) -> Array:
        share = np.sin(np.clip(angles, 0.0, np.pi / 2)) ** 2
        return (1 - share) * self.low + share * self.high

    def limit(self, scores: Array, below: Array) -> Array:
        """Probabilities of at most these scores, with what the bounds make certain."""
        return np.where(scores >= self.high, 1.0, np.where(scores < self.low, 0.0, below))


class Unbounded:
    """Scores without known bounds, on a straight line to angles.

    A curve that is scaled and shifted has the same angles: they are measured from `top` in units of
    `reach`, which come from scores alone. How far the scores of later epochs may go is not known,
    so a forecast tries several `factors` on the reach, and its curve says which are likely. Every
    score keeps some probability.

    top: a score that is taken for a good end.
    reach: from a usual beginning to a usual end, above 0.
    """

    factors = FACTORS

    def __init__(self, top: float, reach: float) -> None:
        self.top, self.reach = float(top), float(reach)

    def forth(self, scores: Array | float) -> Array:
        half = np.asarray(scores, dtype=float) / 2 - self.top / 2  # a difference may be no number
        return LEVEL + SPAN * (half / (self.reach / 2))

    def back(self, angles: Array | float) -> Array:
        far = (np.asarray(angles, dtype=float) - LEVEL) / SPAN * (self.reach / 2)
        return 2 * np.clip(self.top / 2 + far, -8e307, 8e307)

    def limit(self, scores: Array, below: Array) -> Array:
        """Probabilities of at most these scores: never 0 or 1, for all that is known is a guess."""
        return np.clip(below, 1e-12, 1 - 1e-12)


Scale = Bounded | Unbounded


def reach_of(scores: Array) -> float:
    """From the least to the highest of some scores; 0 if there is rounding between them alone."""
    if not len(scores):
        return 0.0
    least, most = float(scores.min()), float(scores.max())
    half = most / 2 - least / 2
    if half <= max(4e-16 * max(abs(least), abs(most)), 1e-300):
        return 0.0
    return min(2 * half, 1.7e308)


def prior_of(scale_factors: tuple[float, ...], members: int) -> Array:
    """The weights of factors and members before anything is seen, shape (factors * members,)."""
    shares = LIGHTER ** np.arange(len(scale_factors))
    return np.repeat(shares / shares.sum() / members, members)


def stretched(angles: Array, by: Array | float) -> Array:
    """Angles so many times as far from `LEVEL`: on a scale whose reach is the smaller by that."""
    if isinstance(by, float) and by == 1.0:
        return angles
    return LEVEL + (angles - LEVEL) * by
