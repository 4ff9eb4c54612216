"""TFRecord files of images and labels, read as TFX's ImportExampleGen and Transform read them."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.tfx.modules.image_features import IMAGE, LABEL, decode
from coursekit.tfx.quiet import CompressionTypes, tf

BATCH = 1000  # records that TensorFlow hands over together
OVERHEAD = 16  # bytes around each record: its length and two checksums
MISSING = np.iinfo(np.int64).min  # stands for a missing label
FEATURES = {
    IMAGE: tf.io.FixedLenFeature([], tf.string, default_value=""),
    LABEL: tf.io.FixedLenFeature([], tf.int64, default_value=MISSING),
}
GZIP = b"\x1f\x8b\x08"
KINDS = {  # of files and of images, by their first bytes
    b"\x89PNG": "a PNG",
    b"\xff\xd8\xff": "a JPEG",
    b"BM": "a BMP",
    b"GIF8": "a GIF",
    b"RIFF": "a WebP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    GZIP: "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x78\x01": "compressed by zlib",
    b"\x78\x5e": "compressed by zlib",
    b"\x78\x9c": "compressed by zlib",
    b"\x78\xda": "compressed by zlib",
}


@dataclass(frozen=True)
class Records:
    """The contents of one file.

    count: number of records. labels: the first record with each label. shape: height and width of
    the first image, in pixels.
    """

    count: int
    labels: dict[int, int]
    shape: tuple[int, int]


def read(file: Path) -> Records:
    """Read all records of a file. It takes a tenth of a millisecond for each image, or more for
    large ones.

    Raises ValueError, naming file and record, for one that ImportExampleGen cannot read, or whose
    image Transform cannot decode.
    """
    size = _check_file(file)
    labels, shapes = [np.empty(0, np.int64)], []
    try:
        for batch in open_records(file).batch(BATCH):
            each, shape = _parsed(batch)
            size -= int(tf.reduce_sum(tf.strings.length(batch))) + OVERHEAD * len(each)
            labels.append(each.numpy())
            shapes.append(shape.numpy())
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError):
        _refuse(file)
        raise
    if any((each == MISSING).any() for each in labels):
        _refuse(file)
    if not shapes:
        raise ValueError(f"{file} holds no record: write some, or remove the file")
    height, width = shapes[0][0].tolist()
    every = np.concatenate(labels)
    if size:  # TensorFlow takes a record without all of its length for the end
        raise ValueError(f"{file} is damaged, or cut off, at record {len(every)}: write it again")
    values, first = np.unique(every, return_index=True)
    return Records(
        len(every), dict(zip(values.tolist(), first.tolist(), strict=True)), (height, width)
    )


def open_records(file: Path) -> tf.data.Dataset:
    """A file's records, decompressed if it is called `*.gz`, as ImportExampleGen does."""
    return tf.data.TFRecordDataset(str(file), "GZIP" if _named_gzip(file) else "")


def _named_gzip(file: Path) -> bool:
    return bool(CompressionTypes.detect_compression_type(str(file)) == CompressionTypes.GZIP)


