"""The journal of a search: its events in the order in which they happened, one line each.

A result is synced to the disk before the search continues. A suggestion is only flushed, so it
survives a killed process; after a crash of the machine, the strategy suggests the same again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from coursekit.arguments import is_whole
from coursekit.log import Log, Record
from coursekit.spaces import Choice, Domain, Space
from coursekit.spaces.domains import plain
from coursekit.strategies.base import Strategy
from coursekit.trials import Evaluation, Suggestion

VERSION = 2


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


class _Blamed:
    """See `Journal.blamed`."""

    def __init__(self, log: Log, line: int) -> None:
        self.log, self.line = log, line

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, AttributeError | KeyError | TypeError | ValueError):
            named = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            raise self.log.damaged(self.line, f"{named}{error}") from None


class Journal:
    """A journal file, open for one search; it is an error if a second search opens it.

    path: made if it does not exist; `~` is the home folder.
    cure: what to do about another search's journal, for error messages.

    `header` is the first line, {} in a new file. Raises ValueError for a file that is not a
    journal, that is damaged, or that is open in another search.
    """

    def __init__(self, path: str | Path, *, cure: str = "give another file") -> None:
        again = "its trial runs again"
        self.log = Log(path, first="journal", cure=cure, repair=again)
        self._suggested, self._running, self._line = 0, set[int](), 0
        self._events: list[tuple[int, Event]] = []
        try:
            for line, record in self.log.records[1:]:
                with self.blamed(line):
                    self._events += [(line, self._event(part)) for part in _parts(record)]
        except BaseException:
            self.log.close()
            raise
        self.header: Record = self.log.records[0][1] if self.log.records else {}

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
        found, wanted = _flat(self.header), _flat(header)
        for name in wanted | found:
            if found.get(name) != wanted.get(name):
                raise ValueError(
                    f"{self.path} is the journal of another search: its {name} is "
                    f"{found.get(name)!r}, this one's is {wanted.get(name)!r}; {self.log.cure}"
                )

    def events(self) -> Iterator[Event]:
        """The events in the file when it was opened, in order."""
        for line, event in self._events:
            self._line = line
            yield event
        self._events = []

    def blamed(self, line: int | None = None) -> _Blamed:
        """In its `with` block, errors about an event's data become a ValueError with its line.

        line: counted from 1; None is that of the event which `events` gave last.
        """
        return _Blamed(self.log, line or self._line)

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

    def _event(self, record: Record) -> Event:
        if "suggest" in record:
            return self._suggestion(record)
        if "finish" in record:
            return self._result(record)
        if "retry" in record:
            return Retried(self._running_trial(record["retry"]))
        if "space" in record:
            if not isinstance(record["space"], list):
                raise ValueError(f"space={record['space']!r} is not a list")
            return Grown(record["space"])
        raise ValueError(f"it has {list(record)}, and none of suggest, finish, add, retry, space")

    def _running_trial(self, number: Any) -> int:
        if is_whole(number) and number in self._running:
            return int(number)
        raise ValueError(f"trial {number!r} does not run here")

    def _suggestion(self, record: Record) -> Suggestion:
        number, told = self._suggested, dict(record)
        if told.pop("suggest") != number:
            raise ValueError(f"trial {number} should come here, not {record['suggest']!r}")
        made = Suggestion(
            _object("configuration", told.pop("configuration")),
            told.pop("budget", None),
            told.pop("parent", None),
            _object("info", told.pop("info", {})),
        )
        if not (made.budget is None or is_whole(made.budget, 1)):
            raise ValueError(f"budget={made.budget!r} is not a whole number, 1 or more")
        if not (made.parent is None or is_whole(made.parent, 0, number - 1)):
            raise ValueError(f"parent={made.parent!r} is not the number of an earlier trial")
        if told:
            raise ValueError(f"{next(iter(told))!r} does not belong to a suggestion")
        self._running.add(number)
        self._suggested += 1
        return made

    def _result(self, record: Record) -> Finished:
        told = dict(record)
        number = self._running_trial(told.pop("finish"))
        curve, measures = told.pop("curve", []), _object("measures", told.pop("measures", {}))
        if not isinstance(curve, list):
            raise ValueError(f"curve={curve!r} is not a list of scores")
        evaluation = Evaluation(
            _number("score", told.pop("score")),
            tuple([_number("curve", score) for score in curve]),
            _number("cost", told.pop("cost", 0.0)),
            _number("spread", told.pop("spread", 0.0)),
            {name: _number(name, value) for name, value in measures.items()},
            str(told.pop("message", "")),
        )
        self._running.remove(number)
        return Finished(number, evaluation.checked(), told)


def header(strategy: type[Strategy], options: Mapping[str, Any], seed: int) -> Record:
    """The first line: what identifies a search, except for the space.

    Options have their defaults where they are not given, so that it makes no difference which are.
    """
    usual = getattr(strategy.__init__, "__kwdefaults__", None) or {}
    return {
        "journal": VERSION,
        "strategy": strategy.__name__,
        "options": {name: _plain(value) for name, value in (usual | dict(options)).items()},
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
        record["info"] = _kept("info", suggestion.info)
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
    """A space as plain data: name, domain and conditions of each parameter; equal if equal."""
    return [
        [p.name, *_domain(p.domain), {name: _sorted(p.conditions[name]) for name in p.conditions}]
        for p in space.parameters
    ]


def _domain(domain: Domain) -> list[Any]:
    if isinstance(domain, Choice):  # their types count: True is not 1
        return [
            "Choice",
            {"items": [repr(item) for item in domain.items], "ordered": domain.ordered},
        ]
    if not is_dataclass(domain):
        return [repr(domain), {}]
    values = {each.name: getattr(domain, each.name) for each in fields(domain)}
    return [
        type(domain).__name__,
        {
            name: _domain(value) if isinstance(value, Domain) else value
            for name, value in values.items()
        },
    ]


def _sorted(values: Iterable[Any]) -> list[str]:
    return sorted({repr(value) for value in values})


def _flat(header: Record) -> Record:
    """A first line in which each option has a name of its own."""
    options = header.get("options")
    named = options if isinstance(options, dict) else {"": options}
    rest = {name: value for name, value in header.items() if name != "options"}
    return rest | {f"option {name}": value for name, value in named.items()}


def _plain(value: Any) -> Any:
    """An option as plain data that is the same in the next process."""
    value = plain(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, str | int | float | None):
        return value
    named = hasattr(value, "__qualname__")  # a class or a function
    return f"{value.__module__}.{value.__qualname__}" if named else repr(value)


def _kept(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data; TypeError for what would not come back equal from a file, such as a tuple."""
    for key, value in told.items():
        back = json.loads(json.dumps({key: value}, default=plain))
        if back != {key: value}:
            raise TypeError(f"{name}[{key!r}]={value!r} would come back as {back}: give plain data")
    return dict(told)


def _finite(score: float) -> float | str | None:
    """A number as JSON has it: None for NaN, a text for an infinite one."""
    return float(score) if math.isfinite(score) else None if score != score else str(float(score))


def _number(name: str, value: Any) -> float:
    if value is None or value in ("inf", "-inf"):
        return math.nan if value is None else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name}={value!r} is not a number")
    return float(value)


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name}={value!r} is not an object of names and values")
    return value
