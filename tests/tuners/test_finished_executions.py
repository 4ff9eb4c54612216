"""The finished trainings of an interrupted trial."""

import keras
import numpy as np
import pytest

from coursekit.tuners.finished_executions import Executions

RUN = {"seed": 1, "attempt": 0, "epochs": 2}


@pytest.fixture
def make(tmp_path):
    def make(values=None, **run):
        checkpoint = tmp_path / "checkpoint.weights.h5"
        return Executions(tmp_path, checkpoint, values or {"units": 3}, RUN | run)

    return make


def history():
    made = keras.callbacks.History()
    made.history, made.epoch = {"loss": [np.float32(0.5), 0.25]}, [0, 1]
    return made


def test_results_of_each_kind_come_back(make):
    kept = make()
    for number, result in enumerate([history(), {"loss": np.float64(0.5)}, 0.5]):
        kept.keep(number, result, 2.0, 0.25)
    again = make()
    assert len(again) == 3 and again.seconds_before == 6 and kept.seconds_before == 0
    assert again.result(0).history == {"loss": [0.5, 0.25]} and again.result(0).epoch == [0, 1]
    assert again.result(1) == {"loss": 0.5} and again.result(2) == 0.5


def test_the_weights_are_those_after_the_last_finished_one(make):
    kept = make()
    for number in range(2):
        kept.checkpoint.write_text(f"weights {number}")
        kept.keep(number, 1.0, 1.0, float(number))
    kept.checkpoint.write_text("half of")  # killed here
    again = make()
    assert again.restore() == 1.0
    assert again.checkpoint.read_text() == "weights 1"
    assert len(list(again.folder.iterdir())) == 3  # with one copy of the weights
    again.forget()
    assert [path.name for path in again.folder.iterdir()] == ["checkpoint.weights.h5"]
    assert len(make()) == 0


def test_only_the_same_run_counts(make):
    make().keep(0, 1.0, 1.0, None)
    assert len(make()) == 1 and make().restore() is None
    assert len(make({"units": 3, "discovered": 1})) == 1
    assert len(make({"units": 4})) == 0
    for name, value in (("seed", 2), ("attempt", 1), ("epochs", 3)):
        assert len(make(**{name: value})) == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run": 1}', "3"])
def test_a_damaged_file_counts_as_none(make, content):
    kept = make()
    kept.keep(0, 1.0, 1.0, None)
    (kept.folder / "executions.json").write_text(content)
    assert len(make()) == 0


def test_what_is_not_plain_data_is_not_kept(make):
    kept = make()
    kept.keep(0, {"loss": object()}, 1.0, None)
    kept.keep(1, 1.0, 1.0, None)  # the first one is missing
    assert len(kept) == len(make()) == 0
