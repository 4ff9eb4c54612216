"""The examples that a pipeline starts from: the kit's data sets as files, and a check of any.

Images are TFRecords of `tf.train.Example`s with two features: `image`, PNG or JPEG bytes, and
`label`, 0, 1, ... Tables are CSV files with a header.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.data import SOURCES, Split, load, penguins
from coursekit.tfx.modules.feature_names import IMAGE, LABEL
from coursekit.tfx.quiet import tf

PATTERNS = {"images": "*.tfrecord*", "table": "*.csv"}
BATCH = 1000  # records that TensorFlow hands over together
SPLITS = ("train", "eval", "test")
MISSING = np.iinfo(np.int64).min  # stands for a missing label
FEATURES = {
    IMAGE: tf.io.FixedLenFeature([], tf.string, default_value=""),
    LABEL: tf.io.FixedLenFeature([], tf.int64, default_value=MISSING),
}


@dataclass(frozen=True)
class Examples:
    """A folder of examples that was checked.

    kind: "images" or "table". splits: whether it has the subfolders train, eval and test. count:
    number of examples. classes: number of classes. shape: height and width of the first image, in
    pixels.
    """

    folder: Path
    kind: str
    splits: bool
    count: int
    classes: int
    shape: tuple[int, int] | None = None


def prepare(data: str, folder: Path, *, label: str, classes: int | None = None) -> Examples:
    """A data set's files, written to the folder unless they exist, and checked.

    data: a name or a folder, as in `Plan`. Raises ValueError, naming the file, for data that no
    pipeline could use.
    """
    if data == "penguins":
        target = folder / data
        target.mkdir(parents=True, exist_ok=True)
        if not (target / "penguins.csv").exists():  # a new date makes TFX read it again
            shutil.copyfile(penguins(), target / "penguins.csv")
        return look(target, label=label)
    if data in SOURCES:
        if not (folder / data).exists():
            _write(data, folder / data)
        return look(folder / data, label=label, classes=SOURCES[data].classes)
    return look(Path(data).absolute(), label=label, classes=classes)


def _write(name: str, target: Path) -> None:
    """Write a data set completely or not at all: a partial one must not look complete."""
    dataset = load(name)
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for split, images in zip(
        SPLITS, (dataset.train, dataset.validation, dataset.test), strict=True
    ):
        (unfinished / split).mkdir(parents=True)
        write_images(unfinished / split / "images.tfrecord", images)
    unfinished.rename(target)


def write_images(path: Path, images: Split) -> None:
    """Write one TFRecord file of images (x in 0..1, as grey PNGs) and their labels."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for x, y in zip(images.x, images.y, strict=True):
            writer.write(example(png(x), int(y)))


def png(image: np.ndarray) -> bytes:
    """An image, shape (height, width), in 0..1, as the bytes of a grey PNG."""
    grey = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)[..., None]
    return bytes(tf.io.encode_png(grey).numpy())


