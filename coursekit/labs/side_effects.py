"""Notices side effects of an answer: None returned, arguments changed."""

import contextlib
import copy
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

CALLS = 100  # of one check: the arguments of later calls are not compared
ENTRIES = 100_000  # larger arguments are not compared


class SideEffects:
    """What was noticed.

    silent: the name of the function whose last call returned None, else "".
    changed: the names of arguments that a call changed.
    """

    def __init__(self) -> None:
        self.silent = ""
        self.changed: list[str] = []
        self._calls = 0

    @contextlib.contextmanager
    def over(self, answer: Any) -> Iterator[Any]:
        """A function that behaves as the answer does; a class is watched in place."""
        if type(answer) is FunctionType:
            yield self._watched(answer, True)
        elif isinstance(answer, type):
            own = {
                name: method
                for name, method in vars(answer).items()
                if type(method) is FunctionType and not name.startswith("__")
            }
            try:
                for name, method in own.items():
                    setattr(answer, name, self._watched(method, False))
                yield answer
            finally:
                for name, method in own.items():
                    setattr(answer, name, method)
        else:
            yield answer

    def _watched(self, function: FunctionType, arguments: bool) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            self._calls += 1
            looked_at = arguments and self._calls <= CALLS
            places: list[tuple[int | str, Any]] = [*enumerate(given), *named.items()]
            seen = [(place, each, _kept(each)) for place, each in places if looked_at]
            result = function(*given, **named)
            if result is None:
                self.silent = function.__name__
            elif self.silent == function.__name__:
                self.silent = ""
            for place, now, before in seen:
                if before is not None and not _same(now, before):
                    self._note(function, place)
            return result

        return call

    def _note(self, function: FunctionType, place: int | str) -> None:
        if isinstance(place, int):
            order = list(inspect.signature(function).parameters)
            place = order[min(place, len(order) - 1)]
        if place not in self.changed:
            self.changed.append(place)


def _kept(value: Any) -> Any:
    """A copy of a value that can be changed and compared, else None."""
    numpy = sys.modules.get("numpy")
    array = numpy is not None and type(value) is numpy.ndarray and value.dtype.kind in "biuf"
    if not array and type(value) not in (list, dict, set):
        return None
    return copy.deepcopy(value) if (value.size if array else len(value)) <= ENTRIES else None


def _same(now: Any, before: Any) -> bool:
    if hasattr(before, "tobytes"):
        return bool(now.shape == before.shape and now.tobytes() == before.tobytes())
    try:
        return bool(now == before)
    except Exception:  # a value that cannot be compared counts as unchanged
        return True
