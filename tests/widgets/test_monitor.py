"""The search monitor, without a browser: attached to a real search."""

import keras
import keras_tuner as kt
import pytest

from coursekit import data
from coursekit.widgets import SearchMonitor

pytestmark = pytest.mark.slow(11)  # each trains with Keras Tuner


@pytest.fixture
def tuner(tmp_path):
    def build(hp):
        model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
        model.add(
            keras.layers.Dense(
                hp.Int("units", 4, 64), activation=hp.Choice("act", ["relu", "tanh"])
            )
        )
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return kt.RandomSearch(build, "val_accuracy", max_trials=3, seed=1, directory=tmp_path)


@pytest.fixture
def fit():
    digits = data.load("digits", size=200)
    return {
        "x": digits.train.x,
        "y": digits.train.y,
        "validation_data": digits.validation,
        "epochs": 2,
    }


def test_it_follows_a_search_to_its_end(tuner, fit):
    monitor = SearchMonitor(tuner)
    assert monitor.stop_button.disabled and monitor.resume_button.disabled
    lines = []
    monitor.line.observe(lambda change: lines.append(change["new"]), names="value")
    tuner.search(**fit)
    assert any("running" in line and "left" in line for line in lines)
    assert "finished · trials 3 of 3 · epochs 6 of 6" in monitor.line.value
    assert monitor.bar.value == 1 and monitor.stop_button.disabled
    assert "<svg" in monitor.figure.value and "aria-label" in monitor.figure.value
    best = tuner.oracle.get_best_trials()[0]
    assert f"{best.score:.4g}" in monitor.board.value
    assert f"units {best.hyperparameters['units']}" in monitor.board.value


def test_the_buttons_stop_a_training_trial_and_go_on(tuner, fit):
    monitor = SearchMonitor(tuner)
    pressed = []

    def press(batch, logs):
        if len(monitor.watch.completed) == 1 and not pressed:
            pressed.append(monitor.stop_button.disabled)
            monitor.stop_button.click()

    tuner.search(**fit, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=press)])
    assert pressed == [False]
    assert "stopped · trials 1 of 3" in monitor.line.value
    assert not monitor.resume_button.disabled and monitor.stop_button.disabled
    monitor.resume_button.click()
    monitor.watch.wait()
    assert "finished · trials 3 of 3" in monitor.line.value
    assert tuner.oracle.end_order == ["0", "1", "2"]


def test_the_stand_in_shows_the_same_without_widgets(tuner, fit):
    monitor = SearchMonitor(tuner)
    tuner.search(**fit)
    html = monitor._repr_mimebundle_()["text/html"]
    assert "<svg" in html and "<table" in html and "finished" in html


def test_an_error_is_shown_and_raised(tuner):
    monitor = SearchMonitor(tuner)
    with pytest.raises(RuntimeError, match="consecutive failures"):
        tuner.search(x=[1], y=[2], validation_data=(0, 0))
    assert "failed" in monitor.line.value and "RuntimeError: Number" in monitor.line.value
    # Keras Tuner keeps its lock after such an error; whoever goes on must not wait for it.
    monitor.resume_button.click()
    monitor.watch._thread.join(timeout=60)
    assert not monitor.watch._thread.is_alive() and monitor.watch.state != "running"


def test_two_monitors_of_one_tuner_show_the_same_search(tuner, fit):
    first, second = SearchMonitor(tuner), SearchMonitor(tuner)
    tuner.search(**fit)
    assert "trials 3 of 3" in first.line.value and first.line.value == second.line.value
