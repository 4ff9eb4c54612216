"""The examples that a pipeline begins with: the kit's data sets as files, and a look at anyone's.

Images are TFRecords of `tf.train.Example`s with two features: `image`, PNG or JPEG bytes, and
`label`, 0, 1, ... Tables are CSV files with a header.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from coursekit.data import SOURCES, Split, load, penguins
from coursekit.tfx.modules.names import IMAGE, LABEL

PATTERNS = {"images": "*.tfrecord*", "table": "*.csv"}
BATCH = 1000  # records that are looked at together
SPLITS = ("train", "eval", "test")
MISSING = np.iinfo(np.int64).min  # instead of a label that is not there


@dataclass(frozen=True)
class Examples:
    """A folder of examples, looked through.

    kind: "images" or "table". splits: whether it has the subfolders train, eval and test. count:
    of the examples. classes: of the label. shape: height and width of the first image, in pixels.
    """

    folder: Path
    kind: str
    splits: bool
    count: int
    classes: int
    shape: tuple[int, int] | None = None


def prepare(data: str, folder: Path, *, label: str, classes: int | None = None) -> Examples:
    """A data set's files, written to the folder unless they are there, and looked through.

    data: a name or a folder, as `Plan` takes it. Raises ValueError for what no pipeline could use,
    naming the file.
    """
    if data == "penguins":
        target = folder / data
        target.mkdir(parents=True, exist_ok=True)
        if not (target / "penguins.csv").exists():  # a new date would make TFX read it again
            shutil.copyfile(penguins(), target / "penguins.csv")
        return look(target, label=label)
    if data in SOURCES:
        if not (folder / data).exists():
            _write(data, folder / data)
        return look(folder / data, label=label, classes=SOURCES[data].classes)
    return look(Path(data).absolute(), label=label, classes=classes)


def _write(name: str, target: Path) -> None:
    """All or nothing: a half-written data set must not be taken for a whole one."""
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
    """One TFRecord file of images, x in 0..1 as grey PNGs, and their labels."""
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
    """Read all examples of a folder once: the files are whole, and every label is possible.

    Raises ValueError, naming file and place, for a folder without examples, a broken record, an
    image that cannot be decoded (the first of each file is tried), a label that is missing or not
    in 0..classes - 1, a table without the label's column, or one whose eval or test split has a
    label that train has not.
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
            raise ValueError(f"{folder}: every {label!r} is {names[0]!r}: nothing to learn")
        return Examples(folder, kind, splits, sum(map(len, words.values())), len(names))
    labels = {file: _labels(file) for file in files}
    most = classes or max(int(each.max()) for each in labels.values()) + 1
    if most == 1:
        raise ValueError(f"{folder}: every {LABEL!r} is 0: nothing to learn")
    for file, each in labels.items():
        wrong = np.flatnonzero((each < 0) | (each >= most))
        if len(wrong):
            others = f" (so have {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise ValueError(
                f"{file}: record {wrong[0]} has the label {each[wrong[0]]}{others}, but with "
                f"{most} classes labels are 0 to {most - 1}"
            )
    count = sum(map(len, labels.values()))
    return Examples(folder, kind, splits, count, most, _first_shape(files))


def _files(folder: Path, places: list[Path]) -> tuple[str, list[Path]]:
    """The kind of the files in these places, and the files."""
    for kind, pattern in PATTERNS.items():
        found = [sorted(place.glob(pattern)) for place in places]
        if any(found):
            for place, files in zip(places, found, strict=True):
                if not files:
                    raise ValueError(f"{place}: no examples, though there are some beside it")
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
    """The vocabulary of labels is that of the train split: any other could not be learned."""
    known = {word for file, each in words.items() if file.parent == train for word in each}
    for file, each in words.items():
        if unknown := sorted(set(each) - known):
            raise ValueError(
                f"{file}: {label} is {unknown[0]!r}, which the train split has nowhere"
            )


def _labels(file: Path) -> np.ndarray:
    """The labels in a file of images, shape (records,)."""
    labels: list[int] = []
    for batch in _records(file):
        try:
            examples = tf.io.parse_example(
                batch,
                {
                    IMAGE: tf.io.FixedLenFeature([], tf.string, default_value=""),
                    LABEL: tf.io.FixedLenFeature([], tf.int64, default_value=MISSING),
                },
            )
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(
                f"{file}: not every record from {len(labels)} on is a tf.train.Example with one "
                f"{IMAGE!r}, of bytes, and one {LABEL!r}, a whole number ({error.message})"
            ) from None
        for name, none in ((IMAGE, b""), (LABEL, MISSING)):
            empty = np.flatnonzero(examples[name].numpy() == none)
            if len(empty):
                raise ValueError(f"{file}: record {len(labels) + empty[0]} has no {name!r}")
        labels += examples[LABEL].numpy().tolist()
    if not labels:
        raise ValueError(f"{file} holds no record")
    return np.array(labels)


def _records(file: Path) -> Iterator[tf.Tensor]:
    compression = "GZIP" if file.suffix == ".gz" else ""
    read = 0
    try:
        for batch in tf.data.TFRecordDataset(str(file), compression).batch(BATCH):
            yield batch
            read += len(batch)
    except tf.errors.DataLossError:
        raise ValueError(
            f"{file} is damaged, in one of the {BATCH} records after the first {read}: "
            "write it again"
        ) from None


def _first_shape(files: list[Path]) -> tuple[int, int]:
    shapes = []
    for file in files:
        first = next(_records(file))[0]
        features = tf.io.parse_single_example(first, {IMAGE: tf.io.FixedLenFeature([], tf.string)})
        try:
            image = tf.io.decode_image(features[IMAGE], expand_animations=False)
        except tf.errors.InvalidArgumentError:
            raise ValueError(f"{file}: the {IMAGE!r} of record 0 is no PNG or JPEG") from None
        shapes.append((int(image.shape[0]), int(image.shape[1])))
    return shapes[0]


def _table_labels(file: Path, label: str) -> list[str]:
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        if label not in (reader.fieldnames or ()):
            columns = ", ".join(reader.fieldnames or ["none at all"])
            raise ValueError(f"{file}: no column is called {label!r} (there are {columns})")
        words = []
        for row in reader:
            if not row[label]:
                raise ValueError(f"{file}, line {reader.line_num}: no {label}")
            words.append(row[label])
    if not words:
        raise ValueError(f"{file} has a header and no row")
    return words
