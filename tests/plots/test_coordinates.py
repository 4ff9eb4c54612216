"""Parallel coordinates: where the lines run, and which of them stand out."""

import numpy as np
import pytest

from coursekit import plots
from coursekit.plots import coordinates


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


def test_a_history_draws_its_trials_and_the_best_is_thick(searched):
    history = searched("random", trials=12)
    axes = plots.parallel_coordinates(history)
    names = [text.get_text().replace("\n", "") for text in axes.get_xticklabels()]
    assert names == [*history[0].configuration, "score"]
    lines = sorted(axes.get_lines(), key=lambda line: line.get_linewidth())
    assert len(lines) == 12
    scores = [trial.score for trial in history]
    heights = [line.get_ydata()[-1] for line in lines]
    span = max(scores) - min(scores)
    assert sorted(heights) == pytest.approx(sorted((np.array(scores) - min(scores)) / span))
    assert heights[-1] == 1 and lines[-1].get_linewidth() > lines[-2].get_linewidth()
    assert sum(line.get_linewidth() > 1 for line in lines) == 3  # the best quarter


def test_nobody_stands_out_where_all_have_failed(failing, empty):
    lines = plots.parallel_coordinates(failing(1)).get_lines()
    assert len(lines) == 12
    assert len({(line.get_color(), line.get_linewidth()) for line in lines}) == 1
    assert not plots.parallel_coordinates(empty).get_lines()


def test_a_failed_trial_ends_before_the_score_and_is_never_the_best(failing):
    history = failing(2, trials=4)
    lines = plots.parallel_coordinates(history).get_lines()
    broken = [line for line in lines if np.isnan(line.get_ydata()[-1])]
    assert len(broken) == 2
    assert all(line.get_linewidth() < 1 for line in broken)


def test_long_names_are_broken_and_names_that_lines_cross_lie_on_paper(searched):
    axes = plots.parallel_coordinates(searched("random", trials=12))
    assert "learning_\nrate" in [text.get_text() for text in axes.get_xticklabels()]
    for text in axes.texts:
        assert (text.get_bbox_patch() is None) == (text.xy[1] in (0, 1))
