"""Legacies: the weights that trials leave behind, on disk, within limits of count and size."""

from __future__ import annotations

import json
import struct
import time
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from coursekit import atomic
from coursekit.arguments import as_path, whole_number

HOUR = 3600  # seconds; an unfinished file older than this is abandoned
OUT = ("oldest", "worst")
# Exceptions that reading a damaged file can raise (NotImplementedError is a RuntimeError).
DAMAGED = (
    OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, SyntaxError, MemoryError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


class Legacy(NamedTuple):
    """What a trial leaves: its weights by name, and how they were trained.

    epochs: for how many the weights were trained, its ancestors' included.
    own: how many of these epochs trained this same configuration.
    """

    configuration: Mapping[str, Any]
    weights: Mapping[str, np.ndarray]
    epochs: int
    own: int


class Legacies:
    """A folder with one file per trial; files are written under another name and then renamed, so
    that each is complete or absent.

    folder: created if missing. count, size: the most files and bytes; None for no limit. out: which
    trial is removed first when a limit is exceeded, the "oldest" or the "worst".

    A file that is damaged nevertheless is deleted with a warning when it is read. Several processes
    may share a folder. Raises ValueError for limits that leave no room for any file.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        count: int | None = 1000,
        size: int | None = 2**30,
        out: str = "oldest",
    ) -> None:
        for name, value in (("count", count), ("size", size)):
            if value is not None:
                whole_number(name, value)
        if out not in OUT:
            raise ValueError(f"out={out!r}: take one of {', '.join(OUT)}")
        self.folder, self.count, self.size, self.out = as_path("folder", folder), count, size, out
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(f"*{atomic.SUFFIX}"):
            try:
                if time.time() - left.stat().st_mtime > HOUR:
                    left.unlink()  # of a process that was killed
            except FileNotFoundError:
                pass  # another process was faster

    def __len__(self) -> int:
        return len(self._files())

    def __contains__(self, number: int) -> bool:
        return number in self._files()

    def put(self, number: int, score: float, legacy: Legacy) -> None:
        """Keep the legacy of trial `number`; to make room, others are removed, or this one."""
        score = float(score)
        if "" in legacy.weights:
            raise ValueError("a weight without a name: give each one")
        names = list(legacy.weights)
        about = json.dumps([dict(legacy.configuration), legacy.epochs, legacy.own, names])
        weights = {f"w{name}": np.asarray(value) for name, value in legacy.weights.items()}
        kept = self.folder / f"{number}_{score!r}.npz"

        def fill(file: BinaryIO) -> None:
            np.savez(file, about=np.array(about), **weights)  # type: ignore[arg-type]

        atomic.write(kept, fill)
        for older in self.folder.glob(f"{number}_*.npz"):
            if older != kept:
                older.unlink(missing_ok=True)
        self._make_room()

    def get(self, number: int) -> Legacy | None:
        """The legacy of trial `number`; None if it was removed or is damaged."""
        found = self._files().get(number)
        if found is None:
            return None
        try:
            with found.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                configuration, epochs, own, names = json.loads(str(file["about"]))
                weights = {name: file[f"w{name}"] for name in names}
        except FileNotFoundError:
            return None  # another process removed it
        except DAMAGED as error:
            found.unlink(missing_ok=True)
            warnings.warn(
                f"{found} is damaged ({error}) and was deleted: the children of trial {number} "
                "begin with fresh weights",
                stacklevel=2,
            )
            return None
        return Legacy(configuration, weights, int(epochs), int(own))

    def _files(self) -> dict[int, Path]:
        found = {}
        for path in self.folder.glob("*.npz"):
            number, _, score = path.stem.partition("_")
            if number.isdecimal() and score:
                found[int(number)] = path
        return found

    def _make_room(self) -> None:
        files, sizes = self._files(), dict[int, int]()
        for number, path in list(files.items()):
            try:
                sizes[number] = path.stat().st_size
            except FileNotFoundError:
                del files[number]
        order = sorted(files, key=lambda n: (_score(files[n]), n) if self.out == "worst" else n)
        total = sum(sizes.values())
        for place, number in enumerate(order):
            if (self.count is None or len(order) - place <= self.count) and (
                self.size is None or total <= self.size
            ):
                return
            files[number].unlink(missing_ok=True)
            total -= sizes[number]


def _score(path: Path) -> float:
    """NaN, the score of a failed trial, counts as the worst."""
    score = float(path.stem.partition("_")[2])
    return score if score == score else -np.inf
