"""Figures: what they say, in numbers and in words."""

import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit import plots, theme
from coursekit.plots import coordinates

matplotlib.use("Agg")
points = st.tuples(*[st.integers(0, 4)] * 3)


@given(st.lists(points, max_size=20))
def test_the_pareto_front_is_what_nothing_dominates(costs):
    def dominates(a, b):
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    undominated = [i for i, c in enumerate(costs) if not any(dominates(o, c) for o in costs)]
    assert plots.pareto_front(costs) == undominated


def test_the_front_of_more_objectives_is_drawn_as_given():
    axes = plots.pareto([3, 1, 2], [0.9, 0.8, 0.7], front=[0, 2], names=["a", "b", "c"])
    line = next(line for line in axes.get_lines() if line.get_label() == "Pareto front")
    assert list(line.get_xdata()) == [2, 3]  # cheapest first
    assert {text.get_text(): text.xy for text in axes.texts} == {"c": (2, 0.7), "a": (3, 0.9)}
    assert len(plots.pareto([1, 2], [0.1, 0.2], names=["only one"]).texts) == 1


def test_svg_follows_the_theme_and_has_a_text_alternative():
    axes = plots.learning_curves([[0.1, 0.5], [0.2, 0.9]], bold=1, best=0, names=["a", "b & c"])
    axes.tick_params(colors=theme.INK)
    picture = theme.svg(axes.figure)
    assert picture.startswith("<svg role=")
    assert 'aria-label="Figure: validation accuracy against epoch.' in picture
    assert "b &amp; c: from 0.2 to 0.9" in picture
    assert not re.search(rf"(?<!, ){theme.INK}", picture)
    assert 'width="100%"' in picture.split(">")[0] and "pt" not in picture.split(">")[0]


def test_the_incumbent_skips_failed_trials():
    axes = plots.best_so_far([0.5, float("nan"), 0.4, 0.7])
    line = next(line for line in axes.get_lines() if line.get_label() == "best so far")
    assert list(line.get_ydata()) == [0.5, 0.5, 0.5, 0.7]
    axes = plots.best_so_far([0.5, float("nan"), 0.4, 0.7], maximise=False)
    line = next(line for line in axes.get_lines() if line.get_label() == "best so far")
    assert list(line.get_ydata()) == [0.5, 0.5, 0.4, 0.4]


def test_parallel_coordinates_break_where_a_condition_is_inactive():
    axes = plots.parallel_coordinates(
        [{"rate": 1e-4, "kind": "adam"}, {"rate": 1e-2, "kind": "sgd", "momentum": 0.5}], [0.5, 0.9]
    )
    best, other = sorted(axes.get_lines(), key=lambda line: -line.get_linewidth())[:2]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        "rate", "kind", "momentum", "score",
    ]  # fmt: skip
    assert list(best.get_ydata()) == [1, 1, 0, 1]
    assert np.isnan(other.get_ydata()[2]) and other.get_ydata()[3] == 0


@pytest.mark.parametrize(
    ("values", "positions"),
    [([1, 10, 100], [0, 0.5, 1]), ([1, 2, 3], [0, 0.5, 1]), ([5, 5], [0, 0]), (["b", "a"], [1, 0])],
)
def test_two_decades_are_spaced_logarithmically(values, positions):
    assert coordinates._scaled(values)[0] == pytest.approx(positions)


def test_three_values_are_all_named_and_axes_are_drawn():
    axes = plots.parallel_coordinates([{"rate": r} for r in (1e-4, 1e-3, 1e-2)], [0.5, 0.7, 0.9])
    assert [text.get_text() for text in axes.texts] == [
        "0.0001", "0.01", "0.001", "0.5", "0.9", "0.7",
    ]  # fmt: skip
    assert all(line.get_visible() for line in axes.get_xgridlines())
    assert not coordinates._scaled([1, 1.5, 1000])[1][2:]  # too near to the lowest


def test_importing_plots_loads_no_matplotlib():
    code = "import coursekit.plots, coursekit.theme, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
