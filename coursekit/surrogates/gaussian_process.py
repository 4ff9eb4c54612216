"""Gaussian process over mixed and conditional spaces.

Rasmussen and Williams (2006, MIT Press; `rasmussen2006gaussian`).
"""

from __future__ import annotations

from collections import defaultdict
from copy import copy

import numpy as np

from coursekit.spaces import Choice
from coursekit.surrogates.axes import Axes

LEAST_NOISE = 1e-6  # variance, of scores with variance 1


class Embedding:
    """Encoded points as vectors, in groups of columns whose squared distances the kernel weighs.

    An ordered parameter has one column. An unordered choice has a column for each value; two
    values are 1 apart. Parameters that choose from the same values, such as the edges of a cell,
    are also compared by how often each value occurs, with one group for each value. An absent
    parameter equals an absent one and is about 1 from every value; optional parameters have a
    further column for that. An unordered choice of many values has one column, the value's
    position (-1: absent), in which two different numbers are 1 apart.

    group: the group of each column, shape (columns,).
    named: whether a column holds positions, shape (columns,).
    smooth: whether each group belongs to an ordered parameter, shape (groups,).
    """

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        alike: dict[tuple, list[int]] = defaultdict(list)
        group: list[int] = []
        named: list[int] = []
        for axis, parameter in enumerate(axes.space.parameters):
            if axes.many[axis]:
                named.append(len(group))
                group.append(axis)
            elif axes.ordered[axis]:
                group += [axis] * (1 + int(axes.optional[axis]))
            else:
                group += [axis] * int(parameter.domain.count + axes.optional[axis])
                if isinstance(parameter.domain, Choice):
                    alike[parameter.domain.items].append(axis)
        self._alike = [several for several in alike.values() if len(several) > 1]
        self.smooth = axes.ordered.tolist()
        for several in self._alike:
            count = int(axes.space.parameters[several[0]].domain.count)
            group += range(len(self.smooth), len(self.smooth) + count)
            self.smooth += [False] * count
        self.group, self.smooth = np.array(group), np.array(self.smooth)
        self.named = np.isin(np.arange(len(group)), named)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Encoded points, shape (n, axes), as vectors, shape (n, columns)."""
        absent = np.isnan(points)
        blocks, indicators = [], {}
        for axis, ordered in enumerate(self.axes.ordered):
            if ordered:
                # Absent: 0.5, moved aside by sqrt(3/4), so sqrt(3/4) to 1 from every u in [0, 1].
                blocks.append(np.where(absent[:, axis], 0.5, points[:, axis])[:, None])
                if self.axes.optional[axis]:
                    blocks.append(absent[:, [axis]] * 0.75**0.5)
                continue
            place = self.axes.positions(axis, points[:, axis])
            if self.axes.many[axis]:
                blocks.append(np.where(absent[:, axis], -1, place)[:, None])
                continue
            count = len(self.axes.middles[axis])  # type: ignore[arg-type]
            indicators[axis] = np.eye(count)[place] * ~absent[:, [axis]]
            blocks.append(indicators[axis] * 0.5**0.5)
            if self.axes.optional[axis]:
                blocks.append(absent[:, [axis]] * 0.5**0.5)
        for several in self._alike:
            blocks.append(sum(indicators[axis] for axis in several) * 0.5**0.5)
        return np.concatenate(blocks, axis=1)


class GaussianProcess:
    """Scores as a draw from a Gaussian process, observed at some points with noise.

    k(x, x') = s^2 M(sum of w_g d_g^2 over ordered groups) exp(-sum of w_g d_g^2 over the others),
    where d_g are distances in the `Embedding` and M is the Matern kernel with nu = 5/2. So each
    group has one relevance w_g, an inverse squared length. Scores are standardised.

    points: encoded, shape (n, axes), n > 0. scores: shape (n,), finite.
    spreads: standard deviations of each score's own noise, shape (n,), besides the common noise.
    hyperparameters: log of w, of s^2 and of the noise's variance, shape (groups + 2,). By default
        those with the highest posterior under normal priors (`_prior`).
    steps: the most steps of L-BFGS.
    """

    def __init__(
        self,
        axes: Axes,
        points: np.ndarray,
        scores: np.ndarray,
        *,
        spreads: np.ndarray | None = None,
        hyperparameters: np.ndarray | None = None,
        steps: int = 15,
    ) -> None:
        if not len(points):
            raise ValueError("no points: a Gaussian process needs at least one")
        self._embedding = Embedding(axes)
        self._vectors = self._embedding(points)
        from_first = scores - scores[0]  # exactly 0 if all are equal; scores - mean may round
        self._offset, self._scale = scores[0] + from_first.mean(), from_first.std() or 1.0
        self._y = (scores - self._offset) / self._scale
        own = np.zeros(len(scores)) if spreads is None else spreads
        self._own_noise = (own / self._scale) ** 2
        self._mean, self._deviation = self._prior()
        self.hyperparameters = self._fit(steps) if hyperparameters is None else hyperparameters
        self._weights = np.exp(self.hyperparameters[:-2])
        self._signal, self._noise = np.exp(self.hyperparameters[-2:])
        self._condition()

    def _condition(self) -> None:
        from scipy.linalg import cho_solve

        covariance = self._kernel(self._vectors, self._vectors)
        self._root = _cholesky(covariance, self._noise + self._own_noise)
        self._alpha = cho_solve((self._root, True), self._y, check_finite=False)

    def believing(self, points: np.ndarray) -> GaussianProcess:
        """This process after observing its own mean, without noise, at points, shape (n, axes)."""
        after = copy(self)
        believed = (self.posterior(points)[0] - self._offset) / self._scale
        after._vectors = np.concatenate((self._vectors, self._embedding(points)))
        after._y = np.concatenate((self._y, believed))
        after._own_noise = np.concatenate((self._own_noise, np.full(len(points), -self._noise)))
        after._condition()
        return after

    def _prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each hyperparameter. Lengths grow with the square root of
        the number of axes (Hvarfner et al., 2024, arXiv:2402.02229; `hvarfner2024vanilla`)."""
        groups = len(self._embedding.smooth)
        relevance = np.log(6 / len(self._embedding.axes))
        mean = np.concatenate((np.full(groups, relevance), (0.0, -6.0)))
        return mean, np.concatenate((np.ones(groups + 1), (2.0,)))

    def _fit(self, steps: int) -> np.ndarray:
        from scipy.optimize import minimize

        distances = self._distances()
        found = minimize(
            lambda theta: tuple(-part for part in self.log_posterior(theta, distances)),
            self._mean,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(self._mean - 6, self._mean + 6, strict=True)),
            options={"maxiter": steps},
        )
        return found.x

    def _distances(self) -> np.ndarray:
        """Squared distances between all points in each group, shape (groups, n * n)."""
        made = np.empty((len(self._embedding.smooth), len(self._y) ** 2))
        named = set(self._embedding.group[self._embedding.named].tolist())
        for group in range(len(made)):
            here = self._vectors[:, self._embedding.group == group]
            made[group] = (here != here.T if group in named else _squared(here, here)).ravel()
        return made

    def log_posterior(
        self, hyperparameters: np.ndarray, distances: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """log p(hyperparameters | scores) up to a constant, and its gradient."""
        value, gradient = self.log_likelihood(hyperparameters, distances)
        z = (hyperparameters - self._mean) / self._deviation
        return value - 0.5 * z @ z, gradient - z / self._deviation

    def log_likelihood(
        self, hyperparameters: np.ndarray, distances: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """log p(scores | hyperparameters) up to a constant, and its gradient.

        The marginal likelihood is equation 5.8 of Rasmussen and Williams, its gradient 5.9.
        """
        from scipy.linalg import cho_solve

        distances = self._distances() if distances is None else distances
        n, smooth = len(self._y), self._embedding.smooth
        weights = np.exp(hyperparameters[:-2])
        signal, noise = np.exp(hyperparameters[-2:])
        r2 = (weights[smooth] @ distances[smooth]).reshape(n, n)
        overlap = signal * np.exp(-(weights[~smooth] @ distances[~smooth])).reshape(n, n)
        matern, slope = _matern(r2)
        covariance = overlap * matern
        root = _cholesky(covariance, noise + self._own_noise)
        inverse = cho_solve((root, True), np.eye(n), check_finite=False)
        alpha = inverse @ self._y
        value = -0.5 * self._y @ alpha - np.log(np.diag(root)).sum()
        inner = 0.5 * (np.outer(alpha, alpha) - inverse)
        gradient = np.empty_like(hyperparameters)
        by_group = gradient[:-2]
        by_group[smooth] = distances[smooth] @ (inner * overlap * slope).ravel()
        by_group[~smooth] = -distances[~smooth] @ (inner * covariance).ravel()
        by_group *= weights
        gradient[-2:] = (inner * covariance).sum(), noise * np.trace(inner)
        return value, gradient

    @property
    def noise(self) -> float:
        """The typical standard deviation of a score's noise, in the units of the scores."""
        return float(self._scale * np.sqrt(self._noise + np.median(self._own_noise)))

    @property
    def noise_share(self) -> float:
        """The noise's part of what moves a score, between 0 and 1: noise / sqrt(noise^2 + s^2)."""
        noise = self._noise + np.median(self._own_noise)
        return float(np.sqrt(noise / (noise + self._signal)))

    def log_evidence(self) -> float:
        """log p(scores, hyperparameters) in the units of the scores, up to a constant."""
        return self.log_posterior(self.hyperparameters)[0] - len(self._y) * np.log(self._scale)

    def _kernel(self, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        weights, named = self._weights[self._embedding.group], self._embedding.named
        smooth = self._embedding.smooth[self._embedding.group]
        apart = ~smooth & ~named
        scale = np.sqrt(weights)
        names = [(one[:, c, None] != two[:, c]) * weights[c] for c in np.flatnonzero(named)]
        one, two = one * scale, two * scale
        overlap = np.exp(-sum(names, start=_squared(one[:, apart], two[:, apart])))
        if not smooth.any():
            return self._signal * overlap
        return self._signal * _matern(_squared(one[:, smooth], two[:, smooth]))[0] * overlap

    def posterior(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of the noiseless scores at encoded points: two of shape (n,)."""
        from scipy.linalg import solve_triangular

        between = self._kernel(self._vectors, self._embedding(points))
        mean = between.T @ self._alpha  # eq. 2.25
        half = solve_triangular(self._root, between, lower=True, check_finite=False)
        variance = np.maximum(self._signal - (half**2).sum(axis=0), 1e-12)  # eq. 2.26
        return self._offset + self._scale * mean, self._scale**2 * variance

    def sample(self, points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Functions drawn from the posterior, at encoded points, shape (count, n)."""
        from scipy.linalg import solve_triangular

        vectors = self._embedding(points)
        between = self._kernel(self._vectors, vectors)
        half = solve_triangular(self._root, between, lower=True, check_finite=False)
        root = _cholesky(self._kernel(vectors, vectors) - half.T @ half, 0.0)
        drawn = between.T @ self._alpha + rng.standard_normal((count, len(points))) @ root.T
        return self._offset + self._scale * drawn


def _cholesky(covariance: np.ndarray, noise: np.ndarray | float) -> np.ndarray:
    """L with L L^T = K + noise; the diagonal grows until the decomposition succeeds."""
    from scipy.linalg import LinAlgError, cholesky

    diagonal, jitter = np.diag_indices(len(covariance)), LEAST_NOISE
    while True:
        noisy = covariance.copy()
        noisy[diagonal] += noise + jitter
        try:
            return cholesky(noisy, lower=True, check_finite=False)
        except LinAlgError:
            jitter *= 10


def _squared(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Squared distances between rows."""
    lengths = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1)
    return np.maximum(lengths - 2 * one @ two.T, 0.0)


def _matern(r2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Matern kernel with nu = 5/2 (eq. 4.17) of squared distances, and its derivative."""
    r = np.sqrt(5 * r2)
    decay = np.exp(-r)
    return (1 + r + r * r / 3) * decay, -(5 / 6) * (1 + r) * decay
