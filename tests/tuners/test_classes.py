"""The tuner classes that the registry makes: signatures, documentation, copies."""

import copy
import inspect
import pickle

import keras_tuner as kt
import pytest

import coursekit.tuners
from coursekit.spaces import Integer, Space
from coursekit.strategies import STRATEGIES, Strategy
from coursekit.trials import Pause
from coursekit.tuners import (
    TUNERS,
    Hyperband,
    RegularizedEvolution,
    StrategyOracle,
    StrategyTuner,
)

KINDS = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL


def parameters(function):
    found = inspect.signature(function).parameters
    return {name: p.default for name, p in found.items() if p.kind not in KINDS}


@pytest.mark.parametrize("name", STRATEGIES)
def test_each_strategy_has_a_tuner_that_can_stand_where_keras_tuners_stood(name):
    tuner, cls = TUNERS[name], STRATEGIES[name]
    assert tuner is getattr(coursekit.tuners, cls.__name__)
    assert tuner.__name__ in coursekit.tuners.__all__ and issubclass(tuner, kt.Tuner)
    own, theirs = parameters(tuner), parameters(kt.RandomSearch)
    if cls.budgeted or name == "grid":
        theirs["max_trials"] = None
    assert list(own)[: len(theirs)] == list(theirs)
    assert theirs.items() <= own.items()
    base = parameters(kt.Tuner.__init__)
    assert set(base) - {"self", "oracle"} <= set(own)
    options = list(parameters(cls.__init__))[2:]
    assert set(own) == (set(theirs) | set(base) | {"inherit", *options}) - {"self", "oracle"}
    text = inspect.getdoc(tuner)
    for option in ["objective", "max_trials", "overwrite", "inherit", *options]:
        assert option in text
    assert ("goes on from the weights" in text) == cls.budgeted
    assert pickle.loads(pickle.dumps(tuner)) is tuner


def test_what_a_tuner_says_of_itself_begins_with_the_idea_and_the_paper():
    text = inspect.getdoc(RegularizedEvolution)
    assert text.startswith("The best of a random tournament has a child")
    assert "Real, Aggarwal, Huang, Le, 2019" in text and "P in the paper" in text
    assert parameters(Hyperband)["iterations"] == 1  # for ever, as the strategy has it, is long


class Mine(Strategy):
    """Nothing, ever."""

    def __init__(self, space, *, patience: int = 3):
        super().__init__(space)
        self.patience = patience

    def suggest(self, history, rng):
        return Pause.DONE


def test_a_strategy_of_ones_own_is_a_tuner_in_two_lines(tmp_path):
    class MyTuner(StrategyTuner):
        strategy = Mine

    class Renamed(MyTuner):
        """My own words."""

        def __init__(self, *args, folder, **options):
            super().__init__(*args, directory=folder, **options)

        def run_trial(self, trial, *args, **kwargs):
            return 1.0

    assert inspect.getdoc(MyTuner).startswith("Nothing, ever.")
    assert parameters(MyTuner)["patience"] == 3
    assert list(parameters(Renamed)) == ["folder"] and Renamed.__doc__ == "My own words."
    space = Space({"a": Integer(1, 3)})
    tuner = Renamed(folder=tmp_path, hyperparameters=space, patience=5)
    assert tuner.oracle.options["patience"] == 5
    tuner.search()
    assert len(tuner.oracle.history) == 0
    with pytest.raises(TypeError, match="unexpected keyword argument 'patients'"):
        Renamed(folder=tmp_path, patients=5)


def test_a_copy_goes_on_by_itself(tmp_path):
    class Untrained(RegularizedEvolution):
        def run_trial(self, trial, *args, **kwargs):
            return float(trial.hyperparameters["a"])

    tuner = Untrained(
        None, kt.Objective("score", "max"), 3, 0,
        Space({"a": Integer(1, 99)}), directory=tmp_path,
    )  # fmt: skip
    tuner.oracle.verbose = 0
    tuner.search()
    twin = copy.deepcopy(tuner)
    twin.oracle.max_trials = 6
    twin.search()
    assert (len(tuner.oracle.history), len(twin.oracle.history)) == (3, 6)
    tuner.search()  # which takes in what the other one did
    assert len(tuner.oracle.history) == 6


@pytest.mark.parametrize("count", [0, -3, "5", 2.5])
def test_max_trials_is_a_whole_number(tmp_path, count):
    with pytest.raises((TypeError, ValueError), match=f"max_trials={count!r}"):
        Hyperband(hyperparameters=Space({"a": Integer(1, 3)}), objective="loss",
                  max_trials=count, directory=tmp_path)  # fmt: skip


def test_a_search_that_would_be_random_is_told_so(tmp_path):
    space = Space({"a": Integer(1, 3)})
    with pytest.warns(UserWarning, match="first 30 at random.*population_size=") as told:
        RegularizedEvolution(
            hyperparameters=space, objective="loss", max_trials=10, directory=tmp_path
        )
    assert told[0].filename == __file__

    class Any(Strategy):
        def __init__(self, space, **more):
            super().__init__(space)

        def suggest(self, history, rng):
            return Pause.DONE

    assert StrategyOracle(Any, "loss", whatever=3).options == {"whatever": 3}
    with pytest.raises(ValueError, match="Hyperband has no option 'max_epoch': it has min_budget"):
        StrategyOracle("hyperband", "loss", max_epoch=10)
