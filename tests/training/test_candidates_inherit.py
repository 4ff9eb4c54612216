"""Candidates of the kit's spaces that begin with another candidate's weights."""

import numpy as np
import pytest

from coursekit import data
from coursekit.training.candidates import FastPerceptron, keras_cells, keras_perceptron
from coursekit.worlds.recipes import CELLS


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", size=200)


def begun(candidate, digits, parent=None):
    """Its weights before the first epoch."""
    candidate.fit(digits, epochs=1, seed=0, parent=parent)
    return candidate.weights


@pytest.mark.parametrize("units", [16, [10, 24]])
@pytest.mark.parametrize("make", [FastPerceptron, keras_perceptron])
def test_perceptrons_grow(digits, make, units):
    small = make({"units": 8, "layers": 1, "learning_rate": 0.03}, (8, 8), 10)
    for _ in small.fit(digits, epochs=15, seed=0):
        pass
    large = make({"units": units, "layers": 2, "dropout": 0.2}, (8, 8), 10)
    begun(large, digits, small.weights)
    assert large.share == 1
    widths = units if isinstance(units, list) else [units] * 2
    assert [value.shape for value in large.weights.values()][1::2] == [(w,) for w in [*widths, 10]]
    # The copies' noise moves a few answers.
    assert abs(large.accuracy(digits.validation) - small.accuracy(digits.validation)) < 0.1
    assert small.accuracy(digits.validation) > 0.3
    begun(large, digits)
    assert large.share == 0


def test_both_engines_inherit_the_same(digits):
    parent = FastPerceptron({"units": 8}, (8, 8), 10)
    begun(parent, digits)
    weights = [
        list(begun(make({"units": 16}, (8, 8), 10), digits, parent.weights).values())
        for make in (FastPerceptron, keras_perceptron)
    ]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_cell_inherits_the_edges_that_have_not_changed(digits):
    cell = {"0-1": "nor_conv_3x3", "0-2": "skip_connect", "1-2": "nor_conv_3x3",
            "0-3": "avg_pool_3x3", "1-3": "skip_connect", "2-3": "nor_conv_3x3"}  # fmt: skip
    names = list(CELLS.sample(np.random.default_rng(0)))
    parent = keras_cells(CELLS, dict(zip(names, cell.values(), strict=True)), 10, epochs=12)
    kept = {name: value + 0.01 for name, value in begun(parent, digits).items()}
    changed = dict(zip(names, cell.values(), strict=True)) | {names[1]: "nor_conv_3x3"}
    child = keras_cells(CELLS, changed, 10, epochs=12)
    fresh, mine = begun(child, digits), begun(child, digits, kept)
    assert set(kept) < set(mine)
    for name, value in mine.items():
        np.testing.assert_array_equal(value, kept.get(name, fresh[name]))
    new = sum(value.size for name, value in mine.items() if name not in kept)
    assert child.share == pytest.approx(1 - new / sum(value.size for value in mine.values()))
    assert 0.5 < child.share < 1
