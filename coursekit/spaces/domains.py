"""Domains: the values that one parameter can take.

Every domain maps the unit interval onto its values (`at`) and back (`where`), so that to sample a
space is to decode a point of the unit cube, and surrogates see numbers in [0, 1].
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Scalar = bool | int | float | str


class Domain(ABC):
    """What one parameter can be."""

    ordered: bool = True
    count: int | float  # how many values; math.inf for a continuum

    @abstractmethod
    def at(self, u: float) -> Scalar:
        """The value at u in [0, 1]."""

    @abstractmethod
    def where(self, value: Scalar) -> float:
        """The u in [0, 1] that `at` maps to value (a cell's middle if values are countable)."""

    @abstractmethod
    def __contains__(self, value: object) -> bool: ...

    @abstractmethod
    def describe(self) -> str:
        """What would be good, for error messages."""

    @abstractmethod
    def values(self, resolution: int | None = None) -> Iterator[Any]:
        """All values in order; of a continuum, or of more than `resolution`, that many, spread."""

    def other(self, value: Scalar, rng: np.random.Generator) -> Scalar:
        """Another value: near in a number (normal step, sigma 0.2), any other one in a choice."""
        if self.count < 2:
            raise ValueError(f"{value!r} is the only value there is: {self.describe()}")
        here = self.where(value)
        for _ in range(100):
            found = self.at(_reflect(here + 0.2 * rng.standard_normal()))
            if found != value:
                return found
        return next(self.near(value))

    def near(self, value: Scalar) -> Iterator[Any]:
        """The neighbours of a value: one step up and one down, a tenth of a continuum's range."""
        here = self.where(value)
        step = 0.1 if math.isinf(self.count) else 1 / self.count
        for there in (here + step, here - step):
            if 0 <= there <= 1 and (found := self.at(there)) != value:
                yield found

    def middle(self) -> Scalar:
        """The value in the middle; a choice's first."""
        return self.at(0.5)

    def when(self, parents: Mapping[str, Any] | None = None, /, **more: Any) -> Conditional:
        """This domain, for a parameter that exists only if each parent has one of its values.

        Example: `Float(0, 0.99).when(optimizer="sgd")`, `Integer(8, 64).when(depth=[2, 3])`.
        """
        wanted = {
            name: tuple(values) if isinstance(values, (list, tuple, set, range)) else (values,)
            for name, values in {**(parents or {}), **more}.items()
        }
        return Conditional(self, wanted)


@dataclass(frozen=True)
class Conditional:
    """A domain with the parents' values under which its parameter exists."""

    domain: Domain
    parents: Mapping[str, tuple[Scalar, ...]]


def _reflect(u: float) -> float:
    """Fold a number into [0, 1] at the borders."""
    u = abs(u) % 2
    return 2 - u if u > 1 else u


def _check_range(low: float, high: float, step: float | None, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"a range needs finite low <= high, not {low!r} to {high!r}")
    if log and low <= 0:
        raise ValueError(f"a log range starts above 0, not at {low!r}")
    if step is not None and (step <= 1 if log else step <= 0):
        least = "above 1 (it multiplies)" if log else "above 0"
        raise ValueError(f"step={step!r} with log={log}: a step is {least}")


class _Listed(Domain):
    """A domain whose values can be told by position."""

    items: Sequence[Any]

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self.items)

    def at(self, u: float) -> Any:
        items = self.items
        return items[min(int(u * len(items)), len(items) - 1)]

    def position(self, value: Scalar) -> int:
        """The index of a value."""
        return self.items.index(value)

    def where(self, value: Scalar) -> float:
        return (self.position(value) + 0.5) / len(self.items)

    def __contains__(self, value: object) -> bool:
        return value in self.items

    def values(self, resolution: int | None = None) -> Iterator[Any]:
        total = len(self.items)
        if resolution is None or resolution >= total or not self.ordered:
            return iter(self.items)
        spread = np.linspace(0, total - 1, resolution).round().astype(int)
        return iter([self.items[index] for index in spread.tolist()])


@dataclass(frozen=True)
class Integer(_Listed):
    """Whole numbers from low to high, both included.

    step: added from one to the next (default 1); with log=True it multiplies, and without it every
    whole number counts, drawn evenly on the log scale.
    """

    low: int
    high: int
    step: int | None = None
    log: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer, type(None))):
                raise TypeError(f"Integer: {name}={value!r} is no whole number")
        _check_range(self.low, self.high, self.step, self.log)

    @cached_property
    def items(self) -> Sequence[int]:  # type: ignore[override]
        if self.log and self.step:
            powers = [int(self.low)]
            while powers[-1] * self.step <= self.high:
                powers.append(int(powers[-1] * self.step))
            return powers
        return range(int(self.low), int(self.high) + 1, int(self.step or 1))

    @cached_property
    def _edges(self) -> tuple[float, float]:
        return math.log(self.low), math.log((self.high + 1) / self.low)

    def at(self, u: float) -> int:
        if self.log and not self.step:
            start, width = self._edges
            return min(max(int(math.exp(start + u * width)), self.low), self.high)
        return super().at(u)

    def where(self, value: Any) -> float:
        if self.log and not self.step:
            start, width = self._edges
            return (math.log(value + 0.5) - start) / width
        return super().where(value)

    def near(self, value: Any) -> Iterator[int]:
        position = self.items.index(value)
        yield from (self.items[i] for i in (position + 1, position - 1) if 0 <= i < self.count)

    def values(self, resolution: int | None = None) -> Iterator[int]:
        if self.log and not self.step and resolution is not None and resolution < self.count:
            return iter(sorted({self.at(float(u)) for u in np.linspace(0, 1, resolution)}))
        return super().values(resolution)

    def __contains__(self, value: object) -> bool:
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        return whole and value in self.items

    def describe(self) -> str:
        scale = f" times {self.step}" if self.log and self.step else ""
        steps = f" in steps of {self.step}" if self.step and not self.log else scale
        return f"a whole number from {self.low} to {self.high}{steps}"


