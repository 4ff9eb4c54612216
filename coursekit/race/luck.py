"""Luck: the exact distribution of the best of n random draws, and how many draws a score takes.

This needs no search if every score is known. The best of n draws out of N values is at most the
i-th smallest value with probability (i / N)^n, so it is exactly that value with probability
(i / N)^n - ((i - 1) / N)^n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coursekit.arguments import whole_number


def chances(total: int, draws: int) -> np.ndarray:
    """For each value, from the worst to the best: the probability to be the best of the draws.

    total: N, the number of values. draws: n, with replacement. Shape (total,); the sum is 1.
    """
    for name, number in (("total", total), ("draws", draws)):
        whole_number(name, number)
    return np.diff((np.arange(total + 1) / total) ** draws)


def best_of(values: Sequence[float] | np.ndarray, draws: int) -> float:
    """The mean of the best of `draws` random draws with replacement; values: in any order.

    Raises ValueError for non-finite values: replace failed trials by a finite score.
    """
    ordered = _ordered(values)
    return float(chances(len(ordered), draws) @ ordered)


def draws_for(values: Sequence[float] | np.ndarray, score: float) -> float:
    """The fewest random draws whose best is, on average, at least this score; inf if impossible.

    On average, no number of draws reaches the highest value. Raises ValueError for non-finite
    values.
    """
    values = _ordered(values)
    if score >= values[-1]:
        return math.inf
    enough = 1
    while best_of(values, enough) < score:
        enough *= 2
    below = enough // 2
    while enough - below > 1:
        middle = (below + enough) // 2
        if best_of(values, middle) < score:
            below = middle
        else:
            enough = middle
    return enough


def _ordered(values: Sequence[float] | np.ndarray) -> np.ndarray:
    ordered = np.sort(np.asarray(values, dtype=float))
    if not len(ordered) or not np.isfinite(ordered).all():
        raise ValueError("values: give at least one, and finite ones only (a failed one as 0)")
    return ordered
