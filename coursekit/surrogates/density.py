"""Parzen estimator over configurations (Bergstra, Bardenet, Bengio, Kegl, 2011, NIPS 24).

A mixture of products of kernels, as in the multivariate TPE (Falkner et al., 2018, ICML,
arXiv:1807.01774; Watanabe, 2023, arXiv:2304.11127), over encoded points of a unit cube.
"""

from __future__ import annotations

import numpy as np

from coursekit.surrogates.axes import Axes


class ParzenEstimator:
    """One kernel around each point, and the uniform prior.

    On an ordered axis a kernel is a normal, cut off at 0 and 1; of few values each gets the mass
    of its place. An unordered choice keeps its value but for a probability to be any other one. A
    kernel whose point lacks a parameter is uniform on its axis; a point that lacks one is judged
    by its other axes alone: whether a parameter exists follows from its parents.

    axes: of the space. points: encoded, shape (n, axes), NaN where a parameter does not exist.
    bandwidths: shape (axes,) or (n, axes): the normals' sigma; of an unordered choice the
        probability of another value. `scott` and `shrinking` give them.
    weights: of the points, shape (n,), even by default.
    prior: weight of the uniform component beside an average point's 1; 0 leaves it out.
    """

    def __init__(
        self,
        axes: Axes,
        points: np.ndarray,
        bandwidths: np.ndarray,
        *,
        weights: np.ndarray | None = None,
        prior: float = 1.0,
    ) -> None:
        if not len(points) and prior <= 0:
            raise ValueError(f"no points and prior={prior!r}: a density needs one or the other")
        self.axes, self.points = axes, points
        self.bandwidths = np.broadcast_to(bandwidths, points.shape)
        shares = np.ones(len(points)) if weights is None else np.asarray(weights, dtype=float)
        shares = np.append(shares / (shares.mean() if len(points) else 1.0), prior)
        self.shares = shares / shares.sum()
        # log kernel(x) = features(x) @ coefficients: all kernels at all points in one product.
        self._tables: dict[int, np.ndarray] = {}
        blocks = [self._coefficients(axis) for axis in range(len(axes))]
        self._coefficients_all = np.concatenate(blocks, axis=1).T

    def _coefficients(self, axis: int) -> np.ndarray:
        """Shape (kernels, features of this axis); the last kernel is the prior."""
        from scipy.special import ndtr

        m, h = self.points[:, axis], self.bandwidths[:, axis]
        absent = np.append(np.isnan(m), True)
        middles = self.axes.middles[axis]
        if middles is None:
            inside = ndtr((1 - m) / h) - ndtr(-m / h)
            constant = -0.5 * (m / h) ** 2 - np.log(h * inside * np.sqrt(2 * np.pi))
            made = np.zeros((len(m) + 1, 3))
            made[:-1] = np.stack((constant, m / h**2, -0.5 / h**2), axis=1)
            made[absent] = 0.0
            return made
        edges = self.axes.edges(axis)
        table = np.empty((len(m) + 1, len(middles)))
        if self.axes.ordered[axis]:
            table[:-1] = np.diff(ndtr((edges - m[:, None]) / h[:, None]), axis=1)
        else:
            table[:-1] = (h / max(len(middles) - 1, 1))[:, None]
            positions = self.axes.positions(axis, m)
            table[np.arange(len(m)), positions] = 1 - h if len(middles) > 1 else 1.0
        table[absent] = np.diff(edges)
        table = np.maximum(table, 1e-12)
        self._tables[axis] = table / table.sum(axis=1, keepdims=True)
        return np.log(self._tables[axis])

    def _features(self, points: np.ndarray) -> np.ndarray:
        blocks = []
        for axis, middles in enumerate(self.axes.middles):
            u = points[:, axis]
            exists = ~np.isnan(u)
            x = np.where(exists, u, 0.0)
            if middles is None:
                blocks.append(np.stack((exists.astype(float), x, x * x), axis=1))
            else:
                blocks.append(np.eye(len(middles))[self.axes.positions(axis, x)] * exists[:, None])
        return np.concatenate(blocks, axis=1)

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """log p at encoded points, shape (n, axes): shape (n,)."""
        kernels = self._features(points) @ self._coefficients_all
        with np.errstate(divide="ignore"):  # a share of 0
            kernels += np.log(self.shares)
        highest = kernels.max(axis=1)
        return highest + np.log(np.exp(kernels - highest[:, None]).sum(axis=1))

    def sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Encoded points, shape (count, axes), drawn from the density."""
        from scipy.special import ndtr, ndtri

        chosen = rng.choice(len(self.shares), size=count, p=self.shares)
        u = rng.random((count, len(self.axes)))
        prior = chosen == len(self.points)
        kernel = np.where(prior, 0, chosen)
        for axis in range(len(self.axes)):
            if axis in self._tables:
                reached = np.cumsum(self._tables[axis][chosen], axis=1)[:, :-1]
                position = (u[:, [axis]] > reached).sum(axis=1)
                u[:, axis] = self.axes.middles[axis][position]  # type: ignore[index]
            elif len(self.points):
                m, h = self.points[kernel, axis], self.bandwidths[kernel, axis]
                low, high = ndtr(-m / h), ndtr((1 - m) / h)
                drawn = m + h * ndtri(low + u[:, axis] * (high - low))
                uniform = prior | np.isnan(m)
                u[:, axis] = np.where(uniform, u[:, axis], np.clip(drawn, 0.0, 1.0))
        return self.axes.settle(u)


def scott(axes: Axes, points: np.ndarray, *, least: float = 1e-3) -> np.ndarray:
    """Bandwidths by the normal reference rule, 1.06 sigma n^(-1/(4+d)), shape (axes,): BOHB's.

    Of an unordered choice, of values numbered from 0, as statsmodels' `KDEMultivariate` has it.
    least: the smallest one; the largest of an unordered choice makes all its values equal.
    """
    n, d = points.shape
    made = np.empty(d)
    for axis in range(d):
        here = points[~np.isnan(points[:, axis]), axis]
        middles = axes.middles[axis]
        if not axes.ordered[axis]:
            here = axes.positions(axis, here)
        sigma = here.std() if len(here) > 1 else 0.0
        made[axis] = 1.06 * sigma * max(n, 1) ** (-1 / (4 + d))
        if not axes.ordered[axis] and middles is not None:
            made[axis] = min(made[axis], 1 - 1 / len(middles))
    return np.maximum(made, least)


def shrinking(axes: Axes, count: int, *, prior: float = 1.0) -> np.ndarray:
    """Bandwidths that shrink with the number of points alone, shape (axes,): optuna's.

    0.2 n^(-1/(4+d)) on ordered axes, at least 1 / min(100, n + 1) (Watanabe, section 3.3.3); of an
    unordered choice of C values, each counts prior/n beside the point's 1.
    """
    n, d = count + 1, len(axes)
    made = np.full(d, max(0.2 * n ** (-1 / (4 + d)), 1 / min(100, n + 1)))
    for axis, middles in enumerate(axes.middles):
        if not axes.ordered[axis] and middles is not None:
            other = prior / n
            made[axis] = (len(middles) - 1) * other / (1 + len(middles) * other)
    return made
