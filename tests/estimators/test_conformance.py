"""What every estimator of the registry promises, in every world that it supports."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coursekit.estimators import ESTIMATORS, Trains, make
from coursekit.search import Search
from coursekit.strategies import STRATEGIES, Hyperband, Random
from coursekit.trials import Suggestion
from coursekit.worlds import Cells, MLPs, NASBench201
from tests.estimators.scripted import Scripted

WORLDS = {
    "mlps": lambda: MLPs(seed=0),
    "cells": lambda: Cells(seed=0),
    "nasbench201": NASBench201,
    "scripted": lambda: Scripted([0.1, 0.4, 0.6, 0.7, 0.75, 0.77] * 2),
}
PAIRS = [(name, world) for name in ESTIMATORS for world in WORLDS]


def built(name: str, world: str):
    judged = WORLDS[world]()
    assert isinstance(judged, Trains)
    if not ESTIMATORS[name].supports(judged):
        with pytest.raises(ValueError, match=ESTIMATORS[name].needs()[:20]):
            make(name, judged)
        pytest.skip(f"not supported: {ESTIMATORS[name].needs()}")
    return make(name, judged)


@pytest.mark.parametrize(("name", "world"), PAIRS)
def test_it_judges_alike_each_time(name, world):
    space = WORLDS[world]().space
    rng = np.random.default_rng(0)
    asked = [Suggestion(space.sample(rng)) for _ in range(5)]
    one, other = ([built(name, world).evaluate(each) for each in asked] for _ in range(2))
    assert [each._replace(cost=0) for each in one] == [each._replace(cost=0) for each in other]
    for each in one:
        assert math.isfinite(each.score) and each.cost > 0 and each.spread >= 0


@pytest.mark.parametrize(("name", "world"), PAIRS)
def test_it_costs_no_more_than_full_training_and_says_what_is_measured(name, world):
    estimator, judged = built(name, world), WORLDS[world]()
    rng = np.random.default_rng(1)
    for _ in range(10):
        asked = Suggestion(judged.space.sample(rng))
        made, full = estimator.evaluate(asked), list(judged.train(asked))
        assert made.cost <= sum(epoch.seconds for epoch in full) * (1 + 1e-9)
        if made.spread == 0:
            assert made.score == full[-1].score, "spread 0 is for what was measured"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_it_is_a_world_for_others(name):
    outer = make("full_training", built(name, "mlps"))
    assert isinstance(outer, Trains)
    made = outer.evaluate(Suggestion(outer.space.sample(np.random.default_rng(0))))
    assert math.isfinite(made.score)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_it_serves_every_strategy(name, strategy):
    estimator = built(name, "cells")
    if not STRATEGIES[strategy].supports(estimator.space):
        pytest.skip(f"{strategy} cannot search cells")
    budgeted = STRATEGIES[strategy].budgeted
    options = {"max_budget": estimator.epochs} if budgeted else {}
    search = Search(STRATEGIES[strategy](estimator.space, **options), seed=0)
    assert len(search.run(estimator, trials=12).completed) == 12


def test_no_estimator_of_that_name():
    with pytest.raises(ValueError, match="no estimator 'guess'"):
        make("guess", MLPs())


def test_a_world_is_asked_for():
    with pytest.raises(TypeError, match="world=3"):
        make("full_training", 3)


def test_budgets_reach_the_world():
    world = MLPs(seed=0)
    search = Search(Hyperband(world.space, max_budget=40), seed=0)
    history = search.run(make("full_training", world), trials=20)
    assert {len(trial.curve) for trial in history} == {trial.suggestion.budget for trial in history}
    assert Search(Random(world.space)).run(make("full_training", world), trials=2)[0].cost > 0
