"""Trials that fail: tried again, counted, in the end too many."""

import math

import keras
import keras_tuner as kt
import pytest

from coursekit.trials import Status
from coursekit.tuners import TUNERS
from tests.tuners.untrained import configuration


def test_a_failed_trial_is_tried_again_as_often_as_it_may(make):
    runs = []

    def run(tuner, trial):
        runs.append((trial.trial_id, configuration(trial)))
        fails = trial.trial_id == "0001" or (trial.trial_id == "0003" and len(runs) < 6)
        return math.nan if fails else 1.0

    tuner = make(run=run, max_trials=5, max_retries_per_trial=2)
    tuner.search()
    ids = [trial_id for trial_id, _ in runs]
    assert ids == ["0000", "0001", "0001", "0001", "0002", "0003", "0004"]
    assert runs[1] == runs[2] == runs[3]
    assert [t.status for t in tuner.oracle.history].count(Status.FAILED) == 1
    assert tuner.oracle.trials["0001"].status == "FAILED"


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_a_failure_in_both_tongues(make, score):
    tuner = make(run=lambda tuner, trial: score if trial.trial_id == "0001" else 1.0)
    tuner.search()
    assert tuner.oracle.trials["0001"].status == "FAILED"
    assert tuner.oracle.history[1].status is Status.FAILED
    assert len(tuner.oracle.history.completed) == 5


def test_after_a_second_chance_only_the_second_score_counts(make):
    scores = iter([1.0, math.nan, 5.0, 1.0])
    tuner = make(run=lambda tuner, trial: next(scores), max_trials=3, max_retries_per_trial=1)
    tuner.search()
    assert [trial.score for trial in tuner.oracle.history] == [1.0, 5.0, 1.0]


def test_failures_in_a_row_end_the_search_and_not_the_next_one(make):
    bad = ["0001", "0002", "0003", "0005"]

    def run(tuner, trial):
        if trial.trial_id in bad:
            raise ArithmeticError("no good")
        return 1.0

    tuner = make(run=run, max_trials=7, max_consecutive_failed_trials=3)
    with pytest.raises(RuntimeError, match=r"(?s)3 trials failed in a row.*no good"):
        tuner.search()
    assert tuner.oracle.history.count_finished == 4
    tuner.search()  # a failure, one between others, is no row
    again = make(run=run, max_trials=7, max_consecutive_failed_trials=3)
    again.search()
    assert again.oracle.history.count_finished == 7
    assert "no good" in again.oracle.trials["0001"].message


@pytest.mark.slow(8)
@pytest.mark.parametrize(
    ("objective", "options", "wrong"),
    [
        (
            "val_acc",
            {},
            r"'val_acc' is not among .*, val_accuracy.* \(did you mean val_accuracy\?\)",
        ),
        ("val_accuracy", {"validation_data": None}, "'val_accuracy'.* give validation_data="),
    ],
)
def test_a_wrong_objective_ends_the_search_at_its_first_training(
    make_tuner, fit, objective, options, wrong
):
    objective = kt.Objective(objective, "max")
    tuner = make_tuner(TUNERS["random"], objective=objective)
    with pytest.raises(ValueError, match=wrong):
        tuner.search(**fit | {"epochs": 1} | options, verbose=0)
    assert [trial.number for trial in tuner.oracle.history] == [0]
    # The right name begins the search again: nothing had finished.
    right = make_tuner(TUNERS["random"], objective="val_loss", max_trials=1)
    right.search(**fit | {"epochs": 1}, verbose=0)
    assert len(right.oracle.history.completed) == 1


def test_an_objective_that_a_run_trial_leaves_out_ends_the_search_too(make):
    tuner = make(run=lambda tuner, trial: {"accuracy": 1.0})
    with pytest.raises(ValueError, match=r"score.*'accuracy': 1.0"):
        tuner.search()
    assert len(tuner.oracle.history) == 1


def test_what_builds_no_model_is_refused_at_once(tmp_path):
    for given, wrong in (
        ({}, "Random got no hypermodel: give a function of hp"),
        ({"hypermodel": keras.Sequential()}, "is one model: give a function"),
        ({"hypermodel": kt.HyperModel}, "is a class: give an instance"),
    ):
        with pytest.raises((TypeError, ValueError), match=wrong):
            TUNERS["random"](objective="val_loss", max_trials=5, directory=tmp_path, **given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["tuner/epochs", "tuner/initial_epoch", "tuner/own"])
def test_names_that_the_tuner_keeps_for_itself_are_refused(make, name):
    hp = kt.HyperParameters()
    hp.Int(name, 1, 3)
    with pytest.raises(ValueError, match=f"called '{name}': names that begin with 'tuner/'"):
        make(space=hp)
    tuner = make(run=lambda tuner, trial: trial.hyperparameters.Int(name, 1, 3), space=None)
    with pytest.raises(ValueError, match=f"called '{name}'"):
        tuner.search()
