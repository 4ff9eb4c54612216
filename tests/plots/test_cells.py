"""Drawings of cells: everything that the cell has, and nothing that it has not."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch

from coursekit import plots, theme
from coursekit.search import Search
from coursekit.spaces import BlockCells, EdgeCells
from coursekit.strategies import make

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|none~2|"


def arrows(axes):
    return [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]


def labels(axes):
    return [text.get_text().replace("\n", "_") for text in axes.texts]


def test_every_operation_is_on_its_edge_and_dead_ends_are_dotted():
    space = EdgeCells()
    axes = plots.cell(space, space.parse(CELL))
    assert len(arrows(axes)) == 6
    assert sorted(labels(axes)) == sorted(
        ["nor_conv_3x3", "skip_connect", "avg_pool_3x3", "0", "1", "2", "3", "input", "output"]
    )
    assert [arrow.get_linestyle() for arrow in arrows(axes)].count(":") == 5  # all but 0-3


def test_an_operation_looks_the_same_in_every_cell():
    space = EdgeCells()
    looks = {}
    for operation in ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "skip_connect"):
        for other in ("none", "avg_pool_3x3"):
            chosen = dict.fromkeys(space.edges, other) | {"0-3": operation}
            arrow = arrows(plots.cell(space, chosen))[3]
            looks.setdefault((to_hex(arrow.get_edgecolor()), arrow.get_linestyle()), set()).add(
                operation
            )
            plt.close("all")
    assert [len(operations) for operations in looks.values()] == [1] * 4


@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_no_label_of_a_cell_of_blocks_covers_another(blocks):
    space = BlockCells(blocks=blocks)
    for seed in range(5):
        axes = plots.cell(space, space.sample(np.random.default_rng(seed)))
        axes.figure.canvas.draw()
        boxes = [t.get_window_extent() for t in axes.texts if t.get_text()]
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i])
            assert axes.figure.bbox.contains(box.x0, box.y0)
            assert axes.figure.bbox.contains(box.x1, box.y1)
        plt.close("all")


def test_a_cell_of_edges_with_five_nodes_keeps_its_labels_apart():
    space = EdgeCells(nodes=5)
    axes = plots.cell(space, dict.fromkeys(space.edges, "nor_conv_3x3"))
    axes.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(box.overlaps(other) for i, box in enumerate(boxes) for other in boxes[:i])


def test_labels_follow_the_theme_and_the_figure_says_the_cell_in_words():
    space = EdgeCells()
    text = theme.svg(plots.cell(space, space.parse(CELL)).figure)
    assert "var(--jp-layout-color0" in text
    assert re.search('aria-label="[^"]*0 to 1: nor_conv_3x3, 0 to 2: none', text)


def test_a_cell_is_drawn_where_it_is_told_to():
    space = EdgeCells()
    figure, axes = plt.subplots(1, 2)
    assert plots.cell(space, space.parse(CELL), axes=axes[1]) is axes[1]
    assert not axes[0].patches
    assert not hasattr(figure, "alt")


def test_what_is_no_cell_is_refused():
    space = EdgeCells()
    with pytest.raises(ValueError, match="0-3='conv' is not one of"):
        plots.cell(space, space.parse(CELL) | {"0-3": "conv"})


@pytest.mark.parametrize("space", [EdgeCells(), BlockCells(blocks=2)], ids=["edges", "blocks"])
def test_the_best_of_a_history_is_drawn(space):
    search = Search(make("regularized_evolution", space), seed=1)
    history = search.run(lambda s: space.complexity(s.configuration), trials=20)
    best = history.best().configuration
    graph = space.graph(best)
    axes = plots.cell(space, best)
    assert len(arrows(axes)) == len(graph.edges)
    named = [edge.operation for edge in graph.edges if edge.operation not in ("", "none")]
    nodes = {*graph.nodes, "", "input", "inputs", "output"}
    assert sorted(label for label in labels(axes) if label not in nodes) == sorted(named)
