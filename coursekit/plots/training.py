"""Training runs and searches as they are watched: curves, the incumbent, coordinates, the front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.theme import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axes(axes: Axes | None) -> Axes:
    if axes is not None:
        return axes
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def learning_curves(
    curves: Sequence[Sequence[float]],
    *,
    bold: int | None = None,
    best: int | None = None,
    names: Sequence[str] = (),
    axes: Axes | None = None,
) -> Axes:
    """Score against epoch, a line a run: the `bold` one thick, the `best` one dashed.

    curves: scores in 0..1, one sequence a run. names: for the legend; only bold and best get one.
    """
    axes = _axes(axes)
    for number, curve in enumerate(curves):
        epochs = range(1, len(curve) + 1)
        name = names[number] if number < len(names) else f"run {number + 1}"
        if number == bold:
            axes.plot(
                epochs,
                curve,
                color=PALETTE[1],
                marker="o",
                linestyle="-",
                linewidth=2.5,
                label=name,
                zorder=4,
            )
        elif number == best:
            axes.plot(
                epochs,
                curve,
                color=PALETTE[0],
                marker="s",
                linestyle="--",
                linewidth=1.8,
                markersize=3.5,
                label=f"best so far: {name}",
                zorder=3,
            )
        else:
            axes.plot(epochs, curve, color=INK, marker="", linestyle="-", linewidth=1, alpha=0.45)
    axes.set(xlabel="epoch", ylabel="validation accuracy")
    axes.xaxis.get_major_locator().set_params(integer=True)
    if bold is not None or best is not None:
        axes.legend(loc="lower right")
    return axes


def best_so_far(
    scores: Sequence[float], *, maximise: bool = True, name: str = "score", axes: Axes | None = None
) -> Axes:
    """Each trial's score as a point and the incumbent's as a step line, against the trial's number.

    scores: raw scores in order of completion, NaN for failed trials.
    """
    axes = _axes(axes)
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
    axes.set(xlabel="finished trials", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(values):
        axes.legend(loc="best")
    return axes


def parallel_coordinates(
    configurations: Sequence[Mapping[str, Any]],
    scores: Sequence[float],
    *,
    maximise: bool = True,
    name: str = "score",
    axes: Axes | None = None,
) -> Axes:
    """A line a trial through its hyperparameters to its score; best: thick, best quarter: blue.

    A value that a trial does not have (an inactive condition) breaks its line. Positive numbers
    that span two decades or more are spaced logarithmically.
    """
    axes = _axes(axes)
    keys = list(dict.fromkeys(key for configuration in configurations for key in configuration))
    rows = [[c.get(key) for key in keys] + [s] for c, s in zip(configurations, scores, strict=True)]
    columns = [_scaled([row[at] for row in rows]) for at in range(len(keys) + 1)]
    values = np.asarray(scores, dtype=float)
    order = np.argsort(np.where(np.isnan(values), -np.inf, values if maximise else -values))
    for place, trial in enumerate(order):
        left = len(order) - 1 - place  # how many are better
        best, good = left == 0, left < max(1, len(order) // 4)
        axes.plot(
            range(len(columns)),
            [positions[trial] for positions, _ in columns],
            marker="",
            linestyle="-",
            color=PALETTE[1] if best else PALETTE[0] if good else INK,
            linewidth=3 if best else 1.6 if good else 0.9,
            alpha=1 if good else 0.5,
        )
    axes.set_xticks(range(len(columns)), [*keys, name])
    axes.set_yticks([])
    axes.set_ylim(-0.12, 1.12)
    axes.grid(True, axis="x")
    axes.spines["left"].set_visible(False)
    for at, (_, ticks) in enumerate(columns):
        for position, text in ticks:
            axes.annotate(
                text,
                (at, position),
                xytext=(4, {0.0: -6, 1.0: 6}.get(position, 0)),  # off the lines that end there
                textcoords="offset points",
                fontsize="small",
                va="center",
            )
    return axes


def _scaled(values: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]]]:
    """Positions in 0..1 (NaN where there is no value) and the labels to write beside the axis."""
    present = [v for v in values if v is not None and v == v]  # v != v is NaN
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in present)
    if not present or not numeric:
        names = sorted({str(v) for v in present})
        place = {text: i / max(1, len(names) - 1) for i, text in enumerate(names)}
        positions = [float("nan") if v is None or v != v else place[str(v)] for v in values]
        return positions, [(y, text) for text, y in place.items()]
    low, high = float(min(present)), float(max(present))
    scale = np.log10 if low > 0 and high / low >= 100 else (lambda v: v)
    span = float(scale(high) - scale(low)) or 1.0
    positions = [
        float("nan") if v is None or v != v else float((scale(v) - scale(low)) / span)
        for v in values
    ]
    ticks = {0.0: f"{low:.4g}", 1.0: f"{high:.4g}"} if high > low else {0.0: f"{low:.4g}"}
    if len(set(present)) == 3:  # a choice: its middle value is worth a name, if there is room
        ticks |= {y: f"{v:.4g}" for y, v in zip(positions, values, strict=True) if 0.1 < y < 0.9}
    return positions, list(ticks.items())


def pareto_front(costs: Sequence[Sequence[float]]) -> list[int]:
    """Indices of the candidates that no other dominates, in order.

    costs: one tuple a candidate, lower is better in each place. A candidate dominates another if
    it is nowhere higher and somewhere lower; equal ones do not.
    """
    if not len(costs):
        return []
    points = np.asarray(costs, dtype=float).reshape(len(costs), -1)
    return [
        index
        for index, point in enumerate(points)
        if not ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
    ]


def pareto(
    costs: Sequence[float],
    scores: Sequence[float],
    *,
    front: Sequence[int] | None = None,
    names: Sequence[str] = (),
    cost: str = "cost",
    score: str = "validation accuracy",
    axes: Axes | None = None,
) -> Axes:
    """Score against cost (log axis), the Pareto front marked and its members named.

    front: indices, by default of the front of these two; another if there are more objectives.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    axes = _axes(axes)
    if front is None:
        front = pareto_front([(c, -s) for c, s in zip(costs, scores, strict=True)])
    front = sorted(front, key=lambda i: costs[i])
    if len(front) < len(costs):
        axes.plot(costs, scores, color=INK, marker="o", linestyle="", alpha=0.6, label="dominated")
    axes.plot(
        [costs[i] for i in front],
        [scores[i] for i in front],
        color=PALETTE[1],
        marker="D",
        linestyle="-",
        linewidth=1,
        label="Pareto front",
    )
    for i in (i for i in front if i < len(names)):
        axes.annotate(
            names[i],
            (costs[i], scores[i]),
            xytext=(5, -11),
            textcoords="offset points",
            fontsize="small",
        )
    axes.set(xlabel=cost, ylabel=score, xscale="log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}" if x < 1000 else f"{x / 1000:,g}k")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(y=0.1)
    axes.legend(loc="lower right")
    return axes
