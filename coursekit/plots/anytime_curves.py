"""Figures of many searches at once: how good each strategy is, at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plots.shared import Runs, histories, label_decades, labelled, on, wrapped
from coursekit.theme import DASHES, INK, MARKERS, PALETTE
from coursekit.trials import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = {"trials": "finished trials", "seconds": "seconds of training"}
POINTS = 400  # along an axis of seconds


def anytime(
    runs: Mapping[str, Runs | np.ndarray] | Runs,
    at: Sequence[float] | np.ndarray | None = None,
    *,
    by: str = "trials",
    optimum: float | None = None,
    unit: str | None = None,
    name: str = "best so far",
    looks: Mapping[str, tuple[int, int]] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """The median of the best so far over the runs, and a band from quartile to quartile.

    runs: for each strategy its History, or one per seed; without a mapping, those of one strategy.
        Scores from elsewhere are given as an array of shape (runs, len(at)). A non-finite value
        (no result yet) counts as worst.
    at: points on the x axis; by default after each trial, or 400 points up to the last second.
    by: "trials" or "seconds", the quantity on the x axis; `unit` is its label.
    optimum: the best possible score, drawn as a line.
    looks: for each label a number for colour and marker, and one for the dash: labels with the
        same number look the same in it. By default all three differ between labels.

    The legend starts with the best at the end; of equal ones, with the one that was there earlier.
    Scores below all bands after a twentieth of the x axis are cut off: the low scores at the start
    would flatten the rest. A line ends with the longest of its runs; shorter runs keep their last
    value. A single run has no band. Raises ValueError for anything else.
    """
    at, bands = _read(labelled(runs, name), at, by)
    axes = on(axes, _size(bands))
    if optimum is not None:
        _draw_optimum(axes, optimum)
    _draw(axes, at, bands, _ordered(bands), looks)
    axes.set(xlabel=unit or UNITS[by], ylabel=name)
    seen = [_tail(band, int(np.searchsorted(at, at[-1] / 20))) for band in bands.values()]
    top = [band[np.isfinite(band)] for band in bands.values()]
    if any(map(len, seen)):
        bottom = min(low.min() for low in seen if len(low))
        ceiling = max(
            [high.max() for high in top if len(high)] + ([] if optimum is None else [optimum])
        )
        axes.set_ylim(bottom, ceiling + 0.08 * (ceiling - bottom or 1))
    return axes


def regret(
    runs: Mapping[str, Runs | np.ndarray] | Runs,
    optimum: float,
    at: Sequence[float] | np.ndarray | None = None,
    *,
    by: str = "trials",
    unit: str | None = None,
    name: str = "regret (optimum − best so far)",
    axes: Axes | None = None,
) -> Axes:
    """The optimum minus the best so far, on a log axis; the arguments are those of `anytime`.

    A score that has reached the optimum (or exceeds it, as a lucky training can exceed the best
    mean) is drawn on a line at the bottom, since a log axis has no zero. Raises ValueError if the
    optimum is not known.
    """
    if not np.isfinite(optimum):
        raise ValueError(f"optimum={optimum}: regret needs one that is known; else draw anytime")
    at, bands = _read(labelled(runs, name), at, by)
    axes = on(axes, _size(bands))
    missing = {label: optimum - band[::-1] for label, band in bands.items()}
    positive = [band[band > 0] for band in missing.values()]  # leaves NaN out
    floor = min([lacks.min() for lacks in positive if len(lacks)], default=1.0) / 2
    axes.set_yscale("log")
    label_decades(axes.yaxis)
    if any((band <= 0).any() for band in missing.values()):
        _draw_optimum(axes, floor)
    missing = {
        label: np.where(np.isnan(band), np.nan, np.maximum(band, floor))
        for label, band in missing.items()
    }
    _draw(axes, at, missing, _ordered(bands))
    axes.set(xlabel=unit or UNITS[by], ylabel=name)
    return axes


def _read(
    runs: Mapping[str, Any], at: Sequence[float] | np.ndarray | None, by: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The points on the x axis, and for each label the quartiles there, shape (3, points)."""
    if by not in UNITS:
        raise ValueError(f"by={by!r}: searches are drawn by {' or '.join(UNITS)}")
    known = {
        label: [_steps(history, by) for history in several]
        for label, found in runs.items()
        if (several := histories(found)) is not None
    }
    if at is None:
        at = _axis([clock for steps in known.values() for clock, _ in steps], by)
    at = np.asarray(at, dtype=float)
    return at, {
        label: _quartiles(
            _sampled(known[label], at) if label in known else _table(label, found, at)
        )
        for label, found in runs.items()
    }


def _steps(history: History, by: str) -> tuple[np.ndarray, np.ndarray]:
    """When each trial finished, and the best so far from then on; nothing at the start."""
    steps = np.array([(0.0, np.nan), *history.anytime()], dtype=float)
    return np.arange(len(steps)) if by == "trials" else steps[:, 0], steps[:, 1]


