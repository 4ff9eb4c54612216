"""Any strategy of the kit and any tuner of Keras Tuner, by its name, for a pipeline's Tuner."""

import importlib
import inspect
import logging
import re
import sys

import numpy as np
import pytest

pytest.importorskip("keras_tuner")

import keras

from coursekit.lookup import options_of
from coursekit.spaces import Float, Space
from coursekit.strategies import STRATEGIES
from coursekit.tfx import Plan, searching
from coursekit.tfx.searching import EpochReport, ReportEpochs, make_tuner
from coursekit.tfx.strategy_names import KERAS_TUNERS
from coursekit.tuners import TUNERS

X = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
Y = (X[:, 0] > 0).astype(np.int64)


def build(hp):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "softmax")])
    optimizer = keras.optimizers.SGD(hp.Float("learning_rate", 0.01, 1.0))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def tuner_of(name, folder, **options):
    given = {"trials": 2, "epochs": 2, "seed": 0} | options
    return make_tuner(name, build, directory=folder, **given)


NAMES = ["tpe", "hyperband", *(f"keras_tuner.{each}" for each in KERAS_TUNERS)]


@pytest.mark.slow(5)
@pytest.mark.parametrize("name", NAMES)
def test_every_name_searches_within_its_limits(tmp_path, name, caplog):
    tuner = tuner_of(name, tmp_path)
    with caplog.at_level(logging.INFO, logger="coursekit.tfx"):
        tuner.search(
            X, Y, validation_data=(X, Y), epochs=2, verbose=0, callbacks=[ReportEpochs(tuner)]
        )
    trials = tuner.oracle.get_best_trials(10**6)
    if not name.endswith("yperband"):  # whose schedule says how many
        assert len(trials) == 2
    assert max(trial.best_step for trial in trials) < 2
    said = [r.getMessage() for r in caplog.records if r.getMessage().startswith("trial ")]
    assert len(said) == len(tuner.oracle.end_order)
    scores = [f"{tuner.oracle.trials[each].score:.3f}" for each in tuner.oracle.end_order]
    assert [line.rpartition(" ")[2] for line in said] == scores


def test_a_search_that_is_there_goes_on(tmp_path):
    for trials in (2, 3):
        tuner = tuner_of("random", tmp_path, trials=trials)
        begun = len(tuner.oracle.history)
        tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)
        assert begun == (0 if trials == 2 else 2)
    assert len(tuner.oracle.history) == 3


FITTING = [name for name, each in STRATEGIES.items() if each.supports(Space({"x": Float(0, 1)}))]


@pytest.mark.parametrize("name", FITTING)
def test_every_strategy_for_such_a_space_becomes_a_tuner_with_its_limits(tmp_path, name):
    oracle = tuner_of(name, tmp_path, trials=9, epochs=5).oracle
    assert (oracle.max_trials, oracle.seed) == (9, 0)
    assert oracle.options.get("max_budget", 5) == 5


