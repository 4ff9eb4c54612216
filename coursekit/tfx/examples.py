"""The examples that a pipeline starts from: the kit's data sets as files, and a check of any.

Images are TFRecords of `tf.train.Example`s with two features: `image`, PNG or JPEG bytes, and
`label`, a whole number. Tables are CSV files with a header.

The components read everything that `prepare` accepts, and count the same examples: it reads all
files as they do (`csv_files`, `image_records`), and refuses everything else before anything slow
starts. The classes are the different labels that occur, for images in ascending order. There are at
least two, and the train split has all of them.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.data import SOURCES, Split, load, penguins
from coursekit.tfx import csv_files, image_records
from coursekit.tfx.csv_files import Label, SplitTable
from coursekit.tfx.modules.image_features import IMAGE, LABEL
from coursekit.tfx.quiet import tf

PATTERNS = {"images": "*.tfrecord*", "table": "*.csv"}
SPLITS = ("train", "eval", "test")
SHARES = (6, 2, 2)  # of ten, by a hash, where a folder has no splits
PATHS = "*?[\\"  # signs that TFX reads as a pattern


@dataclass(frozen=True)
class Examples:
    """A folder of examples that was checked.

    kind: "images" or "table". splits: whether it has the subfolders train, eval and test. count:
    number of examples. classes: number of classes. shape: height and width of the first image, in
    pixels. labels: of images, the label of each class, ascending; None if they are 0, 1, ...
    """

    folder: Path
    kind: str
    splits: bool
    count: int
    classes: int
    shape: tuple[int, int] | None = None
    labels: tuple[int, ...] | None = None


def prepare(data: str, folder: Path, *, label: str, classes: int | None = None) -> Examples:
    """A data set's files, written to the folder unless they exist, and checked.

    data: a name or a folder, as in `Plan`. Raises ValueError as `look` does, and for examples of
    which the hash that deals them out leaves a split without examples, or a class only outside of
    the train split.
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
    found, tables = _read(Path(data).absolute(), label, classes)
    if not found.splits:
        _check_dealt(found, _dealt(found, label, tables))
    return found


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
    """Read all examples of a folder once, and check files, images, tables and labels.

    label: the label's column in a table. classes: of images whose labels are 0 to classes - 1;
    None counts the different labels.

    Raises ValueError, naming file and record or line, and the cure, for a folder without examples
    and for everything in it that the pipeline's components would not read (`image_records.read`,
    `csv_files.read`); for fewer than two classes; and for a label that the train split lacks.
    """
    return _read(folder, label, classes)[0]


