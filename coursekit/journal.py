"""The journal of a search: its events in the order in which they happened, one line each.

A result is synced to the disk before the search continues. A suggestion is only flushed, so it
survives a killed process; after a crash of the machine, the strategy suggests the same again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coursekit.log import Log, Record
from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.trials import Evaluation, Suggestion

VERSION = 1
BEGINNING = b'{"journal":'  # of the first line


class Finished(NamedTuple):
    """A trial ended. more: further data of its line, such as a tuner's metrics."""

    number: int
    evaluation: Evaluation
    more: Mapping[str, Any] = {}


class Retried(NamedTuple):
    """A trial failed and will run again."""

    number: int


class Grown(NamedTuple):
    """From here on the space has these parameters, in the reader's own format."""

    space: list[Any]


Event = Suggestion | Finished | Retried | Grown


class Journal:
    """A journal file, open for one search; it is an error if a second search opens it.

    path: made if it does not exist; `~` is the home folder.
    cure: what to do about another search's journal, for error messages.

    `header` is the first line, {} in a new file. Raises ValueError for a file that is not a
    journal, that is damaged, or that is open in another search.
    """

    def __init__(self, path: str | Path, *, cure: str = "give another file") -> None:
        again = "its trial runs again"
        self.log = Log(path, beginning=BEGINNING, cure=cure, repair=again)
        self._suggested, self._running = 0, set[int]()
        try:
            self._events = [
                self._event(number, part)
                for number, record in enumerate(self.log.records[1:], 2)
                for part in _parts(record)
            ]
        except BaseException:
            self.log.close()
            raise
        self.header: Record = self.log.records[0] if self.log.records else {}

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.log.path

    @property
    def trials(self) -> int:
        """The number of suggestions in the file when it was opened."""
        return self._suggested

    @property
    def results(self) -> int:
        """The number of results in the file when it was opened."""
        return self._suggested - len(self._running)

    def restart(self) -> None:
        """Drop the contents of the file."""
        self.log.clear()
        self.header, self._events, self._suggested = {}, [], 0
        self._running.clear()

    def begin(self, header: Record) -> None:
        """Write a new journal's first line, or compare it; ValueError for another search's."""
        header = json.loads(json.dumps(header))  # the form in which a file gives it
        if not self.header:
            self.header = header
            self.log.append(header)
        for name in header | self.header:
            found, wanted = self.header.get(name), header.get(name)
            if found != wanted:
                raise ValueError(
                    f"{self.path} is the journal of another search: its {name} is {found!r}, "
                    f"this one's is {wanted!r}; {self.log.cure}"
                )

    def events(self) -> Iterator[Event]:
        """The events in the file when it was opened."""
        yield from self._events
        self._events = []

    def suggested(self, number: int, suggestion: Suggestion) -> None:
        """Write a suggestion."""
        self.log.append({"suggest": number, **_suggestion_record(suggestion)})

    def added(
        self,
        number: int,
        suggestion: Suggestion,
        evaluation: Evaluation,
        more: Mapping[str, Any] = {},
    ) -> None:
        """Write a suggestion and its result in one line, synced to the disk.

        A reader gets two events.
        """
        record = {"add": number, **_suggestion_record(suggestion), **_result_record(evaluation)}
        self.log.append({**record, **more}, sync=True)

    def finished(self, number: int, evaluation: Evaluation, more: Mapping[str, Any] = {}) -> None:
        """Write a result, synced to the disk."""
        self.log.append({"finish": number, **_result_record(evaluation), **more}, sync=True)

    def retried(self, number: int) -> None:
        """Write that a trial must run again."""
        self.log.append({"retry": number})

    def grown(self, space: list[Any]) -> None:
        """Write the new space, synced to the disk."""
        self.log.append({"space": space}, sync=True)

    def close(self) -> None:
        """Release the file for another search."""
        self.log.close()

    def _event(self, number: int, record: Record) -> Event:
        try:
            if "space" in record:
                return Grown(list(record["space"]))
            if "retry" in record:
                if record["retry"] not in self._running:
                    raise ValueError(f"trial {record['retry']} does not run here")
                return Retried(record["retry"])
            return self._suggestion(record) if "suggest" in record else self._result(record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self.log.damaged(number, f"{type(error).__name__}: {error}") from None

    def _suggestion(self, record: Record) -> Suggestion:
        if record["suggest"] != self._suggested:
            raise ValueError(f"trial {self._suggested} should come here")
        self._running.add(self._suggested)
        self._suggested += 1
        configuration, info = record["configuration"], record.get("info", {})
        return Suggestion(configuration, record.get("budget"), record.get("parent"), info)

    def _result(self, record: Record) -> Finished:
        self._running.remove(record["finish"])
        told = dict(record)
        evaluation = Evaluation(
            _number(told.pop("score")),
            tuple(_number(score) for score in told.pop("curve", ())),
            told.pop("cost", 0.0),
            told.pop("spread", 0.0),
            {name: _number(value) for name, value in told.pop("measures", {}).items()},
            told.pop("message", ""),
        )
        return Finished(told.pop("finish"), evaluation, told)


def header(strategy: type[Strategy], options: Mapping[str, Any], seed: int) -> Record:
    """The first line: what identifies a search, except for the space."""
    return {
        "journal": VERSION,
        "strategy": strategy.__name__,
        "options": {name: _plain(value) for name, value in options.items()},
        "seed": seed,
    }


def _parts(record: Record) -> list[Record]:
    """The line of an added trial as a suggestion and a result; any other line as it is."""
    if "add" not in record:
        return [record]
    asked = {"configuration", "budget", "parent", "info"} & record.keys()
    told = record.keys() - asked - {"add"}
    return [
        {"suggest": record["add"], **{name: record[name] for name in asked}},
        {"finish": record["add"], **{name: record[name] for name in told}},
    ]


def _suggestion_record(suggestion: Suggestion) -> Record:
    record: Record = {"configuration": dict(suggestion.configuration)}
    if suggestion.budget is not None:
        record["budget"] = suggestion.budget
    if suggestion.parent is not None:
        record["parent"] = suggestion.parent
    if suggestion.info:
        record["info"] = dict(suggestion.info)
    return record


def _result_record(evaluation: Evaluation) -> Record:
    record: Record = {"score": _finite(evaluation.score)}
    if evaluation.curve:
        record["curve"] = [_finite(score) for score in evaluation.curve]
    if evaluation.cost:
        record["cost"] = float(evaluation.cost)
    if evaluation.spread:
        record["spread"] = float(evaluation.spread)
    if evaluation.measures:
        record["measures"] = {name: _finite(each) for name, each in evaluation.measures.items()}
    if evaluation.message:
        record["message"] = evaluation.message
    return record


def describe(space: Space) -> list[list[Any]]:
    """A space as plain data: name, domain and condition of each parameter."""
    return [
        [p.name, repr(p.domain), {name: list(values) for name, values in p.conditions.items()}]
        for p in space.parameters
    ]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str, type(None))) else repr(value)


def _finite(score: float) -> float | None:
    return float(score) if math.isfinite(score) else None


def _number(score: float | None) -> float:
    return math.nan if score is None else float(score)
