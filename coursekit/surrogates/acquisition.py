"""Acquisition: how promising a point is, given a surrogate's prediction there."""

from __future__ import annotations

import numpy as np


def log_expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """log E[max(f - best, 0)] for f ~ N(mean, deviation^2).

    Jones et al. (1998; `jones1998efficient`). The logarithm separates points at which the
    improvement itself rounds to 0 (Ament et al., 2023, NeurIPS, arXiv:2310.20708, appendix A;
    `ament2023unexpected`).
    """
    from scipy.special import erfcx, ndtr

    z = np.maximum((mean - best) / deviation, -1e6)
    density = np.exp(-0.5 * np.minimum(z * z, 700.0)) / np.sqrt(2 * np.pi)
    near = np.log(np.maximum(density + z * ndtr(z), 1e-300))
    # z < 0: phi(z) + z Phi(z) = phi(z) (1 - |z| Phi(-|z|) / phi(z)), about phi(z) / z^2 far out.
    a = np.maximum(-z, 1.0)
    ratio = np.where(a < 1e3, 1 - a * np.sqrt(np.pi / 2) * erfcx(a / np.sqrt(2)), a**-2.0)
    far = -0.5 * a * a - 0.5 * np.log(2 * np.pi) + np.log(ratio)
    return np.log(deviation) + np.where(z > -1, near, far)


def log_augmentation(deviation: np.ndarray, noise: float) -> np.ndarray:
    """log(1 - noise / sqrt(deviation^2 + noise^2)): what a noisy score leaves to be learnt.

    The factor of the augmented expected improvement (Huang et al., 2006, J. Global Optimization 34;
    `huang2006global`). Without it a search under noise measures its best point for ever, as
    some improvement can always be expected there. noise: standard deviation, >= 0.
    """
    ratio = noise / deviation
    # 1 - 1 / sqrt(1 + 1 / ratio^2), without the difference of two equal numbers.
    root = np.sqrt(1 + ratio**2)
    return -np.log(root * (root + ratio))


def log_probability_of_improvement(
    mean: np.ndarray, deviation: np.ndarray, best: float
) -> np.ndarray:
    """log P(f > best) for f ~ N(mean, deviation^2), section 2.2 of Snoek et al. (2012;
    `snoek2012practical`)."""
    from scipy.special import log_ndtr

    return log_ndtr((mean - best) / deviation)


def upper_confidence_bound(
    mean: np.ndarray, deviation: np.ndarray, exploration: float
) -> np.ndarray:
    """mean + sqrt(beta) deviation (Srinivas et al., 2010; `srinivas2010gaussian`).

    exploration: sqrt(beta) in the paper, how many standard deviations count.
    """
    return mean + exploration * deviation