def _check_file(file: Path) -> int:
    """The size of the uncompressed content, in bytes.

    Raises ValueError unless name and first bytes are those of a TFRecord, or of one in gzip.
    """
    if not file.is_file():
        raise ValueError(f"{file} is a folder, but is called like a TFRecord: move or rename it")
    with file.open("rb") as opened:
        start = opened.read(12)
    if not start:
        raise ValueError(f"{file} is empty and holds no record: write some, or remove the file")
    zipped = start.startswith(GZIP) and not _is_record(start)
    named = CompressionTypes.detect_compression_type(str(file))
    whole, content = file.name.removesuffix(file.suffix), file.stat().st_size
    if zipped and named == CompressionTypes.GZIP:
        start, content = _unzipped(file)
    elif zipped:
        raise ValueError(
            f"{file} is compressed by gzip, but its name does not end with .gz, and TFX goes by "
            f"the name: rename it (mv {file.name} {_renamed(file)})"
        )
    elif _is_record(start) and named != CompressionTypes.UNCOMPRESSED:
        raise ValueError(
            f"{file} is not compressed, but its name ends with {file.suffix}, and TFX goes by the "
            f"name: rename it (mv {file.name} {whole})"
        )
    if _is_record(start):
        return content
    size = struct.unpack("<Q", start[:8])[0] if len(start) == 12 else 0
    inside = "what is in it " if zipped else ""
    kind = kind_of(start)
    if kind is None and (len(start) < 12 or size < content):
        raise ValueError(f"{file} is damaged, or cut off, at record 0: write it again")
    cure = "write it with tf.io.TFRecordWriter"
    if kind and kind.startswith("compressed"):
        cure = 'of compressions only gzip is read: write it with TFRecordWriter(path, "GZIP"), and '
        cure += "a name that ends with .gz"
    what = kind or f"begins with {start!r}"
    raise ValueError(
        f"{file}: {inside}is not a TFRecord, but {what}: {cure}, or move it out of the folder"
    )


def _renamed(file: Path) -> str:
    """The name with .gz at its end, and without another one."""
    return file.name.replace(".gz", "") + ".gz"


def _unzipped(file: Path) -> tuple[bytes, int]:
    """The first bytes in a gzip file, and the size of its content."""
    try:
        with gzip.open(file) as opened:
            start = opened.read(12)
            size = len(start)
            while more := len(opened.read(1 << 20)):
                size += more
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"{file} is damaged, or cut off ({error}): write it again, or copy it again"
        ) from None
    if not start:
        raise ValueError(f"{file} holds no record: write some, or remove the file")
    return start, size


def _is_record(start: bytes) -> bool:
    """Whether the first 12 bytes begin a TFRecord: a length of 8 bytes and its masked CRC-32C."""
    if len(start) < 12:
        return False
    rest = 0xFFFFFFFF
    for byte in start[:8]:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (0x82F63B78 if rest & 1 else 0)
    rest ^= 0xFFFFFFFF
    masked = ((rest >> 15 | rest << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return bool(masked == struct.unpack("<I", start[8:12])[0])


def kind_of(content: bytes) -> str | None:
    """The kind of a file or an image by its first bytes, in words; None if it is not known."""
    return next((kind for start, kind in KINDS.items() if content.startswith(start)), None)


@tf.function(input_signature=[tf.TensorSpec((None,), tf.string)], autograph=False)
def _parsed(records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The labels of records, shape (records,), and heights and widths of images, (records, 2)."""
    features = tf.io.parse_example(records, FEATURES)
    shapes = tf.map_fn(
        lambda image: tf.shape(decode(image))[:2],
        features[IMAGE],
        fn_output_signature=tf.TensorSpec((2,), tf.int32),
    )
    return features[LABEL], shapes


def _refuse(file: Path) -> None:
    """Raises ValueError for the first bad record of a file."""
    number = -1
    try:
        for number, record in enumerate(open_records(file)):
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
            known = tf.train.Example.FromString(record.numpy()).features.feature
            has = ", ".join(sorted(known)) or "none"
            raise ValueError(
                f"{where} has no {name!r}: add it, or leave the record out (its features are {has})"
            )
    image = features[IMAGE]
    try:
        decode(image)
    except tf.errors.InvalidArgumentError:
        kind = kind_of(image.numpy())
        what = "not a complete PNG or JPEG"
        if kind == "a JPEG":
            what += " (a JPEG in CMYK, or a damaged one)"
        elif kind:
            what += f" ({kind})" if kind != "a PNG" else " (a damaged PNG)"
        raise ValueError(
            f"{where} has an {IMAGE!r} that is {what}: encode it again, as grey or RGB, or leave "
            "the record out"
        ) from None


def labelled(file: Path) -> Iterator[tuple[int, tf.train.Example]]:
    """The label and the example of each record of a file that was read."""
    for record in open_records(file).as_numpy_iterator():
        found = tf.train.Example.FromString(record)
        yield found.features.feature[LABEL].int64_list.value[0], found
