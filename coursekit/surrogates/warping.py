"""Warping of scores, so that a surrogate separates the best ones.

After Vizier's warpings (Song et al., 2024, arXiv:2408.11527; `song2024vizier`), which have other
constants and use ranks below the median.
"""

from __future__ import annotations

import numpy as np

SOFTNESS = 0.3


def warp(scores: np.ndarray, spreads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-log(1 + (best - score) / (0.3 (best - median))), and the spreads stretched with it.

    Scores of architectures have a long tail of failures, next to which all good ones look the
    same. On this scale, a step counts more the nearer it is to the best. The order stays, and the
    result is the same for a * score + b (a > 0). Equal scores become 0, and their spreads are
    divided by their mean.

    scores, spreads: shape (n,), finite, n > 0.
    """
    below = scores.max() - scores
    softness = SOFTNESS * (np.median(below) or below.mean())
    if softness <= 0:
        return np.zeros_like(scores), spreads / (spreads.mean() or 1.0)
    return -np.log1p(below / softness), spreads / (below + softness)
