"""The oracle: the strategies' own configurations, in Keras Tuner's terms. Nothing is trained."""

import keras_tuner as kt
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, EdgeCells, Integer, Space
from coursekit.strategies import STRATEGIES
from coursekit.trials import Evaluation
from coursekit.tuners import TUNERS, StrategyOracle
from coursekit.tuners.conversion import from_hyperparameters, to_hyperparameters
from tests.tuners.untrained import CONDITIONAL, configuration, summed

SPACES = (
    CONDITIONAL,
    Space({"a": Choice(list("xyz")), "b": Integer(1, 6), "c": Choice([1, 2, 4], ordered=True)}),
    EdgeCells(),
)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("seed", [0, 7])
def test_the_configurations_are_those_of_a_search(make, name, seed):
    cls = STRATEGIES[name]
    space = next(space for space in SPACES if cls.supports(space))
    tuner = make(TUNERS[name], space=space, seed=seed, max_trials=30)
    tuner.search()
    assert tuner.oracle.make_strategy().space.count == space.count
    search = Search(cls(space, **tuner.oracle.options), seed=seed)
    wanted = search.run(lambda s: Evaluation(summed(s.configuration)), trials=30)
    found = tuner.oracle.history
    assert [t.suggestion for t in found] == [t.suggestion for t in wanted]
    assert [t.score for t in found] == [t.score for t in wanted]
    assert len(found) > 5
    for trial, theirs in zip(found, tuner.oracle.trials.values(), strict=True):
        assert configuration(theirs) == trial.configuration
        assert theirs.score == trial.score


def test_what_exists_under_conditions_is_what_trials_get(make):
    def run(tuner, trial):
        hp = trial.hyperparameters
        values = dict(hp.values)
        found = {"optimizer": hp.Choice("optimizer", ["sgd", "adam"])}
        with hp.conditional_scope("optimizer", ["sgd"]):
            found["momentum"] = hp.Float("momentum", 0.0, 0.99)
        assert found["optimizer"] == values["optimizer"]
        assert found["momentum"] == values.get("momentum")
        assert (found["momentum"] is None) == (found["optimizer"] == "adam")
        return 1.0

    tuner = make(run=run, max_trials=12)
    tuner.search()
    assert len(tuner.oracle.history.completed) == 12


def test_less_is_better_when_it_is_to_be_minimised(make):
    tuner = make(TUNERS["regularized_evolution"], objective=kt.Objective("loss", "min"))
    tuner.search()
    best = tuner.oracle.get_best_trials()[0]
    assert best.score == min(trial.score for trial in tuner.oracle.trials.values())
    assert tuner.oracle.history.best().score == -best.score
    assert int(best.trial_id) == tuner.oracle.history.best().number


def test_the_mean_of_several_executions_counts(make):
    tuner = make(run=lambda tuner, trial: [1.0, 2.0, 6.0], max_trials=2)
    tuner.search()
    assert [trial.score for trial in tuner.oracle.history] == [3.0, 3.0]


def test_an_exhausted_space_ends_the_search(make):
    tuner = make(TUNERS["grid"], space=Space({"a": Integer(1, 4)}), max_trials=None)
    tuner.search()
    assert sorted(t.configuration["a"] for t in tuner.oracle.history) == [1, 2, 3, 4]
    assert tuner.remaining_trials is None


# What goes in


def test_options_are_checked_when_the_tuner_is_made(make):
    with pytest.raises(ValueError, match="sample_size=9"):
        make(TUNERS["regularized_evolution"], population_size=4, sample_size=9)
    with pytest.raises(TypeError, match=r"'max_epoch' \(did you mean max_epochs\?\)"):
        make(TUNERS["hyperband"], max_epoch=9)
    with pytest.raises(ValueError, match="seed=-1"):
        make(seed=-1)
    with pytest.raises(ValueError, match="no strategy 'magic': there are grid, random"):
        StrategyOracle("magic")
    with pytest.raises(ValueError, match="gs://bucket"):
        make(directory="gs://bucket")


def test_a_seed_is_drawn_and_kept(make):
    tuner = make(seed=None, max_trials=2)
    tuner.search()
    again = make(seed=None, max_trials=4)
    again.search()
    other = make(seed=None, project_name="other")
    assert again.oracle.seed == tuner.oracle.seed != other.oracle.seed
    search = Search(STRATEGIES["random"](CONDITIONAL), seed=tuner.oracle.seed)
    assert [search.ask().suggestion for _ in range(4)] == [
        trial.suggestion for trial in again.oracle.history
    ]


def test_keras_tuners_own_tuners_take_the_oracle(tmp_path):
    class Plain(kt.Tuner):
        def run_trial(self, trial, *args, **kwargs):
            return summed(configuration(trial))

    def make():
        oracle = StrategyOracle(
            "tpe", kt.Objective("score", "max"), max_trials=5, seed=1,
            hyperparameters=to_hyperparameters(CONDITIONAL),
        )  # fmt: skip
        return Plain(oracle, directory=tmp_path, project_name="search")

    tuner = make()
    tuner.oracle.max_trials = 3
    tuner.search()
    again = make()  # in the same process, while the first one has the journal open
    assert again.oracle.history.count_finished == 3
    again.search()
    assert again.oracle.history.count_finished == 5
    assert from_hyperparameters(again.oracle.get_space()).count == CONDITIONAL.count
