"""Turns a learner's result into plain data, without running any of the learner's methods.

Plain data are None, bool, int, float, str, and lists and dicts of them: they can be judged, shown
and sent to another process. Conversion uses the real type and the built-in types' own methods, so
that an overridden `__eq__`, `__iter__` or `__repr__` has no effect.
"""

import math
import sys
from dataclasses import dataclass
from typing import Any

ENTRIES = 20_000
CHARACTERS = 200_000
DEPTH = 20
BITS = 10_000


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that is not plain data, or too large; `text` says what it is."""

    text: str

    def __repr__(self) -> str:
        return self.text


def plain(value: Any) -> Any:
    """`value` as plain data; a value without such a form becomes an `Opaque`.

    Tuples and NumPy arrays become lists; NumPy scalars and subclasses of built-in types become
    those types. A value with more than 20,000 entries in total, 200,000 characters or 20 levels is
    too large.
    """
    return _plain(value, DEPTH, [ENTRIES])


def rounded(value: Any) -> Any:
    """Plain data with its floats rounded to six significant digits, for display."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return value


def close(received: Any, expected: Any, relative: float = 1e-6) -> bool:
    """Whether two plain values agree: numbers within `relative` of the larger, the rest equal.

    NaN agrees with NaN.
    """
    if isinstance(received, bool) or isinstance(expected, bool):
        return received is expected
    if isinstance(received, int | float) and isinstance(expected, int | float):
        if received != received and expected != expected:
            return True
        try:
            return math.isclose(received, expected, rel_tol=relative, abs_tol=1e-12)
        except OverflowError:  # an integer that no float holds
            return received == expected
    if type(received) is not type(expected):
        return False
    if isinstance(received, list):
        return len(received) == len(expected) and all(
            close(left, right, relative) for left, right in zip(received, expected, strict=True)
        )
    if isinstance(received, dict):
        return received.keys() == expected.keys() and all(
            close(received[key], expected[key], relative) for key in received
        )
    return bool(received == expected)


def _plain(value: Any, depth: int, room: list[int]) -> Any:
    kind = type(value)
    room[0] -= 1
    if value is None or kind is bool:
        return value
    if numpy := sys.modules.get("numpy"):
        if kind is numpy.ndarray and value.dtype.kind in "biufU":
            if value.size > room[0]:
                return Opaque(f"an array of shape {value.shape}, too large to look at")
            return _plain(value.tolist(), depth, room)
        if kind in _scalar_types(numpy):
            return _plain(value.item(), depth, room)
    if issubclass(kind, int):
        whole = int.__int__(value)
        return whole if whole.bit_length() <= BITS else Opaque("an enormous whole number")
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, str):
        text = str.__str__(value)
        return text if len(text) <= CHARACTERS else Opaque(f"a text of {len(text)} characters")
    if issubclass(kind, (list, tuple, dict)):
        base = next(base for base in (list, tuple, dict) if issubclass(kind, base))
        size = base.__len__(value)
        if size > room[0] or depth == 0:
            return Opaque(f"a {base.__name__} of {size} entries, too large to look at")
        if base is not dict:
            return [_plain(entry, depth - 1, room) for entry in base.__iter__(value)]
        pairs = [(_plain(key, 0, room), entry) for key, entry in dict.items(value)]
        if all(type(key) in (bool, int, float, str, type(None)) for key, _ in pairs):
            return {key: _plain(entry, depth - 1, room) for key, entry in pairs}
        return Opaque("a dict with keys that are neither numbers nor text")
    return Opaque(_article(_name(value)))


def _scalar_types(numpy: Any) -> set[type]:
    return set(numpy.sctypeDict.values()) - {numpy.object_, numpy.void}


def _name(value: Any) -> str:
    # type's own descriptor: a metaclass may answer __name__ with anything.
    if issubclass(type(value), type):
        return f"class {type.__dict__['__name__'].__get__(value)}"
    name: str = type.__dict__["__name__"].__get__(type(value))
    return {"ellipsis": "... (still to be filled in)"}.get(name, name)[:100]


def _article(name: str) -> str:
    if name.startswith("..."):
        return name
    if name.startswith("class "):
        return f"the {name}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
