"""The anytime figure: what its lines and bands say."""

import matplotlib
import numpy as np
import pytest

from coursekit import theme
from coursekit.plots.searches import anytime

matplotlib.use("Agg")
AT = np.arange(1, 101)


def curves(*levels):
    """Runs that rise to a level, the quartiles being level - 1, level and level + 1."""
    rise = 10 * (1 - 1 / AT)
    return {
        f"to {level}": np.array([level + s + rise for s in (-2, -1, 0, 1, 2)]) for level in levels
    }


def test_the_line_is_the_median_and_the_band_the_quartiles():
    axes = anytime(curves(50, 60), AT)
    line = next(line for line in axes.get_lines() if line.get_label() == "to 50")
    assert line.get_ydata() == pytest.approx(50 + 10 * (1 - 1 / AT))
    band = axes.collections[1].get_paths()[0].vertices  # drawn best first
    at_the_end = band[band[:, 0] == 100, 1]
    assert (at_the_end.min(), at_the_end.max()) == pytest.approx((58.9, 60.9))


def test_the_best_comes_first_in_the_legend_and_the_optimum_is_a_line():
    axes = anytime(curves(50, 70, 60), AT, optimum=85)
    assert [text.get_text() for text in axes.get_legend().texts] == ["to 70", "to 60", "to 50"]
    late = {"late": np.array([[1.0, 1.0, 9.0]]), "early": np.array([[1.0, 9.0, 9.0]])}
    names = anytime(late, [1, 2, 3]).get_legend().texts
    assert [text.get_text() for text in names] == ["early", "late"]
    assert any(list(line.get_ydata()) == [85, 85] for line in axes.get_lines())
    assert axes.get_ylim()[1] > 85


def test_the_bad_start_is_cut_off_and_nothing_else():
    axes = anytime(curves(50), AT)
    bottom = axes.get_ylim()[0]
    assert bottom > 49 + 10 * (1 - 1 / AT[0])
    assert bottom == pytest.approx(49 + 10 * (1 - 1 / AT[4]))


def test_what_has_no_result_yet_is_left_out():
    runs = np.array([[-np.inf, 1.0, 2.0], [3.0, 3.0, 3.0]])
    axes = anytime({"late": runs, "never": np.full((2, 3), -np.inf)}, [1, 2, 3])
    line = next(line for line in axes.get_lines() if line.get_label() == "late")
    assert np.isnan(line.get_ydata()[0]) and line.get_ydata()[1:].tolist() == [2.0, 2.5]
    assert np.isfinite(axes.get_ylim()).all()


def test_series_differ_without_colour():
    axes = anytime(curves(*range(50, 62)), AT)
    looks = [
        (line.get_marker(), line.get_linestyle(), line._dash_pattern) for line in axes.get_lines()
    ]
    assert len(set(map(str, looks))) == 12
    spots = [tuple(line.get_markevery()) for line in axes.get_lines()]
    assert len(set(spots)) > 6


def test_the_figure_has_words_for_a_screen_reader():
    axes = anytime(curves(50), AT, name="best accuracy")
    assert "best accuracy against finished trials. to 50: from 50 to 59.9" in theme.describe(
        axes.figure
    )
