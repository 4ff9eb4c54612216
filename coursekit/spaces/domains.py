"""Domains: the values that one parameter can take.

Every domain maps the unit interval onto its values (`at`) and back (`where`). So a space samples
by decoding a point of the unit cube, and surrogates see numbers in [0, 1].
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np

Scalar = bool | int | float | str
MANY = 32  # with more values, steps have a size
STEP, SIGMA = 0.1, 0.2  # the usual steps of `near` and `other`, in parts of the range


class Domain(ABC):
    """The values that one parameter can take."""

    ordered: bool = True  # whether near in the list means near in effect
    items: Sequence[Any]  # all values in order; empty for a continuum

    @property
    def count(self) -> int | float:
        """The number of values; math.inf for a continuum."""
        return len(self.items) or math.inf

    @abstractmethod
    def __contains__(self, value: object) -> bool: ...

    @abstractmethod
    def describe(self) -> str:
        """The values that are allowed, in words, for error messages."""

    @abstractmethod
    def position(self, value: Any) -> int:
        """The index of a countable value."""

    def at(self, u: float) -> Any:
        """The value at u in [0, 1]."""
        items = self.items
        return items[min(int(u * len(items)), len(items) - 1)]

    def where(self, value: Any) -> float:
        """The u in [0, 1] that `at` maps to value: of a countable value, the middle of its
        interval."""
        return (self.position(value) + 0.5) / int(self.count)

    def ends(self, value: Any) -> tuple[float, float]:
        """Where the interval begins and ends that `at` maps to a countable value."""
        here, total = self.position(value), int(self.count)
        return here / total, (here + 1) / total

    def values(self, resolution: int | None = None) -> Iterator[Any]:
        """All values in order; at most `resolution`, evenly spread, if the domain is ordered."""
        if resolution is not None and resolution < 1:
            raise ValueError(f"resolution={resolution!r}: at least one value is needed")
        total = self.count
        if not self.ordered or (self.items and (resolution is None or resolution >= total)):
            return iter(self.items)
        if resolution is None:
            raise ValueError(f"{self.describe()} is a continuum: give a resolution")
        return self._spread(resolution)

    def _spread(self, resolution: int) -> Iterator[Any]:
        if resolution == 1:
            return iter([self.middle()])
        return (self.at(u) for u in np.linspace(0, 1, resolution).tolist())

    def near(self, value: Any, step: float = STEP) -> Iterator[Any]:
        """The neighbours of a value: the next value up and down; with more than 32 values, also
        those a part `step` of all values away."""
        here, total = self.position(value), int(self.count)
        far = int(step * total) if total > MANY else 1
        steps = dict.fromkeys((1, -1, max(far, 1), -max(far, 1)))
        yield from (self.items[here + each] for each in steps if 0 <= here + each < total)

    def other(self, value: Any, rng: np.random.Generator, sigma: float = SIGMA) -> Any:
        """Another value: near in a number, by a normal step; any other one in a choice.

        sigma: of the step, in parts of the range; 0.2 if there are no more than 32 values.
        """
        if self.count < 2:
            raise ValueError(f"{value!r} is the only value: {self.describe()}")
        here, sigma = self.where(value), sigma if self.count > MANY else SIGMA
        found = value
        while found == value:
            u = abs(here + sigma * rng.standard_normal()) % 2  # folded into [0, 1] at the borders
            found, sigma = self.at(min(u, 2 - u)), min(2 * sigma, max(sigma, SIGMA))
        return found

    def middle(self) -> Any:
        """The value in the middle; the first of an unordered choice."""
        return self.at(0.5)

    def when(self, parents: Mapping[str, Any] | None = None, /, **more: Any) -> Conditional:
        """This domain, for a parameter that exists only if each parent has one of its values.

        Example: `Float(0, 0.99).when(optimizer="sgd")`, `Integer(8, 64).when(depth=[2, 3])`.
        """
        wanted = {}
        for name, values in {**(parents or {}), **more}.items():
            several = isinstance(values, Iterable) and not isinstance(values, str)
            wanted[name] = tuple(plain(value) for value in (values if several else [values]))
            if not wanted[name]:
                raise ValueError(
                    f"{name}={values!r} names no value: the parameter would never exist"
                )
        return Conditional(self, wanted)


@dataclass(frozen=True)
class Conditional:
    """A domain, and the parents' values under which its parameter exists."""

    domain: Domain
    conditions: Mapping[str, tuple[Scalar, ...]]


def plain(value: Any) -> Any:
    """A NumPy scalar as a Python scalar; any other value unchanged."""
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True, init=False)
class Choice(Domain):
    """One of several values: strings, numbers or booleans.

    ordered: whether near in the list means near in effect, as for batch sizes.
    """

    items: tuple[Scalar, ...]
    ordered: bool

    def __init__(self, items: Iterable[Scalar], ordered: bool = False) -> None:
        if isinstance(items, str | bytes):
            raise TypeError(
                f"Choice({items!r}): a text is one value; give a list, [{items!r}, ...]"
            )
        listed = tuple(plain(item) for item in items)
        for item in listed:
            if isinstance(item, Enum):  # a journal would give it back as a string or number
                raise TypeError(
                    f"{item!r} cannot be chosen: take its value, {item.value!r}, and make the "
                    f"member where you need it, {type(item).__name__}({item.value!r})"
                )
            if type(item) not in (bool, int, float, str) or item != item:  # NaN is not itself
                raise TypeError(f"{item!r} cannot be chosen: take strings, numbers or booleans")
        if not listed:
            raise ValueError("a choice needs at least one value")
        if len(set(listed)) < len(listed):
            raise ValueError(
                f"a choice names each value once, not {list(listed)!r} (1, 1.0 and True are equal)"
            )
        object.__setattr__(self, "items", listed)
        object.__setattr__(self, "ordered", ordered)

    @cached_property
    def _positions(self) -> dict[Scalar, int]:
        return {item: index for index, item in enumerate(self.items)}

    def position(self, value: Any) -> int:
        return self._positions[value]

    def __contains__(self, value: object) -> bool:
        value = plain(value)
        if not isinstance(value, Scalar) or value not in self._positions:
            return False
        return type(value) is type(self.items[self._positions[value]])  # True is not 1

    def other(self, value: Any, rng: np.random.Generator, sigma: float = SIGMA) -> Any:
        if self.ordered or self.count < 2:
            return super().other(value, rng, sigma)
        position = int(rng.integers(len(self.items) - 1))
        return self.items[position + (position >= self.position(value))]

    def near(self, value: Any, step: float = STEP) -> Iterator[Any]:
        """As in any domain; all other values if there is no order."""
        if self.ordered:
            yield from super().near(value, step)
        else:
            yield from (item for item in self.items if item != value)

    def middle(self) -> Any:
        return super().middle() if self.ordered else self.items[0]

    def describe(self) -> str:
        return f"one of {list(self.items)}"


class Boolean(Choice):
    """False or True."""

    def __init__(self) -> None:
        super().__init__((False, True))


@dataclass(frozen=True)
class Parameter:
    """A name, a domain, and the parents' values under which it exists (all must hold)."""

    name: str
    domain: Domain
    conditions: Mapping[str, tuple[Scalar, ...]]

    def exists(self, configuration: Mapping[str, Any]) -> bool:
        """Whether the parameter exists beside these values."""
        for name, values in self.conditions.items():
            if name not in configuration or configuration[name] not in values:
                return False
        return True
