"""The examples that a pipeline begins with: written whole, read back, refused when bad."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from coursekit.data import Split, load
from coursekit.tfx.examples import SPLITS, Examples, example, look, png, prepare, write_images


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


def test_compressed_records_are_read(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord.gz"), "GZIP") as writer:
        for label in (0, 1):
            writer.write(example(png(np.zeros((2, 3))), label))
    assert look(tmp_path, label="").count == 2


def refused(folder, said, **options):
    with pytest.raises(ValueError, match=said):
        look(folder, **{"label": "species"} | options)


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path):
    refused(tmp_path, r"no \*.tfrecord and no \*.csv in it")
    refused(tmp_path / "missing", "no such folder")


def test_a_split_without_examples_is_refused(tmp_path):
    for split in SPLITS:
        (tmp_path / split).mkdir()
    write_images(tmp_path / "train" / "a.tfrecord", images())
    refused(tmp_path, "eval: no examples, but its siblings have some")


def test_a_broken_record_is_refused_with_its_file_and_its_number(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_images(path, Split(*(each[:5] for each in images())))
    five = path.stat().st_size
    write_images(path, images())
    content = bytearray(path.read_bytes())
    content[five + 20] ^= 1
    path.write_bytes(content)
    refused(tmp_path, "a.tfrecord is damaged, or cut off, at record 5: write it again")
    path.write_bytes(bytes(content[: five - 1]))
    refused(tmp_path, "a.tfrecord is damaged, or cut off, at record 4")


@pytest.mark.parametrize("label", [-1, 3, 10**12])
def test_a_label_out_of_range_is_refused_with_its_place(tmp_path, label):
    wrong = images()._replace(y=np.array([0, 1, 2, 0, label] + [0] * 7))
    write_images(tmp_path / "a.tfrecord", wrong)
    refused(tmp_path, rf"a.tfrecord: record 4 has the label {label}, .*0 to 2", classes=3)


def test_labels_beyond_those_that_were_counted_are_classes_of_their_own(tmp_path):
    write_images(tmp_path / "a.tfrecord", images(classes=4))
    assert look(tmp_path, label="").classes == 4


def test_a_record_without_label_or_image_is_refused(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(example(png(np.zeros((2, 2))), 1))
        writer.write(example(png(np.zeros((2, 2)))))
    refused(tmp_path, "record 1 has no 'label': add it, or leave", classes=2)
    refused(tmp_path, "record 1 has no 'label'")
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(tf.train.Example().SerializeToString())
    refused(tmp_path, "record 0 has no 'image'")


def test_a_record_that_is_no_such_example_is_refused_with_its_number(tmp_path):
    """As one with a word for a label, or none at all."""
    good = example(png(np.zeros((2, 2))), 1)
    word = tf.train.Example.FromString(example(png(np.zeros((2, 2)))))
    word.features.feature["label"].bytes_list.value.append(b"three")
    records = {word.SerializeToString(): "Data types don't match", b"no example": "Could not parse"}
    for record, reason in records.items():
        with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
            for each in (good, good, record, good):
                writer.write(each)
        refused(tmp_path, rf"a.tfrecord: record 2 is not a tf.train.Example with one .*{reason}")


def test_one_class_alone_is_refused(tmp_path):
    write_images(tmp_path / "a.tfrecord", images(classes=1))
    refused(tmp_path, "every 'label' is 0: give at least two classes")


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
    refused(tmp_path, "a.csv: species is 'z', which the train split does not have")


GREY = np.random.default_rng(0).random((30, 20))
JPEG = tf.io.encode_jpeg(np.uint8(255 * GREY)[..., None]).numpy()


@pytest.mark.parametrize("broken", [b"no image", b"", png(GREY)[:-40], JPEG[:-100]])
def test_an_image_that_is_none_or_half_is_refused_wherever_it_is(tmp_path, broken):
    """Not only the first of a file: Transform would come upon it later, and name none."""
    write_images(tmp_path / "a.tfrecord", images())
    good = [example(png(GREY), 1), example(JPEG, 2)] * 3
    for place in (0, 5):
        with tf.io.TFRecordWriter(str(tmp_path / "b.tfrecord")) as writer:
            for each in [*good[:place], example(broken, 0), *good]:
                writer.write(each)
        cure = (
            "has no 'image': add it"
            if not broken
            else "has an 'image' that is not a complete PNG or"
        )
        refused(tmp_path, f"b.tfrecord: record {place} {cure}.* leave the record out")


def test_images_of_any_kind_and_size_are_looked_at_and_the_first_gives_the_size(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        for label, image in enumerate((png(GREY), JPEG, png(np.zeros((2, 3))))):
            writer.write(example(image, label))
    assert look(tmp_path, label="") == Examples(tmp_path, "images", False, 3, 3, (30, 20))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", r"no column is called 'species' \(there are a, b\)"),
        ("species,b\n", "has a header and no row"),
        ("species,b\nx,1\n,2\n", "line 3: no species"),
        ("species,b\nx,1\n\n,2\n", "line 4: no species"),
        ("species,b\nx,1\nx,2\n", "every 'species' is 'x': give at least two classes"),
        ("", "there are none"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_refused(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text)
    refused(tmp_path, said)
