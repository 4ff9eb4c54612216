"""Parzen estimator over configurations (Bergstra et al., 2011; `bergstra2011algorithms`).

A mixture of products of kernels, as in BOHB (Falkner et al., 2018, ICML, arXiv:1807.01774;
`falkner2018bohb`) and the multivariate TPE (Watanabe, 2023, arXiv:2304.11127; `watanabe2023tree`),
over encoded points of a unit cube.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from coursekit.surrogates.axes import Axes


class ParzenEstimator:
    """One kernel around each point, and the uniform prior.

    On an ordered axis a kernel is a normal, truncated at 0 and 1; if there are few values, each
    gets the mass of its interval. In an unordered choice, a kernel gives the bandwidth as
    probability to all other values together. If a kernel's point lacks a parameter, the kernel is
    uniform on that axis. If an evaluated point lacks one, only its other axes count: the parents
    decide whether a parameter exists.

    axes: of the space. points: encoded, shape (n, axes), NaN where a parameter does not exist.
    bandwidths: shape (axes,) or (n, axes): sigma of the normals; for an unordered choice, the
        probability of another value. `scott` and `shrinking` compute them.
    weights: of the points, shape (n,), equal by default.
    prior: weight of the uniform component, where an average point has 1; 0 leaves it out.
    multivariate: True makes one mixture of products; False makes a product of one mixture for each
        axis, from the points that have its parameter.
    """

    def __init__(
        self,
        axes: Axes,
        points: np.ndarray,
        bandwidths: np.ndarray,
        *,
        weights: np.ndarray | None = None,
        prior: float = 1.0,
        multivariate: bool = True,
    ) -> None:
        if not len(points) and prior <= 0:
            raise ValueError(f"no points and prior={prior!r}: a density needs points or a prior")
        self.axes, self.points, self.multivariate = axes, points, multivariate
        self.bandwidths = np.broadcast_to(bandwidths, points.shape)
        shares = np.ones(len(points)) if weights is None else np.asarray(weights, dtype=float)
        shares = np.append(shares / (shares.mean() if len(points) else 1.0), prior)
        self.shares = shares / shares.sum()
        if not multivariate:
            there = np.append(~np.isnan(points.T), np.full((len(axes), 1), prior > 0), axis=1)
            there[:, -1] |= ~there.any(axis=1)
            own = np.where(there, np.maximum(self.shares, 1e-300), 0.0)
            self._shares_of = own / own.sum(axis=1, keepdims=True)
        # log kernel(x) = features(x) @ coefficients: all kernels at all points in one product.
        even = (self.bandwidths == self.bandwidths[:1]).all(axis=0)  # the same for all kernels
        self._even = even & (len(points) > 0)
        self._tables = {
            axis: self._table(axis, middles)
            for axis, middles in enumerate(axes.middles)
            if middles is not None and not axes.many[axis]
        }
        self._many = np.flatnonzero(axes.many).tolist()  # axes whose tables would be large
        self._continua = [axis for axis, middles in enumerate(axes.middles) if middles is None]
        blocks = [np.log(rows.T)[:, row] for rows, row in self._tables.values()]
        self._coefficients = np.concatenate((self._normals(), *blocks))

    def _normals(self) -> np.ndarray:
        """log of the truncated normals: coefficients of 1, x, x^2, shape (3 continua, kernels)."""
        from scipy.special import ndtr

        m, h = self.points[:, self._continua].T, self.bandwidths[:, self._continua].T
        inside = ndtr((1 - m) / h) - ndtr(-m / h)
        constant = -0.5 * (m / h) ** 2 - np.log(h * inside * np.sqrt(2 * np.pi))
        made = np.zeros((3, len(m), len(self.points) + 1))  # 0, a uniform kernel, for the prior
        made[..., :-1] = np.where(np.isnan(m), 0.0, (constant, m / h**2, -0.5 / h**2))
        return made.reshape(3 * len(m), len(self.points) + 1)

    def _table(self, axis: int, middles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The probability of each value, shape (rows, values), and each kernel's row.

        Kernels of one bandwidth at one value share a row; the last row is the prior's.
        """
        m = self.points[:, axis]
        if self._even[axis]:
            rows = _rows_of_values(self.axes, axis, float(self.bandwidths[0, axis]))
            row = self.axes.positions(axis, m)
        else:
            rows, row = _rows(self.axes, axis, m, self.bandwidths[:, axis]), np.arange(len(m))
        kernels = np.full(len(row) + 1, len(rows) - 1)
        np.copyto(kernels[:-1], row, where=~np.isnan(m))
        return rows, kernels

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """log p at encoded points, shape (n, axes): shape (n,)."""
        exists = ~np.isnan(points)
        x = np.where(exists, points, 0.0)
        place = {axis: self.axes.positions(axis, x[:, axis]) for axis in self._tables}
        many = {axis: self._log_many(axis, x[:, axis]) for axis in self._many}
        powers = np.stack((exists, x, x * x))[:, :, self._continua]
        with np.errstate(divide="ignore"):  # log of a weight of 0
            if self.multivariate:
                blocks = [powers.transpose(1, 0, 2).reshape(len(points), -1)]
                for axis, (rows, _) in self._tables.items():
                    blocks.append(np.eye(rows.shape[1])[place[axis]] * exists[:, [axis]])
                kernels = np.concatenate(blocks, axis=1) @ self._coefficients
                for axis, logs in many.items():
                    kernels += logs * exists[:, [axis]]
                return _log_sum(kernels + np.log(self.shares))
            total = np.zeros(len(points))
            normals = self._coefficients[: 3 * len(self._continua)]
            normals = normals.reshape(3, len(self._continua), len(self.shares))
            for i, axis in enumerate(self._continua):
                each = _log_sum(powers[:, :, i].T @ normals[:, i] + np.log(self._shares_of[axis]))
                total += np.where(exists[:, axis], each, 0.0)
            for axis, (rows, row) in self._tables.items():
                logs = np.log(self._shares_of[axis] @ rows[row])
                total += np.where(exists[:, axis], logs[place[axis]], 0.0)
            for axis, logs in many.items():
                each = _log_sum(logs + np.log(self._shares_of[axis]))
                total += np.where(exists[:, axis], each, 0.0)
            return total

    def _log_many(self, axis: int, u: np.ndarray) -> np.ndarray:
        """log of each kernel at each value of a choice of many, shape (n, kernels)."""
        m, h = self.points[:, axis], self.bandwidths[:, axis]
        count = len(self.axes.edges(axis)) - 1
        same = self.axes.positions(axis, u)[:, None] == self.axes.positions(axis, m)
        kernels = np.where(same, 1 - h, h / (count - 1))
        logs = np.full((len(u), len(m) + 1), -np.log(count))  # the prior's, and if m is absent
        np.log(np.maximum(kernels, 1e-12), out=logs[:, :-1], where=~np.isnan(m))
        return logs

    def _draw_many(self, axis: int, chosen: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Positions of values drawn from kernels of a choice of many, from uniform u."""
        count = len(self.axes.edges(axis)) - 1
        at = np.append(self.axes.positions(axis, self.points[:, axis]), 0)[chosen]
        h = np.append(self.bandwidths[:, axis], 1 - 1 / count)[chosen]
        absent = np.append(np.isnan(self.points[:, axis]), True)[chosen]
        stays, other = 1 - h, h / (count - 1)
        moved = np.floor((u - stays) / np.maximum(other, 1e-300))  # among the other values
        moved += moved >= at
        position = np.where(absent, np.floor(u * count), np.where(u < stays, at, moved))
        return np.clip(position, 0, count - 1).astype(int)

    def sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Encoded points, shape (count, axes), drawn from the density."""
        from scipy.special import ndtr, ndtri

        u = rng.random((count, len(self.axes)))
        if self.multivariate:
            chosen = np.broadcast_to(
                np.cumsum(self.shares)[:-1].searchsorted(rng.random(count), "right")[:, None],
                u.shape,
            )
        else:
            reached = np.cumsum(self._shares_of, axis=1)[:, :-1]
            chosen = (rng.random(u.shape)[..., None] > reached).sum(axis=2)
        for axis, (rows, row) in self._tables.items():
            reached = np.cumsum(rows[row[chosen[:, axis]]], axis=1)[:, :-1]
            position = (u[:, [axis]] > reached).sum(axis=1)
            u[:, axis] = self.axes.middles[axis][position]  # type: ignore[index]
        for axis in self._many:
            position = self._draw_many(axis, chosen[:, axis], u[:, axis])
            u[:, axis] = self.axes.middles[axis][position]  # type: ignore[index]
        if self._continua and len(self.points):
            prior = chosen[:, self._continua] == len(self.points)
            kernel = np.where(prior, 0, chosen[:, self._continua]), self._continua
            m, h = self.points[kernel], self.bandwidths[kernel]
            low, high = ndtr(-m / h), ndtr((1 - m) / h)
            drawn = m + h * ndtri(low + u[:, self._continua] * (high - low))
            uniform = prior | np.isnan(m)
            u[:, self._continua] = np.where(uniform, u[:, self._continua], np.clip(drawn, 0, 1))
        return self.axes.settle(u)


def _rows(axes: Axes, axis: int, m: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The probability of each value from kernels at m and from the prior, shape (n + 1, values)."""
    from scipy.special import ndtr

    edges = axes.edges(axis)
    rows = np.empty((len(m) + 1, len(edges) - 1))
    if axes.ordered[axis]:
        rows[:-1] = np.diff(ndtr((edges - m[:, None]) / h[:, None]), axis=1)
    else:
        rows[:-1] = (h / max(len(edges) - 2, 1))[:, None]
        rows[np.arange(len(m)), axes.positions(axis, m)] = 1 - h
    rows[-1] = np.diff(edges)
    rows = np.maximum(rows, 1e-12)
    return rows / rows.sum(axis=1, keepdims=True)


@lru_cache(maxsize=256)  # `shrinking` repeats its bandwidths; a few KB each
def _rows_of_values(axes: Axes, axis: int, bandwidth: float) -> np.ndarray:
    middles = axes.middles[axis]
    assert middles is not None
    return _rows(axes, axis, middles, np.full(len(middles), bandwidth))


def _log_sum(logs: np.ndarray) -> np.ndarray:
    """log of each row's sum, computed from logarithms."""
    highest = logs.max(axis=1)
    return highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1))


