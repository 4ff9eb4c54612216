"""Slices: the trials of a search, their score against each hyperparameter in turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.extras import from_extras
from coursekit.plots.shared import label_decades
from coursekit.spaces import Around, Domain, Space
from coursekit.spaces.numbers import Float, Integer
from coursekit.theme import INK, PALETTE
from coursekit.trials import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3  # panels in a row
FEW = 12  # values that are named one by one
GOLDEN = (math.sqrt(5) - 1) / 2  # spreads trials that share a value, evenly for any number


def slices(
    space: Space,
    history: History,
    *,
    parameters: Sequence[str] | None = None,
    top: float = 0.1,
    name: str = "score",
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """A panel for each parameter: score against its value, over the whole range of its domain.

    So a range whose best trials lie at its border is seen. The best share `top` of the trials are
    filled, the others hollow; trials without the parameter, and failed ones, are left out. Trials
    that share one of a few values are spread sideways.

    parameters: names, by default all with more than one value. name: of the score, with its unit.
    axes: one for each parameter. Raises ValueError for a name that the space does not have.
    """
    known = {
        p.name: p.domain.domain if isinstance(p.domain, Around) else p.domain
        for p in space.parameters
    }
    wanted = [n for n, d in known.items() if d.count > 1] if parameters is None else parameters
    for each in wanted:
        if each not in known:
            raise ValueError(f"no parameter {each!r}: there are {', '.join(known)}")
    panels = _new(len(wanted)) if axes is None else list(axes)
    completed = history.completed
    scores = np.array([trial.score for trial in completed])
    bar = np.sort(scores)[-math.ceil(top * len(scores))] if len(scores) else math.inf
    for place, (each, panel) in enumerate(zip(wanted, panels, strict=True)):
        here = [i for i, trial in enumerate(completed) if each in trial.configuration]
        xs = _places(known[each], [completed[i].configuration[each] for i in here])
        good = scores[here] >= bar
        look = {"linestyle": "", "marker": "o", "markersize": 4}
        panel.plot(xs[~good], scores[here][~good], markerfacecolor="none", color=INK, alpha=0.6,
                   **look)  # fmt: skip
        panel.plot(xs[good], scores[here][good], color=PALETTE[1], **look)
        _scale(panel, known[each])
        panel.set(xlabel=each)
        if place % COLUMNS == 0:
            panel.set(ylabel=name)
        if len(scores):
            margin = 0.05 * (scores.max() - scores.min()) or 1.0
            panel.set_ylim(scores.min() - margin, scores.max() + margin)
    return panels


def _new(count: int) -> list[Axes]:
    with from_extras():
        import matplotlib.pyplot as plt

    rows, columns = math.ceil(count / COLUMNS) or 1, min(count, COLUMNS) or 1
    _, grid = plt.subplots(
        rows, columns, figsize=(2.5 * columns, 2.3 * rows), layout="constrained", squeeze=False
    )
    for spare in grid.flat[count:]:
        spare.set_axis_off()
    return list(grid.flat[:count])


def _places(domain: Domain, values: Sequence[Any]) -> np.ndarray:
    if isinstance(domain, Integer | Float) and domain.count > FEW:
        return np.array(values, dtype=float)
    aside = (np.arange(len(values)) * GOLDEN) % 1 - 0.5
    return np.array([domain.position(value) for value in values], dtype=float) + 0.5 * aside


def _scale(panel: Axes, domain: Domain) -> None:
    """The whole range of the domain, on its scale."""
    if not isinstance(domain, Integer | Float) or domain.count <= FEW:
        values = [f"{v:g}" if isinstance(v, float) else str(v) for v in domain.values()]
        shown = range(0, len(values), math.ceil(len(values) / FEW))
        panel.set_xticks(shown, [values[i] for i in shown])
        panel.set_xlim(-0.5, len(values) - 0.5)
        if sum(map(len, values)) > 18:
            panel.tick_params(axis="x", labelrotation=60)
        return
    low, high = float(domain.low), float(domain.high)
    if domain.log:
        panel.set_xscale("log")
        if high / low < 100:
            label_decades(panel.xaxis)
        panel.set_xlim(low * (low / high) ** 0.04, high * (high / low) ** 0.04)
    else:
        margin = 0.04 * (high - low)
        panel.set_xlim(low - margin, high + margin)
