"""The examples that a pipeline begins with: written whole, read back, refused when bad."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from coursekit.data import Split, load
from coursekit.tfx.examples import SPLITS, Examples, look, prepare, write_images


def images(count=12, classes=3):
    x = np.random.default_rng(0).random((count, 5, 4), dtype=np.float32)
    return Split(x, np.arange(count) % classes)


def test_a_data_set_is_written_in_its_own_splits_and_comes_back_pixel_by_pixel(tmp_path):
    found = prepare("digits", tmp_path, label="")
    dataset = load("digits")
    assert found == Examples(tmp_path / "digits", "images", True, 1797, 10, (8, 8))
    splits = (dataset.train, dataset.validation, dataset.test)
    for name, split in zip(SPLITS, splits, strict=True):
        file = tmp_path / "digits" / name / "images.tfrecord"
        records = list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator())
        assert len(records) == len(split.y)
        for record, x, y in zip(records, split.x, split.y, strict=True):
            features = tf.train.Example.FromString(record).features.feature
            image = tf.io.decode_png(features["image"].bytes_list.value[0]).numpy()[..., 0]
            np.testing.assert_array_equal(image, np.rint(255 * x))
            assert features["label"].int64_list.value[0] == y


def test_examples_are_written_once_so_that_a_second_run_finds_the_same_files(tmp_path):
    prepare("penguins", tmp_path, label="species")
    prepare("digits", tmp_path, label="")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in files}
    prepare("penguins", tmp_path, label="species")
    prepare("digits", tmp_path, label="")
    assert before == {path: path.stat().st_mtime_ns for path in files}


def test_what_was_half_written_is_not_taken_for_a_data_set(tmp_path):
    half = tmp_path / "digits.unfinished" / "train"
    half.mkdir(parents=True)
    (half / "images.tfrecord").write_bytes(b"half")
    assert prepare("digits", tmp_path, label="").count == 1797
    assert not (tmp_path / "digits.unfinished").exists()


def test_a_table_is_looked_through(tmp_path):
    found = prepare("penguins", tmp_path, label="species")
    assert (found.kind, found.splits, found.count, found.classes) == ("table", False, 344, 3)


def test_a_folder_of_your_own_is_taken_as_it_is(tmp_path):
    write_images(tmp_path / "some.tfrecord", images())
    found = prepare(str(tmp_path), tmp_path / "elsewhere", label="")
    assert found == Examples(tmp_path, "images", False, 12, 3, (5, 4))
    assert not (tmp_path / "elsewhere").exists()


def refused(folder, said, **options):
    with pytest.raises(ValueError, match=said):
        look(folder, **{"label": "species"} | options)


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path):
    refused(tmp_path, r"no \*.tfrecord and no \*.csv in it.* \(it has no file\)")
    for number in range(5):
        (tmp_path / f"{number}.png").touch()
    refused(tmp_path, r"\(it has 0.png, 1.png, 2.png and 2 more\): put image files into TFRecords")
    refused(tmp_path / "missing", "no such folder")


def test_a_split_without_examples_is_refused(tmp_path):
    for split in SPLITS:
        (tmp_path / split).mkdir()
    write_images(tmp_path / "train" / "a.tfrecord", images())
    refused(tmp_path, "eval: no examples, but its siblings have some")


def test_all_that_the_pipeline_would_read_is_looked_through(tmp_path):
    """Files in parts have the number after the ending."""
    for part in range(2):
        write_images(tmp_path / f"a.tfrecord-{part:05}-of-00002", images())
    assert look(tmp_path, label="").count == 24


def test_a_split_that_is_missing_is_named(tmp_path):
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        write_images(tmp_path / split / "a.tfrecord", images())
    refused(tmp_path, "of the subfolders train, eval, test it lacks eval: give all three, or none")


def test_a_label_that_the_train_split_does_not_have_is_refused(tmp_path):
    for split in SPLITS:
        (tmp_path / split).mkdir()
        (tmp_path / split / "a.csv").write_text("species,b\nx,1\ny,2\n")
    assert look(tmp_path, label="species").classes == 2
    (tmp_path / "eval" / "a.csv").write_text("species,b\nx,1\nz,2\n")
    refused(tmp_path, "a.csv, line 3: species is 'z', which the train split does not have")
