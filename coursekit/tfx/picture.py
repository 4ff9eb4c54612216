"""Pipelines as pictures: steps, their order, their states, and the flow of artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.plots.shared import on
from coursekit.tfx.steps import Step, arrows
from coursekit.theme import INK, PALETTE, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The look of a step in each state: frame colour, dash and width, and a sign beside the name.
LOOKS: dict[str, tuple[str, Any, float, str]] = {
    "waiting": (INK, (0, (1.5, 1.2)), 1.0, ""),
    "running": (PALETTE[1], "-", 2.5, "\u25b6 "),
    "done": (PALETTE[2], "-", 1.5, "\u2713 "),
    "reused": (PALETTE[0], (0, (5, 1.5)), 1.5, "\u21ba "),
    "failed": (PALETTE[4], "-", 2.5, "\u2717 "),
    "artifact": (PALETTE[0], "-", 1.0, ""),
    "chosen": (INK, "-", 2.5, ""),
}
SPREAD = 1.15  # between the middles of neighbouring boxes


@dataclass(frozen=True)
class Box:
    """One box of a flow: its text, its look (a key of LOOKS), whether its corners are round."""

    text: str
    look: str = "done"
    round: bool = False


def pipeline(steps: Sequence[Step], axes: Axes | None = None) -> Axes:
    """The steps from top to bottom, with the duration of each.

    An arrow between two steps is left out where a longer path connects them.
    """
    boxes = {
        step.name: Box(
            step.name + ("" if step.seconds is None else f"  {step.seconds:.1f} s"), step.state
        )
        for step in steps
    }
    axes = flow(boxes, arrows(steps), axes)
    axes.figure.alt = "Pipeline: " + ", ".join(  # type: ignore[attr-defined]
        f"{step.name} {step.state}" for step in steps
    )
    return axes


def flow(
    boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]], axes: Axes | None = None
) -> Axes:
    """Boxes in rows, each below all its predecessors, and arrows between them.

    arrows: pairs of keys of boxes. The box of key k is at `axes.places[k]`, (x, y) in data units:
    boxes are 1 wide and 0.6 high.
    """
    places = layout(list(boxes), arrows)
    rows = 1 + max((-y for _, y in places.values()), default=0)
    columns = max((abs(x) for x, _ in places.values()), default=0) * 2 + 1
    axes = on(axes, (max(3.2, 2.1 * columns + 0.8), max(1.5, 0.52 * rows)))
    for start, end in arrows:
        (x0, y0), (x1, y1) = places[start], places[end]
        axes.annotate(
            "",
            (x1, y1 + 0.3),
            (x0, y0 - 0.3),
            zorder=1,  # behind the boxes
            arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.9},
        )
    for key, box in boxes.items():
        colour, dash, width, sign = LOOKS[box.look]
        x, y = places[key]
        axes.text(
            x,
            y,
            sign + box.text,
            ha="center",
            va="center",
            fontsize=9,
            zorder=3,
            bbox={
                "boxstyle": "round,pad=0.35" if box.round else "square,pad=0.35",
                "facecolor": PAPER,
                "edgecolor": colour,
                "linestyle": dash,
                "linewidth": width,
            },
        )
    widest = max((abs(x) for x, _ in places.values()), default=0.0)
    axes.set(xlim=(-widest - 0.75, widest + 0.75), ylim=(-rows + 0.4, 0.6))
    axes.set_axis_off()
    axes.places = places  # type: ignore[attr-defined]
    return axes


def layout(
    keys: Sequence[str], arrows: Sequence[tuple[str, str]]
) -> dict[str, tuple[float, float]]:
    """(x, y) for each key: its row is the length of the longest path that leads to it.

    Neighbours are SPREAD apart, rows 1; the first row is at y = 0, the middle at x = 0.
    """
    before = {key: [a for a, b in arrows if b == key] for key in keys}
    after = {key: [b for a, b in arrows if a == key] for key in keys}
    depth: dict[str, int] = {}

    def down(key: str) -> int:
        if key not in depth:
            depth[key] = 1 + max((down(each) for each in before[key]), default=-1)
        return depth[key]

    for key in keys:
        down(key)
    for key in keys:  # a start is placed directly above its first successor
        if not before[key] and after[key]:
            depth[key] = max(0, min(depth[each] for each in after[key]) - 1)
    x: dict[str, float] = {}
    for row in range(max(depth.values(), default=-1) + 1):
        members = [key for key in keys if depth[key] == row]
        pulled = {
            key: sum(x[each] for each in before[key]) / len(before[key]) if before[key] else 9.0
            for key in members
        }
        for place, key in enumerate(sorted(members, key=pulled.__getitem__)):
            x[key] = SPREAD * (place - (len(members) - 1) / 2)
    return {key: (x[key], float(-depth[key])) for key in keys}
