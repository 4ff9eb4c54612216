"""A tuner that is small enough to run whole searches in a test."""

import keras
import keras_tuner as kt
import pytest

from coursekit import data
from coursekit.tuners import TUNERS
from tests.tuners.untrained import CONDITIONAL, configuration, summed


def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(hp.Int("units", 4, 64), activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def digits():
    return data.load("digits", size=200)


@pytest.fixture
def make_tuner(tmp_path):
    def make(kind=kt.RandomSearch, **options):
        options = {"max_trials": 3, "seed": 5} | options
        if kind is kt.Hyperband:
            del options["max_trials"]
        options = {"objective": "val_accuracy", "directory": tmp_path} | options
        return kind(build, project_name="search", **options)

    return make


@pytest.fixture
def fit(digits):
    """Arguments of a search."""
    return {
        "x": digits.train.x,
        "y": digits.train.y,
        "validation_data": digits.validation,
        "epochs": 2,
        "batch_size": 50,
    }


@pytest.fixture
def make(tmp_path):
    """A tuner whose trials train nothing; run(tuner, trial) gives their scores."""

    def make(tuner_class=TUNERS["random"], run=None, *, space=CONDITIONAL, **options):
        class Untrained(tuner_class):
            def run_trial(self, trial, *args, **kwargs):
                return run(self, trial) if run else summed(configuration(trial))

        options = {"objective": kt.Objective("score", "max"), "max_trials": 6, "seed": 0} | options
        if space is not None:
            options["hyperparameters"] = space
        tuner = Untrained(**{"directory": tmp_path, "project_name": "search"} | options)
        tuner.oracle.verbose = 0
        return tuner

    return make
