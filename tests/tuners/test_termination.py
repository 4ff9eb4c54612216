"""Stopping unpromising trials: in Keras Tuner's own searches and in the kit's."""

from __future__ import annotations

import keras
import keras_tuner
import numpy as np
import pytest

from coursekit.tuners import RegularizedEvolution, StopUnpromising
from coursekit.tuners.termination import bounds_of

EPOCHS = 20
GOOD = [0.9 - 0.8 / epoch for epoch in range(1, EPOCHS + 1)]
POOR = [0.5 - 0.4 / epoch for epoch in range(1, EPOCHS + 1)]


class Scripted(keras_tuner.HyperModel):
    """Trains nothing: the objective follows a written curve, poor but for the first trial."""

    def __init__(self, sign: float = 1, good_at: int = 0, name: str = "val_score") -> None:
        super().__init__()
        self.sign, self.good_at, self.lengths = sign, good_at, list[int]()
        self.objective = name

    def build(self, hp):
        hp.Float("x", 0, 1)
        return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    def fit(self, hp, model, *args, callbacks, epochs, **kwargs):
        curve = GOOD if len(self.lengths) == self.good_at else POOR
        calls = keras.callbacks.CallbackList(
            callbacks, add_history=True, model=model, epochs=epochs, verbose=0, steps=1
        )
        model.stop_training = False
        calls.on_train_begin()
        for epoch, value in enumerate(curve[:epochs]):
            calls.on_epoch_begin(epoch)
            calls.on_epoch_end(epoch, {self.objective: self.sign * value})
            if model.stop_training:
                break
        calls.on_train_end()
        self.lengths.append(epoch + 1)
        return next(c for c in calls.callbacks if isinstance(c, keras.callbacks.History))


def test_the_bounds_of_an_objective_are_those_of_keras_own_metric():
    def percent(truth, guess):
        return 100 * keras.ops.mean(truth)

    percent.__name__ = "accuracy"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    metrics = ["acc", keras.metrics.AUC(name="area"), percent, "mae"]
    model.compile("sgd", "binary_crossentropy", metrics=metrics)
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    for name in ("acc", "val_acc", "area", "val_area"):
        assert bounds_of(name, model) == (0, 1), name
    for name in ("accuracy", "val_accuracy", "loss", "val_loss", "mae"):
        assert bounds_of(name, model) is None, name
    for name in ("accuracy", "val_auc_1", "val_precision", "top_k_categorical_accuracy"):
        assert bounds_of(name) == (0, 1), "without such a metric the name tells"
    for name in ("loss", "val_loss", "score", "inaccuracy", "cosine_similarity"):
        assert bounds_of(name) is None, name


@pytest.mark.parametrize("objective", ["val_percent", "val_accuracy"])
def test_curves_in_percent_are_stopped_as_losses_of_the_same_shape_are(tmp_path, objective):
    # Also where the name promises 0 to 1, and the scores do not keep that.
    lengths = []
    for name, direction, sign, times in (
        (objective, "max", 1, 100.0),
        ("val_loss", "min", -1, 3.0),
    ):
        model = Scripted(sign * times, good_at=1, name=name)
        tuner = keras_tuner.RandomSearch(
            model, keras_tuner.Objective(name, direction), max_trials=5, seed=1,
            directory=tmp_path / name,
        )  # fmt: skip
        tuner.search(epochs=EPOCHS, callbacks=[StopUnpromising(tuner)], verbose=0)
        lengths.append(model.lengths)
    assert lengths[0] == lengths[1] and lengths[0][:2] == [EPOCHS, EPOCHS]
    assert max(lengths[0][2:]) < EPOCHS


def tuner_of(model, folder, cls=keras_tuner.RandomSearch, direction="max", **options):
    objective = keras_tuner.Objective("val_score", direction)
    options = {"max_trials": 4, "seed": 1, "directory": folder, "project_name": "p"} | options
    return cls(model, objective=objective, **options)


