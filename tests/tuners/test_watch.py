"""Watching, stopping and resuming real Keras Tuner searches."""

import os
import signal

import keras
import keras_tuner as kt
import pytest
from sklearn.tree import DecisionTreeClassifier

from coursekit.tuners.watch import Watch

pytestmark = pytest.mark.slow(12)  # each trains with Keras Tuner


def at_batch(number, act):
    """A callback that acts once, at the given batch of the whole search."""
    seen = [0]

    def count(batch, logs):
        seen[0] += 1
        if seen[0] == number:
            act()

    return keras.callbacks.LambdaCallback(on_train_batch_end=count)


def test_it_records_every_trial(make_tuner, fit):
    tuner = make_tuner()
    watch = Watch(tuner)
    states = []
    watch.listeners.append(lambda: states.append(watch.state))
    tuner.search(**fit)
    assert (states[0], watch.state) == ("running", "finished")
    assert [trial.score for trial in watch.completed] == [
        tuner.oracle.trials[key].score for key in tuner.oracle.end_order
    ]
    assert all(trial.epochs == len(trial.curve) == 2 for trial in watch.completed)
    assert all(max(trial.curve) == pytest.approx(trial.score) for trial in watch.completed)
    assert watch.best.score == tuner.oracle.get_best_trials()[0].score
    assert watch.planned() == (3, 6) and watch.epochs == 6
    assert watch.remaining_seconds() == 0


# 200 images in batches of 50: trial 0 is batches 1-8, trial 1 is batches 9-16
@pytest.mark.parametrize("how", ["stop", "interrupt"])
def test_a_search_stops_within_a_trial_and_goes_on_with_it(make_tuner, fit, how):
    tuner = make_tuner()
    watch = Watch(tuner)
    act = watch.stop if how == "stop" else lambda: os.kill(os.getpid(), signal.SIGINT)
    before = signal.getsignal(signal.SIGINT)
    tuner.search(**fit, callbacks=[at_batch(11, act)])
    assert signal.getsignal(signal.SIGINT) is before
    assert watch.state == "stopped"
    assert [trial.identifier for trial in watch.completed] == ["0"]
    interrupted = dict(watch.trials["1"].configuration)
    watch.resume()
    watch.wait()
    assert watch.state == "finished"
    assert tuner.oracle.end_order == ["0", "1", "2"]
    assert watch.trials["1"].configuration == interrupted
    assert [trial.epochs for trial in watch.completed] == [2, 2, 2]


def test_another_process_goes_on_with_the_interrupted_trial(make_tuner, fit):
    first = Watch(make_tuner())
    first.tuner.search(**fit, callbacks=[at_batch(11, first.stop)])
    second = Watch(make_tuner(overwrite=False))  # what a new process does: everything from disk
    assert [trial.identifier for trial in second.completed] == ["0"]
    assert second.completed[0].seconds is None
    second.tuner.search(**fit)
    assert second.tuner.oracle.end_order == ["0", "1", "2"]
    assert second.trials["1"].configuration == first.trials["1"].configuration


def test_hyperband_keeps_to_its_plan(make_tuner, fit):
    tuner = make_tuner(kt.Hyperband, max_epochs=3, factor=3)
    watch = Watch(tuner)
    tuner.search(**fit)
    assert watch.planned() == (len(watch.completed), watch.epochs)


def test_min_objectives_prefer_the_lowest(make_tuner, fit, tmp_path):
    tuner = make_tuner()
    tuner.oracle.objective = kt.Objective("val_loss", "min")
    watch = Watch(tuner)
    tuner.search(**fit)
    assert watch.best.score == min(trial.score for trial in watch.completed)


def test_a_failed_trial_is_not_completed(make_tuner, fit):
    tuner = make_tuner()
    watch = Watch(tuner)

    def fail():
        raise RuntimeError("out of memory")

    tuner.search(**fit, callbacks=[at_batch(9, fail)])
    assert watch.state == "finished"
    assert {trial.identifier: trial.status for trial in watch.trials.values()} == {
        "0": "completed", "1": "failed", "2": "completed",
    }  # fmt: skip


def test_models_of_scikit_learn_are_watched_too(tmp_path, digits):
    oracle = kt.oracles.RandomSearchOracle(kt.Objective("score", "max"), max_trials=2, seed=1)
    tuner = kt.SklearnTuner(
        oracle,
        lambda hp: DecisionTreeClassifier(max_depth=hp.Int("depth", 1, 9)),
        directory=tmp_path,
    )
    watch = Watch(tuner)
    tuner.search(digits.train.x.reshape(-1, 64), digits.train.y)
    assert len(watch.completed) == 2 and watch.state == "finished"


def test_a_listener_that_fails_costs_no_trial(make_tuner, fit):
    watch = Watch(make_tuner())
    heard = []
    watch.listeners += [lambda: 1 / 0, lambda: heard.append(watch.state)]
    with pytest.warns(UserWarning, match="ZeroDivisionError"):
        watch.tuner.search(**fit)
    assert len(watch.completed) == 3 and heard[-1] == "finished"


def test_a_tuner_has_one_watch(make_tuner):
    tuner = make_tuner()
    watch = Watch(tuner)
    assert Watch.of(tuner) is watch
    with pytest.raises(ValueError, match="watched already"):
        Watch(tuner)
    with pytest.raises(TypeError, match="'tuner' is not a tuner"):
        Watch("tuner")


def test_stop_after_the_end_changes_nothing(make_tuner, fit):
    watch = Watch(make_tuner(max_trials=1))
    watch.tuner.search(**fit)
    watch.stop()
    assert watch.state == "finished"


def test_an_interrupted_grid_of_another_session_is_warned_of(make_tuner, fit):
    first = Watch(make_tuner(kt.GridSearch))
    first.tuner.search(**fit, callbacks=[at_batch(11, first.stop)])
    with pytest.warns(UserWarning, match="overwrite=True"):
        Watch(make_tuner(kt.GridSearch, overwrite=False))


def test_a_running_search_is_not_started_twice(make_tuner, fit):
    tuner = make_tuner()
    watch = Watch(tuner)
    errors = []

    def again():
        try:
            tuner.search(**fit)
        except RuntimeError as error:
            errors.append(str(error))

    tuner.search(**fit, callbacks=[at_batch(2, again)])
    assert errors and "running already" in errors[0]
    assert len(watch.completed) == 3
