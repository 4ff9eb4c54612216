"""Multi-fidelity strategies: trials trained to a budget, promotions that go on where they were."""

import keras
import keras_tuner as kt
import numpy as np
import pytest

from coursekit.strategies import STRATEGIES, Strategy
from coursekit.strategies.rungs import Rung, bracket_table
from coursekit.trials import Pause, Suggestion
from coursekit.tuners import TUNERS, Hyperband, StrategyTuner


class Twice(Strategy):
    """One epoch, and then the same configuration for two more."""

    budgeted = True

    def suggest(self, history, rng):
        if not history:
            return Suggestion(self.space.sample(rng), 1)
        if len(history) == 1 and not history.running:
            return Suggestion(history[0].configuration, 3, 0)
        return Pause.DONE


class TwiceTuner(StrategyTuner):
    """Keeps what each training began and ended with."""

    strategy = Twice

    def on_epoch_begin(self, trial, model, epoch, logs=None):
        steps = int(model.optimizer.iterations.numpy())
        self.begun.setdefault(trial.trial_id, []).append((epoch, steps, model.get_weights()))

    def on_epoch_end(self, trial, model, epoch, logs=None):
        self.ended[trial.trial_id] = model.get_weights()


@pytest.mark.slow(12)
def test_a_promotion_goes_on_from_its_parents_weights_and_optimizer(make_tuner, fit):
    tuner = make_tuner(TwiceTuner, max_trials=None)
    tuner.begun, tuner.ended = {}, {}
    tuner.search(**fit, verbose=0)
    first, second = tuner.oracle.history
    assert (first.suggestion.budget, second.suggestion.budget) == (1, 3)
    assert [len(trial.curve) for trial in (first, second)] == [1, 2]
    epochs = {key: [(epoch, steps) for epoch, steps, _ in b] for key, b in tuner.begun.items()}
    assert epochs == {"0000": [(0, 0)], "0001": [(1, 4), (2, 8)]}  # 200 images in batches of 50
    for before, after in zip(tuner.ended["0000"], tuner.begun["0001"][0][2], strict=True):
        assert np.array_equal(before, after)
    values = tuner.oracle.trials["0001"].hyperparameters.values
    assert (values["tuner/epochs"], values["tuner/initial_epoch"]) == (3, 1)
    assert set(second.configuration) == {"units"}
    # A checkpoint that is gone: from scratch, and said so. Its own is enough to load a model.
    (tuner.oracle.folder / "trial_0000" / "checkpoint.weights.h5").unlink()
    model = tuner.load_model(tuner.oracle.trials["0001"])
    _, accuracy = model.evaluate(*fit["validation_data"], verbose=0)
    assert accuracy == pytest.approx(second.score, abs=1e-6)
    tuner.begun = {}
    with pytest.warns(UserWarning, match="trial 0001 starts from scratch: no checkpoint"):
        tuner.run_trial(tuner.oracle.trials["0001"], **fit, verbose=0)
    assert [entry[:2] for entry in tuner.begun["0001"]] == [(0, 0), (1, 4), (2, 8)]


def test_a_model_without_an_input_is_warm_too(tmp_path, digits):
    def build(hp):
        units = hp.Int("units", 4, 8)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(units)])
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    tuner = TwiceTuner(build, "val_accuracy", directory=tmp_path, seed=0)
    tuner.begun, tuner.ended = {}, {}
    tuner.search(digits.train.x, digits.train.y, validation_data=digits.validation, verbose=0)
    for before, after in zip(tuner.ended["0000"], tuner.begun["0001"][0][2], strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("name", [name for name, cls in STRATEGIES.items() if cls.budgeted])
def test_each_trains_from_its_parents_end_to_its_own_budget(tmp_path, name):
    trained = []

    class Untrained(TUNERS[name]):
        def run_trial(self, trial, *args, **kwargs):
            values = trial.hyperparameters.values
            trained.append((values["tuner/initial_epoch"], values["tuner/epochs"]))
            if values["tuner/initial_epoch"]:
                parent = self.oracle.trials[values["tuner/trial_id"]].hyperparameters.values
                assert parent["x"] == values["x"]
                assert parent["tuner/epochs"] == values["tuner/initial_epoch"]
            return values["x"]

    hp = kt.HyperParameters()
    hp.Float("x", 0, 1)
    tuner = Untrained(
        objective=kt.Objective("x", "max"), directory=tmp_path, hyperparameters=hp,
        max_budget=9, max_trials=40, seed=1,
    )  # fmt: skip
    tuner.oracle.verbose = 0
    tuner.search()
    assert tuner.oracle.history.running == [] and len(trained) == len(tuner.oracle.history) > 5
    assert {end for _, end in trained} >= {1, 3, 9}
    assert {start for start, _ in trained} >= {0, 1, 3}
    best = tuner.oracle.history.best().configuration["x"]
    assert (0, 9) in trained or (3, 9) in trained
    assert best in [t.configuration["x"] for t in tuner.oracle.history if t.suggestion.budget == 9]


def test_hyperband_runs_keras_tuners_own_brackets_when_asked(tmp_path):
    """30 trials and 120 epochs, as many as Keras Tuner's Hyperband runs in lab 1."""

    class Untrained(Hyperband):
        def run_trial(self, trial, *args, **kwargs):
            return trial.hyperparameters["x"]

    hp = kt.HyperParameters()
    hp.Float("x", 0, 1)
    tuner = Untrained(
        objective=kt.Objective("x", "max"), directory=tmp_path, hyperparameters=hp,
        max_budget=10, factor=3, rounding="keras_tuner",
    )  # fmt: skip
    tuner.oracle.verbose = 0
    tuner.search()
    table = bracket_table(10, 3, rounding="keras_tuner")
    assert all(isinstance(rung, Rung) for rung in table)
    values = [trial.hyperparameters.values for trial in tuner.oracle.trials.values()]
    assert len(values) == sum(rung.trials for rung in table) == 30
    epochs = sum(v["tuner/epochs"] - v["tuner/initial_epoch"] for v in values)
    assert epochs == sum(rung.cost for rung in table) == 120
