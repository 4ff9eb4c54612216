"""Extrapolation: who is stopped, when, and what is said of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coursekit.estimators import Extrapolation, FullTraining, LowerFidelity
from coursekit.estimators.extrapolation import decide
from coursekit.search import Search
from coursekit.strategies import Random
from coursekit.trials import Evaluation, History, Suggestion
from coursekit.worlds import Cells, MLPs, NASBench201
from tests.estimators.scripted import Scripted, judged

EPOCHS = 30
GOOD = [0.9 - 0.8 / epoch for epoch in range(1, EPOCHS + 1)]
POOR = [0.5 - 0.4 / epoch for epoch in range(1, EPOCHS + 1)]
CURVES = {"good": GOOD, "poor": POOR}
good, poor = Suggestion({"curve": "good"}), Suggestion({"curve": "poor"})


def test_the_first_training_goes_to_its_end():
    made = Extrapolation(Scripted(CURVES)).evaluate(poor)
    assert made.cost == EPOCHS and made.score == POOR[-1] and made.spread == 0


def test_a_training_without_hope_is_stopped_and_forecast():
    world = Scripted(CURVES)
    _, made = judged(Extrapolation(world), good, poor)
    assert made.cost == len(made.curve) < EPOCHS and world.trained == EPOCHS + len(made.curve)
    assert world.closed == 2, "the training was left running"
    assert made.spread > 0 and abs(made.score - POOR[-1]) < 0.1


def test_a_better_one_is_not_stopped():
    assert judged(Extrapolation(Scripted(CURVES)), poor, good)[1].cost == EPOCHS


def test_without_a_delta_nothing_is_stopped():
    assert judged(Extrapolation(Scripted(CURVES), delta=0), good, poor)[1].cost == EPOCHS


def test_no_forecast_before_the_start_nor_between():
    estimator = Extrapolation(Scripted(CURVES), start=5, every=4)
    assert judged(estimator, good, poor)[1].cost in (5, 9, 13)


def test_the_incumbent_is_the_best_of_the_history_that_went_to_its_end():
    estimator, history = Extrapolation(Scripted(CURVES)), History()
    short = Suggestion({"curve": "good"}, budget=5)
    for suggestion, evaluation in (
        (good, Evaluation(0.7, GOOD, 1.0)),
        (good, Evaluation(0.99, GOOD[:5], 1.0, 0.1)),  # it was stopped
        (short, Evaluation(0.6, GOOD[:5], 1.0)),
    ):
        history.finish(history.add(suggestion).number, evaluation)
    assert estimator.incumbent(history) == 0.7 and estimator.incumbent(history, 5) == 0.6
    assert estimator.evaluate(poor, history).cost < EPOCHS
    assert estimator.incumbent(None) == -math.inf and estimator.evaluate(poor).cost == EPOCHS


def test_it_learns_from_the_curves_that_went_to_their_end():
    estimator, history = Extrapolation(Scripted(CURVES)), History()
    assert estimator.experience(None, EPOCHS).curves == 0
    stopped, budgeted = Evaluation(0.5, POOR[:5], 1.0, 0.1), Suggestion({"curve": "good"}, budget=5)
    for suggestion, evaluation in (
        (good, Evaluation(GOOD[-1], GOOD, 1.0)),
        (poor, stopped),
        (budgeted, Evaluation(GOOD[4], GOOD[:5], 1.0)),
        (poor, Evaluation(POOR[-1], POOR, 1.0)),
    ):
        history.finish(history.add(suggestion).number, evaluation)
        estimator.experience(history, EPOCHS)
    assert estimator.experience(history, EPOCHS).curves == 2
    assert estimator.experience(history, 5).curves == 1
    history.finish(history.add(good).number, Evaluation(GOOD[-1], GOOD, 1.0))
    assert estimator.experience(history, EPOCHS).curves == 3, "each is learned once"


def test_what_was_learned_is_what_it_decides_by():
    # Curves that all gain a lot at the very end: the next one is then thought able to.
    late = [*[0.5 + 0.001 * n for n in range(EPOCHS - 1)], 0.9]
    estimator, history = Extrapolation(Scripted({"late": late})), History()
    for _ in range(12):
        history.finish(history.add(Suggestion({})).number, Evaluation(0.9, tuple(late), 1.0))
    alone, told = (
        next(
            n
            for n in range(estimator.start, EPOCHS + 1)
            if n == EPOCHS
            or decide(late[:n], EPOCHS, 0.9, bounds=(0, 1), experience=experience).stop
        )
        for experience in (None, estimator.experience(history, EPOCHS))
    )
    late_again = Suggestion({"curve": "late"})
    assert estimator.evaluate(late_again, history).cost == told > alone


def test_a_training_that_ends_by_itself_is_a_bar_too():
    # As with a world's own early stopping: fewer scores than epochs, and nothing was estimated.
    world = Scripted({"good": GOOD, "short": [0.8, 0.8, 0.8, 0.8]})
    estimator, history = Extrapolation(world), History()
    trial = history.add(Suggestion({"curve": "short"}))
    history.finish(trial.number, estimator.evaluate(trial, history))
    assert estimator.incumbent(history) == 0.8


def test_budgets_are_held_against_their_like():
    _, made = judged(
        Extrapolation(Scripted(CURVES)), good, Suggestion({"curve": "poor"}, budget=10)
    )
    assert made.cost == 10 and made.score == POOR[9] and made.spread == 0


def test_a_run_that_diverges_has_failed():
    made = Extrapolation(Scripted([0.1, 0.2, 0.3, 0.4, math.nan])).evaluate(Suggestion({}))
    assert math.isnan(made.score) and made.cost == 5


def test_it_goes_together_with_lower_fidelity():
    world = Scripted(CURVES, cheaper={"thinner": [each / 2 for each in GOOD]})
    estimator = Extrapolation(LowerFidelity(world, fidelity="thinner"))
    history = History()
    trial = history.add(good)
    made = estimator.evaluate(trial, history)
    assert made.score == GOOD[-1] / 2 and made.spread > 0, "that is not the full result"
    history.finish(trial.number, made)
    assert estimator.incumbent(history) == GOOD[-1] / 2


def test_the_rule_of_the_paper():
    assert decide(GOOD[:10], EPOCHS, 0.99).stop
    assert not decide(GOOD[:10], EPOCHS, 0.2).stop
    assert decide(GOOD[:10], EPOCHS, -math.inf)[:2] == (False, 1.0)


@pytest.mark.parametrize("option", [{"delta": 1}, {"delta": -0.1}, {"start": 0}, {"every": 0}])
def test_options_are_checked(option):
    name, value = next(iter(option.items()))
    with pytest.raises(ValueError, match=f"{name}={value}"):
        Extrapolation(Scripted(CURVES), **option)


def test_a_world_that_knows_only_ends_is_not_supported():
    with pytest.raises(ValueError, match="before the last epoch"):
        Extrapolation(NASBench201())


def test_a_search_that_goes_on_judges_as_if_it_had_never_stopped(tmp_path):
    world = MLPs(seed=0)
    whole = Search(Random(world.space), seed=3).run(Extrapolation(world), trials=20)
    journal = tmp_path / "search.jsonl"
    for trials in (7, 20):
        with Search(Random(world.space), seed=3, journal=journal) as search:
            history = search.run(Extrapolation(world), trials=trials)
    assert list(history) == list(whole)
    assert any(trial.spread > 0 for trial in whole)


@pytest.mark.parametrize(
    ("world", "share"), [pytest.param(MLPs, 0.6, marks=pytest.mark.slow(5)), (Cells, 0.75)]
)
def test_a_search_finds_as_much_for_less(world, share):
    lost, spent = [], []
    for seed in range(6):
        table = world(seed=seed)
        full, ours = (
            Search(Random(table.space), seed=seed).run(estimator(table), trials=40)
            for estimator in (FullTraining, Extrapolation)
        )
        lost.append(full.best().score - ours.best().score)
        spent.append(sum(t.cost for t in ours) / sum(t.cost for t in full))
    assert np.mean(lost) < 0.005 and np.mean(spent) < share, (lost, spent)
