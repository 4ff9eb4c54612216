"""Contestants: each strategy with each estimator, told by texts; what cannot race says why."""

import pytest

from coursekit.estimators import Extrapolation, FullTraining
from coursekit.race.contestants import Contestant, contestants, fitted
from coursekit.strategies import Random
from coursekit.worlds import make
from tests.race.worlds import Crossing, Sum


def test_each_strategy_meets_each_estimator_under_a_name():
    found = contestants(["tpe", "random"], ["full", "extrapolation(delta=0.1)"])
    assert list(found) == [
        "tpe", "tpe + extrapolation(delta=0.1)", "random", "random + extrapolation(delta=0.1)"
    ]  # fmt: skip
    assert list(contestants(["tpe"])) == list(contestants(["tpe"], ["full_training"])) == ["tpe"]
    assert list(contestants({"a": Random}, {"b": Extrapolation})) == ["a + b"]


def test_what_judges_is_the_world_or_the_estimator():
    world = Crossing()
    assert Contestant("tpe", "tpe").judge(world) is world
    made = contestants(["tpe"], ["full", "extrapolation(delta=0.1)"])
    assert isinstance(made["tpe"].judge(world), FullTraining)
    judge = made["tpe + extrapolation(delta=0.1)"].judge(world)
    assert isinstance(judge, Extrapolation) and judge.delta == 0.1
    assert contestants({"a": Random}, {"b": Extrapolation})["a + b"].judge(world).world is world


def test_budgets_are_those_of_what_judges():
    mlps, cells = make("mlps"), Sum()
    assert fitted("hyperband", mlps) == "hyperband(max_budget=40)"
    assert fitted("bohb(factor=4)", mlps) == "bohb(factor=4, max_budget=40)"
    for unchanged in ("hyperband(max_budget=9)", "random", Random):
        assert fitted(unchanged, mlps) == unchanged
    assert fitted("hyperband", cells) == "hyperband"  # which knows no budgets, and refuses it
    short = contestants(["hyperband"], ["lower_fidelity(epochs=10)"])
    strategy, _ = next(iter(short.values())).make(mlps)
    assert strategy.options == {"max_budget": 10}


def test_what_cannot_race_says_why():
    reasons = {
        name: each.refusal(Sum())
        for name, each in contestants(
            ["random", "hyperband", "progressive"], ["full", "inheritance"]
        ).items()
    }
    assert reasons["random"] is None
    assert reasons["hyperband"] == (
        "it trains candidates in part, and sums has only the end of each training"
    )
    assert "needs one in which candidates grow" in reasons["progressive"]
    assert "needs one that trains from given weights" in reasons["random + inheritance"]


@pytest.mark.parametrize(
    ("strategies", "estimators", "message"),
    [
        (["random"], ["fulll"], "no estimator 'fulll'"),
        (["rnadom"], None, "no strategy 'rnadom'"),
        (["random"], ["extrapolation(size=3)"], "extrapolation has no option 'size': it has delta"),
        (["random"], ["extrapolation("], "describes no estimator"),
    ],
)
def test_what_does_not_exist_is_an_error_and_no_refusal(strategies, estimators, message):
    (each,) = contestants(strategies, estimators).values()
    with pytest.raises(ValueError) as caught:
        each.refusal(Crossing())
    assert message in str(caught.value)


def test_names_are_given_once():
    for strategies, estimators, message in (
        (["random", "random"], None, "each of the strategies starts once"),
        (["random"], ["full", "full_training"], "each of the estimators starts once"),
        ({"a": "random", "a + b": "grid"}, {"b": "full", "full": "full"}, "'a \\+ b' is the name"),
        (["random"], [], "at least one estimator"),
    ):
        with pytest.raises(ValueError, match=message):
            contestants(strategies, estimators)
    with pytest.raises(TypeError, match="estimators='full': give a list"):
        contestants(["random"], "full")
