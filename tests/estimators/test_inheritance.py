"""Inheritance: who gets whose weights, for how many epochs, and what is kept of it."""

import math

import numpy as np
import pytest

from coursekit.estimators import FullTraining, Inheritance
from coursekit.search import Search
from coursekit.strategies import STRATEGIES, Hyperband, RegularizedEvolution
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Suggestion
from coursekit.worlds import Live, MLPs

BASE = {
    "layers": 1, "units": 16, "activation": "relu", "dropout": 0.0, "learning_rate": 0.003,
    "batch_size": 64, "optimizer": "adam",
}  # fmt: skip


class Given(Strategy):
    """Suggests what it is told, one after the other."""

    suggestions = ()

    def suggest(self, history, rng):
        return (
            self.suggestions[len(history)] if len(history) < len(self.suggestions) else Pause.DONE
        )


def run(estimator, *suggestions):
    strategy = Given(estimator.space)
    strategy.suggestions = suggestions
    return Search(strategy).run(estimator)


@pytest.fixture
def world():
    return Live("mlps", seed=0)


def test_a_child_goes_on_where_its_parent_was(world):
    estimator = Inheritance(world, epochs=2, first=6)
    wider = {**BASE, "units": 32}
    history = run(estimator, Suggestion(BASE), Suggestion(wider, parent=0), Suggestion(wider))
    parent, child, stranger = history
    assert [len(trial.curve) for trial in history] == [6, 2, 6]
    assert child.curve[0] > parent.curve[-1] - 0.02 > stranger.curve[0] + 0.2
    assert estimator.inherited == {0: (None, 0, 0), 1: (0, 1, 6), 2: (None, 0, 0)}
    left = estimator.legacies.get(1)
    assert (left.configuration, left.epochs, left.own) == (wider, 8, 2)
    assert left.weights["0"].shape == (64, 32)
    assert all(trial.spread >= 1e-3 for trial in history)  # estimated, all three
    assert all(trial.cost > 0 for trial in history)


def test_a_full_training_from_fresh_weights_is_a_measurement(world):
    estimator = Inheritance(world, first=40, epochs=40)
    first, second = run(estimator, Suggestion(BASE), Suggestion(BASE | {"units": 32}, parent=0))
    assert first.spread == 0 < second.spread  # forty epochs more than from scratch
    full = FullTraining(world).evaluate(Suggestion(BASE))
    assert first.curve == full.curve


def test_promotions_go_on_to_their_budget(world):
    estimator = Inheritance(world)
    history = Search(Hyperband(world.space, max_budget=9, factor=3)).run(estimator, trials=16)
    promoted = [trial for trial in history if trial.suggestion.parent is not None]
    assert promoted
    for trial in promoted:
        before = history[trial.suggestion.parent]
        assert len(trial.curve) == trial.suggestion.budget - before.suggestion.budget
        assert estimator.legacies.get(trial.number).own == trial.suggestion.budget


def test_without_the_parent_s_weights_it_begins_afresh(world):
    estimator = Inheritance(world, epochs=1, first=2, count=1)
    history = run(estimator, Suggestion(BASE), Suggestion({**BASE, "units": 8}),
                  Suggestion({**BASE, "units": 32}, parent=0))  # fmt: skip
    assert [len(trial.curve) for trial in history] == [2, 2, 2]
    assert estimator.inherited[2] == (None, 0, 0) and len(estimator.legacies) == 1


def test_a_run_that_fails_leaves_nothing(world):
    estimator = Inheritance(world, epochs=3)
    wild = {**BASE, "learning_rate": 0.1, "optimizer": "sgd", "layers": 3}

    class Diverging(Live):
        def train_from(self, suggestion, parent):
            made = super().train_from(suggestion, parent)
            made._epochs = (epoch._replace(score=math.nan) for epoch in [next(made._epochs)])
            return made

    estimator.world = Diverging("mlps")
    history = run(estimator, Suggestion(wild))
    assert math.isnan(history[0].score) and len(estimator.legacies) == 0


def test_whoever_stops_early_leaves_what_there_is(world):
    estimator, history = Inheritance(world, epochs=5), History()
    trial = history.add(Suggestion(BASE))
    with estimator.training(trial, history) as epochs:
        next(epochs), next(epochs)
    assert estimator.legacies.get(0).epochs == 2


def test_outside_of_a_search_nothing_is_kept(world):
    estimator = Inheritance(world, epochs=1)
    assert len(estimator.evaluate(Suggestion(BASE, parent=3)).curve) == 1
    assert len(estimator.legacies) == 0


