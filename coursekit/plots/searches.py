"""Figures of many searches at once: how good each strategy is, at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit.theme import DASHES, INK, MARKERS, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def anytime(
    curves: Mapping[str, np.ndarray],
    at: Sequence[float] | np.ndarray,
    *,
    optimum: float | None = None,
    unit: str = "finished trials",
    name: str = "best so far",
    axes: Axes | None = None,
) -> Axes:
    """The median of the best so far over the runs, and a band from quartile to quartile.

    curves: for each strategy an array, shape (runs, len(at)); what is not finite (nothing found
        yet) is left out. at: where on the x axis, in `unit`.
    optimum: the best there is, as a line to reach.

    The best at the end is named first, of equals the one that got there earlier. What lies below
    all bands after a twentieth of the way is cut off: at the start everybody is bad, and nothing
    would be seen of the rest.
    """
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(9, 4), layout="constrained")[1]  # the legend beside it
    at = np.asarray(at, dtype=float)
    bands = {label: _quartiles(np.asarray(runs, dtype=float)) for label, runs in curves.items()}
    looks = {label: _look(place) for place, label in enumerate(bands)}
    if optimum is not None:
        axes.axhline(optimum, color=INK, linewidth=1, marker="", linestyle="-")
        axes.annotate(
            "optimum",
            (0, optimum),
            xycoords=("axes fraction", "data"),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize="small",
        )
    for label in sorted(bands, key=lambda label: _goodness(bands[label][1]), reverse=True):
        low, middle, high = bands[label]
        colour, marker, dash = looks[label]
        axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            at,
            middle,
            color=colour,
            marker=marker,
            linestyle=dash,
            linewidth=1.8,
            markevery=_spots(at, list(bands).index(label), len(bands)),
            label=label if len(label) < 30 else label.replace("(", "\n(", 1),
        )
    axes.set(xlabel=unit, ylabel=name, xlim=(0, at[-1]))
    early = int(np.searchsorted(at, at[-1] / 20))
    seen = [low[early:] for low, _, _ in bands.values() if np.isfinite(low[early:]).any()]
    top = [high for _, _, high in bands.values() if np.isfinite(high).any()]
    if seen:
        bottom = min(np.nanmin(low) for low in seen)
        ceiling = max([np.nanmax(high) for high in top] + ([] if optimum is None else [optimum]))
        axes.set_ylim(bottom, ceiling + 0.08 * (ceiling - bottom or 1))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
    return axes


def _goodness(median: np.ndarray) -> tuple[float, float]:
    """At the end, and on the way."""
    found = np.nan_to_num(median, nan=-np.inf)
    return float(found[-1]), float(np.where(np.isfinite(found), found, 0).mean())


def _quartiles(runs: np.ndarray) -> np.ndarray:
    """Shape (3, points); NaN where a run has nothing yet."""
    there = np.isfinite(runs).all(axis=0)
    found = np.full((3, runs.shape[1]), np.nan)
    found[:, there] = np.quantile(runs[:, there], (0.25, 0.5, 0.75), axis=0)
    return found


def _look(place: int) -> tuple[str, str, object]:
    """Colour, marker and dash: the dash moves on with every round of colours."""
    round_, index = divmod(place, len(PALETTE))
    return PALETTE[index], MARKERS[index], DASHES[(index + round_) % 4]


def _spots(at: np.ndarray, place: int, total: int) -> list[int]:
    """Points spread evenly over the axis, for each line other ones: no marker hides another."""
    shares = (np.arange(8) + (place + 0.5) / total) / 8
    return sorted(set(np.searchsorted(at, at[-1] * shares).tolist()))