@dataclass(frozen=True)
class Float(Domain):
    """Numbers from low to high, both included.

    step: with one, the values are low, low + step, ... (times step if log=True).
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(
                value, (int, float, np.number, type(None))
            ):
                raise TypeError(f"Float: {name}={value!r} is no number")
        _check_range(self.low, self.high, self.step, self.log)

    @cached_property
    def count(self) -> int | float:  # type: ignore[override]
        if self.low == self.high:
            return 1
        if self.step is None:
            return math.inf
        if self.log:
            return int(math.log(self.high / self.low) / math.log(self.step) + 1e-8) + 1
        return int((self.high - self.low) / self.step + 1e-8) + 1

    def _item(self, index: int) -> float:
        step = self.step or 1.0
        if self.log:
            return float(min(self.low * step**index, self.high))
        # Ten digits: 0.1 + 2 * 0.1 is meant to be 0.3.
        return float(min(round(self.low + index * step, 10), self.high))

    def at(self, u: float) -> float:
        if math.isinf(self.count):
            if self.log:
                value = math.exp(math.log(self.low) + u * math.log(self.high / self.low))
            else:
                value = self.low + u * (self.high - self.low)
            return float(min(max(value, self.low), self.high))
        return self._item(min(int(u * self.count), int(self.count) - 1))

    def _position(self, value: Any) -> int:
        if self.step is None or self.low == self.high:
            return 0
        if self.log:
            return round(math.log(value / self.low) / math.log(self.step))
        return round((value - self.low) / self.step)

    def where(self, value: Any) -> float:
        if math.isinf(self.count):
            if self.log:
                u = math.log(value / self.low) / math.log(self.high / self.low)
            else:
                u = (value - self.low) / (self.high - self.low)
            return min(max(u, 0.0), 1.0)
        return (self._position(value) + 0.5) / self.count

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            return False
        number = float(value)
        if not self.low <= number <= self.high:
            return False
        if math.isinf(self.count):
            return True
        return math.isclose(self._item(self._position(number)), number, rel_tol=1e-9, abs_tol=1e-12)

    def values(self, resolution: int | None = None) -> Iterator[float]:
        if math.isinf(self.count):
            if resolution is None:
                raise ValueError(f"{self.describe()} has no end of values: give a resolution")
            if resolution == 1:
                return iter([self.at(0.5)])
            return iter([self.at(float(u)) for u in np.linspace(0, 1, resolution)])
        total = int(self.count)
        if resolution is None or resolution >= total:
            return (self._item(index) for index in range(total))
        spread = np.linspace(0, total - 1, resolution).round().astype(int)
        return iter([self._item(index) for index in spread.tolist()])

    def describe(self) -> str:
        steps = (
            "" if self.step is None else f" {'times' if self.log else 'in steps of'} {self.step}"
        )
        return f"a number from {self.low} to {self.high}{steps}"


@dataclass(frozen=True, init=False)
class Choice(_Listed):
    """One of some values: all of one kind, strings, numbers or booleans.

    ordered: whether near in the list means near in effect, as for batch sizes.
    """

    items: tuple[Scalar, ...]
    ordered: bool

    def __init__(self, items: Sequence[Scalar], ordered: bool = False) -> None:
        listed = tuple(_plain(item) for item in items)
        if not listed:
            raise ValueError("a choice needs at least one value")
        if len(set(map(_exact, listed))) < len(listed):
            raise ValueError(f"a choice names each value once, not {list(listed)!r}")
        object.__setattr__(self, "items", listed)
        object.__setattr__(self, "ordered", ordered)

    def position(self, value: Scalar) -> int:
        return self._positions[_exact(value)]

    @cached_property
    def _positions(self) -> dict[tuple[type, Scalar], int]:
        return {_exact(item): index for index, item in enumerate(self.items)}

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (bool, int, float, str)) and _exact(value) in self._positions

    def other(self, value: Scalar, rng: np.random.Generator) -> Scalar:
        if self.ordered or self.count < 2:
            return super().other(value, rng)
        position = int(rng.integers(self.count - 1))
        return self.items[position + (position >= self.position(value))]

    def near(self, value: Scalar) -> Iterator[Any]:
        if self.ordered:
            yield from super().near(value)
        else:
            yield from (item for item in self.items if _exact(item) != _exact(value))

    def middle(self) -> Scalar:
        return super().middle() if self.ordered else self.items[0]

    def describe(self) -> str:
        return f"one of {list(self.items)}"


class Boolean(Choice):
    """False or True."""

    def __init__(self) -> None:
        super().__init__((False, True))


def _exact(value: Any) -> tuple[type, Any]:
    """1, 1.0 and True are equal to Python, not to a search space."""
    return (type(value), value)


def _plain(value: Any) -> Scalar:
    """A NumPy scalar as Python's own."""
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, (bool, int, float, str)):
        raise TypeError(f"{value!r} cannot be chosen: strings, numbers and booleans can")
    return plain
