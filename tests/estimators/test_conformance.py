"""Every estimator of the registry keeps its promises in every world that it supports."""

from __future__ import annotations

import pytest

from coursekit.estimators import ESTIMATORS, SHORT, Estimator, find, make
from coursekit.search import Search
from coursekit.strategies import STRATEGIES, Hyperband, Random
from coursekit.testing import WORLDS, conform_estimator, examine_estimator
from coursekit.worlds import Cells, MLPs
from tests.estimators.scripted import Scripted


@pytest.mark.slow(15)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_keeps_its_promises(name):
    report = examine_estimator(ESTIMATORS[name])
    assert not report.broken, str(report)
    assert {world for world, _ in report.kept} >= set(WORLDS)
    assert set(report.unsupported) < set(WORLDS), f"no world supports it: {report}"
    print(report)


RISING = {"scripted": lambda: Scripted([0.1, 0.4, 0.6, 0.7, 0.75, 0.77] * 2)}


class Judges(Estimator):
    """Trains to the end, and says of it what `say` makes of that."""

    def evaluate(self, trial, history=None):
        with self.training(trial, history) as epochs:
            return self.say(self.finished(list(epochs)))

    def say(self, made):
        return made


class StopsAtHalf(Judges):
    """Takes scores for accuracies: stops what is below one half after the first epoch."""

    def evaluate(self, trial, history=None):
        done = []
        with self.training(trial, history) as epochs:
            for epoch in epochs:
                done.append(epoch)
                if epoch.score < 0.5:
                    break
        return self.finished(done)._replace(spread=1e-9 * abs(done[-1].score))


class LeavesTrainingsRunning(Judges):
    def evaluate(self, trial, history=None):
        self.run = self.train(trial, history)
        return self.finished([next(self.run)])._replace(spread=0.0)


class GuessesWithoutSaying(Judges):
    def say(self, made):
        return made._replace(score=made.score + 0.01)


class MakesUpAScore(Judges):
    def say(self, made):
        return made._replace(score=0.5, spread=0.1)


class ForgetsTheCost(Judges):
    def say(self, made):
        return made._replace(cost=made.cost / 2)


class HasAMemory(Judges):
    count = 0

    def say(self, made):
        type(self).count += 1
        return made._replace(spread=float(type(self).count))


class Positional(Judges):
    def __init__(self, world, share=0.5):
        super().__init__(world)


FAULTS = {
    StopsAtHalf: "in place of score it judges otherwise",
    LeavesTrainingsRunning: "leaves a training running",
    GuessesWithoutSaying: "give what is estimated a spread",
    MakesUpAScore: "that is NaN",
    ForgetsTheCost: "but trainings took",
    HasAMemory: "two searches with the same seed differ",
    Positional: "can do without a name",
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda faulty: faulty.__name__)
def test_finds(faulty):
    with pytest.raises(AssertionError, match=faulty.__name__) as found:
        conform_estimator(faulty, worlds=RISING)
    assert FAULTS[faulty] in str(found.value)


def test_prints_what_is_kept(capsys):
    conform_estimator(Judges, worlds=RISING)
    assert "Judges keeps its promises on scripted" in capsys.readouterr().out


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_it_serves_every_strategy(name, strategy):
    if not ESTIMATORS[name].supports(Cells(seed=0)):
        pytest.skip(f"not supported: {ESTIMATORS[name].needs()}")
    estimator = make(name, Cells(seed=0))
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
        ESTIMATORS["full_training"](3)
    with pytest.raises(ValueError, match="world=3"):  # misuse of a name is told as such
        make("full_training", 3)


def test_budgets_reach_the_world():
    world = MLPs(seed=0)
    search = Search(Hyperband(world.space, max_budget=40), seed=0)
    history = search.run(make("full_training", world), trials=20)
    assert {len(trial.curve) for trial in history} == {trial.suggestion.budget for trial in history}
    assert Search(Random(world.space)).run(make("full_training", world), trials=2)[0].cost > 0


def test_short_names_are_names():
    for short, name in SHORT.items():
        assert short not in ESTIMATORS and find(short) is ESTIMATORS[name]
        assert isinstance(make(f"{short}(patience=3)", MLPs()), ESTIMATORS[name])
    with pytest.raises(ValueError, match="no estimator 'whole': there are full_training"):
        find("whole")
