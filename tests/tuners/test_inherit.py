"""Children that begin with their parents' weights, in a Keras Tuner search."""

import warnings

import keras
import keras_tuner
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
        with pytest.raises(
            ValueError, match=r"another search: its option inherit is (None|True), .* (True|None)"
        ):
            make(RegularizedEvolution, inherit=not began, **project)


# Models of other kinds


class Two(keras.Model):
    """Without an input shape, and with two inputs."""

    def __init__(self, units):
        super().__init__()
        self.hidden = keras.layers.Dense(units, activation="relu", name="hidden")
        self.out = keras.layers.Dense(10, activation="softmax")

    def call(self, inputs):
        return self.out(self.hidden(keras.layers.concatenate([inputs["a"], inputs["b"]])))


class NotCopied(keras.layers.Layer):
    """A layer that Keras cannot make from its configuration."""

    def __init__(self, units):
        super().__init__()
        self.dense = keras.layers.Dense(units)

    def call(self, x):
        return self.dense(x)


class Narrow(keras_tuner.HyperModel):
    """Trains wide models on half of the columns: a child's data have another shape."""

    def build(self, hp):
        model = keras.Sequential([keras.layers.Dense(hp.Int("units", 4, 64))])
        return compiled(model, keras.layers.Dense(10, activation="softmax"))

    def fit(self, hp, model, x, y, **options):
        x = x["a"] if hp.get("units") > 8 else keras.ops.concatenate([x["a"], x["b"]], 1)
        return model.fit(x, y, **options)


def compiled(model, *layers):
    for layer in layers:
        model.add(layer)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def two(hp):
    return compiled(Two(hp.Int("units", 4, 64)))


def functional(hp):
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = NotCopied(hp.Int("units", 4, 64))(keras.layers.concatenate([a, b]))
    return compiled(keras.Model({"a": a, "b": b}, keras.layers.Dense(10, activation="softmax")(x)))


@pytest.mark.slow(15)
@pytest.mark.parametrize(
    ("model", "wider", "why"),
    [
        (two, 0, ""),
        (two, 8, "no weights of its parent fit"),
        (functional, 0, ""),
        (Narrow(), 8, "could not be loaded"),
    ],
    ids=["subclassed", "subclassed, wider", "a layer without a copy", "another input shape"],
)
def test_a_child_of_any_model_inherits_or_says_why_not(tmp_path, model, wider, why):
    class Widens(Strategy):
        def suggest(self, history, rng):
            if history.running:
                return Pause.WAIT
            made = [Suggestion({"units": 8}), Suggestion({"units": 8 + wider}, None, 0)]
            return made[len(history)] if len(history) < 2 else Pause.DONE

    class WidensTuner(GrowsTuner):
        strategy = Widens

        def on_epoch_end(self, trial, model, epoch, logs=None):
            self.ended[trial.trial_id] = [w.copy() for w in model.get_weights()]

    rng = np.random.default_rng(0)
    x = {name: rng.random((32, 4)).astype("float32") for name in "ab"}
    tuner = WidensTuner(model, "loss", None, directory=tmp_path, seed=0, inherit=True)
    tuner.begun, tuner.ended = {}, {}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        tuner.search(x, rng.integers(10, size=32), epochs=2, verbose=0)
    said = [str(each.message) for each in warned if "from scratch" in str(each.message)]
    assert [trial.status for trial in tuner.oracle.history] == ["completed"] * 2
    assert len(said) == bool(why) and all(why in each for each in said)
    if not why:
        parent, child = tuner.ended["0000"], tuner.begun["0001"]
        assert len(parent) == len(child) == 4
        assert all(np.abs(a - b).max() < 0.02 for a, b in zip(parent, child, strict=True))
