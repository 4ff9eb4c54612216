"""Where one cell stands among all: their accuracies as a histogram, and marks in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit.plots.shared import on
from coursekit.theme import DASHES, INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT_OUT = 0.05  # the share of the lowest accuracies that the axis leaves out


def standing(
    accuracies: Sequence[float] | np.ndarray,
    marks: Mapping[str, float],
    *,
    axes: Axes | None = None,
) -> Axes:
    """The accuracies of all cells as a histogram, with a line for each mark.

    accuracies: in 0..1, shape (cells,). marks: accuracies by name; a name says in the legend if
    its mark is to the left of the axis, which leaves out the lowest twentieth.
    """
    axes = on(axes)
    percent = 100 * np.asarray(accuracies, dtype=float)
    percent = percent[np.isfinite(percent)]
    low, high = float(np.quantile(percent, LEFT_OUT)), float(percent.max())
    axes.hist(percent, bins=np.linspace(low, high, 41), color=INK, alpha=0.35)
    looks = zip(PALETTE, DASHES, strict=True)
    for (name, mark), (colour, dash) in zip(marks.items(), looks, strict=False):
        if not np.isfinite(mark):
            continue
        outside = 100 * mark < low
        label = f"{name} ({100 * mark:.1f} %, off to the left)" if outside else name
        at = low if outside else 100 * mark
        axes.axvline(at, color=colour, linestyle=dash, linewidth=2.2, label=label, marker="")
    axes.set(xlim=(low, high + 0.02 * (high - low)), xlabel="accuracy, %", ylabel="cells")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", fontsize="small")
    return axes
