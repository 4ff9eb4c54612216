"""Tables: the results of all trainings of a space, in one small file for each space."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from coursekit.data import DataError
from coursekit.shipped import shipped
from coursekit.spaces import Configuration, Space

VERSION = 1  # of the format
FAILED = 65535  # in place of a count, for epochs after a training diverged
SHA256 = {
    "cells": "12386e78f76dac2487ab4b481ac93c8c18b778b2bdfcc31b683e15bb9ec49897",
    "mlps": "ebcf310716d776ac9b64562dfca3ea01370656b50deef448905b737eca27778a",
}


class Table(NamedTuple):
    """The results for a space; entry e is the e-th of `entries(space)`.

    validation: accuracy after each epoch, float32 in 0..1, shape (entries, fidelities, seeds,
        epochs); NaN from where a training diverged.
    test: accuracy after the last epoch, shape (entries, fidelities, seeds).
    seconds: of an epoch, on one core, shape (entries, fidelities).
    parameters: shape (entries, fidelities).
    about: how it was made, by name.
    """

    validation: np.ndarray
    test: np.ndarray
    seconds: np.ndarray
    parameters: np.ndarray
    about: Mapping[str, Any]


def entries(space: Space) -> list[Configuration]:
    """One configuration for each model, in the order of the space: isomorphic cells share one."""
    found: dict[Hashable, Configuration] = {}
    for configuration in space.enumerate():
        found.setdefault(space.canonical(configuration), configuration)
    return list(found.values())


def share(space: Space) -> np.ndarray:
    """The entry of each of the space's configurations, in order, shape (configurations,)."""
    known: dict[Hashable, int] = {}
    keys = (space.canonical(configuration) for configuration in space.enumerate())
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.uint16)


@cache
def read(name: str) -> tuple[Table, np.ndarray]:
    """A shipped table, and the entry of each of the space's configurations; read once a process.

    Raises DataError for a file that is missing or damaged.
    """
    file = f"data/{name}.npz"
    cure = f"`git checkout -- {file}` restores it; without a checkout, install coursekit again"
    try:
        content = (shipped("data") / f"{name}.npz").read_bytes()
    except FileNotFoundError:
        raise DataError(f"{file} is missing: {cure}") from None
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise DataError(f"{file} is damaged (its checksum is wrong): {cure}")
    return unpack(content)


def pack(table: Table, shared: np.ndarray) -> bytes:
    """The file's bytes: accuracies as counts of images, differences between epochs, compressed."""
    about = table.about
    validation = _counts(table.validation, about["validation images"])
    steps = np.diff(validation, axis=-1, prepend=np.uint16(0))  # modulo 2**16, so nothing is lost
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        validation=np.moveaxis(steps, -1, 0),  # puts similar differences together
        test=_counts(table.test, about["test images"]),
        seconds=table.seconds.astype(np.float32),
        parameters=table.parameters.astype(np.int32),
        shared=shared,
        about=np.array(json.dumps(about)),
    )
    return buffer.getvalue()


def unpack(content: bytes) -> tuple[Table, np.ndarray]:
    """The inverse of `pack`. Raises DataError for another version of the format."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if about["version"] != VERSION:
            raise DataError(f"a table of version {about['version']}: this code reads {VERSION}")
        steps = np.moveaxis(arrays["validation"], 0, -1)
        table = Table(
            _accuracies(np.cumsum(steps, axis=-1, dtype=np.uint16), about["validation images"]),
            _accuracies(arrays["test"], about["test images"]),
            arrays["seconds"],
            arrays["parameters"],
            about,
        )
        return table, arrays["shared"]


def _counts(accuracies: np.ndarray, images: int) -> np.ndarray:
    counts = np.rint(np.nan_to_num(accuracies, nan=0.0) * images).astype(np.uint16)
    return np.where(np.isnan(accuracies), np.uint16(FAILED), counts)


def _accuracies(counts: np.ndarray, images: int) -> np.ndarray:
    return np.where(counts == FAILED, np.float32(np.nan), counts / np.float32(images))
