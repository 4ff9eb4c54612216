"""The registry of data sets, and the types of a data set and its splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# Where the splits were cut. Changing it changes every figure in the labs.
SPLIT_SEED = 20_240_601
# The tables, data/NAME.csv, and their sha256.
TABLES = {
    "penguins": "1867a776a83379df4219f227bb1effb967da12adb13732127c8c8d120434c29b",
    "titanic": "d8c74e831104273f7f66c31619a66f0950d717933786bf4643e018b4bd24e51f",
}


class DataError(OSError):
    """A data set's file is missing, damaged or not downloadable; the message says what to do."""


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
    """What the kit knows about a data set before loading it.

    shape: height and width in pixels. splits: images in train, validation, test.
    brightest: the raw value that becomes 1. sha256: of the shipped file; None if it is downloaded.
    base: the data set from which this one is made on loading; None if there is none.
    """

    shape: tuple[int, int]
    splits: tuple[int, int, int]
    brightest: int
    licence: str
    sha256: str | None = None
    classes: int = 10
    base: str | None = None


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
    "mnist-5k-rotated": Source(
        (14, 14),
        (3000, 1000, 1000),
        255,
        "CC BY-SA 3.0, Y. LeCun and C. Cortes",
        base="mnist-5k",
    ),
    "fashion-mnist": Source((28, 28), (50_000, 10_000, 10_000), 255, "MIT, Zalando SE"),
    "mnist": Source(
        (28, 28), (50_000, 10_000, 10_000), 255, "CC BY-SA 3.0, Y. LeCun and C. Cortes"
    ),
}


def find(name: str) -> Source:
    """The source of a data set; ValueError for an unknown name."""
    if name not in SOURCES:
        raise ValueError(f"no data set is called {name!r}; there are {', '.join(SOURCES)}")
    return SOURCES[name]
