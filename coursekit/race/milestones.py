"""Milestones: how many trainings until the best few of a search reach a level on average.

Progressive search is judged in this way (Liu et al., 2018, ECCV; `liu2018progressive`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coursekit.arguments import whole_number


def best_mean(scores: Sequence[float] | np.ndarray, top: int = 1) -> np.ndarray:
    """The mean of the `top` best scores so far, after each training: shape (trainings,).

    -inf while there are fewer; a NaN, a training that failed, is never among the best.
    """
    whole_number("top", top)
    means, best = [], list[float]()
    for score in np.asarray(scores, dtype=float).tolist():
        if not math.isnan(score):
            best = sorted([*best, score], reverse=True)[:top]
        means.append(math.fsum(best) / top if len(best) == top else -math.inf)
    return np.array(means, dtype=float)


def trainings_until(scores: Sequence[float] | np.ndarray, level: float, top: int = 1) -> float:
    """The fewest trainings after which the mean of the `top` best reaches a level; inf if never."""
    reached = np.flatnonzero(best_mean(scores, top) >= level)
    return float(reached[0] + 1) if len(reached) else math.inf
