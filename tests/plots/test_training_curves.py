"""Figures: what they say, in numbers and in words."""

import math
import re
import subprocess
import sys

from matplotlib.collections import LineCollection

from coursekit import plots, theme


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


def drawn(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label)


def bundle(axes):
    collection = next(each for each in axes.collections if isinstance(each, LineCollection))
    return [tuple(segment[:, 1]) for segment in collection.get_segments()]


def test_a_bundle_has_every_curve_and_the_incumbent_in_bold(searched):
    history = searched("random")
    axes = plots.learning_curves(history)
    best = history.best()
    bold = drawn(axes, f"best so far: trial {best.number}")
    assert tuple(bold.get_ydata()) == best.curve
    assert bold.get_xdata().tolist() == list(range(1, len(best.curve) + 1))
    assert bold.get_linewidth() > 2
    others = [trial.curve for trial in history if trial is not best]
    assert sorted(bundle(axes)) == sorted(others)
    assert not axes.texts  # all as long: no rungs


def test_rungs_are_dotted_lines_that_say_how_many_stopped_there(searched, world):
    history = searched("hyperband", trials=60, max_budget=world.epochs)
    axes = plots.learning_curves(history)
    lengths = [len(trial.curve) for trial in history]
    counted = {length: lengths.count(length) for length in set(lengths)}
    assert 1 < len(counted) <= 6
    written = {text.xy[0]: text.get_text().removeprefix("runs: ") for text in axes.texts}
    assert written == {length: str(count) for length, count in counted.items()}
    dotted = [line.get_xdata()[0] for line in axes.get_lines() if line.get_linestyle() == ":"]
    assert sorted(dotted) == sorted(counted)


def test_lengths_that_are_no_schedule_draw_no_rungs():
    assert not plots.learning_curves([[0.5] * length for length in range(1, 10)]).texts


def test_failed_runs_end_in_crosses(failing):
    history = failing(4)
    axes = plots.learning_curves(history)
    cross = drawn(axes, "failed (3)")
    ends = [trial.curve[4] for trial in history if math.isnan(trial.score)]
    assert cross.get_xdata().tolist() == [5, 5, 5] and list(cross.get_ydata()) == ends
    assert cross.get_marker() == "x"
    assert not axes.texts  # where a run failed is no rung
    bold = drawn(axes, f"best so far: trial {history.best().number}")
    assert bold.get_ydata()[-1] == history.best().score


def test_those_that_failed_before_a_score_stand_on_the_lower_edge(failing):
    axes = plots.learning_curves([[0.1, 0.2], [], [math.nan, math.nan], [0.3, math.nan]])
    known = drawn(axes, "failed (2)")  # of an empty curve nothing says that it failed
    assert known.get_data()[0].tolist() == [1] and known.get_data()[1].tolist() == [0.3]
    edge = [line for line in axes.get_lines() if line.get_marker() == "x" and line is not known]
    assert [len(line.get_xdata()) for line in edge] == [1]
    assert edge[0].get_transform() == axes.get_xaxis_transform()


def test_bundles_of_nothing_of_one_trial_and_of_failures(empty, searched, failing):
    assert plots.learning_curves(empty).get_legend() is None
    one = plots.learning_curves(searched("random", trials=1))
    assert [text.get_text() for text in one.get_legend().texts] == ["best so far: trial 0"]
    none = plots.learning_curves(failing(1))
    assert [text.get_text() for text in none.get_legend().texts] == ["failed (12)"]


def test_best_so_far_of_a_history_crosses_out_the_failed(failing, empty):
    history = failing(3)
    axes = plots.best_so_far(history)
    assert drawn(axes, "failed").get_xdata().tolist() == [3, 6, 9, 12]
    expected = [score for _, score in history.anytime()]
    assert drawn(axes, "best so far").get_ydata().tolist() == expected
    assert plots.best_so_far(empty).get_legend() is None


def test_words_leave_out_what_is_not_finite_and_what_stands_on_the_frame(failing):
    history = failing(3)
    words = theme.describe(plots.best_so_far(history).figure)
    first, last = history[0].score, history.best().score
    assert f"best so far: from {first:.3g} to {last:.3g}." in words
    assert "nan" not in words and "failed" not in words


def test_importing_plots_loads_no_matplotlib():
    code = "import coursekit.plots, coursekit.theme, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
