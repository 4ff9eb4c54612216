"""Loading a data set, whole or as a cheaper version of itself."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np

from coursekit.arguments import is_whole
from coursekit.data.resampling import area_average, rotate, stratified_order, subset
from coursekit.data.sources import SOURCES, SPLIT_SEED, TABLES, DataError, Dataset, Split, find
from coursekit.extras import from_extras
from coursekit.loading import quietly
from coursekit.shipped import shipped


def load(
    name: str, *, size: int | float | None = None, resolution: int | None = None, seed: int = 0
) -> Dataset:
    """Load a data set by name, whole or as a cheaper version of itself.

    name: "mnist-5k" and "digits" come with the package. "mnist-5k-rotated" is made from mnist-5k:
        14x14 pixels, each image turned by up to 45 degrees, with noise. "mnist" and
        "fashion-mnist" are downloaded once by Keras.
    size: training images to keep, as a number (int, at least one for each class) or as a share
        (float in 0..1). The subset is stratified; with one seed, a larger subset contains every
        smaller one. Validation and test stay whole, so that scores can be compared.
    resolution: height and width in pixels, at most the original's. Every new pixel is the average
        of the area that it covers.
    seed: draws the subset. The three splits are always the same.

    Raises ValueError for an argument out of range, DataError for a file that is missing, damaged
    or cannot be downloaded.
    """
    source = find(name)
    if resolution is not None and not is_whole(resolution, 1, min(source.shape)):
        raise ValueError(
            f"resolution={resolution!r}: {name} has {source.shape[0]}x{source.shape[1]} pixels, "
            f"take a whole number from 1 to {min(source.shape)}"
        )
    pixels, labels = _read(name)

    stops = np.cumsum(source.splits)
    train, validation, test = (slice(*ends) for ends in pairwise((0, *stops)))
    kept = subset(labels[train], size, source.classes, seed)

    def split(rows: slice | np.ndarray) -> Split:
        x = pixels[rows].astype(np.float32)
        x /= source.brightest
        return Split(x if resolution is None else area_average(x, resolution), labels[rows])

    return Dataset(name, split(kept), split(validation), split(test), source.classes)


def _read(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Raw values, shape (images, height, width), and labels, in the order of the splits."""
    source = SOURCES[name]
    if source.base is not None:
        pixels, labels = _read(source.base)
        halves = area_average(pixels.astype(np.float32) / source.brightest, source.shape[0])
        rng = np.random.default_rng(SPLIT_SEED)
        noisy = rotate(halves, rng.uniform(-45, 45, len(halves)))
        noisy += rng.normal(0, 0.1, noisy.shape)
        return np.rint(source.brightest * np.clip(noisy, 0, 1)).astype(np.uint8), labels
    return _read_shipped(name) if source.sha256 is not None else _download(name)


def _read_shipped(name: str) -> tuple[np.ndarray, np.ndarray]:
    content = _shipped_bytes(f"{name}.npz", SOURCES[name].sha256)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"].astype(np.int64)


def penguins() -> Path:
    """The path of the penguins table: 344 rows, 8 columns; a missing value is empty.

    Raises DataError if it is missing or damaged.
    """
    return _table("penguins")


def titanic() -> Path:
    """The path of the Titanic's passengers: 1,309 rows, 14 columns; a missing value is empty.

    The first 1,000 rows are to learn from, the other 309 to judge with; both are stratified by
    the column `survived`. Raises DataError if the file is missing or damaged.
    """
    return _table("titanic")


def _table(name: str) -> Path:
    _shipped_bytes(f"{name}.csv", TABLES[name])
    return shipped("data") / f"{name}.csv"


def _shipped_bytes(name: str, sha256: str | None) -> bytes:
    cure = f"`git checkout -- data/{name}` restores it; without a checkout, install coursekit again"
    try:
        content = (shipped("data") / name).read_bytes()
    except FileNotFoundError:
        raise DataError(f"data/{name} is missing: {cure}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(f"data/{name} is damaged (its checksum is wrong): {cure}")
    return content


def _download(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels through Keras, which keeps the files below KERAS_HOME."""
    import socket

    with from_extras(), quietly():
        import keras
    module = {"mnist": keras.datasets.mnist, "fashion-mnist": keras.datasets.fashion_mnist}[name]
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(30)  # seconds without an answer: a dead network must not hang a lab
    try:
        (x, y), (x_test, y_test) = module.load_data()
    except (EOFError, ValueError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
        for file in [folder / "mnist.npz"] if name == "mnist" else (folder / name).glob("*.gz"):
            file.unlink(missing_ok=True)
        raise DataError(
            f"the downloaded {name} was damaged and is removed ({error}): load it again"
        ) from error
    except Exception as error:  # Keras wraps network errors in a bare Exception
        raise DataError(
            f'{name} cannot be downloaded ({error}): take "mnist-5k", which needs no network'
        ) from error
    finally:
        socket.setdefaulttimeout(patience)
    order = stratified_order(y, np.random.default_rng(SPLIT_SEED))
    return np.concatenate([x[order], x_test]), np.concatenate([y[order], y_test]).astype(np.int64)
