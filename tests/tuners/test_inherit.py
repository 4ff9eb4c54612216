"""Children that begin with their parents' weights, in a Keras Tuner search."""

import keras
import numpy as np
import pytest

from coursekit.strategies import Strategy
from coursekit.trials import Pause, Suggestion
from coursekit.tuners import RegularizedEvolution, StrategyTuner


class Grows(Strategy):
    """Eight units; then more of them and a layer more, from the first trial."""

    def suggest(self, history, rng):
        if history.running:
            return Pause.WAIT
        made = [
            Suggestion({"units": 8, "layers": 1}),
            Suggestion({"units": 24, "layers": 2}, None, 0),
        ]
        return made[len(history)] if len(history) < 2 else Pause.DONE


class GrowsTuner(StrategyTuner):
    """Keeps what each training began with."""

    strategy = Grows

    def on_epoch_begin(self, trial, model, epoch, logs=None):
        self.begun.setdefault(trial.trial_id, [w.copy() for w in model.get_weights()])


def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    for _ in range(hp.Int("layers", 1, 3)):
        model.add(keras.layers.Dense(hp.Int("units", 4, 64), activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    rate = keras.optimizers.Adam(0.005)
    model.compile(rate, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.slow(15)
def test_a_child_begins_where_its_parent_ended(tmp_path, fit, digits):
    options = {"objective": "val_accuracy", "max_trials": None, "directory": tmp_path, "seed": 0}
    tuner = GrowsTuner(build, **options, inherit=True)
    tuner.begun = {}
    tuner.search(**fit | {"epochs": 4}, verbose=0)
    parent, child = tuner.oracle.history
    assert child.suggestion.parent == 0 and child.curve[0] > parent.curve[0]
    assert len(tuner.begun["0001"]) == len(tuner.begun["0000"]) + 2
    begun = tuner.begun["0001"]
    model = build_with(begun)
    predicted = model.predict(digits.validation.x, verbose=0)
    ended = tuner.load_model(tuner.oracle.trials["0000"]).predict(digits.validation.x, verbose=0)
    assert np.abs(predicted - ended).max() < 0.1  # the noise of the copies, and nothing else
    np.testing.assert_array_equal(begun[2], np.eye(24))  # the new layer
    # It resumes: the checkpoint is gone, so the trial that runs again says that it begins afresh.
    (tuner.oracle.folder / "trial_0000" / "checkpoint.weights.h5").unlink()
    again = GrowsTuner(build, **options, inherit=True)
    again.begun = {}
    assert [trial.score for trial in again.oracle.history] == [parent.score, child.score]
    with pytest.warns(UserWarning, match="child of trial 0000 starts from scratch"):
        again.run_trial(again.oracle.trials["0001"], **fit, verbose=0)


def build_with(weights):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    for bias in weights[1:-2:2]:
        model.add(keras.layers.Dense(len(bias), activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.set_weights(weights)
    return model


def test_without_the_option_nobody_inherits(make):
    for inherit in (False, True):
        seen = {}

        def run(tuner, trial, seen=seen):
            seen[trial.trial_id] = trial.hyperparameters.values.get("tuner/inherits_from")
            return len(seen)

        tuner = make(RegularizedEvolution, run, inherit=inherit, population_size=2,
                     project_name=f"inherit {inherit}", sample_size=2)  # fmt: skip
        tuner.search()
        parents = [trial.suggestion.parent for trial in tuner.oracle.history]
        wanted = [f"{parent:04d}" if inherit and parent is not None else None for parent in parents]
        assert list(seen.values()) == wanted and any(parent is not None for parent in parents)


def test_a_search_goes_on_as_it_began(make, tmp_path):
    for began in (False, True):
        project = {"project_name": f"began {began}", "population_size": 2, "sample_size": 2}
        make(RegularizedEvolution, inherit=began, **project).search()
        again = make(RegularizedEvolution, inherit=began, **project)
        assert len(again.oracle.history) == 6
        with pytest.raises(ValueError, match=r"another search: its options .*'inherit': True"):
            make(RegularizedEvolution, inherit=not began, **project)
