"""Numbers: domains from low to high, with or without steps, on a linear or a log scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from coursekit.spaces.domains import MANY, STEP, Domain, plain

MOST = 2**40  # steps; the unit interval cannot separate more
INTEGERS = 2**63  # NumPy and pandas hold whole numbers from -2**63 to below 2**63
WIDEST = 1e300  # so that no difference overflows


def _check_range(domain: Integer | Float, kinds: tuple[type, ...], what: str) -> None:
    """Make low, high and step Python numbers; TypeError or ValueError for bad ones."""
    for name in ("low", "high", "step"):
        value = plain(getattr(domain, name))
        absent = name == "step" and value is None
        if not absent and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise TypeError(f"{type(domain).__name__}: {name}={value!r} is not a {what}")
        object.__setattr__(domain, name, value)
    low, high, step, log = domain.low, domain.high, domain.step, domain.log
    if not -WIDEST <= low <= high <= WIDEST:
        raise ValueError(f"a range needs low <= high within +-{WIDEST}, not {low!r} to {high!r}")
    if log and low <= 0:
        raise ValueError(f"a log range starts above 0, not at {low!r}")
    if step is not None and not (1 if log else 0) < step < math.inf:
        least = "above 1 (it multiplies)" if log else "above 0"
        raise ValueError(f"step={step!r} with log={log}: a step is {least}")


def _check_count(domain: Integer | Float, count: int) -> None:
    if count > MOST:
        raise ValueError(f"{domain.describe()}: more than 2**40 values cannot be told apart")


@dataclass(frozen=True)
class Integer(Domain):
    """Whole numbers from low to high, both included.

    step: the distance between values (default 1). With log=True it is a factor; without a step,
        log=True keeps every whole number and draws evenly on the log scale.

    From 2**52 values on, the unit interval cannot tell neighbours apart: a value that goes there
    and back may return as one nearby. Raises ValueError beyond -2**63 and 2**63 - 1.
    """

    low: int
    high: int
    step: int | None = None
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self, (int,), "whole number")
        if self.step == 1 and not self.log:
            object.__setattr__(self, "step", None)
        if not -INTEGERS <= self.low <= self.high < INTEGERS:
            raise ValueError(
                f"{self.describe()}: whole numbers end at -2**63 and 2**63 - 1; give a smaller "
                "range, such as 0 to 2**62 for a seed, or a Float"
            )
        if self._edges and self._edges[1] < 1e-12:
            raise ValueError(f"{self.describe()} is too narrow for a log scale: leave log=True out")

    @cached_property
    def items(self) -> Sequence[int]:  # type: ignore[override]
        if self.log and self.step:
            powers = [self.low]
            while powers[-1] * self.step <= self.high:
                powers.append(powers[-1] * self.step)
            return powers
        return range(self.low, self.high + 1, self.step or 1)

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        """The number of values, also where it is too large for `len`."""
        if self.log and self.step:
            return len(self.items)
        return (self.high - self.low) // (self.step or 1) + 1

    @cached_property
    def _edges(self) -> tuple[float, float] | None:
        """Start and width of a log scale on which every whole number has an interval."""
        if not self.log or self.step or self.low == self.high:
            return None
        return math.log(self.low), math.log((self.high + 1) / self.low)

    def at(self, u: float) -> int:
        if self._edges:
            start, width = self._edges
            return min(max(int(math.exp(start + u * width)), self.low), self.high)
        return self.items[min(int(u * self.count), self.count - 1)]

    def position(self, value: Any) -> int:
        return self.items.index(int(value))

    def where(self, value: Any) -> float:
        if self._edges:
            start, width = self._edges
            return min(max((math.log(value + 0.5) - start) / width, 0.0), 1.0)
        return super().where(value)

    def ends(self, value: Any) -> tuple[float, float]:
        if self._edges:  # intervals differ in width
            return self.where(value - 0.5), self.where(value + 0.5)
        return super().ends(value)

    def near(self, value: Any, step: float = STEP) -> Iterator[int]:
        """As in any domain; on a log scale, double and half replace the tenth, and their roots a
        part of it."""
        if not self._edges or self.count <= MANY:
            yield from super().near(value, step)
            return
        factor = 2 ** (step / STEP)
        less = round(value / factor)
        halved = [less] if round(less * factor) == value else []  # so that neighbours are mutual
        for other in dict.fromkeys((value + 1, value - 1, round(value * factor), *halved)):
            if other != value and other in self:
                yield other

    def _spread(self, resolution: int) -> Iterator[int]:
        return iter(dict.fromkeys(super()._spread(resolution)))  # a log scale repeats low values

    def __contains__(self, value: object) -> bool:
        value = plain(value)
        return isinstance(value, int) and not isinstance(value, bool) and value in self.items

    def describe(self) -> str:
        return f"a whole number from {self.low} to {self.high}{_steps(self)}"


@dataclass(frozen=True)
class Float(Domain):
    """Numbers from low to high, both included.

    step: if given, the values are low, low + step, ... (low * step, ... if log=True).
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self, (int, float), "number")
        if self.step is not None:
            _check_count(self, _Steps(self.low, self.high, self.step, self.log).total)
        if self.low < self.high and not self._edges[1] > 0:
            raise ValueError(f"{self.describe()} is too narrow for a log scale")

    @cached_property
    def items(self) -> Sequence[float]:  # type: ignore[override]
        if self.low == self.high:
            return (float(self.low),)
        return () if self.step is None else _Steps(self.low, self.high, self.step, self.log)

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else float(value)

    @cached_property
    def _edges(self) -> tuple[float, float]:
        """Start and width of the scale."""
        return self._scale(self.low), self._scale(self.high) - self._scale(self.low)

    def at(self, u: float) -> float:
        if self.items:
            return super().at(u)
        start, width = self._edges
        value = start + u * width
        return float(min(max(math.exp(value) if self.log else value, self.low), self.high))

    def position(self, value: Any) -> int:
        if self.step is None:
            return 0
        return round((self._scale(value) - self._edges[0]) / self._scale(self.step))

    def where(self, value: Any) -> float:
        if self.items:
            return super().where(value)
        start, width = self._edges
        return (self._scale(value) - start) / width

    def near(self, value: Any, step: float = STEP) -> Iterator[float]:
        """As in any domain; in a continuum, one `step` up and one down."""
        if self.items:
            yield from super().near(value, step)
        else:  # rounded, so that a step back meets where it came from
            here = self.where(value)
            there = (round(here + each, 12) for each in (step, -step))
            yield from (self.at(u) for u in there if 0 <= u <= 1)

    def __contains__(self, value: object) -> bool:
        value = plain(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if not self.low <= value <= self.high:
            return False
        if not self.items:
            return True
        position = self.position(value)
        near = 0 if self.log else 1e-9 * (self.step or 0)  # for rounding errors of added floats
        return position < len(self.items) and math.isclose(
            self.items[position], value, abs_tol=near
        )

    def describe(self) -> str:
        return f"a number from {self.low} to {self.high}{_steps(self)}"


def _steps(domain: Integer | Float) -> str:
    return f" {'times' if domain.log else 'in steps of'} {domain.step}" if domain.step else ""


class _Steps(Sequence[float]):
    """low, low + step, ... (low * step, ... if log), in decimals, so that 0.1 + 2 * 0.1 is 0.3."""

    def __init__(self, low: float, high: float, step: float, log: bool) -> None:
        self._low, last, self._step = (Decimal(repr(x)) for x in (low, high, step))
        self._log = log
        powers = (
            (last / self._low).ln() / self._step.ln() if log else (last - self._low) / self._step
        )
        self.total = int(powers)  # rounded to 28 digits, so the last one is checked below
        while self._at(self.total) <= last:
            self.total += 1

    def _at(self, index: int) -> Decimal:
        return self._low * self._step**index if self._log else self._low + self._step * index

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self.total:
            raise IndexError(index)
        return float(self._at(index))
