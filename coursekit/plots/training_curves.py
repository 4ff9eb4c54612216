"""Figures of training runs and of a search: learning curves, and the incumbent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plots.shared import mark_failed, on
from coursekit.theme import INK, PALETTE, PAPER
from coursekit.trials import History, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOLD: dict[str, Any] = {
    "color": PALETTE[1], "marker": "o", "linestyle": "-", "linewidth": 2.5, "zorder": 4,
}  # fmt: skip
BEST: dict[str, Any] = {
    "color": PALETTE[0], "marker": "s", "linestyle": "--", "linewidth": 1.8, "markersize": 3.5,
    "zorder": 3,
}  # fmt: skip
RUNGS = 6  # up to this many different lengths are rungs of a schedule; more are chance


def learning_curves(
    runs: History | Sequence[Sequence[float]],
    *,
    bold: int | None = None,
    best: int | None = None,
    names: Sequence[str] = (),
    name: str = "validation accuracy",
    axes: Axes | None = None,
) -> Axes:
    """Score against epoch, a line per run: the `bold` one thick, the `best` one dashed.

    runs: a History, whose best trial is the bold one; or scores, one sequence per run.
    bold, best: positions among the runs; of a History, among its finished trials.
    names: of the runs, for the legend, which shows only bold and best.

    A failed run ends in a cross, on the lower edge if it has no score. If runs were stopped at a
    few epochs (the rungs of a schedule), a dotted line at each shows how many were.
    """
    axes = on(axes)
    failed: set[int] = set()
    if isinstance(runs, History):
        trials = runs.finished
        names = names or [f"trial {trial.number}" for trial in trials]
        if bold is None and runs.completed:
            bold = best = trials.index(runs.best())
        failed = {place for place, trial in enumerate(trials) if trial.status is Status.FAILED}
        runs = [trial.curve for trial in trials]
    curves = [np.asarray(curve, dtype=float) for curve in runs]
    failed |= {place for place, curve in enumerate(curves) if np.isnan(curve).any()}
    rungs = Counter(len(curve) for place, curve in enumerate(curves) if place not in failed)
    thin = [curve for place, curve in enumerate(curves) if place not in (bold, best)]
    _draw_bundle(axes, thin, dots=len(rungs) > 1 or 1 in rungs)
    for place, look in ((best, BEST), (bold, BOLD)):
        if place is not None and not (look is BEST and best == bold):
            text = names[place] if place < len(names) else f"run {place + 1}"
            text = f"best so far: {text}" if place == best else text
            axes.plot(range(1, len(curves[place]) + 1), curves[place], label=text, **look)
    if 1 < len(rungs) <= RUNGS:
        _draw_rungs(axes, rungs)
    _mark_ends(axes, [curves[place] for place in sorted(failed)])
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if bold is not None or best is not None or failed:  # on paper: curves run everywhere
        axes.legend(loc="lower right", facecolor=PAPER, edgecolor="none", framealpha=1)
    return axes


def _draw_bundle(axes: Axes, curves: Sequence[np.ndarray], *, dots: bool) -> None:
    """Thin lines, thinner if there are more; `dots` where they end."""
    from matplotlib.collections import LineCollection

    alpha = min(0.5, max(0.25, 20 / max(1, len(curves))))
    lines = [np.column_stack([np.arange(1, len(curve) + 1), curve]) for curve in curves]
    lines = [line for line in lines if len(line)]
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1, alpha=alpha))
    if dots and lines:
        ends = np.array([line[-1] for line in lines])
        axes.scatter(*ends.T, s=9, color=INK, alpha=min(1.0, 2 * alpha), linewidths=0)
    axes.autoscale_view()


def _draw_rungs(axes: Axes, rungs: Mapping[int, int]) -> None:
    """A dotted line at each length, and the number of runs with that length."""
    for place, (epochs, count) in enumerate(sorted(rungs.items())):
        axes.axvline(epochs, color=INK, linestyle=":", marker="", linewidth=1, zorder=1)
        axes.annotate(
            f"{count}" if place else f"runs: {count}",
            (epochs, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center" if place else "right",
            fontsize="small",
        )


def _mark_ends(axes: Axes, curves: Sequence[np.ndarray]) -> None:
    """The last score of each failed run."""
    last = [np.flatnonzero(np.isfinite(curve))[-1:] for curve in curves]
    label = f"failed ({len(curves)})"
    known = [(int(end[0]), curve) for end, curve in zip(last, curves, strict=True) if len(end)]
    mark_failed(
        axes,
        [end + 1 for end, _ in known],
        [float(curve[end]) for end, curve in known],
        label=label,
    )
    unknown = [1 for end in last if not len(end)]
    mark_failed(axes, unknown, label=None if known else label)


def best_so_far(
    scores: History | Sequence[float],
    *,
    maximise: bool = True,
    name: str = "score",
    axes: Axes | None = None,
) -> Axes:
    """Each trial's score as a point and the incumbent's as a step line, against the trial's number.

    scores: a History, or raw scores in order of completion, NaN for failed trials: they are
        crosses on the lower edge.
    """
    axes = on(axes)
    if isinstance(scores, History):
        scores = [trial.score for trial in scores.finished]
    values = np.asarray(scores, dtype=float)
    numbers = np.arange(1, len(values) + 1)
    pick = np.fmax if maximise else np.fmin
    axes.plot(numbers, values, color=INK, marker="o", linestyle="", alpha=0.7, label="a trial")
    axes.plot(
        numbers,
        pick.accumulate(values),
        color=PALETTE[1],
        marker="",
        linestyle="-",
        linewidth=2.2,
        drawstyle="steps-post",
        label="best so far",
    )
    mark_failed(axes, numbers[np.isnan(values)], label="failed")
    axes.set(xlabel="finished trials", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(values):
        axes.legend(loc="best")
    return axes
