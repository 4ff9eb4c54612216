"""What the module functions do where folders are addresses, as on a cluster."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("tfx")

import tensorflow as tf

import coursekit.tfx.quiet  # noqa: F401
from coursekit.tfx.modules import images, training
from coursekit.tfx.modules.training import Task


def task(**arguments):
    """One without its data, which these two things do not read."""
    found = Task.__new__(Task)
    found.arguments = SimpleNamespace(train_files=[], **arguments)
    found.settings, found.epochs, found.classes = {"trials": 2}, 1, 10
    found.shapes = {images.IMAGE_XF: (4, 4)}
    found.train = found.validation = found.transformed = None
    return found


@pytest.mark.parametrize("strategy", ["random", "keras_tuner.RandomSearch"])
def test_a_search_whose_folder_is_an_address_keeps_its_journal_on_this_disk(strategy):
    here = task(working_dir="ram://bucket/tuner")
    here.settings["strategy"] = strategy
    tuner = here.search(images.build).tuner
    assert "://" not in tuner.project_dir and Path(tuner.project_dir).is_dir()


def test_what_the_training_measured_goes_to_an_address(monkeypatch):
    monkeypatch.setattr(training, "Served", lambda *_: SimpleNamespace(probabilities=0, features=0))
    monkeypatch.setattr(tf.saved_model, "save", lambda *_, **__: None)
    folder = "ram://bucket/model_run"
    measured = {"loss": [0.5, 0.25]}
    model = SimpleNamespace(history=SimpleNamespace(history=measured))
    task(model_run_dir=folder, serving_model_dir="ram://bucket/model").save(model, "label")
    with tf.io.gfile.GFile(f"{folder}/history.json") as file:
        assert json.loads(file.read()) == measured
    assert not Path("ram:").exists()
