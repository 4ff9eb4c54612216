"""Cheap scores against full ones: every configuration, the best in truth, the finalists."""

import math

import numpy as np
import pytest

from coursekit import plots

CHEAP = [0.5, 0.9, 0.3, 0.7, math.nan, 0.8]
FULL = [0.6, 0.7, 0.9, 0.95, 0.99, 0.2]


def test_each_stands_at_both_of_its_scores():
    axes = plots.cheap_against_full(CHEAP, FULL, best=0.4, finalists=2)
    others, best, picked, border = axes.get_lines()
    assert set(zip(*best.get_data(), strict=True)) == {(0.3, 0.9), (0.7, 0.95)}
    assert set(zip(*others.get_data(), strict=True)) == {(0.5, 0.6), (0.9, 0.7), (0.8, 0.2)}
    assert list(picked.get_xdata()) == [0.9, 0.8]  # the failed one has no place
    assert set(border.get_ydata()) == {0.9}


def test_all_may_count_as_the_best():
    axes = plots.cheap_against_full(CHEAP, FULL, best=1.0)
    assert [len(line.get_xdata()) for line in axes.get_lines()] == [0, 5, 1]


def test_thousands_of_dots_are_one_image():
    rng = np.random.default_rng(0)
    axes = plots.cheap_against_full(rng.random(3000), rng.random(3000))
    assert axes.get_lines()[0].get_rasterized()


def test_more_finalists_than_configurations_are_refused():
    with pytest.raises(ValueError, match="finalists=6: give a whole number from 1 to 5"):
        plots.cheap_against_full(CHEAP, FULL, finalists=6)
