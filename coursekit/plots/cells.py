"""Drawings of cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coursekit.extras import from_extras
from coursekit.spaces import CellSpace, Edge, Graph
from coursekit.theme import DASHES, INK, PALETTE, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RADIUS = 0.2  # of a node; all lengths are inches, unless the axes are narrower
RISE = 0.42  # of an arc, for each node that it spans
SPACING = {True: 1.75, False: 1.15}  # between nodes: with labels on straight edges, and without


def cell(
    space: CellSpace,
    configuration: Mapping[str, Any],
    *,
    name_none: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """A cell from its inputs on the left to its output on the right, every operation on its edge.

    Edges that are "none" are dotted, and so are edges on no path from an input to the output.
    Operations have the same colours and dashes in all drawings of a space. In an SVG, the arrow and
    the label of an edge from node 0 to node 1 have the id "edge-0-1" and "name-0-1".

    name_none: write "none" on these edges, too.
    """
    graph = space.graph(configuration)
    straight = (
        len(graph.inputs) == 1
    )  # blocks have two inputs: one comes from above, one from below
    spacing = SPACING[straight]
    place = {node: spacing * i for i, node in enumerate(graph.nodes)}
    heights = _heights(graph, straight)
    if axes is None:
        with from_extras():
            import matplotlib.pyplot as plt

        size = (place[graph.nodes[-1]] + 1.7, max(*heights, 0.3) - min(*heights, -0.3) + 0.6)
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        figure.alt = describe(graph)  # type: ignore[attr-defined]
    used = set(graph.used())
    for edge, height in zip(graph.edges, heights, strict=True):
        named = edge.operation not in ("", *(() if name_none else ("none",)))
        _draw_edge(axes, edge, height, place, space.operations, edge in used, named)
    for node, x in place.items():
        last = node == graph.nodes[-1]
        _draw_node(
            axes, "" if last and not straight else node, x, boxed=node in graph.inputs or last
        )
    ends = (
        (graph.nodes[0], -1, "inputs" if graph.inputs[1:] else "input"),
        (graph.nodes[-1], 1, "output"),
    )
    for node, side, caption in ends:
        at = (place[node] + 1.35 * side * RADIUS, 0)
        axes.text(*at, caption, ha="left" if side > 0 else "right", va="center", fontsize="small")
    axes.set_xlim(-0.85, place[graph.nodes[-1]] + 0.85)
    axes.set_ylim(min(*heights, -0.3) - 0.3, max(*heights, 0.3) + 0.3)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return axes


def describe(graph: Graph) -> str:
    """A cell in words, for screen readers."""
    parts = [f"{e.source} to {e.target}: {e.operation or 'joined'}" for e in graph.edges]
    return f"A cell with {len(graph.nodes)} nodes. " + ", ".join(parts) + "."


def _heights(graph: Graph, straight: bool) -> list[float]:
    """How far each edge rises above the line of nodes (falls below it if negative)."""
    place = {node: i for i, node in enumerate(graph.nodes)}
    heights = []
    into: dict[str, int] = {}
    for source, target, operation in graph.edges:
        span = place[target] - place[source]
        into[target] = into.get(target, -1) + 1
        below = (place[source] if straight else into[target]) % 2
        if span == 1 and (straight or not operation):
            heights.append(0.0)
        else:
            heights.append(RISE * (span - straight + 0.4) * (-1) ** below)
    return heights


def _draw_edge(
    axes: Axes,
    edge: Edge,
    height: float,
    place: Mapping[str, float],
    operations: tuple[str, ...],
    used: bool,
    labelled: bool,
) -> None:
    from matplotlib.patches import FancyArrowPatch

    start, end = place[edge.source], place[edge.target]
    named = [operation for operation in operations if operation not in ("none", "skip_connect")]
    index = named.index(edge.operation) if edge.operation in named else None
    colour = INK if index is None or not used else PALETTE[index % len(PALETTE)]
    dash = "-" if index is None else DASHES[(index + index // 6) % len(DASHES)]
    axes.add_patch(
        FancyArrowPatch(
            (start, 0),
            (end, 0),
            connectionstyle=f"arc3,rad={-2 * height / (end - start)}",
            arrowstyle="-|>",
            shrinkA=RADIUS * 72,
            shrinkB=RADIUS * 72,
            mutation_scale=11,
            color=colour,
            linestyle=dash if used else ":",
            linewidth=1.8 if used else 0.9,
            alpha=1 if used else 0.6,
            zorder=2 if used else 1,
            gid=f"edge-{edge.source}-{edge.target}",
        )
    )
    if labelled:
        axes.text(
            (start + end) / 2,
            height,
            _broken(edge.operation),
            ha="center",
            va="center",
            fontsize="small",
            color=INK,
            linespacing=0.95,
            bbox={
                "boxstyle": "round,pad=0.25",
                "facecolor": PAPER,
                "edgecolor": colour,
                "linestyle": "-" if used else ":",
                "linewidth": 1.2 if used else 0.9,
            },
            zorder=4,
            gid=f"name-{edge.source}-{edge.target}",
        )


def _broken(operation: str) -> str:
    """A long name on two lines."""
    head, _, tail = operation.rpartition("_")
    return f"{head}\n{tail}" if head and len(operation) > 9 else operation


def _draw_node(axes: Axes, text: str, x: float, *, boxed: bool) -> None:
    from matplotlib.patches import Circle, Rectangle

    side = 2 * RADIUS
    shape = Rectangle((x - RADIUS, -RADIUS), side, side) if boxed else Circle((x, 0), RADIUS)
    shape.set(facecolor=PAPER, edgecolor=INK, linewidth=1.4, zorder=5)
    axes.add_patch(shape)
    axes.text(x, 0, text, ha="center", va="center", color=INK, zorder=6)
