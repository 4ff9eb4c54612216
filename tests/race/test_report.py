"""What races say: in the world's own words, unit and sign."""

import re

import pytest

from coursekit.race import race, races, report
from coursekit.theme import DASHES, MARKERS, PALETTE
from tests.race.worlds import Crossing, Loss, Sum


def test_a_race_speaks_of_the_world_s_own_measure():
    losses = race(Loss(), ["grid", "random"], trials=81, seeds=6, workers=1)
    table = report.table(losses)
    assert table.startswith("sums: best validation loss, 6 seeds")
    assert "percent" not in table and "accuracy" not in table
    assert re.search(r"^grid .* 0\.125±0 ", table, re.M)
    assert re.search(r"^optimum +0\.125$", table, re.M)
    assert report.tell(losses) == "After 81 of 81 trials: all are level, median 0.125."
    assert "in validation loss" in report.statement(losses)
    rewards = race(Sum(), ["grid"], trials=81, seeds=1, workers=1)
    assert report.table(rewards).startswith("sums: best score, 1 seed\n")
    assert "median 8." in report.tell(rewards)


def test_the_lower_loss_is_ahead_and_said_with_its_sign():
    found = race(Loss(), ["grid", "random"], trials=3, seeds=10, workers=1)
    # The grid's first points are the lowest sums, so the same three losses on each seed.
    assert found.best()["grid"].tolist() == [-0.125] * 10
    leader = report.tell(found)
    assert leader.startswith("After 3 of 3 trials: grid leads, median 0.125; random follows, 0.")
    assert re.search(r"grid is ahead of random \(-0\.\d+, p = 0.00\d", report.statement(found))


def test_estimated_races_say_that_incumbents_are_fully_trained():
    found = race(Crossing(), ["grid"], ["full", "lower_fidelity"], trials=9, seeds=2, workers=1)
    table = report.table(found)
    assert table.startswith(
        "crossing lines: incumbent's validation accuracy, fully trained, in percent, 2 seeds"
    )
    assert re.search(r"^optimum +90\.00$", table, re.M)
    # A strategy that trains in part by itself takes a worse one for the best, too.
    halving = race(Crossing(), ["successive_halving(max_budget=4)"], trials=12, seeds=2, workers=1)
    assert report.table(halving).startswith("crossing lines: incumbent's validation accuracy, ")
    fully = race(Crossing(), ["random"], trials=9, seeds=2, workers=1)
    assert report.table(fully).startswith("crossing lines: best validation accuracy, in percent")


def test_every_line_fits_a_page():
    contestants = {f"{n} alive, {s} drawn": "random" for n in (30, 100) for s in (5, 15)}
    contestants["regularized_evolution"] = "random"
    found = race(Crossing(), contestants, trials=100, seeds=5, workers=1)
    lines = f"{report.table(found)}\n{report.statement(found)}".splitlines()
    assert max(map(len, lines)) <= report.WIDTH
    assert lines[-1].startswith("    ") and "p = 1" in " ".join(lines)


def test_colour_and_marker_tell_the_strategy_and_the_dash_the_estimator():
    pytest.importorskip("matplotlib")
    strategies, estimators = ["grid", "random", "tpe"], ["full", "extrapolation", "lower_fidelity"]
    found = race(Crossing(), strategies, estimators, trials=5, seeds=2, workers=1)
    assert len(set(report.looks([found]).values())) == 9
    axes = report.figure(found)
    lines = {line.get_label(): line for line in axes.get_lines() if " + " in str(line.get_label())}
    assert len(lines) == 6
    for name, line in lines.items():
        strategy, _, estimator = name.partition(" + ")
        first = strategies.index(strategy)
        assert (line.get_color(), line.get_marker()) == (PALETTE[first], MARKERS[first])
        _, dashes = DASHES[estimators.index(estimator)]
        assert tuple(line._unscaled_dash_pattern[1]) == dashes
    plain = race(Crossing(), ["grid", "random"], trials=2, seeds=1, workers=1)
    assert report.looks([plain]) is None  # then dashes differ too


def test_panels_are_one_figure_with_one_legend():
    pytest.importorskip("matplotlib")
    found = races([Crossing(), Sum()], ["grid", "random"], ["full", "extrapolation"], trials=5,
                  seeds=2, workers=1)  # fmt: skip
    made = report.panels(found)
    assert [axes.get_title() for axes in made.axes] == [
        "crossing lines: median and quartiles of 2 seeds", "sums: median and quartiles of 2 seeds"
    ]  # fmt: skip
    (legend,) = made.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "grid", "grid + extrapolation", "random", "random + extrapolation"
    ]  # fmt: skip
    assert not any(axes.get_legend() for axes in made.axes)
    assert "crossing lines: After 5 of 5 trials" in made.alt
    first, second = (
        {line.get_label(): line.get_color() for line in axes.get_lines()} for axes in made.axes
    )
    assert first["random"] == second["random"]  # the same look in every world


def test_losses_are_drawn_with_the_better_side_up_and_their_own_sign():
    pytest.importorskip("matplotlib")
    axes = report.figure(race(Loss(), ["grid"], trials=9, seeds=2, workers=1))
    assert axes.get_ylabel() == "best validation loss"
    assert axes.yaxis.get_major_formatter()(-0.5, 0) == "0.5"


def test_ranks_of_several_worlds_are_one_table():
    found = races([Crossing(), Sum()], ["grid", "random"], ["full", "extrapolation"], trials=9,
                  seeds=2, workers=1)  # fmt: skip
    lines = report.matrix(found).splitlines()
    assert lines[1].split() == ["crossing", "lines", "sums", "mean"]
    rows = {line[:23].strip(): line[23:].split() for line in lines[2:]}
    assert rows["random + extrapolation"][1] == "-"  # which cannot race there
    for name in ("grid", "random"):
        assert [float(each) for each in rows[name][:2]] == pytest.approx(
            [each.ranks()[name] for each in found], abs=0.005
        )
