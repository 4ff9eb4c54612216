"""What the module functions do where folders are addresses, as on a cluster."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("tfx")

import tensorflow as tf

from coursekit.tfx.modules import images, training
from coursekit.tfx.modules.training import Task
from coursekit.tuners import Random


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


def test_a_tuner_of_the_kit_s_refuses_an_address_and_names_what_a_tuner_fn_can_give_it():
    here = task(working_dir="ram://bucket/tuner")
    build = partial(images.build, shapes=here.shapes, classes=here.classes)
    given = {"objective": "val_accuracy", "max_trials": 2, "overwrite": True}
    with pytest.raises(ValueError, match=r"'ram://bucket/tuner' is an address.* the Task's direct"):
        Random(build, directory=here.arguments.working_dir, **given)
    assert Path(Random(build, directory=here.directory, **given).project_dir).is_dir()
    assert here.directory == here.directory, "the same folder each time"
    assert task(working_dir="/work").directory == "/work"


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
