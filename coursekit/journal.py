"""The journal of a search: one JSON line for each suggestion and each result, in order.

A result is synced to the disk before the search goes on. A suggestion is flushed, which survives
the death of the process; should the machine die, the strategy suggests the same again.
"""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.trials import Evaluation, Suggestion

VERSION = 1
BEGINNING = b'{"journal":'  # of the first line


class Journal:
    """A journal file, opened for one search; another process that has it open is an error."""

    cure: ClassVar[str] = "give another file"  # for one who finds another search's journal

    def __init__(self, path: Path, strategy: Strategy, seed: int) -> None:
        self._open(
            path,
            {**header(type(strategy), strategy.options, seed), "space": describe(strategy.space)},
        )

    def _open(self, path: Path, wanted: dict[str, Any]) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b", buffering=0)  # nothing is left over for later
        try:
            _lock(self._file.fileno(), path)
            self._suggested, self._running = 0, set[int]()
            self._events = self._read(wanted)
        except BaseException:
            self._file.close()
            raise

    def events(self) -> Iterator[Suggestion | tuple[int, Evaluation]]:
        """What the file held when it was opened: suggestions, and (number, result)."""
        yield from self._events
        self._events = []

    def suggested(self, number: int, suggestion: Suggestion) -> None:
        """Write a suggestion down."""
        record: dict[str, Any] = {
            "suggest": number,
            "configuration": dict(suggestion.configuration),
        }
        if suggestion.budget is not None:
            record["budget"] = suggestion.budget
        if suggestion.parent is not None:
            record["parent"] = suggestion.parent
        if suggestion.info:
            record["info"] = dict(suggestion.info)
        self._write(record)

    def finished(self, number: int, evaluation: Evaluation, **more: Any) -> None:
        """Write a result down, to the disk."""
        record: dict[str, Any] = {"finish": number, "score": _finite(evaluation.score)}
        if evaluation.curve:
            record["curve"] = [_finite(score) for score in evaluation.curve]
        if evaluation.cost:
            record["cost"] = float(evaluation.cost)
        if evaluation.spread:
            record["spread"] = float(evaluation.spread)
        self._write({**record, **more}, sync=True)

    def close(self) -> None:
        """Give the file free for another search."""
        self._file.close()

    def _write(self, record: dict[str, Any], *, sync: bool = False) -> None:
        """Append a line, all of it or (on a full disk) none."""
        left = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        end = self._file.seek(0, os.SEEK_END)
        try:
            while left:
                left = left[self._file.write(left) :]
            if sync:
                os.fsync(self._file.fileno())
        except BaseException:
            self._file.truncate(end)
            raise

    def _read(self, wanted: dict[str, Any]) -> list[Any]:
        self._file.seek(0)
        content = self._file.read()
        if not (content.startswith(BEGINNING) or BEGINNING.startswith(content)):
            raise ValueError(f"{self.path} is no journal, and is left alone: {self.cure}")
        whole, newline, torn = content.rpartition(b"\n")
        if torn:
            warnings.warn(
                f"{self.path}: its last line was torn and is dropped; what it told of runs again",
                stacklevel=outside(),
            )
            self._file.truncate(len(whole) + len(newline))
        lines = whole.rstrip(b"\n").split(b"\n") if newline else []  # editors add empty ones
        if not lines:
            self._write(wanted)
            return []
        records = [self._parse(number, line) for number, line in enumerate(lines, 1)]
        self._compare(records[0], json.loads(json.dumps(wanted)))
        events = []
        for number, record in enumerate(records[1:], 2):
            try:
                events.append(self._event(record))
            except (KeyError, TypeError, ValueError) as error:
                raise self._damaged(number, f"{type(error).__name__}: {error}") from None
        return events

    def _event(self, record: dict[str, Any]) -> Any:
        if "suggest" in record:
            if record["suggest"] != self._suggested:
                raise ValueError(f"trial {self._suggested} should come here")
            self._running.add(self._suggested)
            self._suggested += 1
            return Suggestion(
                record["configuration"],
                record.get("budget"),
                record.get("parent"),
                record.get("info", {}),
            )
        self._running.remove(record["finish"])
        return record["finish"], Evaluation(
            _number(record["score"]),
            tuple(_number(score) for score in record.get("curve", ())),
            record.get("cost", 0.0),
            record.get("spread", 0.0),
        )

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise self._damaged(number, str(error)) from None
        if not isinstance(record, dict):
            raise self._damaged(number, "no JSON object")
        return record

    def _damaged(self, number: int, why: str) -> ValueError:
        return ValueError(
            f"{self.path}, line {number} is damaged ({why}): mend it, or delete it and all that "
            "follow to go on from there"
        )

    def _compare(self, found: dict[str, Any], wanted: dict[str, Any]) -> None:
        for name, value in wanted.items():
            if found.get(name) != value:
                raise ValueError(
                    f"{self.path} is the journal of another search: its {name} is "
                    f"{found.get(name)!r}, this one's is {value!r}; {self.cure}"
                )


def header(strategy: type[Strategy], options: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The first line: what tells one search from another, but for the space."""
    return {
        "journal": VERSION,
        "strategy": strategy.__name__,
        "options": {name: _plain(value) for name, value in options.items()},
        "seed": seed,
    }


def describe(space: Space) -> list[list[Any]]:
    """A space as plain data: name, domain and condition of each parameter."""
    return [
        [p.name, repr(p.domain), {name: list(values) for name, values in p.conditions.items()}]
        for p in space.parameters
    ]


def outside() -> int:
    """The `stacklevel` with which a warning points at the code that called the package."""
    level, frame, inner = 1, sys._getframe(1), ("coursekit", "keras_tuner")
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in inner:
        level, frame = level + 1, frame.f_back
    return level


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str, type(None))) else repr(value)


def _finite(score: float) -> float | None:
    return float(score) if math.isfinite(score) else None


def _number(score: float | None) -> float:
    return math.nan if score is None else float(score)


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on this platform
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ValueError(
            f"{path} is open in another search: stop or `close()` that one, or give another file"
        ) from error