def scott(
    axes: Axes, points: np.ndarray, *, least: float = 1e-3, dimensions: int | None = None
) -> np.ndarray:
    """Bandwidths by the normal reference rule, 1.06 sigma n^(-1/(4+d)), shape (axes,): BOHB's.

    The values of an unordered choice are numbered from 0, as in statsmodels' `KDEMultivariate`.
    least: the smallest bandwidth. The largest for an unordered choice makes all values equally
        likely.
    dimensions: d, of the density that is wanted: by default all axes; 1 for one axis at a time.
    """
    n, d = len(points), dimensions or len(axes)
    made = np.empty(len(axes))
    for axis, middles in enumerate(axes.middles):
        here = points[~np.isnan(points[:, axis]), axis]
        if not axes.ordered[axis]:
            here = axes.positions(axis, here)
        sigma = here.std() if len(here) > 1 else 0.0
        made[axis] = max(1.06 * sigma * max(n, 1) ** (-1 / (4 + d)), least)
        if middles is not None and not axes.ordered[axis]:
            made[axis] = min(made[axis], 1 - 1 / len(middles))
    return made


def shrinking(axes: Axes, count: int, *, prior: float = 1.0) -> np.ndarray:
    """Bandwidths that depend only on the number of points, shape (axes,), as in optuna.

    0.2 n^(-1/(4+d)) on ordered axes, at least 1 / min(100, n + 1) (after Watanabe). In an
    unordered choice of C values, the point's value weighs 1 and every value prior/n more.
    """
    n, d = count + 1, len(axes)
    made = np.full(d, max(0.2 * n ** (-1 / (4 + d)), 1 / min(100, n + 1)))
    for axis, middles in enumerate(axes.middles):
        if middles is not None and not axes.ordered[axis]:
            other = prior / n
            made[axis] = (len(middles) - 1) * other / (1 + len(middles) * other)
    return made


def to_neighbours(axes: Axes, points: np.ndarray, bandwidths: np.ndarray) -> np.ndarray:
    """These bandwidths, shape (axes,), but on a continuum those of Bergstra et al. (section 4.2):
    from each point to the farther of its two neighbours, shape (n, axes).

    So kernels are narrow where points lie close, and each axis has its own scale. The least is
    1 / min(100, n + 1), as in `shrinking`; the outermost points have one neighbour, a single point
    the whole axis. A parameter that can be absent keeps its bandwidth: too few points have it.
    """
    made = np.tile(bandwidths, (len(points), 1))
    for axis, middles in enumerate(axes.middles):
        if middles is None and not axes.optional[axis] and len(points):
            order = np.argsort(points[:, axis], kind="stable")
            gaps = np.diff(points[order, axis])
            farther = np.maximum(np.append(0.0, gaps), np.append(gaps, 0.0)) if len(gaps) else 1.0
            made[order, axis] = np.clip(farther, 1 / min(100, len(points) + 2), 1.0)
    return made