OWN = """
import keras_tuner
from coursekit.tuners import LocalSearch

class Mine(keras_tuner.RandomSearch):
    def __init__(self, *arguments, patience=1, **others):
        self.patience = patience
        super().__init__(*arguments, **others)

class Scheduled(keras_tuner.Hyperband):
    def __init__(self, hypermodel, objective, max_epochs, *, wanted, **others):
        super().__init__(hypermodel, objective, max_epochs, **others)
        self.wanted, self.epochs = wanted, max_epochs

class Endless(keras_tuner.Tuner):
    def __init__(self, hypermodel, objective, directory, project_name):
        oracle = keras_tuner.oracles.RandomSearchOracle(objective, max_trials=None)
        super().__init__(oracle, hypermodel, directory=directory, project_name=project_name)

class Bare(keras_tuner.Tuner):
    pass

class Homeless(keras_tuner.Tuner):
    def __init__(self, hypermodel, objective, max_trials):
        super().__init__(keras_tuner.oracles.RandomSearchOracle(objective, max_trials), hypermodel)

def function(): pass
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module with tuners that somebody might write; gives its file."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it is written twice in a second
    (tmp_path / "own_broken.py").write_text("import own_missing\nMine = 1\n")
    file = tmp_path / "own_tuners.py"
    file.write_text(OWN)
    importlib.invalidate_caches()
    return file


def test_a_tuner_of_your_own_gets_what_its_constructor_takes(tmp_path, own):
    tuner = tuner_of("own_tuners.Mine", tmp_path / "a", options={"patience": 7})
    assert (tuner.patience, tuner.oracle.max_trials, tuner.oracle.seed) == (7, 2, 1)
    tuner.search(X, Y, validation_data=(X, Y), epochs=1, verbose=0)
    assert len(tuner.oracle.end_order) == 2
    tuner = tuner_of("own_tuners.Scheduled", tmp_path / "b", epochs=5, options={"wanted": 0})
    assert (tuner.epochs, tuner.wanted, tuner.oracle.max_epochs) == (5, 0, 5)
    tuner = tuner_of("coursekit.tuners.LocalSearch", tmp_path / "c", trials=9)
    assert (tuner.strategy, tuner.oracle.max_trials) == (STRATEGIES["local_search"], 9)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("keras_tuner.Sklearn", {}, r"'keras_tuner.Sklearn'.* \(it has Bayesian.*Hyperband"),
        ("keras_tuner.SklearnTuner", {}, "keras_tuner has no subclass of keras_tuner.Tuner of"),
        ("own_tuner.Mine", {}, "^strategy='own_tuner.Mine': no such module; .*my_module.MyTuner"),
        ("regularized.evolution", {}, r"^strategy=.*module.* \(did you mean regularized_evolution"),
        ("own_tuners.mine", {}, r"own_tuners has no .* \(it has LocalSearch, Mine, Scheduled, End"),
        ("own_tuners.function", {}, "own_tuners has no subclass of keras_tuner.Tuner of that name"),
        ("own_broken.Mine", {}, "own_broken cannot be imported .ModuleNotFound.* 'own_missing'"),
        ("own_tuners.Mine", {"patient": 1}, r"has no option 'patient' .did you mean patience"),
        ("keras_tuner.RandomSearch", {"initial": 1}, "RandomSearch has no option 'initial'"),
        ("own_tuners.Scheduled", {}, "own_tuners.Scheduled cannot be made without wanted"),
        ("own_tuners.Endless", {}, "takes none of max_trials, max_epochs, .* nothing would end"),
        ("own_tuners.Bare", {}, "takes no objective, as keras_tuner.RandomSearch's does$"),
        ("own_tuners.Homeless", {}, "its constructor takes no directory, as keras_tuner.Ra"),
        ("keras_tuner.Tuner", {}, "takes no objective, as .*; give a tuner for a search, not its"),
        ("coursekit.tuners.StrategyTuner", {}, "no objective, .*; give a tuner for a search, not"),
        ("coursekit.tuners.Strategy", {}, r"\(it has (?!.*StrategyTuner).*TPE"),
        ("coursekit.tuners.RegularizedEvolution", {"population_size": -3}, "options of regul.*-3"),
        ("own_tuners.LocalSearch", {"size": 1}, "local_search has no option 'size'"),
    ],
)
def test_what_is_no_tuner_or_takes_something_else_is_refused_by_the_plan(
    tmp_path, own, name, options, said
):
    with pytest.raises(ValueError, match=said):
        Plan(folder=tmp_path, strategy=name, options=options)
    with pytest.raises(ValueError, match=said):
        tuner_of(name, tmp_path, options=options)


def test_a_kit_s_tuner_by_its_path_is_told_what_it_cannot_search(tmp_path):
    with pytest.raises(ValueError, match="strategy='progressive' searches only chains and cells"):
        Plan(folder=tmp_path, strategy="coursekit.tuners.Progressive")
    Plan(folder=tmp_path, strategy="coursekit.tuners.Progressive", tuner_fn="my_module.tuner_fn")


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_plan_lets_a_strategys_tuner_have_whatever_it_takes_but_its_place(tmp_path, name):
    taken = set(inspect.signature(TUNERS[name]).parameters)
    place = {"hypermodel", "directory", "project_name"}
    for option in (taken - place) - set(options_of(STRATEGIES[name])):
        Plan(folder=tmp_path, strategy=name, options={option: None}, tuner_fn="my_module.tuner_fn")
    for option in place:
        with pytest.raises(ValueError, match=f"{name} has no option '{option}'"):
            Plan(folder=tmp_path, strategy=name, options={option: "x"})


def test_keras_tuners_names_for_options_go_through_the_pipeline(tmp_path):
    Plan(folder=tmp_path, strategy="hyperband", options={"max_epochs": 9})
    tuner = tuner_of("hyperband", tmp_path / "a", epochs=4, options={"max_epochs": 9})
    assert tuner.oracle.options["max_budget"] == 9
    tuner = tuner_of("hyperband", tmp_path / "b", epochs=4)
    assert tuner.oracle.options["max_budget"] == 4
    tuner = tuner_of("bayesian", tmp_path / "c", trials=9, options={"num_initial_points": 5})
    assert tuner.oracle.options["initial"] == 5


def test_an_option_of_the_tuner_is_handed_on(tmp_path):
    options = {"inherit": True, "executions_per_trial": 2, "population_size": 5}
    Plan(folder=tmp_path, strategy="regularized_evolution", options=options)
    tuner = tuner_of("regularized_evolution", tmp_path, trials=9, options=options)
    assert tuner.oracle.inherits and tuner.executions_per_trial == 2


def test_a_tuner_of_your_own_that_was_repaired_is_taken_as_it_is_now(tmp_path, own):
    with pytest.raises(ValueError, match="has no option 'patient'"):
        Plan(folder=tmp_path, strategy="own_tuners.Mine", options={"patient": 1})
    own.write_text(OWN.replace("patience", "patient"))
    Plan(folder=tmp_path, strategy="own_tuners.Mine", options={"patient": 1})
    assert tuner_of("own_tuners.Mine", tmp_path, options={"patient": 9}).patient == 9


@pytest.mark.parametrize(("trials", "at_random"), [(3, 2), (12, 4), (300, 30)])
def test_no_more_than_a_third_of_the_trials_is_at_random(tmp_path, trials, at_random):
    tuner = tuner_of("regularized_evolution", tmp_path, trials=trials)
    assert tuner.oracle.options["population_size"] == at_random
    tuner = tuner_of("bayesian", tmp_path / "b", trials=trials)
    assert tuner.oracle.options.get("initial", 10) == min(at_random, 10)


def test_an_option_is_handed_on(tmp_path):
    options = {"population_size": 7}
    tuner = tuner_of("regularized_evolution", tmp_path, trials=12, options=options)
    assert tuner.oracle.options["population_size"] == 7


def test_a_long_training_tells_of_its_epochs(caplog, monkeypatch):
    monkeypatch.setattr(searching, "PROGRESS_SECONDS", 0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with caplog.at_level(logging.INFO, logger="coursekit.tfx"):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[EpochReport(5)])
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert re.fullmatch(r"epoch 2 of at most 5: loss \d\.\d{3}", said[1])
