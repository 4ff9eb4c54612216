"""Replays: what they answer is what the table holds, whole or in part, alone or on average."""

import math
import pickle

import numpy as np
import pytest

from coursekit.race import race
from coursekit.search import Search
from coursekit.strategies import Hyperband, Random
from coursekit.trials import Suggestion
from coursekit.worlds import Cells, MLPs, Replay, World
from coursekit.worlds.recipes import FIDELITIES
from coursekit.worlds.trained_tables import read

REPLAYS = [Cells, MLPs]


@pytest.fixture(params=REPLAYS, ids=lambda cls: cls.name)
def cls(request) -> type[Replay]:
    return request.param


def draw(world: World, count: int, seed: int = 0) -> list[Suggestion]:
    rng = np.random.default_rng(seed)
    return [Suggestion(world.space.sample(rng)) for _ in range(count)]


def test_an_answer_is_the_mean_of_the_trainings(cls) -> None:
    world, (table, _) = cls(), read(cls.name)
    for suggestion in draw(world, 50):
        entry, found = world.entry(suggestion.configuration), world.evaluate(suggestion)
        trainings = table.validation[entry, 0].astype(float)
        good = np.isfinite(trainings).all(axis=1)
        if good.all():
            assert found.curve == pytest.approx(trainings.mean(axis=0).tolist(), abs=1e-6)
            assert len(found.curve) == world.epochs
        assert found.score == pytest.approx(world.accuracy(suggestion.configuration), abs=1e-6)
        assert found.cost == pytest.approx(table.seconds[entry, 0] * len(found.curve), rel=1e-5)
        assert found.spread == 0


def test_a_seed_answers_with_single_trainings(cls) -> None:
    table, worlds = read(cls.name)[0], [cls(seed=seed) for seed in range(8)]
    assert len({world.optimum for world in worlds}) == 1
    for suggestion in draw(worlds[0], 30):
        entry = worlds[0].entry(suggestion.configuration)
        known = {tuple(curve) for curve in table.validation[entry, 0].astype(float).tolist()}
        found = [world.evaluate(suggestion).curve for world in worlds]
        assert {curve for curve in found if len(curve) == worlds[0].epochs} <= known
    varied = sum(
        len({world.evaluate(suggestion).curve for world in worlds}) > 1
        for suggestion in draw(worlds[0], 30)
    )
    assert varied > 20  # all eight draw the same of two: 2**-7 each


def test_results_are_the_evaluations_of_all_entries(cls) -> None:
    world = cls(seed=3, fidelity="quarter data")
    found = world.results(2)
    assert len(found) == len(read(cls.name)[0].validation)
    for suggestion in draw(world, 20):
        asked = Suggestion(suggestion.configuration, budget=2)
        assert found[world.entry(suggestion.configuration)] == world.evaluate(asked)
    with pytest.raises(ValueError, match="budget=0"):
        world.results(0)


def test_a_budget_answers_with_the_start_of_the_same_run(cls) -> None:
    world = cls()
    for suggestion in draw(world, 20):
        whole = world.evaluate(suggestion)
        for budget in (1, 3, world.epochs):
            part = world.evaluate(Suggestion(suggestion.configuration, budget))
            assert part.curve == whole.curve[:budget]
            assert part.score == part.curve[-1] or math.isnan(part.score)
            assert part.cost == pytest.approx(whole.cost / len(whole.curve) * len(part.curve))
            steps = list(world.train(Suggestion(suggestion.configuration, budget)))
            assert tuple(step.score for step in steps) == part.curve
            assert sum(step.seconds for step in steps) == pytest.approx(part.cost)


@pytest.mark.parametrize("budget", [0, -1, 41])
def test_a_budget_that_the_table_does_not_know_is_refused(budget: int) -> None:
    world = MLPs()
    with pytest.raises(ValueError, match=rf"budget={budget}: .* 1 to 40 epochs.*max_budget=40"):
        world.evaluate(Suggestion(world.space.sample(np.random.default_rng(0)), budget))


def test_the_optimum_is_the_best_of_all(cls) -> None:
    world = cls()
    scores = [world.evaluate(Suggestion(each)).score for each in world.space.enumerate()]
    assert max(score for score in scores if score == score) == pytest.approx(world.optimum)
    assert world.at("quarter data").optimum == world.optimum


