"""A search in the Tuner that was killed and resumed scores as an uninterrupted one does."""

import itertools
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tfx")

import keras
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from coursekit.data import load
from coursekit.tfx.modules import images
from coursekit.tfx.modules.training import Task, batches
from coursekit.tfx.quiet import tf, tfx
from coursekit.training.keras.seeding import seed_training

TRIALS = 3
SHAPE = (8, 8)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Some digits as Transform writes them: its metadata and examples, in a folder."""
    folder = tmp_path_factory.mktemp("data")
    features = {
        images.IMAGE_XF: tf.io.FixedLenFeature(SHAPE, tf.float32),
        images.LABEL_XF: tf.io.FixedLenFeature([], tf.int64),
    }
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(features))
    metadata_io.write_metadata(metadata, str(folder / "transformed_metadata"))
    digits = load("digits")
    for name, split in {"train": digits.train, "eval": digits.validation}.items():
        with tf.io.TFRecordWriter(str(folder / f"{name}.gz"), "GZIP") as writer:
            for x, y in zip(split.x[:200], split.y[:200], strict=True):
                made = tf.train.Example()
                made.features.feature[images.IMAGE_XF].float_list.value.extend(x.ravel().tolist())
                made.features.feature[images.LABEL_XF].int64_list.value.append(int(y))
                writer.write(made.SerializeToString())
    return folder


def arguments(data, folder, **settings):
    return tfx.components.FnArgs(
        train_files=[str(data / "train.gz")],
        eval_files=[str(data / "eval.gz")],
        train_steps=21,  # three epochs of seven batches
        transform_graph_path=str(data),
        working_dir=str(folder),
        model_run_dir=str(folder / "run"),
        custom_config={"trials": TRIALS, "seed": 3, "classes": 10, **settings},
    )


def searched(data, folder, **settings):
    """The Tuner's search: each trial's configuration and score."""
    found = images.tuner_fn(arguments(data, folder, **settings))
    found.tuner.search(**found.fit_kwargs)
    trials = found.tuner.oracle.trials
    return {number: (each.hyperparameters.values, each.score) for number, each in trials.items()}


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_seeded_searches import arguments
import keras
from coursekit.tfx.modules import images
found = images.tuner_fn(arguments(Path({data!r}), Path({folder!r}), **{settings!r}))
oracle = found.tuner.oracle
class Kill(keras.callbacks.Callback):
    def __deepcopy__(self, memo):
        return self
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1 and len(oracle.end_order) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
found.fit_kwargs["callbacks"].append(Kill())
found.tuner.search(**found.fit_kwargs)
"""


@pytest.mark.parametrize(
    ("strategy", "options"),
    [
        pytest.param("regularized_evolution", {}, marks=pytest.mark.nightly(40)),
        pytest.param("random", {"executions_per_trial": 2}, marks=pytest.mark.nightly(40)),
        pytest.param(
            "keras_tuner.RandomSearch",
            {"executions_per_trial": 2},
            marks=pytest.mark.nightly(50),
        ),
    ],
)
def test_a_killed_search_resumes_to_the_scores_of_an_uninterrupted_one(
    data, tmp_path, strategy, options
):
    settings = {"strategy": strategy, "options": options}
    script = KILLED.format(
        tests=str(Path(__file__).parent), data=str(data), folder=str(tmp_path / "a"),
        settings=settings,
    )  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    resumed = searched(data, tmp_path / "a", **settings)
    whole = searched(data, tmp_path / "b", **settings)  # in a process that has trained before
    assert resumed == whole
    assert len(resumed) == TRIALS
    assert len({score for _, score in whole.values()}) > 1, "seeds and configurations count"


@pytest.mark.slow(6)
def test_another_seed_trains_the_same_configuration_from_other_weights(data, tmp_path):
    options = {"strategy": "grid", "trials": 1}
    one, two = (searched(data, tmp_path / f"{seed}", seed=seed, **options) for seed in (3, 4))
    assert one["0000"][0] == two["0000"][0]
    assert one["0000"][1] != two["0000"][1]


@pytest.mark.slow(6)
def test_the_trainer_trains_the_same_model_whatever_was_trained_before(data, tmp_path):
    weights = []
    for number in range(2):
        task = Task(arguments(data, tmp_path / f"{number}"), images.LABEL_XF)
        weights.append(task.fit(images.build).get_weights())
    for one, two in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_order_of_examples_is_seeded_with_the_training_and_new_in_every_epoch(data, tmp_path):
    task = Task(arguments(data, tmp_path), images.LABEL_XF)
    made, count = batches([str(data / "train.gz")], task.transformed, images.LABEL_XF, shuffle=True)

    def epochs(seed):
        seed_training(seed, 0)
        return [np.concatenate([y.numpy() for _, y in made]) for _ in range(3)]

    first = epochs(5)
    next(iter(made))  # what others read in between
    again, other = epochs(5), epochs(6)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    for one, two in itertools.combinations(first, 2):
        assert not np.array_equal(one, two)
        np.testing.assert_array_equal(np.sort(one), np.sort(two))
    assert len(first[0]) == count == 200
    keras.utils.set_random_seed(7)
    drawn = random.getstate()
    for _ in task.validation:
        pass
    assert random.getstate() == drawn, "what is not shuffled draws nothing"
