"""Pipelines as pictures: what ran, in which order, and what came out of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coursekit.plots.shared import on
from coursekit.theme import INK, PALETTE, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# How a step looks in each state: colour of the frame, its dash, its width, a sign beside the name.
LOOKS: dict[str, tuple[str, Any, float, str]] = {
    "waiting": (INK, (0, (1.5, 1.2)), 1.0, ""),
    "running": (PALETTE[1], "-", 2.5, "\u25b6 "),
    "done": (PALETTE[2], "-", 1.5, "\u2713 "),
    "reused": (PALETTE[0], (0, (5, 1.5)), 1.5, "\u21ba "),
    "failed": (PALETTE[4], "-", 2.5, "\u2717 "),
    "artifact": (PALETTE[0], "-", 1.0, ""),
    "chosen": (INK, "-", 2.5, ""),
}
STATES = tuple(LOOKS)[:5]
SPREAD = 1.15  # from the middle of a box to that of its neighbour


@dataclass(frozen=True)
class Artifact:
    """What a step has read or written: a type such as "Model", where it is, what is known of it."""

    id: int
    type: str
    uri: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One component of a pipeline, and what became of it.

    after: names of the steps that come before it. state: one of STATES ("reused": an earlier run
    had done the same). seconds: how long it took, None if it has not run. inputs, outputs: from the
    names of its channels ("model"). properties: what it was told. error: why it failed.
    """

    name: str
    after: tuple[str, ...] = ()
    state: str = "waiting"
    seconds: float | None = None
    inputs: Mapping[str, Sequence[Artifact]] = field(default_factory=dict)
    outputs: Mapping[str, Sequence[Artifact]] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Box:
    """Something in a flow: its text, its look (a key of LOOKS), whether its corners are round."""

    text: str
    look: str = "done"
    round: bool = False


def pipeline(steps: Sequence[Step], axes: Axes | None = None) -> Axes:
    """The steps from top to bottom, with how long each took.

    An arrow from one step to another is left out where a longer way leads there too.
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


def arrows(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """Which step leads to which, without those that a longer way leads to as well."""
    known = {step.name for step in steps}
    return _direct([(before, s.name) for s in steps for before in s.after if before in known])


def tell(steps: Sequence[Step]) -> str:
    """How far a pipeline is, in a sentence or two."""
    finished = [step for step in steps if step.state in ("done", "reused")]
    reused = sum(step.state == "reused" for step in finished)
    seconds = sum(step.seconds or 0 for step in finished)
    text = f"{len(finished)} of {len(steps)} components have run, in {seconds:.1f} s"
    text += f" ({reused} taken from an earlier run)." if reused else "."
    for state, words in (("running", "is running"), ("failed", "failed")):
        names = [step.name for step in steps if step.state == state]
        text += f" {' and '.join(names)} {words}." if names else ""
    return text


def _direct(arrows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that no longer way stands for (the transitive reduction)."""
    after: dict[str, list[str]] = {}
    for start, end in arrows:
        after.setdefault(start, []).append(end)

    def leads(start: str, end: str) -> bool:
        return start == end or any(leads(each, end) for each in after.get(start, ()))

    return [
        (start, end)
        for start, end in arrows
        if not any(other != end and leads(other, end) for other in after[start])
    ]


def flow(
    boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]], axes: Axes | None = None
) -> Axes:
    """Boxes in rows, each below all that lead to it, and arrows between them.

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
    """(x, y) for each key: as far down as its longest way from a start, beside its neighbours.

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
    for key in keys:  # what nothing leads to is placed just above what needs it first
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
