"""The journal of a tuner: the space as it grows, suggestions, retries, results with all metrics."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coursekit.journal import BEGINNING, Journal, header
from coursekit.strategies import Strategy
from coursekit.trials import Evaluation, Suggestion

NAME = "journal.jsonl"


class Grown(NamedTuple):
    """From here on these are the hyperparameters, as `keras_tuner.HyperParameters` has them."""

    space: list[dict[str, Any]]


class Retried(NamedTuple):
    """A trial failed and is to run again."""

    number: int


class Finished(NamedTuple):
    """A trial ended. record: the whole line, with metrics, message and values if they differ."""

    number: int
    evaluation: Evaluation
    record: Mapping[str, Any]


class TunerJournal(Journal):
    """The journal in a tuner's project folder, open for one oracle.

    seed: None takes the one that is in the file, or else `drawn`; it is kept as `seed`.
    A file that tells of no trial is begun anew.
    Raises ValueError if it belongs to another strategy, objective or seed, or is damaged.
    """

    cure = "overwrite=True starts anew, another project_name goes beside it"

    def __init__(
        self,
        folder: Path,
        strategy: type[Strategy],
        options: Mapping[str, Any],
        objective: str,
        seed: int | None,
        drawn: int,
    ) -> None:
        self.seed = drawn if seed is None else seed
        self._takes_seed = seed is None
        wanted = {**header(strategy, options, self.seed), "objective": objective}
        self._open(folder / NAME, wanted)

    def records(self) -> Iterator[Any]:
        """What the file held when it was opened, in order: `Grown`, Suggestion, `Retried`,
        `Finished`."""
        return self.events()

    def grown(self, space: list[dict[str, Any]]) -> None:
        """Write down what the space is from now on, to the disk."""
        self._write({"space": space}, sync=True)

    def retried(self, number: int) -> None:
        """Write down that a trial has to run again."""
        self._write({"retry": number})

    def identity(self) -> tuple[int, int]:
        """What tells whether the file has changed since."""
        return identity(self.path)

    def _read(self, wanted: dict[str, Any]) -> list[Any]:
        self._file.seek(0)
        content = self._file.read()
        if b'\n{"suggest":' not in content and content.startswith(BEGINNING):
            self._file.truncate(0)
        elif self._takes_seed:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # reported below
                self.seed = wanted["seed"] = json.loads(content.partition(b"\n")[0])["seed"]
        return super()._read(wanted)

    def _event(self, record: dict[str, Any]) -> Any:
        if "space" in record:
            return Grown(list(record["space"]))
        if "retry" in record:
            if record["retry"] not in self._running:
                raise ValueError(f"trial {record['retry']} does not run here")
            return Retried(record["retry"])
        event = super()._event(record)
        return event if isinstance(event, Suggestion) else Finished(event[0], event[1], record)


def identity(path: Path) -> tuple[int, int]:
    """A file's inode and size; (0, 0) if there is none."""
    with contextlib.suppress(OSError):
        status = path.stat()
        return status.st_ino, status.st_size
    return 0, 0
