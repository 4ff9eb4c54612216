"""The same configuration, the same training: seeded, killed and resumed, with real models."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.tuners import seeded
from tests.tuners.seeded import Killed

ROOT = Path(__file__).parents[2]


def killed(kind, folder, training):
    """A process that searches until it is killed in its n-th training."""
    command = [sys.executable, "-m", "tests.tuners.seeded", kind, str(folder), str(training)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def told(tuner):
    return [(t.suggestion, t.score, t.curve) for t in tuner.oracle.history]


@pytest.fixture
def trainings():
    Killed.trainings = 0
    yield lambda: Killed.trainings
    Killed.trainings = 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted search, and the first layer's weights at the beginning of each training."""
    weights = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Killed, "on_epoch_begin", lambda self, *_: weights.append(self.model.get_weights()[0])
        )
        tuner = seeded.search("random", tmp_path_factory.mktemp("whole"))
    return tuner, weights[:: seeded.EPOCHS]


@pytest.mark.slow(30)
def test_a_killed_search_trains_as_an_uninterrupted_one(whole, tmp_path, trainings):
    """Two trials of two executions, killed in the second training of the second trial."""
    whole, begun = whole
    assert len(begun) == 4 and len({score for _, score, _ in told(whole)}) == 2
    killed("random", tmp_path / "killed", 4)
    kept = sorted(path.name for path in (tmp_path / "killed" / "search" / "trial_0001").iterdir())
    assert "executions.json" in kept and "execution_0.weights.h5" in kept
    resumed = seeded.search("random", tmp_path / "killed")
    assert told(resumed) == told(whole)
    assert trainings() == 1  # the finished execution of the interrupted trial counted
    assert resumed.oracle.history[1].cost > 0
    for one, other in zip(*(t.get_best_models()[0].get_weights() for t in (whole, resumed)),
                          strict=True):  # fmt: skip
        np.testing.assert_array_equal(one, other)
    assert not list((tmp_path / "killed").rglob("execution*"))


@pytest.mark.nightly(40)
def test_promoted_trials_train_alike_too(tmp_path, trainings):
    whole = seeded.search("hyperband", tmp_path / "whole")
    assert any(t.suggestion.parent is not None for t in whole.oracle.history)
    killed("hyperband", tmp_path / "killed", trainings())  # in the last one
    assert told(seeded.search("hyperband", tmp_path / "killed")) == told(whole)


@pytest.mark.slow(12)
def test_executions_differ_and_no_seed_touches_nothing(whole, tmp_path, trainings, monkeypatch):
    assert len({each.tobytes() for each in whole[1]}) == 4
    keras.utils.set_random_seed(1)
    states = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    called = []
    monkeypatch.setattr(keras.utils, "set_random_seed", called.append)
    monkeypatch.setattr(np.random, "seed", called.append)
    monkeypatch.setattr(random, "seed", called.append)
    seeded.search("random", tmp_path / "none", seed=None)
    assert not called and states[0] != random.getstate()  # Keras draws from Python's generator
    np.testing.assert_array_equal(states[1], np.random.get_state()[1])  # noqa: NPY002


def test_a_run_trial_of_ones_own_is_seeded(make):
    drawn = []

    def run(tuner, trial):
        drawn.append((random.random(), float(np.random.random())))  # noqa: NPY002
        return 1.0

    for name in ("one", "two"):
        make(run=run, max_trials=3, project_name=name).search()
    assert drawn[:3] == drawn[3:] and len(set(drawn)) == 3


def test_another_attempt_draws_other_numbers(make):
    drawn = []

    def run(tuner, trial):
        drawn.append(random.random())
        return float("nan") if len(drawn) % 2 else 1.0

    for name in ("one", "two"):
        make(run=run, max_trials=1, max_retries_per_trial=1, project_name=name).search()
    assert drawn[:2] == drawn[2:] and drawn[0] != drawn[1]
