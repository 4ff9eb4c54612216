"""Which hyperparameters the good trials share: parallel coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plots.shared import on, wrapped
from coursekit.theme import INK, PALETTE, PAPER
from coursekit.trials import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ON_PAPER = {"boxstyle": "square,pad=0.1", "facecolor": PAPER, "edgecolor": "none"}


def parallel_coordinates(
    configurations: History | Sequence[Mapping[str, Any]],
    scores: Sequence[float] = (),
    *,
    maximise: bool = True,
    name: str = "score",
    axes: Axes | None = None,
) -> Axes:
    """A line per trial through its hyperparameters to its score; best: thick, best quarter: blue.

    configurations: of the trials; scores: theirs, NaN for failed ones. Or only a History.

    A missing value (an inactive parameter) breaks the line. Positive numbers that span two decades
    or more are spaced logarithmically.
    """
    axes = on(axes)
    if isinstance(configurations, History):
        trials = configurations.finished
        configurations = [trial.configuration for trial in trials]
        scores = [trial.score for trial in trials]
    keys = list(dict.fromkeys(key for configuration in configurations for key in configuration))
    rows = [[c.get(key) for key in keys] + [s] for c, s in zip(configurations, scores, strict=True)]
    columns = [_scaled([row[at] for row in rows]) for at in range(len(keys) + 1)]
    values = np.asarray(scores, dtype=float)
    heights = np.where(np.isnan(values), -np.inf, values if maximise else -values)
    order = np.argsort(heights, kind="stable")
    done = int(np.isfinite(values).sum())
    for place, trial in enumerate(order):
        left = len(order) - 1 - place  # how many are better
        best, good = left == 0 and done > 0, left < min(done, max(1, len(order) // 4))
        axes.plot(
            range(len(columns)),
            [positions[trial] for positions, _ in columns],
            marker="",
            linestyle="-",
            color=PALETTE[1] if best else PALETTE[0] if good else INK,
            linewidth=3 if best else 1.6 if good else 0.9,
            alpha=1 if good else 0.5,
        )
    axes.set_xticks(
        range(len(columns)), [wrapped(key, max(8, 80 // len(columns))) for key in (*keys, name)]
    )
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
                bbox=None if position in (0.0, 1.0) else ON_PAPER,
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
