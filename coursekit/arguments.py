"""Checked arguments: one wording for a bad value and for the values that are allowed."""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np


class KeepsOptions:
    """Keeps an object's keyword arguments, as `options`.

    A copy or an unpickled object is made without arguments; its `options` come with its state.
    """

    options: dict[str, Any]

    def __new__(cls, *_: Any, **options: Any) -> Self:
        made = super().__new__(cls)
        made.options = options
        return made


def whole_number(name: str, value: object, least: int | None = 1, most: int | None = None) -> int:
    """The value as a whole number, least to most; None for either sets no limit.

    Raises TypeError for anything but a whole number (2.0 and True are not), ValueError for one out
    of range.
    """
    wanted = "a whole number"
    if least is not None and most is not None:
        wanted += f" from {least} to {most}"
    elif least is not None:
        wanted += f", {least} or more"
    if not isinstance(value, int | np.integer) or not is_whole(value):
        raise TypeError(f"{name}={value!r}: give {wanted}")
    if not is_whole(value, least, most):
        raise ValueError(f"{name}={value}: give {wanted}")
    return int(value)


def is_whole(value: object, least: int | None = None, most: int | None = None) -> bool:
    """Whether the value is a whole number from least to most."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        return False
    return bool((least is None or value >= least) and (most is None or value <= most))


def truth(name: str, value: object) -> bool:
    """True or False, Python's or NumPy's; TypeError for anything else, "no" and None included."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}={value!r}: give True or False")
    return bool(value)


def seed(value: object) -> int:
    """A seed, 0 or more; raises as `whole_number` does."""
    return whole_number("seed", value, 0)


def positive(name: str, value: object) -> float:
    """A finite number above 0; TypeError for anything but a number, ValueError out of range."""
    number = _number(name, value, "a number above 0")
    if not 0 < number < math.inf:
        raise ValueError(f"{name}={value!r}: give a number above 0")
    return number


def probability(name: str, value: object, *, below_1: bool = False) -> float:
    """A number from 0 to 1, or below 1; TypeError for anything but a number, ValueError out of
    range."""
    wanted = f"a number from 0 to {'below ' * below_1}1"
    number = _number(name, value, wanted)
    if not 0 <= number <= 1 or (below_1 and number == 1):
        raise ValueError(f"{name}={value!r}: give {wanted}")
    return number


def as_path(name: str, value: str | PathLike[str]) -> Path:
    """A path with `~` replaced by the home folder.

    Raises TypeError for anything but a path, ValueError for the home of somebody unknown.
    """
    if not isinstance(value, str | PathLike):
        raise TypeError(f"{name}={value!r}: give a path")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError(f"{name}={str(value)!r}: there is no such home folder") from None


def count(text: str) -> int:
    """A whole number, 1 or more, from the text of a command line: an argparse `type`."""
    import argparse

    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number, 1 or more")
    return int(text)


def _number(name: str, value: object, wanted: str) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(
        value, int | float | np.integer | np.floating
    ):
        raise TypeError(f"{name}={value!r}: give {wanted}")
    return float(value)
