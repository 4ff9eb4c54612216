"""A surrogate of one or two numbers: what it believes, how sure it is, and where it looks next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plots.shared import on
from coursekit.surrogates.gaussian_process import GaussianProcess
from coursekit.theme import INK, MARKERS, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN = PALETTE[:3]
POINTS = {1: 401, 2: 31}  # along each axis, by the number of axes


def grid(axes: int) -> np.ndarray:
    """Evenly spread points of the unit cube, shape (n, axes), the last axis fastest."""
    line = np.linspace(0, 1, POINTS[axes])
    return np.stack(np.meshgrid(*[line] * axes, indexing="ij"), axis=-1).reshape(-1, axes)


def posterior(
    process: GaussianProcess,
    observed: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    truth: np.ndarray | None = None,
    axes: Axes | None = None,
) -> Axes:
    """The mean of a process on one axis, and bands of one and two standard deviations.

    observed: points, shape (n, 1) or (n,), and their scores, by the label that each group gets.
    truth: the function's own values at `grid(1)`.
    """
    axes = on(axes)
    asked = grid(1)
    mean, variance = process.posterior(asked)
    deviation, x = np.sqrt(variance), asked[:, 0]
    for count, alpha in ((2, 0.15), (1, 0.25)):
        label = "± 2 standard deviations" if count == 2 else None
        low, high = mean - count * deviation, mean + count * deviation
        axes.fill_between(x, low, high, color=BLUE, alpha=alpha, linewidth=0, label=label)
    axes.plot(x, mean, color=BLUE, linestyle="-", marker="", label="mean of the model")
    if truth is not None:
        axes.plot(x, truth, color=INK, linestyle=":", marker="", label="the function")
    _mark(axes, {name: (np.ravel(points), scores) for name, (points, scores) in observed.items()})
    axes.set(xlim=(0, 1), xlabel="x", ylabel="score")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return axes


def acquisition(
    values: np.ndarray, chosen: float, *, name: str = "acquisition", axes: Axes | None = None
) -> Axes:
    """An acquisition at `grid(1)`, and the place that it chooses."""
    axes = on(axes)
    x = grid(1)[:, 0]
    axes.fill_between(x, values.min(), values, color=GREEN, alpha=0.25, linewidth=0)
    axes.plot(x, values, color=GREEN, linestyle="-", marker="", label=name)
    axes.axvline(chosen, color=GREEN, linestyle="--", label="its choice")
    axes.set(xlim=(0, 1), xlabel="x")
    axes.tick_params(labelleft=False)  # only where it is highest counts
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return axes


def plane(
    values: np.ndarray,
    *,
    observed: Mapping[str, np.ndarray] | None = None,
    chosen: np.ndarray | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Values at `grid(2)` as a map, light where they are high.

    observed: points, shape (n, 2), by the label that each group gets. chosen: one more, shape (2,).
    """
    axes = on(axes)
    side = POINTS[2]
    axes.imshow(
        np.reshape(values, (side, side)).T, origin="lower", extent=(0, 1, 0, 1), cmap="viridis"
    )
    _mark(axes, {name: (points[:, 0], points[:, 1]) for name, points in (observed or {}).items()})
    if chosen is not None:
        axes.plot(
            *chosen, marker="X", markersize=10, linestyle="", color=ORANGE,
            markeredgecolor="white", label="its choice",
        )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="x0", ylabel="x1")
    axes.grid(visible=False)
    return axes


def _mark(axes: Axes, groups: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    for place, (name, (x, y)) in enumerate(groups.items()):
        look: dict[str, Any] = {"color": ORANGE, "markeredgecolor": "white", "markersize": 8}
        axes.plot(x, y, linestyle="", marker=MARKERS[place], label=name, zorder=4, **look)
