"""Grid, random and Sobol points in the plane, and the shadows that they cast on each axis.

After figure 1 of Bergstra and Bengio (2012; `bergstra2012random`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coursekit.arguments import whole_number
from coursekit.plots.shared import on
from coursekit.strategies.quasi_random import Points
from coursekit.theme import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DESIGNS = ("grid", "random", "Sobol")
WIDTH = 0.12  # of a summit, in parts of an axis
HILLS = 200  # over which a mean is taken


def design(kind: str, count: int, seed: int = 0) -> np.ndarray:
    """Points of the unit square, shape (count, 2); the grid takes the largest square number.

    kind: "grid", "random" or "Sobol" (scrambled). seed: of the draws or the scramble. Raises
    ValueError for another kind.
    """
    whole_number("count", count)
    if kind == "grid":
        side = (np.arange(int(count**0.5)) + 0.5) / int(count**0.5)
        return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    if kind == "random":
        return np.random.default_rng(seed).random((count, 2))
    if kind == "Sobol":
        return Points(2, seed).first(count)
    raise ValueError(f"kind={kind!r}: there are {', '.join(DESIGNS)}")


class Hill(NamedTuple):
    """A score over the unit square: the sum of a summit on each axis, weighted by importance.

    importance: of both axes, 0 or more, not both 0. summit: where the score is 1, shape (2,).
    """

    importance: tuple[float, float]
    summit: tuple[float, float]

    def along(self, axis: int, u: np.ndarray) -> np.ndarray:
        """What an axis contributes to the score, at u in 0..1."""
        share = self.importance[axis] / sum(self.importance)
        return share * np.exp(-(((u - self.summit[axis]) / WIDTH) ** 2))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Scores in 0..1 at points of shape (..., 2)."""
        return self.along(0, points[..., 0]) + self.along(1, points[..., 1])


def hill(importance: tuple[float, float], seed: int = 0) -> Hill:
    """A hill whose summit is drawn by the seed. Raises ValueError for importances that are no."""
    if min(importance) < 0 or sum(importance) <= 0:
        raise ValueError(f"importance={importance!r}: give numbers from 0, not 0 for both axes")
    x, y = np.random.default_rng((seed, 1)).random(2).tolist()
    return Hill(importance, (x, y))


def mean_best(kind: str, count: int, importance: tuple[float, float]) -> float:
    """The best score that the points find, mean over 200 hills, each with other points."""
    found = [
        float(hill(importance, seed)(points).max())
        for seed, points in enumerate(_designs(kind, count))
    ]
    return float(np.mean(found))


@lru_cache(maxsize=32)
def _designs(kind: str, count: int) -> list[np.ndarray]:
    return [design(kind, count, seed) for seed in range(HILLS)]


def values_on(axis: int, points: np.ndarray) -> int:
    """How many different values the points have on an axis: the size of their shadow."""
    return len(np.unique(np.round(points[:, axis], 9)))


def shadows(
    kind: str,
    count: int,
    ground: Hill,
    *,
    seed: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Sequence[Axes]:
    """Points on a hill; above it and beside it their shadows on the score along each axis.

    kind, count, seed: as in `design`. axes: three, of the square, above it and beside it; by
    default in a new figure. The best point has a ring.
    """
    if axes is None:
        axes = _new()
    square, above, beside = axes
    points = design(kind, count, seed)
    scores = ground(points)
    best = int(scores.argmax())
    line = np.linspace(0, 1, 101)
    shade = np.full((101, 101, 4), 0.46)  # grey on any ground: the higher, the less transparent
    shade[..., 3] = 0.7 * ground(np.stack(np.meshgrid(line, line), axis=-1))
    square.imshow(shade, origin="lower", extent=(0, 1, 0, 1), aspect="auto", zorder=0.5)
    dots = {"linestyle": "", "marker": "o", "color": PALETTE[0], "markersize": 4.5}
    ring = {"linestyle": "", "marker": "o", "markersize": 10, "markeredgecolor": PALETTE[1],
            "markerfacecolor": "none", "markeredgewidth": 2}  # fmt: skip
    square.plot(*points.T, **dots)
    square.plot(*points[best], **ring)
    above.plot(line, ground.along(0, line), color=INK, linestyle="-", marker="")
    above.plot(points[:, 0], ground.along(0, points[:, 0]), **dots)
    beside.plot(ground.along(1, line), line, color=INK, linestyle="-", marker="")
    beside.plot(ground.along(1, points[:, 1]), points[:, 1], **dots)
    square.set(xlim=(0, 1), ylim=(0, 1), xlabel="x", ylabel="y")
    square.grid(False)
    square.set_xticks([0, 0.5, 1])
    square.set_yticks([0, 0.5, 1])
    above.set(xlim=(0, 1), ylim=(0, 1.08), xticks=[], yticks=[])
    beside.set(ylim=(0, 1), xlim=(0, 1.08), xticks=[], yticks=[])
    above.set_title(f"{kind}: best {scores[best]:.0%}")
    return axes


def _new() -> Sequence[Axes]:
    square = on(None, (3.6, 3.6))
    above = square.inset_axes((0, 1.03, 1, 0.25), sharex=None)
    beside = square.inset_axes((1.03, 0, 0.25, 1))
    return square, above, beside
