"""Covariance matrix adaptation: a normal distribution that moves to where scores are high.

Hansen, 2016, arXiv:1604.00772 (`hansen2016cma`): equation numbers are the tutorial's. The margin
that keeps discrete axes moving is of Hamano et al., 2022, GECCO, arXiv:2205.13482
(`hamano2022cma`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Array = np.ndarray
RESAMPLED = 100  # draws until a point outside the unit cube is moved to its border


class Adaptation:
    """A normal distribution over the unit cube: its mean, step size and covariance matrix.

    mean: m, shape (n,). sigma: the step size at the beginning.
    population_size: lambda, the points of a generation; None takes the tutorial's.
    counts: how many values each axis has, shape (n,); 0 for a continuum.
    """

    def __init__(
        self, mean: Array, sigma: float, population_size: int | None, counts: Sequence[int]
    ) -> None:
        n = len(mean)
        size = population_size or 4 + int(3 * math.log(n))  # (48)
        ranks = math.log((size + 1) / 2) - np.log(np.arange(1, size + 1))  # (49)
        good, bad = np.maximum(ranks, 0), np.minimum(ranks, 0)
        mu_good = good.sum() ** 2 / (good**2).sum()
        mu_bad = bad.sum() ** 2 / (bad**2).sum() if bad.any() else 0.0
        self.c_sigma = (mu_good + 2) / (n + mu_good + 5)  # (55)
        self.d_sigma = 1 + 2 * max(0, math.sqrt((mu_good - 1) / (n + 1)) - 1) + self.c_sigma
        self.c_c = (4 + mu_good / n) / (n + 4 + 2 * mu_good / n)  # (56)
        self.c_1 = 2 / ((n + 1.3) ** 2 + mu_good)  # (57)
        most = 2 * (1 / 4 + mu_good + 1 / mu_good - 2) / ((n + 2) ** 2 + mu_good)  # (58)
        self.c_mu = min(1 - self.c_1, most)
        allowed = min(  # (50) to (52), so that C stays positive definite
            1 + self.c_1 / self.c_mu,
            1 + 2 * mu_bad / (mu_good + 2),
            (1 - self.c_1 - self.c_mu) / (n * self.c_mu),
        )
        self.weights = good / good.sum() + allowed * bad / max(-bad.sum(), 1e-300)  # (53)
        self.mu_good, self.size = mu_good, size
        self.expected = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))  # of |N(0, I)|
        self.mean, self.sigma, self.covariance = np.array(mean, float), float(sigma), np.eye(n)
        self.path_sigma, self.path_c = np.zeros(n), np.zeros(n)
        self.generation = 0
        self.counts = np.asarray(counts)
        self.margin = np.ones(n)  # A in Hamano et al.: axes that are kept wide
        self._decompose()

    def _decompose(self) -> None:
        """C = B D^2 B^T."""
        self.covariance = (self.covariance + self.covariance.T) / 2
        squares, self.axes = np.linalg.eigh(self.covariance)
        self.lengths = np.sqrt(np.maximum(squares, 1e-300))

    def sample(self, rng: np.random.Generator) -> Array:
        """A point of the unit cube, shape (n,): (38) to (40)."""
        for _ in range(RESAMPLED):
            y = self.axes @ (self.lengths * rng.standard_normal(len(self.mean)))
            point = self.mean + self.sigma * self.margin * y
            if ((point >= 0) & (point <= 1)).all():
                return point
        return np.clip(point, 0, 1)

    def update(self, points: Array) -> None:
        """Learn from a generation's points, shape (lambda, n), the best first."""
        n, good = len(self.mean), self.weights > 0
        y = (points - self.mean) / (self.sigma * self.margin)
        step = self.weights[good] @ y[good]  # (41)
        self.mean = self.mean + self.sigma * self.margin * step  # (42), c_m = 1
        whitened = y @ self.axes / self.lengths  # C^(-1/2) y, up to a rotation
        turned = self.axes @ (self.weights[good] @ whitened[good])
        kept = math.sqrt(self.c_sigma * (2 - self.c_sigma) * self.mu_good)
        self.path_sigma = (1 - self.c_sigma) * self.path_sigma + kept * turned  # (43)
        length = float(np.linalg.norm(self.path_sigma))
        self.generation += 1
        usual = math.sqrt(1 - (1 - self.c_sigma) ** (2 * self.generation))
        slow = length / usual < (1.4 + 2 / (n + 1)) * self.expected  # h_sigma
        kept = math.sqrt(self.c_c * (2 - self.c_c) * self.mu_good)
        self.path_c = (1 - self.c_c) * self.path_c + slow * kept * step  # (45)
        far = np.maximum((whitened**2).sum(axis=1), 1e-300)
        weights = np.where(good, self.weights, self.weights * n / far)  # (46)
        missing = (1 - slow) * self.c_c * (2 - self.c_c)
        self.covariance = (
            (1 + self.c_1 * missing - self.c_1 - self.c_mu * self.weights.sum()) * self.covariance
            + self.c_1 * np.outer(self.path_c, self.path_c)
            + self.c_mu * (y.T * weights) @ y
        )  # (47)
        self.sigma *= math.exp(min(1, self.c_sigma / self.d_sigma * (length / self.expected - 1)))
        self._decompose()
        self._keep_margin()

    @property
    def spread(self) -> float:
        """The largest standard deviation in any direction."""
        return float(self.sigma * (self.margin.max() * self.lengths.max()))

    def _keep_margin(self) -> None:
        """Keep each discrete axis leaving its value with probability 1 / (n lambda) at least.

        Hamano et al., section 4.2: the first case has a border on one side only (and two values),
        the second one borders on both sides.
        """
        from scipy.special import ndtr, ndtri

        least = 1 / (len(self.mean) * self.size)  # alpha
        for axis in np.flatnonzero(self.counts > 1):
            count = int(self.counts[axis])
            m = float(np.clip(self.mean[axis], 0, 1))
            value = min(int(m * count), count - 1)
            wide = self.sigma * math.sqrt(self.covariance[axis, axis])
            low, high = value / count, (value + 1) / count
            if value in (0, count - 1):
                border = high if value == 0 else low
                away = min(abs(m - border), wide * self.margin[axis] * float(ndtri(1 - least)))
                self.mean[axis] = border + math.copysign(away, m - border)
                continue
            now = wide * self.margin[axis]
            below, above = float(ndtr((low - m) / now)), float(ndtr((m - high) / now))
            if min(below, above) >= least / 2:
                continue
            inside = 1 - below - above
            below, above = max(least / 2, below), max(least / 2, above)
            share = (1 - below - above - inside) / (below + above + inside - 1.5 * least)
            below, above = (p + share * (p - least / 2) for p in (below, above))
            to_low, to_high = float(ndtri(1 - below)), float(ndtri(1 - above))
            self.mean[axis] = (low * to_high + high * to_low) / (to_low + to_high)
            self.margin[axis] = (high - low) / (wide * (to_low + to_high))