def test_another_search_s_weights_are_not_taken(world, tmp_path):
    run(Inheritance(world, epochs=1, folder=tmp_path), Suggestion(BASE))
    estimator = Inheritance(world, epochs=1, folder=tmp_path)
    history = History()
    history.add(Suggestion({**BASE, "units": 64}))
    child = history.add(Suggestion({**BASE, "units": 32}, parent=0))
    with pytest.warns(UserWarning, match="weights of trial 0 .* are another search's"):
        estimator.evaluate(child, history)
    assert estimator.inherited[1].parent is None


def test_a_resumed_search_equals_an_uninterrupted_one(world, tmp_path):
    def search(name):
        strategy = RegularizedEvolution(world.space, population_size=4, sample_size=2)
        estimator = Inheritance(world, epochs=2, folder=tmp_path / f"{name}_weights")
        return Search(strategy, seed=2, journal=tmp_path / f"{name}.jsonl"), estimator

    whole, estimator = search("whole")
    with whole:
        whole.run(estimator, trials=14)
    for trials in (3, 7, 11):
        part, estimator = search("part")
        with part:
            part.run(estimator, trials=trials)
            part.ask()  # a trial that is running when the process dies
    part, estimator = search("part")
    with part:
        part.run(estimator, trials=14)
    for mine, theirs in zip(part.history, whole.history, strict=True):
        assert mine.configuration == theirs.configuration and mine.curve == theirs.curve
    assert sum(each.parent is not None for each in estimator.inherited.values()) > 1


def test_other_fidelities_keep_their_weights_apart(world, tmp_path):
    estimator = Inheritance(world, epochs=1, folder=tmp_path)
    lower = estimator.at("half resolution")
    assert lower.options == estimator.options
    run(estimator, Suggestion(BASE))
    run(lower, Suggestion(BASE))
    shapes = {each.legacies.get(0).weights["0"].shape for each in (estimator, lower)}
    assert shapes == {(64, 16), (16, 16)}


def test_others_wrap_it(world):
    """A forecast of an heir's curve: the weights at the epoch where it was stopped are kept."""
    inner = Inheritance(world, epochs=4)
    outer = FullTraining(inner, patience=1)
    history = run(outer, Suggestion(BASE), Suggestion({**BASE, "units": 32}, parent=0))
    assert inner.inherited[1].parent == 0
    for trial in history:
        assert inner.legacies.get(trial.number).own == len(trial.curve) <= 4


def test_worlds_that_only_replay_are_refused():
    with pytest.raises(ValueError, match=r"cannot judge in .*Live\('mlps'\)"):
        Inheritance(MLPs())
    assert not Inheritance.supports(MLPs()) and Inheritance.supports(Live("mlps"))
    for name in ("epochs", "first"):
        with pytest.raises(ValueError, match=f"{name}=0: give a whole number"):
            Inheritance(Live("mlps"), **{name: 0})


def test_inheritance_takes_fewer_epochs_to_the_same_accuracy(world):
    """Fixed seeds, so no chance is involved: 0.95 needs less than half of scratch's epochs."""

    def epochs_to(estimator, target=0.95):
        strategy = RegularizedEvolution(world.space, population_size=6, sample_size=3)
        search, spent = Search(strategy, seed=1), 0
        while spent < 2000:
            history = search.run(estimator, trials=len(search.history) + 1)
            spent += len(history[-1].curve)
            if history.best().score >= target:
                break
        return spent

    assert 2 * epochs_to(Inheritance(world, epochs=3)) <= epochs_to(FullTraining(world))


def test_weights_are_plain_arrays(world):
    descent = world.train_from(Suggestion(BASE, 2), None)
    assert descent.weights == {} and descent.share == 0
    assert [round(epoch.score, 3) for epoch in descent] == [
        round(epoch.score, 3) for epoch in world.train(Suggestion(BASE, 2))
    ]
    kept = descent.weights
    assert [value.shape for value in kept.values()] == [(64, 16), (16,), (16, 10), (10,)]
    again = world.train_from(Suggestion(BASE, 1), kept)
    next(again)
    assert again.share == 1 and np.abs(again.weights["0"] - kept["0"]).max() < 0.2


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_serves_every_strategy(world, name):
    if not STRATEGIES[name].supports(world.space):
        pytest.skip(f"{name} cannot search perceptrons")
    options = {"max_budget": 9} if STRATEGIES[name].budgeted else {}
    strategy = STRATEGIES[name](world.space, **options)
    estimator = Inheritance(world, epochs=1)
    history = Search(strategy, seed=0).run(estimator, trials=12)
    assert len(history.completed) == 12
    for trial in history:
        parent = trial.suggestion.parent
        assert estimator.inherited[trial.number].parent == parent
