"""Lower fidelity: what is cheaper, how it says so, and what it is worth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from coursekit.estimators import LowerFidelity
from coursekit.estimators.lower_fidelity import check_finalists
from coursekit.search import Search
from coursekit.strategies import Random
from coursekit.trials import Evaluation, Suggestion, Trial
from coursekit.worlds import Cells, Live, NASBench201
from tests.estimators.scripted import Scripted

CURVE = [0.1, 0.3, 0.5, 0.6, 0.65, 0.7, 0.72, 0.74]
CHEAPER = {"thinner": [0.1, 0.2, 0.3, 0.35, 0.4, 0.4, 0.42, 0.41], "tiny": [0.1] * 8}


def test_by_default_the_first_fidelity_below_the_full_one():
    made = LowerFidelity(Scripted(CURVE, cheaper=CHEAPER)).evaluate(Suggestion({}))
    assert (made.score, made.cost) == (0.41, 2.0)
    assert made.curve == tuple(CHEAPER["thinner"]) and made.spread > 0


def test_by_default_fewer_epochs_where_there_is_no_other_fidelity():
    world = Scripted(CURVE)
    made = LowerFidelity(world).evaluate(Suggestion({}))
    assert (made.score, made.cost, world.trained) == (0.3, 2.0, 2) and made.spread > 0


def test_both_at_once_and_a_budget_below():
    estimator = LowerFidelity(Scripted(CURVE, cheaper=CHEAPER), fidelity="thinner", epochs=4)
    assert estimator.evaluate(Suggestion({})).score == 0.35
    assert estimator.evaluate(Suggestion({}, budget=3)).score == 0.3
    assert estimator.evaluate(Suggestion({}, budget=8)).cost == 1.0


def test_what_is_no_cheaper_is_refused():
    world = Scripted(CURVE, cheaper=CHEAPER)
    with pytest.raises(ValueError, match="that is a full training"):
        LowerFidelity(world, fidelity="full", epochs=8)
    with pytest.raises(ValueError, match="epochs=9"):
        LowerFidelity(world, epochs=9)
    with pytest.raises(ValueError, match="no fidelity 'blurred'"):
        LowerFidelity(world, fidelity="blurred")


def test_a_world_without_anything_cheaper_is_not_supported():
    with pytest.raises(ValueError, match="fidelities below the full one"):
        LowerFidelity(NASBench201())


def test_a_failed_training_has_failed():
    made = LowerFidelity(Scripted([0.5, math.nan, 0.5, 0.5]), epochs=2).evaluate(Suggestion({}))
    assert math.isnan(made.score) and made.cost == 2.0 and made.spread == 0


def test_a_measured_agreement_says_how_far_the_scores_are_off():
    curves = {"a": CURVE, "b": [each / 2 for each in CURVE], "c": [0.3] * 8}
    world = Scripted(curves)
    estimator = LowerFidelity(world, epochs=2)
    found = estimator.compare([Suggestion({"curve": name}) for name in curves])
    assert found.share == pytest.approx(0.25)
    informed = LowerFidelity(world, epochs=2, agreement=found)
    assert informed.evaluate(Suggestion({"curve": "a"})).spread == found.spread > 0.01


def test_a_thinner_network_on_less_data_for_fewer_epochs():
    world = Live("mlps")
    drawn = world.space.sample(np.random.default_rng(0))
    estimator = LowerFidelity(world, fidelity="quarter data and half width", epochs=5)
    made = estimator.evaluate(Suggestion({**drawn, "units": 64}))
    same = world.at("quarter data").evaluate(Suggestion({**drawn, "units": 32}, 5))
    assert made.curve == same.curve and made.spread > 0


def searched(world: Cells) -> list[Trial]:
    search = Search(Random(world.space), seed=1)
    return list(search.run(LowerFidelity(world, epochs=1), trials=60, progress=False))


def test_the_best_of_a_cheap_search_are_trained_in_full_and_once_each():
    world = Cells()
    trials = searched(world)
    best = max(trials, key=lambda trial: trial.score)
    twins = [
        replace(best, suggestion=Suggestion(each))
        for each in world.space.enumerate()
        if world.entry(each) == world.entry(best.configuration)
    ]
    assert len(twins) > 1  # isomorphic cells, which the table trains once
    found = check_finalists([*twins, *trials], world, finalists=4)
    entries = [world.entry(trial.configuration) for trial in found]
    assert len(set(entries)) == 4
    cheap = {world.entry(trial.configuration): trial.score for trial in trials}
    assert {cheap[entry] for entry in entries} == set(sorted(cheap.values())[-4:])
    for trial in found:
        assert trial.score == world.accuracy(trial.configuration) and len(trial.curve) == 12


def test_checks_end_with_the_seconds():
    world = Cells()
    trials = searched(world)
    whole = check_finalists(trials, world, finalists=5)
    three = sum(trial.cost for trial in whole[:3])
    for seconds, expected in ((three, 3), (three * 0.999, 2), (0.0, 0)):
        assert check_finalists(trials, world, seconds=seconds) == whole[:expected]


def test_what_failed_in_the_cheap_search_is_no_finalist():
    world = Cells()
    trials = searched(world)
    failed = [trial.ended(Evaluation(math.nan)) for trial in trials[:59]]
    assert len(check_finalists([*failed, trials[59]], world)) == 1
    with pytest.raises(ValueError, match="finalists=0"):
        check_finalists(trials, world, finalists=0)
