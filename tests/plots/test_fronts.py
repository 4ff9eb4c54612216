"""The Pareto front: what nothing dominates, what it is called, and where the failed stand."""

import math

from hypothesis import given
from hypothesis import strategies as st

from coursekit import plots, theme

points = st.tuples(*[st.integers(0, 4)] * 3)


def drawn(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label)


@given(st.lists(points, max_size=20))
def test_the_pareto_front_is_what_nothing_dominates(costs):
    def dominates(a, b):
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    undominated = [i for i, c in enumerate(costs) if not any(dominates(o, c) for o in costs)]
    assert plots.pareto_front(costs) == undominated


def test_the_front_of_the_two_that_are_shown_is_a_line_and_the_others_are_not_on_it():
    axes = plots.pareto([3, 1, 2, 4], [0.9, 0.8, 0.7, 0.9], names=["a", "b", "c", "d"])
    assert list(drawn(axes, "Pareto front").get_xdata()) == [1, 3]  # cheapest first
    assert drawn(axes, "dominated").get_color() == theme.INK
    assert {text.get_text(): text.xy for text in axes.texts} == {"b": (1, 0.8), "a": (3, 0.9)}
    assert len(plots.pareto([1, 2], [0.1, 0.2], names=["only one"]).texts) == 1


def test_a_history_is_drawn_by_its_seconds_and_its_front_is_named(searched):
    history = searched("random")
    axes = plots.pareto(history)
    done = history.completed
    front = [
        a
        for a in done
        if not any(
            b.cost <= a.cost and b.score >= a.score and (b.cost, b.score) != (a.cost, a.score)
            for b in done
        )
    ]
    found = zip(*drawn(axes, "Pareto front").get_data(), strict=True)
    assert sorted(found) == sorted((trial.cost, trial.score) for trial in front)
    assert len(drawn(axes, "dominated").get_xdata()) == len(done)
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "seconds of training"
    places = {str(trial.number): (trial.cost, trial.score) for trial in front}
    written = {text.get_text(): text.xy for text in axes.texts}
    assert str(max(front, key=lambda trial: trial.score).number) in written
    assert written.items() <= places.items()


def test_another_measure_stands_in_for_the_seconds(searched, world):
    history = searched("random")
    axes = plots.pareto(history, measure=world.parameters, cost="parameters")
    expected = [world.parameters(trial.configuration) for trial in history]
    assert list(drawn(axes, "dominated").get_xdata()) == expected
    assert axes.get_xlabel() == "parameters"


def test_names_do_not_lie_on_each_other():
    axes = plots.pareto([100, 101, 1000], [0.5, 0.501, 0.9], names=["one", "another", "third"])
    assert {text.get_text() for text in axes.texts} == {"another", "third"}


def test_failed_trials_are_crosses_and_on_no_front(failing):
    history = failing(3)
    axes = plots.pareto(history)
    failed = [trial for trial in history if math.isnan(trial.score)]
    assert len(failed) == 4
    assert list(drawn(axes, "failed").get_xdata()) == [trial.cost for trial in failed]
    assert plots.pareto_front([(1.0, math.nan), (2.0, 0.1)]) == [1]


def test_nothing_one_trial_and_failures_alone_can_be_drawn(empty, searched, failing):
    assert plots.pareto(empty).get_legend() is None
    one = plots.pareto(searched("random", trials=1))
    assert [text.get_text() for text in one.get_legend().texts] == ["Pareto front"]
    none = plots.pareto(failing(1))
    assert [text.get_text() for text in none.get_legend().texts] == ["failed"]


def test_what_costs_nothing_has_a_linear_axis():
    assert plots.pareto([0, 1], [0.5, 0.6]).get_xscale() == "linear"
