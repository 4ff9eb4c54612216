"""Warping of scores, so that a surrogate separates the best ones.

After Vizier's warpings (Song et al., 2024, arXiv:2408.11527; `song2024vizier`), which have other
constants and use ranks below the median.
"""

from __future__ import annotations

import math

import numpy as np


def warp(
    scores: np.ndarray, spreads: np.ndarray, softness: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """-log(1 + (best - score) / softness), the spreads stretched with it, and the sum of the logs
    of the slopes, by which the likelihoods of two warpings can be compared.

    Scores of architectures have a long tail of failures, next to which all good ones look the
    same. On this scale, a step counts more the nearer it is to the best. The order stays.

    scores, spreads: shape (n,), finite, n > 0. softness: in units of the scores, > 0. With inf,
        scores become score - best, and spreads stay.
    """
    below = scores.max() - scores
    if math.isinf(softness):
        return -below, spreads, 0.0
    return (
        -np.log1p(below / softness),
        spreads / (below + softness),
        -float(np.log(below + softness).sum()),
    )


def typical_gap(scores: np.ndarray) -> float:
    """The median distance to the best score; the mean one if the median is 0."""
    below = scores.max() - scores
    return float(np.median(below) or below.mean())
