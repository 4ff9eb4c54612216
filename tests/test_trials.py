"""History: numbers, orders, and the curves that are read off it."""

import math
import pickle
from dataclasses import replace

import pytest

from coursekit.trials import Evaluation, History, Status, Suggestion, Trial

NAN = math.nan


@pytest.fixture
def history():
    """Five trials that completed in the order 0, 2, 1; 3 failed in between, 4 runs."""
    history = History()
    for number in range(5):
        parent = {"parent": 0, "budget": 3} if number == 2 else {}
        history.add(Suggestion({"units": 10 * number}, **parent))
    for number, score, cost in ((0, 0.5, 1), (3, math.inf, 2), (2, 0.75, 4), (1, 0.75, 8)):
        history.finish(number, Evaluation(score, [score], cost))
    return history


def test_the_orders(history):
    assert [t.number for t in history] == [0, 1, 2, 3, 4] and len(history) == 5
    assert [t.number for t in history.finished] == [0, 3, 2, 1] and history.count_finished == 4
    assert [t.number for t in history.completed] == [0, 2, 1]
    assert [t.number for t in history.running] == [4]
    assert [t.number for t in history[1:3]] == [1, 2] and history[-1].number == 4
    assert repr(history) == "<History of 5 trials: 3 completed, 1 failed, 1 running>"


def test_a_score_that_is_not_finite_is_a_failure(history):
    assert history[3].status is Status.FAILED and math.isnan(history[3].score)
    assert history[3].cost == 2


def test_the_best_is_the_first_to_get_there(history):
    assert history.best().number == 2
    with pytest.raises(ValueError, match="no trial has completed"):
        History().best()


def test_trials_are_equal_if_all_is_and_nan_is_nan():
    """Python 3.13 compares a dataclass field by field, in which NaN is not even itself."""

    def trial(**changed):
        told = {"score": NAN, "curve": (0.5, float("nan")), "measures": {"seconds": NAN}} | changed
        return Trial(3, Suggestion({"a": 1}), Status.FAILED, **told)

    first = trial()
    assert first == trial(score=float("nan")) == pickle.loads(pickle.dumps(first)) == first
    for changed in (
        {"score": 0.5}, {"curve": (0.5,)}, {"curve": (0.5, 0.6)}, {"measures": {}}, {"cost": 1.0},
        {"measures": {"seconds": 1.0}}, {"message": "no memory"}, {"spread": NAN},
    ):  # fmt: skip
        assert first != trial(**changed)
    assert first != replace(first, number=4) and first != replace(first, status=Status.RUNNING)
    assert first != replace(first, suggestion=Suggestion({"a": 2})) and first != "trial"


def test_the_curves(history):
    assert history.anytime() == [(1, 0.5), (3, 0.5), (7, 0.75), (15, 0.75)]
    assert history.regret(1.0) == [(1, 0.5), (3, 0.5), (7, 0.25), (15, 0.25)]


def test_before_the_first_success_there_is_no_best_score():
    history = History()
    for score in (NAN, 0.25):
        history.finish(history.add(Suggestion({})).number, Evaluation(score, cost=1.0))
    (_, none), (_, one) = history.anytime()
    assert math.isnan(none) and one == 0.25
    assert History().anytime() == []


def test_the_frame(history):
    table = history.frame()
    first = ["status", "score", "spread", "cost", "budget", "parent", "curve", "info", "message"]
    assert list(table.columns) == [*first, "units"]
    assert table.index.name == "trial" and list(table.index) == [0, 1, 2, 3, 4]
    assert table.loc[2, "budget"] == 3 and table.loc[2, "parent"] == 0
    assert table["parent"].isna().sum() == 4 and str(table["parent"].dtype) == "Int64"
    assert list(table["status"]) == ["completed"] * 3 + ["failed", "running"]
    assert table["score"].isna().sum() == 2
    assert History().frame().empty


def test_a_parameter_called_score_hides_no_score():
    history = History()
    history.finish(history.add(Suggestion({"score": 5, "units": 2})).number, Evaluation(0.5))
    table = history.frame()
    assert table.loc[0, "score"] == 0.5 and table.loc[0, "parameter.score"] == 5


@pytest.mark.parametrize(
    ("number", "why"),
    [(0, "has finished already"), (9, "was never suggested"), (-1, "was never suggested")],
)
def test_only_a_running_trial_can_finish(history, number, why):
    with pytest.raises(ValueError, match=f"trial {number} {why}: running are .4."):
        history.finish(number, Evaluation(0.5))


def test_the_frame_tells_all_that_is_known_of_a_trial():
    history = History()
    made = Evaluation(0.5, (0.25, 0.5), 2.0, 0.125, {"parameters": 610, "score": 1.5})
    history.finish(history.add(Suggestion({"units": 2}, info={"bracket": 1})).number, made)
    history.finish(history.add(Suggestion({"rate": 1})).number, Evaluation(NAN, message="no disk"))
    table = history.frame()
    told = table.loc[0, ["score", "curve", "spread", "info", "parameters", "measure.score"]]
    assert list(told) == [0.5, (0.25, 0.5), 0.125, {"bracket": 1}, 610, 1.5]
    assert list(table["message"]) == ["", "no disk"]
    assert table["units"].isna().tolist() == [False, True]


def test_the_frame_has_the_user_s_sign():
    history = History(minimised=True)
    history.finish(history.add(Suggestion({})).number, Evaluation(-0.5, (-0.75, -0.5)))
    table = history.frame()
    assert table.loc[0, "score"] == 0.5 and table.loc[0, "curve"] == (0.75, 0.5)
    assert history.best().score == -0.5


def test_the_top_has_each_configuration_once_and_the_earliest_of_equals():
    history = History()
    for units, score in ((1, 0.1), (2, 0.9), (3, NAN), (2, 0.5), (4, 0.9), (5, 0.3)):
        history.finish(history.add(Suggestion({"units": units})).number, Evaluation(score))
    assert [trial.number for trial in history.top(3)] == [1, 4, 5]
    assert [trial.number for trial in history.top(9)] == [1, 4, 5, 0]
    assert history.top(0) == []
