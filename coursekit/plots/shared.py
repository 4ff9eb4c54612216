"""What figures share: axes, how histories are read, marks of failed trials, long labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.extras import from_extras
from coursekit.theme import INK
from coursekit.trials import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

Runs = History | Sequence[History]


def on(axes: Axes | None, size: tuple[float, float] | None = None) -> Axes:
    """These axes, or those of a new figure of that size in inches."""
    if axes is not None:
        return axes
    with from_extras():
        import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def histories(runs: Any) -> list[History] | None:
    """One History or several as a list; None for anything else."""
    found = [runs] if isinstance(runs, History) else runs
    if isinstance(found, Sequence) and all(isinstance(each, History) for each in found):
        return list(found)
    return None


def labelled(runs: Any, label: str) -> Mapping[str, Any]:
    """A mapping unchanged; the runs of a single strategy under this label."""
    return runs if isinstance(runs, Mapping) else {label: runs}


def mark_failed(
    axes: Axes, xs: Sequence[float], ys: Sequence[float] | None = None, *, label: str | None
) -> None:
    """Crosses; on the lower edge of the axes if the height is unknown."""
    if not len(xs):
        return
    heights = np.full(len(xs), 0.02) if ys is None else ys
    look = {"marker": "x", "linestyle": "", "color": INK, "markeredgewidth": 1.8}
    where = axes.get_xaxis_transform() if ys is None else axes.transData
    axes.plot(xs, heights, transform=where, clip_on=False, label=label, zorder=5, **look)


def wrapped(label: str, width: int = 28) -> str:
    """A long label on several lines: broken at spaces and brackets, long words at underscores."""
    lines = [""]
    for word in re.split(r"(?<= )|(?=\()", label):
        for piece in [word] if len(word.rstrip()) <= width else re.split(r"(?<=_)", word):
            if lines[-1] and len(lines[-1] + piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(line.strip() for line in lines)


def label_decades(axis: Axis) -> None:
    """Plain numbers along a logarithmic axis: 1, 2 and 5 of each decade."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda x, _: f"{x:g}" if x < 1000 else f"{x / 1000:,g}k")
    axis.set_minor_formatter(NullFormatter())
