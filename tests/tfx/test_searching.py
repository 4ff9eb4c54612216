"""Any strategy of the kit and any tuner of Keras Tuner, by its name, for a pipeline's Tuner."""

import logging
import re

import numpy as np
import pytest

pytest.importorskip("keras_tuner")

import keras

from coursekit.spaces import Float, Space
from coursekit.strategies import STRATEGIES
from coursekit.tfx import searching
from coursekit.tfx.plan import KERAS_TUNERS
from coursekit.tfx.searching import EpochReport, Report, make_tuner

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
        tuner.search(X, Y, validation_data=(X, Y), epochs=2, verbose=0, callbacks=[Report(tuner)])
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


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'keras_tuner\.Sklearn'.*there are grid"):
        tuner_of("keras_tuner.Sklearn", tmp_path)


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
    monkeypatch.setattr(searching, "OFTEN", 0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with caplog.at_level(logging.INFO, logger="coursekit.tfx"):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[EpochReport(5)])
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert re.fullmatch(r"epoch 2 of at most 5: loss \d\.\d{3}", said[1])