def example(image: bytes, label: int | None = None) -> bytes:
    """A serialized example of an encoded image, with its label if it has one."""
    features = {IMAGE: tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
    if label is not None:
        features[LABEL] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def look(folder: Path, *, label: str, classes: int | None = None) -> Examples:
    """Read all examples of a folder once, and check files, images and labels.

    It takes a tenth of a millisecond for each image, a millisecond for large ones.

    Raises ValueError, naming file and place, for a folder without examples, a broken record, a
    record that is not a `tf.train.Example` with an image and a label, an image that cannot be
    decoded, a label outside 0..classes - 1, a table without the label's column, or a table whose
    eval or test split has a label that the train split lacks.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder")
    splits = all((folder / split).is_dir() for split in SPLITS)
    kind, files = _files(folder, [folder / split for split in SPLITS] if splits else [folder])
    if kind == "table":
        words = {file: _table_labels(file, label) for file in files}
        if splits:
            _only_known(words, folder / "train", label)
        names = sorted({word for each in words.values() for word in each})
        if len(names) < 2:
            raise ValueError(
                f"{folder}: every {label!r} is {names[0]!r}: give at least two classes"
            )
        return Examples(folder, kind, splits, sum(map(len, words.values())), len(names))
    read = {file: _images(file) for file in files}
    labels = {file: each for file, (each, _) in read.items()}
    most = classes or max(int(each.max()) for each in labels.values()) + 1
    if most == 1:
        raise ValueError(f"{folder}: every {LABEL!r} is 0: give at least two classes")
    for file, each in labels.items():
        wrong = np.flatnonzero((each < 0) | (each >= most))
        if len(wrong):
            others = f" (so have {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise ValueError(
                f"{file}: record {wrong[0]} has the label {each[wrong[0]]}{others}, but with "
                f"{most} classes labels are 0 to {most - 1}"
            )
    count = sum(map(len, labels.values()))
    return Examples(folder, kind, splits, count, most, read[files[0]][1])


def _files(folder: Path, places: list[Path]) -> tuple[str, list[Path]]:
    """The kind of the files in these places, and the files."""
    for kind, pattern in PATTERNS.items():
        found = [sorted(place.glob(pattern)) for place in places]
        if any(found):
            for place, files in zip(places, found, strict=True):
                if not files:
                    raise ValueError(f"{place}: no examples, but its siblings have some")
            return kind, [file for files in found for file in files]
    absent = [split for split in SPLITS if not (folder / split).is_dir()]
    if 0 < len(absent) < len(SPLITS):
        raise ValueError(
            f"{folder}: no *.tfrecord and no *.csv in it, and of the subfolders "
            f"{', '.join(SPLITS)} it lacks {' and '.join(absent)}: give all three, or none"
        )
    raise ValueError(
        f"{folder}: no *.tfrecord and no *.csv in it, nor in subfolders {', '.join(SPLITS)}"
    )


def _only_known(words: dict[Path, list[str]], train: Path, label: str) -> None:
    """Check that the train split has all labels: the model cannot learn any other."""
    known = {word for file, each in words.items() if file.parent == train for word in each}
    for file, each in words.items():
        if unknown := sorted(set(each) - known):
            raise ValueError(
                f"{file}: {label} is {unknown[0]!r}, which the train split does not have"
            )


def _images(file: Path) -> tuple[np.ndarray, tuple[int, int]]:
    """The labels in a file of images, shape (records,), and the first image's height and width."""
    labels, shapes = [np.empty(0, np.int64)], []
    try:
        for batch in _records(file).batch(BATCH):
            each, shape = _read(batch)
            labels.append(each.numpy())
            shapes.append(shape.numpy())
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError):
        _refuse(file)
        raise
    if any((each == MISSING).any() for each in labels):
        _refuse(file)
    if not shapes:
        raise ValueError(f"{file} holds no record")
    height, width = shapes[0][0].tolist()
    return np.concatenate(labels), (height, width)


def _records(file: Path) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(str(file), "GZIP" if file.suffix == ".gz" else "")


@tf.function(input_signature=[tf.TensorSpec((None,), tf.string)], autograph=False)
def _read(records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The labels of records, shape (records,), and heights and widths of images, (records, 2)."""
    features = tf.io.parse_example(records, FEATURES)
    shapes = tf.map_fn(
        lambda image: tf.shape(_decoded(image))[:2],
        features[IMAGE],
        fn_output_signature=tf.TensorSpec((2,), tf.int32),
    )
    return features[LABEL], shapes


def _decoded(image: tf.Tensor) -> tf.Tensor:
    return tf.io.decode_image(image, expand_animations=False)


def _refuse(file: Path) -> None:
    """Raises ValueError for the first bad record of a file."""
    number = -1
    try:
        for number, record in enumerate(_records(file)):
            _check(record, f"{file}: record {number}")
    except tf.errors.DataLossError:
        raise ValueError(
            f"{file} is damaged, or cut off, at record {number + 1}: write it again"
        ) from None


def _check(record: tf.Tensor, where: str) -> None:
    try:
        features = tf.io.parse_single_example(record, FEATURES)
    except tf.errors.InvalidArgumentError as error:
        reason = str(error.message).rpartition("}} ")[2].partition(" [Op:")[0]
        raise ValueError(
            f"{where} is not a tf.train.Example with one {IMAGE!r}, of bytes, and one {LABEL!r}, "
            f"a whole number, such as coursekit.tfx.examples.example makes ({reason})"
        ) from None
    for name, none in ((IMAGE, b""), (LABEL, MISSING)):
        if features[name].numpy() == none:
            raise ValueError(f"{where} has no {name!r}: add it, or leave the record out")
    try:
        _decoded(features[IMAGE])
    except tf.errors.InvalidArgumentError:
        raise ValueError(
            f"{where} has an {IMAGE!r} that is not a complete PNG or JPEG: encode it again, or "
            "leave the record out"
        ) from None


def _table_labels(file: Path, label: str) -> list[str]:
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        if label not in (reader.fieldnames or ()):
            columns = ", ".join(reader.fieldnames or ["none"])
            raise ValueError(f"{file}: no column is called {label!r} (there are {columns})")
        words = []
        for row in reader:
            if not row[label]:
                raise ValueError(f"{file}, line {reader.line_num}: no {label}")
            words.append(row[label])
    if not words:
        raise ValueError(f"{file} has a header and no row")
    return words
