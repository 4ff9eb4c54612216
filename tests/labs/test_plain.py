"""Plain data: what is converted, what is refused, and that no method of the learner's runs."""

import math
from collections import OrderedDict, namedtuple
from typing import Any

import numpy
import pytest

from coursekit.labs.plain import Opaque, plain


class Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __int__(self) -> int:
        raise AssertionError("was called")

    __hash__ = int.__hash__


class Endless(list):
    def __iter__(self) -> Any:
        raise AssertionError("was called")

    def __len__(self) -> int:
        raise AssertionError("was called")


class Disguised:
    @property
    def __class__(self) -> type:  # type: ignore[override]
        return int

    def __repr__(self) -> str:
        raise AssertionError("was called")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ((1, (2.5, "x")), [1, [2.5, "x"]]),
        (namedtuple("Pair", "left right")(1, 2), [1, 2]),
        (OrderedDict({2: [True]}), {2: [True]}),
        (numpy.float32(0.5), 0.5),
        (numpy.bool_(True), True),
        (numpy.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (Liar(3), 3),
        (Endless([1, 2]), [1, 2]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_converted(value: Any, expected: Any) -> None:
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Disguised(), "a Disguised"),
        (Disguised, "the class Disguised"),
        (object(), "an object"),
        ({1, 2}, "a set"),
        ((number for number in [1]), "a generator"),
        (..., "..."),
        ([0] * 30_000, "a list of 30000 entries"),
        (numpy.zeros((300, 300)), "an array of shape (300, 300)"),
        ({(1, 2): 3}, "a dict with keys"),
        (10**5000, "an enormous whole number"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_refused(value: Any, text: str) -> None:
    result = plain(value)
    assert type(result) is Opaque
    assert text in result.text


def test_a_list_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    assert isinstance(plain(loop), list)


def test_nan_stays_nan() -> None:
    assert math.isnan(plain(numpy.float64("nan")))
