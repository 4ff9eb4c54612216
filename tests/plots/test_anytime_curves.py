"""The anytime figure: what its lines and bands say."""

import math

import numpy as np
import pytest

from coursekit import theme
from coursekit.plots import anytime, regret
from coursekit.plots.shared import wrapped
from coursekit.trials import Evaluation, History, Suggestion

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


def line(axes, label):
    return next(each for each in axes.get_lines() if each.get_label() == label)


def made(*scores: float, cost: float = 1.0) -> History:
    history = History()
    for score in scores:
        history.finish(history.add(Suggestion({})).number, Evaluation(score, cost=cost))
    return history


def test_histories_are_drawn_after_each_trial(searched):
    runs = [searched("random", seed) for seed in range(5)]
    axes = anytime({"random": runs})
    best = np.array([[score for _, score in history.anytime()] for history in runs])
    found = line(axes, "random")
    assert found.get_xdata().tolist() == list(range(1, 31))
    assert found.get_ydata() == pytest.approx(np.median(best, axis=0))
    band = axes.collections[0].get_paths()[0].vertices
    for trial in (1, 10, 30):
        heights = band[band[:, 0] == trial, 1]
        low, high = np.quantile(best[:, trial - 1], (0.25, 0.75))
        assert (heights.min(), heights.max()) == pytest.approx((low, high))
    assert axes.get_xlabel() == "finished trials"


def test_histories_are_drawn_by_the_seconds_they_took(searched):
    runs = [searched("random", seed) for seed in range(5)]
    end = max(sum(trial.cost for trial in history) for history in runs)
    axes = anytime({"random": runs}, by="seconds")
    xs, ys = line(axes, "random").get_data()
    assert xs[-1] == pytest.approx(end) and axes.get_xlabel() == "seconds of training"
    for place in (100, 200, 399):
        best = []
        for history in runs:
            done = np.cumsum([trial.cost for trial in history]) <= xs[place]
            best.append(max(t.score for t, there in zip(history, done, strict=True) if there))
        assert ys[place] == pytest.approx(np.median(best))


def test_one_run_is_a_line_without_a_band(searched):
    history = searched("random")
    for given in ({"best so far": history}, {"best so far": [history]}, history, [history]):
        axes = anytime(given)
        assert not axes.collections
        expected = [score for _, score in history.anytime()]
        assert line(axes, "best so far").get_ydata().tolist() == expected
    assert anytime([history, searched("random", 1)]).collections


def test_a_line_ends_with_the_longest_of_its_runs():
    axes = anytime({"short": [made(1, 2), made(3, 3, 4)], "long": made(*range(5))})
    ys = line(axes, "short").get_ydata()
    assert ys[:3].tolist() == [2.0, 2.5, 3.0]  # the shorter one keeps its 2
    assert np.isnan(ys[3:]).all() and len(ys) == 5


def test_a_search_that_finds_nothing_counts_as_the_worst():
    bad = made(*[math.nan] * 3)
    axes = anytime({"mixed": [made(5, 5, 6), made(4, 5, 5), bad], "bad": bad, "none": History()})
    assert line(axes, "mixed").get_ydata().tolist() == [4, 5, 5]
    names = [text.get_text() for text in axes.get_legend().texts]
    assert names == ["mixed", "bad (nothing yet)", "none (nothing yet)"]
    assert np.isfinite(axes.get_ylim()).all()


def test_a_short_line_stays_in_the_figure():
    axes = anytime({"short": made(0.2), "long": made(*[0.5] * 60)})
    assert axes.get_ylim()[0] == 0.2


def test_nothing_at_all_is_an_empty_frame():
    assert not anytime({}).get_lines()
    assert np.isfinite(anytime(History()).get_xlim()).all()
    assert np.isfinite(anytime({"none": []}, by="seconds").get_xlim()).all()


def test_what_cannot_be_drawn_is_refused(searched):
    history = searched("random")
    with pytest.raises(ValueError, match="by='epochs': searches are drawn by trials or seconds"):
        anytime(history, by="epochs")
    with pytest.raises(ValueError, match=r"mine: give a History.*\(2, 3\)"):
        anytime({"mine": np.ones((2, 3))}, [1, 2])
    with pytest.raises(ValueError, match=r"mine: give a History.*this is list"):
        anytime({"mine": list(history)})
    with pytest.raises(ValueError, match="cost no seconds"):
        anytime(made(1, 2, cost=0), by="seconds")
    with pytest.raises(ValueError, match="optimum=nan"):
        regret(history, math.nan)


def test_regret_is_what_the_best_so_far_lacks(searched):
    runs = [searched("random", seed) for seed in range(5)]
    optimum = 1.01
    axes = regret({"random": runs}, optimum)
    lacks = np.array([[missing for _, missing in run.regret(optimum)] for run in runs])
    assert line(axes, "random").get_ydata() == pytest.approx(np.median(lacks, axis=0))
    band = axes.collections[0].get_paths()[0].vertices
    heights = band[band[:, 0] == 10, 1]
    low, high = np.quantile(lacks[:, 9], (0.25, 0.75))
    assert (heights.min(), heights.max()) == pytest.approx((low, high))
    assert axes.get_yscale() == "log" and not axes.texts


def test_whoever_reaches_the_optimum_stands_on_its_line():
    axes = regret({"lucky": made(0.5, 1.0, 1.5), "not": made(0.5, 0.6, 0.9)}, 1.0)
    assert line(axes, "lucky").get_ydata() == pytest.approx([0.5, 0.05, 0.05])
    assert line(axes, "not").get_ydata() == pytest.approx([0.5, 0.4, 0.1])
    assert [text.get_text() for text in axes.texts] == ["optimum"]
    assert any(list(each.get_ydata()) == pytest.approx([0.05, 0.05]) for each in axes.get_lines())
    names = [text.get_text() for text in axes.get_legend().texts]
    assert names == ["lucky", "not"]  # the best first


def test_eleven_long_labels_find_room(searched):
    long = "regularized_evolution(population_size=10, sample_size={})"
    runs = {long.format(size): searched("random", size % 3) for size in range(11)}
    axes = anytime(runs)
    axes.figure.canvas.draw()
    box, paper = axes.get_legend().get_window_extent(), axes.figure.bbox
    assert paper.contains(box.x0, box.y0) and paper.contains(box.x1, box.y1)
    assert axes.bbox.height > 0.8 * box.height


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("random", ["random"]),
        ("evolution(size=10)", ["evolution(size=10)"]),
        ("evolution(size=10, sample=3)", ["evolution(size=10,", "sample=3)"]),
        ("evolution(sample_size=10)", ["evolution", "(sample_size=10)"]),
        ("a_very_long_name_of_mine", ["a_very_long_name_of_", "mine"]),
        ("", [""]),
    ],
)
def test_labels_are_broken_where_they_can_be(label, lines):
    assert wrapped(label, 20).split("\n") == lines


def test_ticks_below_one_second_are_told_apart():
    axes = anytime(made(1, 2, 3, cost=0.1), by="seconds")
    axes.figure.canvas.draw()
    ticks = [text.get_text() for text in axes.get_xticklabels()]
    assert len(set(ticks)) == len(ticks) > 2
