"""Where a cell stands: what the axis leaves out is said."""

import matplotlib.pyplot as plt
import numpy as np

from coursekit.plots.cell_standing import standing


def test_marks_are_drawn_where_they_are_and_outsiders_are_named():
    accuracies = np.concatenate([[0.1, np.nan], np.linspace(0.5, 0.7, 99)])
    axes = standing(accuracies, {"this cell": 0.6, "your best": 0.1, "unknown": float("nan")})
    drawn = {line.get_label(): line.get_xdata()[0] for line in axes.get_lines()}
    assert drawn.pop("this cell") == 60
    ((label, place),) = drawn.items()
    assert label == "your best (10.0 %, off to the left)"
    assert place == axes.get_xlim()[0] > 10
    assert sum(patch.get_height() for patch in axes.patches) < len(accuracies) - 1
    plt.close("all")


def test_without_marks_there_is_no_legend():
    assert standing([0.1, 0.2, 0.3], {}).get_legend() is None
    plt.close("all")