def test_fidelities_are_other_columns_of_the_same_table(cls) -> None:
    world, (table, _) = cls(), read(cls.name)
    assert world.fidelities == FIDELITIES
    for level, fidelity in enumerate(FIDELITIES):
        lower = world.at(fidelity)
        assert lower.space is world.space
        for suggestion in draw(world, 20):
            entry = world.entry(suggestion.configuration)
            found = lower.evaluate(suggestion)
            ends = table.validation[entry, level, :, -1]
            if np.isfinite(ends).all():
                assert found.score == pytest.approx(float(ends.mean()), abs=1e-6)
            assert lower.parameters(suggestion.configuration) == table.parameters[entry, level]
            assert lower.test(suggestion.configuration) == world.test(suggestion.configuration)
    assert str(world.at("quarter data")) == f"{world}, quarter data"
    assert world.at("quarter data").at("full").fidelity == "full"


def test_a_quarter_of_the_data_costs_less_and_teaches_less(cls) -> None:
    world, drawn = cls(), draw(cls(), 200)
    whole, part = (
        [each.evaluate(suggestion) for suggestion in drawn]
        for each in (world, world.at("quarter data"))
    )
    assert np.mean([p.cost / w.cost for w, p in zip(whole, part, strict=True)]) < 0.6
    better = [w.score > p.score for w, p in zip(whole, part, strict=True) if w.score == w.score]
    assert np.mean(better) > 0.75


def test_a_failed_training_ends_with_nan_and_costs_what_it_took(monkeypatch) -> None:
    table, shared = read("mlps")
    validation = table.validation.copy()
    validation[:, :, 0, 5:] = np.nan  # the first seed's trainings diverge in the sixth epoch
    validation[:100, :, 1:, 2:] = np.nan  # of the first hundred entries all do
    broken = table._replace(validation=validation)
    monkeypatch.setattr("coursekit.worlds.trained_tables.read", lambda name: (broken, shared))
    world = MLPs()
    listed = list(world.space.enumerate())
    lost = world.evaluate(Suggestion(listed[7]))
    assert math.isnan(lost.score)
    assert len(lost.curve) == 6  # five epochs that some training has, and the failure
    saved = world.evaluate(Suggestion(listed[200]))
    assert saved.score == pytest.approx(float(validation[200, 0, 1:, -1].mean()), abs=1e-6)
    assert math.isnan(world.accuracy(listed[7]))
    history = Search(Random(world.space), seed=0).run(world, trials=300)
    assert 0 < len(history.completed) < 300


def test_what_is_not_in_the_space_is_refused(cls) -> None:
    world = cls()
    good = world.space.sample(np.random.default_rng(0))
    name = next(iter(good))
    for bad in ({**good, name: "no such"}, {**good, "more": 1}, {k: good[k] for k in [name]}):
        with pytest.raises(ValueError, match=r"is not|is missing"):
            world.evaluate(Suggestion(bad))


def test_arguments_that_do_not_exist_are_named(cls) -> None:
    with pytest.raises(ValueError, match="no data set 'cifar10'"):
        cls("cifar10")
    with pytest.raises(ValueError, match="no fidelity 'half data': there are full, quarter"):
        cls(fidelity="half data")
    with pytest.raises(ValueError, match="no fidelity 'tiny'"):
        cls().at("tiny")


def test_a_world_travels_to_another_process(cls) -> None:
    world = cls(seed=3)
    twin = pickle.loads(pickle.dumps(world))
    for suggestion in draw(world, 5):
        assert twin.evaluate(suggestion) == world.evaluate(suggestion)


def test_strategies_with_budgets_race_here(cls) -> None:
    world = cls()
    contestants = {"halving": f"hyperband(max_budget={world.epochs})", "random": "random"}
    found = race(world, contestants, trials=None, seconds=30.0, seeds=2, workers=1)
    assert all(len(run.scores) > 5 for runs in found.runs.values() for run in runs.values())
    history = Search(Hyperband(world.space, max_budget=world.epochs), seed=0).run(world, trials=40)
    assert {len(trial.curve) for trial in history.completed} > {world.epochs}