def _read(folder: Path, label: str, classes: int | None) -> tuple[Examples, list[SplitTable]]:
    """The checked examples, and each split's table."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder")
    if signs := set(PATHS) & set(str(folder)):
        raise ValueError(
            f"{folder}: TFX takes {' and '.join(sorted(signs))} in a path for a pattern: rename "
            "the folder"
        )
    splits = all((folder / split).is_dir() for split in SPLITS)
    places = [folder / split for split in SPLITS] if splits else [folder]
    kind, files = _files(folder, places)
    tables: list[SplitTable] = []
    if kind == "table":
        tables = [csv_files.read(each, label) for each in files]
        csv_files.check_splits(tables[1:], tables[0])
        labels = [csv_files.labels(each, label) for each in tables]
        count, name, shape = sum(each.count for each in tables), label, None
    else:
        read = {file: image_records.read(file) for each in files for file in each}
        labels = [_merged({file: read[file].labels for file in each}) for each in files]
        count, name = sum(each.count for each in read.values()), LABEL
        shape = read[files[0][0]].shape
    known = {value: place for each in reversed(labels) for value, place in each.items()}
    if kind == "images" and classes:
        _check_range(known, classes)
    if len(known) < 2:
        raise ValueError(
            f"{folder}: every {name!r} is {next(iter(known))!r}: give at least two classes"
        )
    for each in labels[1:]:
        for value, place in each.items():
            if value not in labels[0]:
                raise ValueError(
                    f"{place}: {name} is {value!r}, which the train split does not have: add such "
                    "examples there, or leave them out"
                )
    if kind == "table":
        return Examples(folder, kind, splits, count, len(known)), tables
    every = tuple(sorted(int(value) for value in known))
    numbered = bool(classes) or every == tuple(range(len(every)))
    most = classes or len(every)
    return Examples(folder, kind, splits, count, most, shape, None if numbered else every), []


def _files(folder: Path, places: list[Path]) -> tuple[str, list[list[Path]]]:
    """The kind of the files in these places, and the files of each place."""
    for kind, pattern in PATTERNS.items():
        found = [sorted(place.glob(pattern)) for place in places]
        if any(found):
            for place, files in zip(places, found, strict=True):
                if not files:
                    raise ValueError(f"{place}: no examples, but its siblings have some")
            return kind, found
    absent = [split for split in SPLITS if not (folder / split).is_dir()]
    if 0 < len(absent) < len(SPLITS):
        raise ValueError(
            f"{folder}: no *.tfrecord and no *.csv in it, and of the subfolders "
            f"{', '.join(SPLITS)} it lacks {' and '.join(absent)}: give all three, or none"
        )
    names = sorted(path.name for path in folder.iterdir())
    has = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    raise ValueError(
        f"{folder}: no *.tfrecord and no *.csv in it, nor in subfolders {', '.join(SPLITS)} "
        f"(it has {has or 'no file'}): put image files into TFRecords "
        "(coursekit.tfx.examples.example), and uncompress tables"
    )


def _merged(labels: Mapping[Path, Mapping[int, int]]) -> dict[Label, str]:
    """The first place of each label in a split's files, from its first record in each file."""
    found: dict[Label, str] = {}
    for file, each in labels.items():
        for value, record in each.items():
            found.setdefault(value, f"{file}: record {record}")
    return found


def _check_range(known: Mapping[Label, str], classes: int) -> None:
    for value, place in known.items():
        if not 0 <= int(value) < classes:
            raise ValueError(
                f"{place} has the label {value}, but with {classes} classes labels are 0 to "
                f"{classes - 1}: leave it out, or leave out the number of classes (classes=, "
                "--classes), and the labels that occur are counted"
            )


def _dealt(
    found: Examples, label: str, tables: Sequence[SplitTable]
) -> Iterator[tuple[str, Label, str]]:
    """The place of each row or record, its label, and the split in which ExampleGen puts it."""
    _, (files,) = _files(found.folder, [found.folder])
    if found.kind == "images":
        for file in files:
            for number, (value, record) in enumerate(image_records.labelled(file)):
                yield f"{file}: record {number}", value, split_of(record)
        return
    (table,) = tables
    column = table.names.index(label)
    for file in files:
        for line, cells in csv_files.rows(file, table.names):
            meant = csv_files.meaning(cells[column], table.columns[label].type)
            yield f"{file}, line {line}", meant, split_of(csv_files.example(cells, table))


def _check_dealt(found: Examples, dealt: Iterator[tuple[str, Label, str]]) -> None:
    """Check that the hash leaves no split empty, and no class out of the train split."""
    places: dict[str, dict[Label, str]] = {split: {} for split in SPLITS}
    for place, value, split in dealt:
        places[split].setdefault(value, place)
        if len(places["train"]) == found.classes and all(places.values()):
            return
    cure = f"give more examples, or deal them out yourself, into subfolders {', '.join(SPLITS)}"
    for split, labels in places.items():
        if not labels:
            raise ValueError(
                f"{found.folder}: a hash deals the examples out, none to {split}: {cure}"
            )
        for value, place in labels.items():
            if value not in places["train"]:
                raise ValueError(
                    f"{place}: the label is {value!r}, and a hash deals all such examples out to "
                    f"eval and test, none to train: {cure}"
                )


def split_of(example: tf.train.Example) -> str:
    """The split into which ExampleGen's hash puts an example."""
    content = example.SerializeToString(deterministic=True)
    place = int(hashlib.sha256(content).hexdigest(), 16) % sum(SHARES)
    dealt = [split for split, share in zip(SPLITS, SHARES, strict=True) for _ in range(share)]
    return dealt[place]