@pytest.mark.parametrize("cls", [keras_tuner.RandomSearch, RegularizedEvolution])
@pytest.mark.parametrize(("direction", "sign"), [("max", 1), ("min", -1)])
def test_what_will_not_beat_the_best_is_stopped(tmp_path, cls, direction, sign):
    model = Scripted(sign)
    tuner = tuner_of(model, tmp_path, cls, direction)
    callback = StopUnpromising(tuner)
    tuner.search(epochs=EPOCHS, callbacks=[callback], verbose=0)
    assert model.lengths[0] == EPOCHS and all(2 <= n < EPOCHS for n in model.lengths[1:])
    assert sorted(callback.stopped) == sorted(tuner.oracle.trials)[1:]
    for stopped, length in zip(callback.stopped.values(), model.lengths[1:], strict=True):
        assert stopped.epochs == length and stopped.chance < 0.05 and stopped.spread > 0
    scores = [trial.score for trial in tuner.oracle.get_best_trials(4)]
    assert scores[0] == pytest.approx(sign * GOOD[-1])


def test_a_better_one_is_not_stopped(tmp_path):
    model = Scripted(good_at=1)
    tuner = tuner_of(model, tmp_path)
    tuner.search(epochs=EPOCHS, callbacks=[StopUnpromising(tuner)], verbose=0)
    assert model.lengths[:2] == [EPOCHS, EPOCHS] and max(model.lengths[2:]) < EPOCHS


def test_finished_curves_are_learned_from_and_no_others(tmp_path):
    model = Scripted(good_at=1)
    tuner = tuner_of(model, tmp_path, max_trials=5)
    callback = StopUnpromising(tuner)
    tuner.search(epochs=EPOCHS, callbacks=[callback], verbose=0)
    assert list(callback.experience) == [(0, EPOCHS)]
    assert callback.experience[0, EPOCHS].curves == model.lengths.count(EPOCHS) == 2


@pytest.mark.parametrize("cls", [keras_tuner.RandomSearch, RegularizedEvolution])
def test_a_search_that_goes_on_knows_the_earlier_scores(tmp_path, cls):
    first = Scripted()
    tuner = tuner_of(first, tmp_path, cls, max_trials=1)
    tuner.search(epochs=EPOCHS, callbacks=[StopUnpromising(tuner)], verbose=0)
    later = Scripted(good_at=-1)
    tuner = tuner_of(later, tmp_path, cls, max_trials=3, overwrite=False)
    tuner.search(epochs=EPOCHS, callbacks=[StopUnpromising(tuner)], verbose=0)
    assert first.lengths == [EPOCHS]
    assert len(later.lengths) == 2 and max(later.lengths) < EPOCHS, later.lengths


def test_trials_of_a_budget_are_held_against_their_like(tmp_path):
    model = Scripted(good_at=-1)
    tuner = keras_tuner.Hyperband(
        model,
        objective=keras_tuner.Objective("val_score", "max"),
        max_epochs=9,
        directory=tmp_path,
        seed=1,
    )
    tuner.search(callbacks=[StopUnpromising(tuner, start=1)], verbose=0)
    # All are alike, so whoever is stopped at a low rung was held against a longer training.
    budgets = [t.hyperparameters.values["tuner/epochs"] for t in tuner.oracle.trials.values()]
    assert set(budgets) == {1, 3, 9} or len(set(budgets)) > 1
    assert 1 in model.lengths or 2 in model.lengths


@pytest.mark.slow(10)
def test_a_real_model_is_stopped(tmp_path):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 4)).astype("float32")
    y = (x[:, 0] > 0).astype("int64")

    def build(hp):
        rate = hp.Choice("rate", [0.05, 1e-6], ordered=False)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    tuner = keras_tuner.GridSearch(build, "val_accuracy", directory=tmp_path)
    callback = StopUnpromising(tuner)
    tuner.search(
        x, y, validation_data=(x, y), epochs=15, batch_size=64, callbacks=[callback], verbose=0
    )
    assert list(callback.stopped) == ["0001"] and callback.stopped["0001"].epochs < 15


def test_arguments_are_checked(tmp_path):
    tuner = tuner_of(Scripted(), tmp_path)
    with pytest.raises(TypeError, match="tuner='t'"):
        StopUnpromising("t")
    with pytest.raises(ValueError, match="delta=1"):
        StopUnpromising(tuner, delta=1)
    with pytest.raises(ValueError, match="every=0"):
        StopUnpromising(tuner, every=0)
