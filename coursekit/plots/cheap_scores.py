"""Cheap scores against full ones: what a lower fidelity keeps of the ranking, what it chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coursekit.arguments import whole_number
from coursekit.estimators.agreement import BEST, Scores, chosen
from coursekit.plots.shared import on
from coursekit.theme import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def cheap_against_full(
    cheap: Scores,
    full: Scores,
    *,
    best: float = BEST,
    finalists: int = 1,
    axes: Axes | None = None,
) -> Axes:
    """Each configuration at its cheap score (across) and its full score (up).

    best: the share of the configurations, by full scores, that is filled; the dashed line is its
    border. finalists: how many of the best by cheap scores have a square; among equal ones, the
    first. Configurations with a score that is not finite are left out.
    """
    a, b = np.asarray(cheap, dtype=float), np.asarray(full, dtype=float)
    good = np.isfinite(a) & np.isfinite(b)
    a, b = a[good], b[good]
    whole_number("finalists", finalists, 1, len(a))
    among = chosen(b, best)
    picked = np.argsort(-a, kind="stable")[:finalists]
    axes = on(axes, (4.6, 3.8))
    dots = {"linestyle": "", "marker": "o", "markersize": 3}
    # Thousands of dots as one image; its colour is read on light and dark.
    axes.plot(
        a[~among], b[~among], color=INK, alpha=0.5, markeredgewidth=0, rasterized=True, **dots
    )
    axes.plot(a[among], b[among], color=PALETTE[0], label="the best in truth", **dots)
    axes.plot(
        a[picked], b[picked], linestyle="", marker="s", markersize=8, markerfacecolor="none",
        markeredgecolor=PALETTE[1], markeredgewidth=1.6, label="the best by cheap scores",
    )  # fmt: skip
    if not among.all():
        axes.axhline(b[among].min(), color=INK, linestyle="--", linewidth=0.8, marker="")
    axes.set(xlabel="cheap score", ylabel="full score")
    axes.set_title("Cheap scores against full ones")
    return axes
