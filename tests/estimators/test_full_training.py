"""Full training: the yardstick, and its early stopping."""

from __future__ import annotations

import math

import pytest

from coursekit.estimators import FullTraining
from coursekit.trials import Evaluation, Suggestion
from tests.estimators.scripted import Scripted


def test_it_trains_to_the_end_and_answers_with_the_last_score():
    world = Scripted([0.1, 0.5, 0.4, 0.6, 0.55])
    made = FullTraining(world).evaluate(Suggestion({}))
    assert made == Evaluation(0.55, (0.1, 0.5, 0.4, 0.6, 0.55), 5.0)


def test_a_budget_is_the_ceiling():
    made = FullTraining(Scripted([0.1, 0.5, 0.4])).evaluate(Suggestion({}, budget=2))
    assert (made.score, made.cost) == (0.5, 2.0)


def test_patience_stops_the_training_and_answers_with_the_best_score():
    world = Scripted([0.1, 0.5, 0.4, 0.45, 0.9])
    made = FullTraining(world, patience=2).evaluate(Suggestion({}))
    assert made == Evaluation(0.5, (0.1, 0.5, 0.4, 0.45), 4.0)
    assert world.closed == 1, "the generator was left open"


def test_an_equal_score_is_no_improvement():
    assert FullTraining(Scripted([0.5] * 9), patience=3).evaluate(Suggestion({})).cost == 4


def test_a_run_that_diverges_has_failed():
    made = FullTraining(Scripted([0.1, 0.5, math.nan]), patience=2).evaluate(Suggestion({}))
    assert math.isnan(made.score) and made.cost == 3


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_checked(patience):
    with pytest.raises(ValueError, match=f"patience={patience}"):
        FullTraining(Scripted([0.1]), patience=patience)
