"""Axes: the unit cube in which a space encodes its configurations, as a surrogate sees it."""

from __future__ import annotations

import numpy as np

from coursekit.spaces import Domain, Space

LISTED_VALUES = 32  # more ordered values count as a continuum, more unordered ones as many


class Axes:
    """The axes of a space's unit cube, one for each parameter.

    middles: for each axis, the coordinates of its values, shape (values,); None for a continuum.
    ordered: shape (axes,), whether near on the axis means near in effect.
    optional: shape (axes,), whether the parameter can be absent.
    many: shape (axes,), whether the parameter is an unordered choice of many values: surrogates
        then compare values and hold no table of all of them.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        domains = [parameter.domain for parameter in space.parameters]
        self.ordered = np.array([domain.ordered for domain in domains])
        self.middles: list[np.ndarray | None] = [
            np.array([domain.where(value) for value in domain.values()])
            if domain.count <= LISTED_VALUES or not domain.ordered
            else None
            for domain in domains
        ]
        self.many = np.array([not d.ordered and d.count > LISTED_VALUES for d in domains])
        self._borders = [
            None if middles is None else _borders(domain)
            for domain, middles in zip(domains, self.middles, strict=True)
        ]
        self._edges = [
            None if borders is None else np.concatenate(([0.0], borders, [1.0]))
            for borders in self._borders
        ]
        self._lists: dict[tuple[int, tuple[object, ...]], np.ndarray] = {}  # a memo
        names = [parameter.name for parameter in space.parameters]
        self.optional = np.array(
            [bool(p.conditions) or names.count(p.name) > 1 for p in space.parameters]
        )

    def __len__(self) -> int:
        return len(self.middles)

    def positions(self, axis: int, u: np.ndarray) -> np.ndarray:
        """The index of each u's value, on an axis that has `middles` (any index for NaN)."""
        borders = self._borders[axis]
        if borders is None:
            raise ValueError(f"axis {axis} is a continuum: its values have no positions")
        return borders.searchsorted(u)

    def edges(self, axis: int) -> np.ndarray:
        """The ends of the values' intervals on an axis with `middles`, shape (values + 1,)."""
        edges = self._edges[axis]
        if edges is None:
            raise ValueError(f"axis {axis} is a continuum: its values have no edges")
        return edges

    def settle(self, points: np.ndarray) -> np.ndarray:
        """Points, shape (n, axes), moved to the middles of their values; NaN for absent parameters.

        So any points of the unit cube become encoded configurations.
        """
        settled = points.copy()
        for axis, middles in enumerate(self.middles):
            if middles is not None:
                settled[:, axis] = middles[self.positions(axis, points[:, axis])]
        settled[~self.exist(settled)] = np.nan
        return settled

    def mutate(
        self, points: np.ndarray, rng: np.random.Generator, steps: tuple[float, float] = (0.01, 0.3)
    ) -> np.ndarray:
        """A neighbour of each encoded point, shape (n, axes), with one change on average.

        A number takes a normal step, at least to the next value; its sigma is log-uniform in
        `steps`. A choice takes any value. A parameter that was absent is sampled.
        """
        n, d = points.shape
        drawn, exists = rng.random((n, d)), ~np.isnan(points)
        change = rng.random((n, d)) < 1 / exists.sum(axis=1, keepdims=True)
        change[np.arange(n), np.argmax(rng.random((n, d)) * exists, axis=1)] = True
        sigma = np.exp(rng.uniform(np.log(steps[0]), np.log(steps[1]), size=(n, 1)))
        counts = np.array([np.inf if m is None else len(m) for m in self.middles])
        here = np.where(exists, points, drawn)
        step = here + np.maximum(sigma, 1 / counts) * rng.standard_normal((n, d))
        folded = np.abs(step) % 2  # reflected at 0 and 1
        moved = np.where(self.ordered, np.minimum(folded, 2 - folded), drawn)
        return self.settle(np.where(change, moved, here))

    def exist(self, points: np.ndarray) -> np.ndarray:
        """Which parameters exist at points, shape (n, axes), whatever values their axes hold."""
        found = np.ones(points.shape, dtype=bool)
        if not self.optional.any():
            return found
        of_name: dict[str, list[int]] = {}
        for axis, parameter in enumerate(self.space.parameters):
            here = found[:, axis]  # a view
            for name, values in parameter.conditions.items():
                here &= np.any(
                    [found[:, i] & self._among(i, values, points[:, i]) for i in of_name[name]], 0
                )
            for earlier in of_name.setdefault(parameter.name, []):
                here &= ~found[:, earlier]
            of_name[parameter.name].append(axis)
        return found

    def _among(self, axis: int, values: tuple[object, ...], u: np.ndarray) -> np.ndarray:
        domain = self.space.parameters[axis].domain
        if self.middles[axis] is None:
            return np.array([x == x and domain.at(x) in values for x in u.tolist()], dtype=bool)
        if (axis, values) not in self._lists:
            listed = np.array([value in values for value in domain.values()])
            self._lists[axis, values] = listed
        return self._lists[axis, values][self.positions(axis, u)]


def widths(domain: Domain) -> np.ndarray:
    """The chance of each value of a finite domain when it is sampled, shape (values,)."""
    return np.diff(_borders(domain), prepend=0.0, append=1.0)


def _borders(domain: Domain) -> np.ndarray:
    """The borders between the values' intervals on an axis, shape (values - 1,)."""
    return np.array([domain.ends(value)[1] for value in domain.values()])[:-1]
