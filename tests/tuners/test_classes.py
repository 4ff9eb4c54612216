"""The tuner classes, one for each strategy: signatures, documentation, copies, other names."""

import ast
import copy
import inspect
import json
import math
import pickle

import keras_tuner as kt
import pytest

import coursekit.tuners
from coursekit.spaces import Integer, Space
from coursekit.strategies import STRATEGIES, Strategy
from coursekit.trials import Pause
from coursekit.tuners import (
    TUNERS,
    Bayesian,
    BayesianOptimization,
    Hyperband,
    RegularizedEvolution,
    StrategyOracle,
    StrategyTuner,
)
from coursekit.tuners.tuner import KERAS_NAMES

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
    if "iterations" in own or name == "grid":
        theirs["max_trials"] = None
    assert list(own)[: len(theirs)] == list(theirs)
    assert theirs.items() <= own.items()
    base = parameters(kt.Tuner.__init__)
    assert set(base) - {"self", "oracle"} <= set(own)
    options = list(parameters(cls.__init__))[2:]
    names = {keras for keras, name in KERAS_NAMES.items() if name in options}
    taken = set(theirs) | set(base) | {"inherit", "around", *options, *names}
    assert set(own) == taken - {"self", "oracle"}
    text = inspect.getdoc(tuner)
    for option in ["objective", "max_trials", "overwrite", "inherit", "around", *options, *names]:
        assert option in text
    assert ("continues from the weights" in text) == cls.budgeted
    assert pickle.loads(pickle.dumps(tuner)) is tuner


def test_what_a_tuner_says_of_itself_begins_with_the_idea_and_the_paper():
    text = inspect.getdoc(RegularizedEvolution)
    assert text.startswith("The best of a random tournament has a child")
    assert "Real et al., 2019" in text and "P in the paper" in text
    assert parameters(Hyperband)["iterations"] == 1  # for ever, as the strategy has it, is long


def test_editors_see_each_class():
    """Read from the source, as they do: a class and a name in `__all__` for each strategy."""
    tree = ast.parse(inspect.getsource(coursekit.tuners))
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    (told,) = (
        ast.literal_eval(node.value) for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )  # fmt: skip
    for cls in STRATEGIES.values():
        name = cls.__name__
        lines = f"class {name}(StrategyTuner):\n    strategy = strategies.{name}"
        assert name in classes, f"coursekit/tuners/__init__.py lacks\n\n{lines}\n"
        assert name in told, f'coursekit/tuners/__init__.py: __all__ lacks "{name}"'


def test_a_strategy_without_a_tuner_is_named_with_the_lines_that_are_missing():
    with pytest.raises(
        ImportError, match=r"class Mine\(StrategyTuner\):\n    strategy = strategies"
    ):
        coursekit.tuners._tuner_of(Mine)


def test_keras_tuners_names_are_the_same_classes():
    for theirs in ("RandomSearch", "BayesianOptimization", "GridSearch", "Hyperband"):
        assert issubclass(getattr(kt, theirs), kt.Tuner)  # it is a name of Keras Tuner's
        assert getattr(coursekit.tuners, theirs) in TUNERS.values()
        assert theirs in coursekit.tuners.__all__
    assert BayesianOptimization is Bayesian


def made(cls, folder, **options):
    space = Space({"a": Integer(1, 99)})
    return cls(None, kt.Objective("score", "max"), 3, 0, space, directory=folder, **options)


@pytest.mark.parametrize(
    ("cls", "theirs", "ours"),
    [
        (Hyperband, {"max_epochs": 9, "factor": 2, "hyperband_iterations": 2},
         {"max_budget": 9, "factor": 2, "iterations": 2}),
        (Hyperband, {"hyperband_iterations": 3.0}, {"iterations": 3}),
        (Hyperband, {"hyperband_iterations": math.inf}, {"iterations": None}),
        (BayesianOptimization, {"num_initial_points": 2, "beta": 2.6},
         {"initial": 2, "exploration": 2.6, "acquisition": "ucb"}),
        (BayesianOptimization, {"num_initial_points": None}, {}),
    ],
)  # fmt: skip
def test_keras_tuners_names_for_options_give_the_same_journal(tmp_path, cls, theirs, ours):
    journals = []
    for folder, options in (("theirs", theirs), ("ours", ours)):

        class Untrained(cls):
            def run_trial(self, trial, *args, **kwargs):
                return float(trial.hyperparameters["a"])

        tuner = made(Untrained, tmp_path / folder, **options)
        tuner.oracle.verbose = 0
        tuner.search()
        (path,) = (tmp_path / folder).rglob("journal.jsonl")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        journals.append([line | ({"cost": 0} if "cost" in line else {}) for line in lines])
    assert journals[0] == journals[1] and len(journals[0]) > 3


def test_a_name_of_keras_tuners_that_has_no_meaning_here_is_answered_with_the_kits_word(tmp_path):
    for cls, options, words in (
        (
            Bayesian,
            {"alpha": 1e-4},
            "'alpha': the kit's Gaussian process estimates the noise itself",
        ),
        (
            RegularizedEvolution,
            {"max_epochs": 9},
            "'max_epochs': each trial is trained for the epoc",
        ),
        (Bayesian, {"max_epoch": 9}, "'max_epoch'"),
        (Bayesian, {"initail": 9}, r"'initail' \(did you mean initial\?\): it has hypermodel, "),
    ):
        with pytest.raises(TypeError, match=words):
            made(cls, tmp_path, **options)
    with pytest.raises(ValueError, match="max_epochs=9, max_budget=27: two names for one option"):
        made(Hyperband, tmp_path, max_epochs=9, max_budget=27)


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
            lambda hp: None, "loss", max_trials=10, hyperparameters=space, directory=tmp_path
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
