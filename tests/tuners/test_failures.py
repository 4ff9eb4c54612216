"""Trials that fail: tried again, counted, in the end too many."""

import math

import pytest

from coursekit.trials import Status
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
