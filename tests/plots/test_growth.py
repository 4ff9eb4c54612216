"""The figures of a network that grows."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit.plots.growth import SHOWN, growth, network


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_layers_are_columns_and_wide_ones_are_cut(axes):
    network([64, 4, 10], axes=axes)
    columns = [line for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    assert [len(line.get_xdata()) for line in columns] == [SHOWN, 4, 10]
    assert [line.get_marker() for line in columns] == ["s", "o", "s"]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["...", "64", "4", "10"]


def test_steps_are_marked_at_their_epochs(axes):
    steps = [
        SimpleNamespace(epoch=epoch, what="wider", after=after)
        for epoch, after in ((1, 0.5), (2, 0.6), (2, 0.3))
    ]
    growth([0.1, 0.5, 0.7, 0.8], steps, scratch=[0.1, 0.2, 0.3, 0.4], axes=axes)
    ours, scratch, *marks = axes.get_lines()
    np.testing.assert_array_equal(ours.get_xdata(), [0, 1, 1, 2, 2, 2, 3])
    np.testing.assert_array_equal(ours.get_ydata(), [0.1, 0.5, 0.5, 0.7, 0.6, 0.3, 0.8])
    np.testing.assert_array_equal(scratch.get_xdata(), range(4))
    assert [mark.get_xdata()[0] for mark in marks] == [1, 2]
    assert [text.get_text() for text in axes.texts] == ["1", "2-3"]  # no label hides another
    assert ours.get_linestyle() != scratch.get_linestyle()
    assert axes.get_xlabel() == "epoch" and axes.get_ylabel() == "validation accuracy, %"
