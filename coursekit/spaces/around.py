"""Around: a domain whose values are likelier near one that is believed to be good.

The belief warps the unit interval (Ramachandran et al., 2020; `ramachandran2020incorporating`): it
is wide where the optimum is expected, narrow elsewhere. So whatever draws or learns in the unit
cube of the space knows the belief, and no strategy needs an option for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from coursekit.spaces.domains import SIGMA, STEP, Domain, plain

GRID = 2**11  # points at which the warping is tabulated


@dataclass(frozen=True)
class Around(Domain):
    """The values of a domain, drawn from a normal around one of them, and in part evenly.

    Example: `Around(Float(1e-5, 1.0, log=True), 1e-3)`.

    domain: of several values. value: what you believe to be good.
    spread: standard deviation of the normal, in parts of the domain's range (on its scale). In a
        choice without an order no value is near another, and spread has no say.
    trust: the share that is drawn from the normal, or is the value; the rest is even, so that a
        wrong belief costs trials and excludes nothing.

    Random search keeps the belief for ever. Strategies that learn follow their own trials more and
    more: TPE's uniform component and a Gaussian process know it, evolution's first population and
    the starts of local search are drawn from it, CMA-ES begins in its middle. Raises ValueError
    for a domain of one value, for a value that it lacks, and for a spread or trust that is out of
    range.
    """

    domain: Domain
    value: Any
    spread: float = 0.1
    trust: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.domain, Domain):
            raise TypeError(
                f"domain={self.domain!r}: give a domain, and conditions after the belief, as in "
                "Around(Float(0, 1), 0.9).when(optimizer='sgd')"
            )
        if self.domain.count < 2:
            raise ValueError(f"domain={self.domain!r}: a belief needs several values")
        object.__setattr__(self, "value", plain(self.value))
        if self.value not in self.domain:
            raise ValueError(f"value={self.value!r} is not {self.domain.describe()}")
        if not 0 < self.spread < math.inf:
            raise ValueError(f"spread={self.spread!r} is above 0: parts of the range")
        if not 0 < self.trust < 1:
            raise ValueError(f"trust={self.trust!r} is a share: above 0 and below 1")

    @property
    def ordered(self) -> bool:  # type: ignore[override]
        return self.domain.ordered

    @property
    def items(self) -> Sequence[Any]:  # type: ignore[override]
        return self.domain.items

    @property
    def count(self) -> int | float:
        return self.domain.count

    def __contains__(self, value: object) -> bool:
        return value in self.domain

    def describe(self) -> str:
        return self.domain.describe()

    def position(self, value: Any) -> int:
        return self.domain.position(value)

    @cached_property
    def _warping(self) -> tuple[np.ndarray, np.ndarray]:
        """Points of the domain's unit interval, and the belief's share below each."""
        if not self.ordered:
            even = np.linspace(0, 1, int(self.count) + 1)
            below = (1 - self.trust) * even
            below[self.position(self.value) + 1 :] += self.trust
            return even, below
        even = np.linspace(0, 1, GRID + 1)
        z = (even - self.domain.where(self.value)) / (self.spread * math.sqrt(2))
        normal = np.array([math.erf(each) for each in z.tolist()])
        normal = (normal - normal[0]) / (normal[-1] - normal[0])
        return even, self.trust * normal + (1 - self.trust) * even

    def _warped(self, u: float) -> float:
        return float(np.interp(u, *self._warping))

    def at(self, u: float) -> Any:
        even, below = self._warping
        return self.domain.at(float(np.interp(u, below, even)))

    def where(self, value: Any) -> float:
        return sum(self.ends(value)) / 2 if self.items else self._warped(self.domain.where(value))

    def ends(self, value: Any) -> tuple[float, float]:
        low, high = self.domain.ends(value)
        return self._warped(low), self._warped(high)

    def near(self, value: Any, step: float = STEP) -> Iterator[Any]:
        return self.domain.near(value, step)

    def other(self, value: Any, rng: np.random.Generator, sigma: float = SIGMA) -> Any:
        return self.domain.other(value, rng, sigma)

    def _spread(self, resolution: int) -> Iterator[Any]:
        return iter(dict.fromkeys(super()._spread(resolution)))  # wide intervals repeat values
