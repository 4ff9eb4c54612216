"""The scale that learning curves are forecast on."""

from __future__ import annotations

import math

import numpy as np

from coursekit.arguments import whole_number

Array = np.ndarray
LONGEST = 5_000  # epochs


def check(horizon: int, bounds: tuple[float, float] | None) -> None:
    """Raises TypeError or ValueError for a horizon or bounds without which there is no forecast."""
    whole_number("horizon", horizon, 1, LONGEST)
    if bounds is not None and not -math.inf < bounds[0] < bounds[1] < math.inf:
        raise ValueError(f"bounds={bounds!r}: give the least and the highest score there can be")


class Scale:
    """Scores between two bounds as arcsin(sqrt(share)), where accuracies have even noise.

    Without bounds they are 0 and 1 for scores that lie there, such as accuracies; others get room
    below and, twice as much, above what was seen.
    """

    def __init__(self, curve: Array, bounds: tuple[float, float] | None) -> None:
        least, most = (float(curve.min()), float(curve.max())) if len(curve) else (0.0, 0.0)
        if bounds is None and not 0 <= least <= most <= 1:
            reach = most / 2 - least / 2 or max(abs(most) / 10, 1e-6)
            bounds = max(least - reach, -1e308), min(most + 2 * reach, 1e308)
        self.low, self.high = map(float, bounds or (0.0, 1.0))

    def forth(self, scores: Array | float) -> Array:
        """Scores beyond the bounds count as the bounds."""
        inside = np.clip(np.asarray(scores, dtype=float), self.low, self.high)
        half = self.high / 2 - self.low / 2  # their difference may be no number
        return np.arcsin(np.sqrt(np.clip((inside / 2 - self.low / 2) / half, 0.0, 1.0)))

    def back(self, angles: Array | float) -> Array:
        share = np.sin(np.clip(angles, 0.0, np.pi / 2)) ** 2
        return (1 - share) * self.low + share * self.high
