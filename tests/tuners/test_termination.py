"""Stopping unpromising trials: in Keras Tuner's own searches and in the kit's."""

from __future__ import annotations

import keras
import keras_tuner
import numpy as np
import pytest

from coursekit.tuners import RegularizedEvolution, StopUnpromising

EPOCHS = 20
GOOD = [0.9 - 0.8 / epoch for epoch in range(1, EPOCHS + 1)]
POOR = [0.5 - 0.4 / epoch for epoch in range(1, EPOCHS + 1)]


class Scripted(keras_tuner.HyperModel):
    """Trains nothing: the objective follows a written curve, poor but for the first trial."""

    def __init__(self, sign: int = 1, good_at: int = 0) -> None:
        super().__init__()
        self.sign, self.good_at, self.lengths = sign, good_at, list[int]()

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
            calls.on_epoch_end(epoch, {"val_score": self.sign * value})
            if model.stop_training:
                break
        calls.on_train_end()
        self.lengths.append(epoch + 1)
        return next(c for c in calls.callbacks if isinstance(c, keras.callbacks.History))


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
