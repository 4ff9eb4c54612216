"""Functional ANOVA (Hutter, Hoos, Leyton-Brown, 2014, ICML, PMLR 32; `hutter2014efficient`).

The paper takes the marginals from a random forest; a whole table gives them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Space
from coursekit.surrogates.axes import widths


def functional_anova(
    space: Space, scores: Sequence[float] | np.ndarray, *, most: int = 2
) -> dict[tuple[str, ...], float]:
    """The share of the scores' variance that each set of up to `most` parameters explains.

    A set's share is what its parameters explain together, less the shares of its subsets: F_U in
    the paper. The shares of all sets, up to all parameters, sum to 1. Keys are tuples of names, in
    the order of the space. Values of a parameter weigh as `space.sample` draws them.

    space: finite, without conditions. scores: of every configuration, in the order of
        `space.enumerate()`, shape (space.count,), finite (give a failed training a low score).

    Raises ValueError for other spaces or scores, and where all scores are equal.
    """
    names, shape = _table(space)
    values = np.asarray(scores, dtype=float)
    if values.shape != (space.count,):
        raise ValueError(
            f"scores of shape {values.shape} for a space of {space.count} configurations: "
            "give one for each, in the order of space.enumerate()"
        )
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"scores[{row}] is {values[row]}: give a failed training a low score")
    whole_number("most", most)
    grid, weights = values.reshape(shape), [widths(p.domain) for p in space.parameters]
    deviations = grid - _mean_over(grid, range(len(names)), weights)
    variance = float(_mean_over(deviations**2, range(len(names)), weights).item())
    if variance <= 1e-24 * max(1.0, float(np.abs(values).max())) ** 2:
        raise ValueError("all scores are equal: there is no variance to explain")
    shares: dict[tuple[str, ...], float] = {}
    for size in range(1, min(most, len(names)) + 1):
        for chosen in combinations(range(len(names)), size):
            others = [axis for axis in range(len(names)) if axis not in chosen]
            marginal = _mean_over(deviations, others, weights)  # a_U in the paper
            explained = float(_mean_over(marginal**2, chosen, weights).item()) / variance
            inner = (s for n in range(1, size) for s in combinations(chosen, n))
            subsets = sum(shares[tuple(names[axis] for axis in each)] for each in inner)
            shares[tuple(names[axis] for axis in chosen)] = explained - subsets
    return shares


def main_effects(shares: Mapping[tuple[str, ...], float]) -> dict[str, float]:
    """The shares of single parameters, divided by their sum: as an estimate gives them."""
    single = {names[0]: share for names, share in shares.items() if len(names) == 1}
    total = sum(single.values())
    return {name: share / total if total else 0.0 for name, share in single.items()}


def _table(space: Space) -> tuple[list[str], tuple[int, ...]]:
    names = [parameter.name for parameter in space.parameters]
    conditional = len(set(names)) < len(names) or any(p.conditions for p in space.parameters)
    if conditional or math.isinf(space.count):
        raise ValueError(
            f"{space!r} is not a whole table: only a finite space without conditions is; "
            "estimate importance from trials, with ped_anova"
        )
    return names, tuple(int(p.domain.count) for p in space.parameters)


def _mean_over(
    grid: np.ndarray, axes: Sequence[int] | range, weights: Sequence[np.ndarray]
) -> np.ndarray:
    """The weighted mean over these axes, which stay with length 1."""
    for axis in axes:
        shape = [1] * grid.ndim
        shape[axis] = -1
        grid = (grid * weights[axis].reshape(shape)).sum(axis=axis, keepdims=True)
    return grid
