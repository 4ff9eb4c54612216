"""Pipelines as pictures: steps, their order, their states, and the flow of artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
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
HALF_HIGH = 0.3  # of a box
LANE = 0.11  # between two arrows that pass the boxes on one side
TOLD = (0, (3, 2))  # dash of an arrow along which nothing is handed on


@dataclass(frozen=True)
class Box:
    """One box of a flow: its text, its look (a key of LOOKS), whether its corners are round."""

    text: str
    look: str = "done"
    round: bool = False


def pipeline(steps: Sequence[Step], axes: Axes | None = None) -> Axes:
    """The steps from top to bottom, with the duration of each.

    An arrow leads from a step to each one that reads what it writes; a dashed arrow leads to a step
    that was told to wait for it and reads nothing of it.
    """
    boxes = {
        step.name: Box(
            step.name + ("" if step.seconds is None else f"  {step.seconds:.1f} s"), step.state
        )
        for step in steps
    }
    axes = flow(boxes, arrows(steps), axes, dashed=arrows(steps, told=True))
    axes.figure.alt = "Pipeline: " + ", ".join(  # type: ignore[attr-defined]
        f"{step.name} {step.state}" for step in steps
    )
    return axes


def flow(
    boxes: Mapping[str, Box],
    arrows: Sequence[tuple[str, str]],
    axes: Axes | None = None,
    *,
    dashed: Sequence[tuple[str, str]] = (),
) -> Axes:
    """Boxes in rows, each below all its predecessors, and arrows between them.

    arrows, dashed: pairs of keys of boxes. The box of key k is at `axes.places[k]`, (x, y) in data
    units: boxes are 1 wide and 0.6 high.
    """
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    places = layout(list(boxes), [*arrows, *dashed])
    routes = around([*arrows, *dashed], places)
    rows = 1 + max((-y for _, y in places.values()), default=0)
    outermost = [x for route in routes for x, _ in route] + [x for x, _ in places.values()]
    widest = max(map(abs, outermost), default=0.0) + 0.75
    inches = max(3.2, 2 * widest * _inches(boxes, places))
    axes = on(axes, (inches, max(1.5, 0.52 * rows)))
    for number, route in enumerate(routes):
        axes.add_patch(
            FancyArrowPatch(
                path=Path(route),
                arrowstyle="-|>",
                mutation_scale=9,
                facecolor=INK,
                edgecolor=INK,
                linewidth=0.9,
                linestyle="-" if number < len(arrows) else TOLD,
                zorder=1,  # behind the boxes
            )
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
    axes.set(xlim=(-widest, widest), ylim=(-rows + 0.4, 0.6))
    axes.set_axis_off()
    axes.places = places  # type: ignore[attr-defined]
    return axes


def _inches(boxes: Mapping[str, Box], places: Mapping[str, tuple[float, float]]) -> float:
    """How wide a unit must be, about, so that boxes are at most that wide and do not touch."""
    wide = {key: 0.4 + 0.075 * len(box.text) for key, box in boxes.items()}
    needed = [1.6, *wide.values()]
    for y in {y for _, y in places.values()}:
        row = sorted((x, wide[key]) for key, (x, other) in places.items() if other == y)
        needed += [(left + right) / 2 / (x1 - x0) for (x0, left), (x1, right) in pairwise(row)]
    return max(needed)


def around(
    arrows: Sequence[tuple[str, str]], places: Mapping[str, tuple[float, float]]
) -> list[list[tuple[float, float]]]:
    """For each arrow its points, from below one box to above the other, past those in between.

    Where a box is in the way, the arrow passes it through the nearest gap of its row that no other
    has taken, or beside all boxes of the row, where each has a lane of its own.
    """
    lanes = {-1: 0, 1: 0}  # how many arrows pass on the left and on the right
    taken = set[tuple[float, int]]()
    routes = []
    for start, end in arrows:
        (x0, y0), (x1, y1) = places[start], places[end]
        points, side = [(x0, y0 - HALF_HIGH)], 0
        for y in range(int(y0) - 1, int(y1), -1):
            wanted = x0 + (x1 - x0) * (y0 - y) / (y0 - y1)
            row = sorted(x for x, other in places.values() if other == y)
            x = wanted
            if any(abs(each - wanted) < 0.6 for each in row):
                if not side:
                    away = {-1: wanted - row[0], 1: row[-1] - wanted}
                    side = min(away, key=lambda each: (round(away[each], 2), lanes[each], -each))
                    lanes[side] += 1
                edge = row[0] if side < 0 else row[-1]
                beside = edge + side * (0.5 + LANE * lanes[side])
                gaps = {(left + right) / 2 for left, right in pairwise(row)}
                free = [beside, *(each for each in sorted(gaps) if (each, y) not in taken)]
                x = min(free, key=lambda each: abs(each - wanted))
                taken.add((x, y))
            points += [(x, y + HALF_HIGH), (x, y - HALF_HIGH)]
        routes.append([*points, (x1, y1 + HALF_HIGH)])
    return routes


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