def _axis(clocks: Sequence[np.ndarray], by: str) -> np.ndarray:
    end = max((float(clock[-1]) for clock in clocks), default=0.0)
    if by == "trials":
        return np.arange(1, max(end, 1) + 1)
    if not end and any(len(clock) > 1 for clock in clocks):
        raise ValueError("these trials have cost no seconds: draw them by='trials'")
    return np.linspace(0, end or 1, POINTS)


def _sampled(steps: Sequence[tuple[np.ndarray, np.ndarray]], at: np.ndarray) -> np.ndarray:
    """Best so far, shape (runs, len(at)); NaN after the end of the longest."""
    rows = [best[np.searchsorted(clock, at, side="right") - 1] for clock, best in steps]
    end = max((clock[-1] for clock, _ in steps), default=0)
    return np.where(at <= end, np.reshape(rows, (len(rows), len(at))), np.nan)


def _table(label: str, found: Any, at: np.ndarray) -> np.ndarray:
    try:
        table = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.ndim != 2 or table.shape[1] != len(at):
        raise ValueError(
            f"{label}: give a History, a list of them, or an array of shape (runs, len(at)) "
            f"together with at; this is {type(found).__name__} {table.shape}"
        )
    return table


def _quartiles(table: np.ndarray) -> np.ndarray:
    """Shape (3, points); NaN where too many runs have no result yet."""
    if not len(table):
        return np.full((3, table.shape[1]), np.nan)
    with np.errstate(invalid="ignore"):  # between nothing and nothing
        found = np.quantile(np.where(np.isnan(table), -np.inf, table), (0.25, 0.5, 0.75), axis=0)
    return np.where(np.isfinite(found), found, np.nan)


def _ordered(bands: Mapping[str, np.ndarray]) -> list[str]:
    """The best first."""
    return sorted(bands, key=lambda label: _goodness(bands[label][1]), reverse=True)


def _goodness(median: np.ndarray) -> tuple[float, float]:
    """At the end, and on the way."""
    found = median[np.isfinite(median)]
    if not len(found):
        return -np.inf, -np.inf
    return float(found[-1]), float(found.sum() / len(median))


def _tail(band: np.ndarray, early: int) -> np.ndarray:
    """The lower quartile (or median) after the first points; of a shorter line, its end."""
    low = np.fmin(band[0], band[1])
    there = np.flatnonzero(np.isfinite(low))
    late = there[there >= early]
    return low[late if len(late) else there[-1:]]


def _draw(
    axes: Axes,
    at: np.ndarray,
    bands: Mapping[str, np.ndarray],
    order: Sequence[str],
    looks: Mapping[str, tuple[int, int]] | None = None,
) -> None:
    """Lines and bands, in this order in the legend; looks follow the order of the mapping."""
    faint = 0.18 if len(bands) < 5 else 0.7 / len(bands)
    for label in order:
        low, middle, high = bands[label]
        place = list(bands).index(label)
        colour, marker, dash = _look(place) if looks is None else _shared_look(*looks[label])
        if not np.array_equal(low, high, equal_nan=True):
            axes.fill_between(at, low, high, color=colour, alpha=faint, linewidth=0)
        axes.plot(
            at,
            middle,
            color=colour,
            marker=marker,
            linestyle=dash,
            linewidth=1.8,
            markevery=_spots(at, middle, place, len(bands)),
            label=wrapped(label if np.isfinite(middle).any() else f"{label} (nothing yet)"),
        )
    axes.set_xlim(0, at[-1])
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}" if x == round(x) else f"{x:g}")
    if bands:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0,
            handlelength=2 if looks is None else 4,  # room for the dash
        )  # fmt: skip


def _size(labels: Iterable[str]) -> tuple[float, float]:
    """Inches for axes with a legend beside them."""
    lines = sum(wrapped(label).count("\n") + 1.4 for label in labels)
    return 9.0, max(4.0, 0.3 + 0.17 * lines)


def _draw_optimum(axes: Axes, height: float) -> None:
    axes.axhline(height, color=INK, linewidth=1, marker="", linestyle="-")
    axes.annotate(
        "optimum",
        (0, height),
        xycoords=("axes fraction", "data"),
        xytext=(3, 2),
        textcoords="offset points",
        fontsize="small",
    )


def _look(place: int) -> tuple[str, str, object]:
    """Colour, marker and dash: the dash changes with every round of colours."""
    round_, index = divmod(place, len(PALETTE))
    return PALETTE[index], MARKERS[index], DASHES[(index + round_) % 4]


def _shared_look(first: int, second: int) -> tuple[str, str, object]:
    """Colour and marker by the first number, dash by the second: both are visible in grey."""
    index = first % len(PALETTE)
    return PALETTE[index], MARKERS[index], DASHES[second % 4]


def _spots(at: np.ndarray, line: np.ndarray, place: int, total: int) -> list[int]:
    """Points spread evenly over a line, shifted for each line: no marker hides another."""
    there = np.flatnonzero(np.isfinite(line))
    if not len(there):
        return []
    shares = (np.arange(8) + (place + 0.5) / total) / 8
    return sorted({int(there[i]) for i in np.searchsorted(at[there], at[there[-1]] * shares)})
