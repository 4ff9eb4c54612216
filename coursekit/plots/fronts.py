"""What accuracy costs: the Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plots.shared import label_decades, mark_failed, on
from coursekit.theme import INK, PALETTE
from coursekit.trials import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM = 14  # points that a name takes


def pareto_front(costs: Sequence[Sequence[float]]) -> list[int]:
    """Indices of the candidates that no other dominates, in order.

    costs: one tuple per candidate, lower is better in each place. A candidate dominates another if
    it is nowhere higher and somewhere lower; equal ones do not. A candidate with a NaN is on no
    front.
    """
    if not len(costs):
        return []
    points = np.asarray(costs, dtype=float).reshape(len(costs), -1)
    return [
        index
        for index, point in enumerate(points)
        if not np.isnan(point).any()
        and not ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
    ]


def pareto(
    costs: History | Sequence[float],
    scores: Sequence[float] = (),
    *,
    measure: Callable[[Mapping[str, Any]], float] | None = None,
    names: Sequence[str] = (),
    cost: str = "cost",
    score: str = "validation accuracy",
    axes: Axes | None = None,
) -> Axes:
    """Score against cost (log axis): the Pareto front of these two, with the names of its members.

    The others are grey: another candidate is at least as good in both and better in one.

    costs: above 0; scores: one per cost, NaN for failed trials (crosses on the lower edge). Or only
        a History: its members are named by their trials' numbers.
    measure: what to draw instead of a History's seconds, such as `world.parameters`.

    With more than two objectives, draw one panel for each pair: a line through the members of a
    larger front would join candidates that dominate each other in the plane.

    If a cost is 0, the axis is linear.
    """
    axes = on(axes)
    if isinstance(costs, History):
        trials = costs.finished
        names = names or [str(trial.number) for trial in trials]
        cost = "seconds of training" if measure is None and cost == "cost" else cost
        scores = [trial.score for trial in trials]
        costs = [measure(each.configuration) if measure else each.cost for each in trials]
    front = pareto_front([(c, -s) for c, s in zip(costs, scores, strict=True)])
    front.sort(key=lambda i: costs[i])
    done = sum(score == score for score in scores)
    if len(front) < done:
        axes.plot(costs, scores, color=INK, marker="o", linestyle="", alpha=0.5, label="dominated")
    axes.plot(
        [costs[i] for i in front],
        [scores[i] for i in front],
        color=PALETTE[1],
        marker="D",
        linestyle="-",
        linewidth=1,
        label="Pareto front" if done else None,
    )
    mark_failed(axes, [c for c, s in zip(costs, scores, strict=True) if s != s], label="failed")
    axes.set(xlabel=cost, ylabel=score)
    if len(costs) and min(costs) > 0:
        axes.set_xscale("log")
        label_decades(axes.xaxis)
    axes.margins(y=0.1)
    spots: dict[tuple[float, float], str] = {}
    for i in (i for i in front if i < len(names)):
        spots.setdefault((costs[i], scores[i]), names[i])  # of equal ones, the first name
    _write_names(axes, spots)
    if len(costs):
        axes.legend(loc="best")
    return axes


def _write_names(axes: Axes, names: Mapping[tuple[float, float], str]) -> None:
    """From the best down; a name that would overlap another is left out."""
    axes.autoscale_view()
    written: list[np.ndarray] = []
    for spot in sorted(names, key=lambda spot: -spot[1]):
        place = axes.transData.transform(spot) * 72 / axes.figure.dpi
        if all(np.abs(place - other).max() > ROOM for other in written):
            written.append(place)
            axes.annotate(
                names[spot],
                spot,
                xytext=(-4, 4),  # free: a candidate there would dominate this one
                textcoords="offset points",
                ha="right",
                fontsize="small",
            )
