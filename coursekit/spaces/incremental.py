"""Spaces whose configurations grow, from simple to complex (as progressive search asks for)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coursekit.arguments import whole_number
from coursekit.spaces.domains import Conditional, Domain
from coursekit.spaces.numbers import Integer
from coursekit.spaces.space import Configuration, Space


class Incremental(Space):
    """A space with simple configurations and complex ones, each of which grew from a simpler one.

    Every configuration on the way is a full one of the space, so any world can judge it. What a
    step adds: a layer to `Chain`, a block to `BlockCells`, a node to `EdgeCells`.

    size: name of the parameter that holds the complexity; there is none if it is always the same.
    bounds: the smallest and the largest complexity (b = 1 and B in progressive NAS, Liu 2018); one
        number for both.
    parameters: those that depend on the size, or on nothing, after it.

    Raises ValueError for bounds that are no whole numbers from 1 on, in order.
    """

    def __init__(
        self,
        size: str,
        bounds: int | tuple[int, int],
        parameters: Iterable[tuple[str, Domain | Conditional]],
    ) -> None:
        self.size = size
        self.smallest, self.largest = check_bounds(size, bounds)
        first = Integer(self.smallest, self.largest)
        super().__init__([*([(size, first)] if first.count > 1 else []), *parameters])

    def complexity(self, configuration: Mapping[str, Any]) -> int:
        """How far it has grown: smallest to largest."""
        return int(configuration.get(self.size, self.largest))

    def grow(
        self, configuration: Mapping[str, Any] | None = None, *, resolution: int = 3
    ) -> Iterator[Configuration]:
        """Everything that it can become in one step, in order and made as it is asked for.

        configuration: of complexity b; what comes has complexity b + 1 and is like it in all that
            was decided before. None: all configurations of the smallest complexity. Of the largest
            complexity nothing grows.
        resolution: how many values a number gets at most.
        """
        if configuration is None:
            return self.enumerate(resolution, given={self.size: self.smallest})
        complexity = self.complexity(configuration)
        if complexity == self.largest:
            return iter(())
        return self.enumerate(resolution, given={**configuration, self.size: complexity + 1})


def check_bounds(name: str, bounds: int | tuple[int, int]) -> tuple[int, int]:
    """The smallest and the largest, from a pair or from one number for both."""
    smallest, largest = bounds if isinstance(bounds, tuple) and len(bounds) == 2 else [bounds] * 2
    if whole_number(name, smallest) > whole_number(name, largest):
        raise ValueError(f"{name}={bounds!r}: from 1 on and in order, as in (1, 5)")
    return smallest, largest


def from_size(domain: Domain, size: str, least: int, bounds: tuple[int, int]) -> Conditional:
    """The domain of a parameter that exists from a size on."""
    smallest, largest = bounds
    if least <= smallest:
        return domain.when()
    return domain.when({size: range(least, largest + 1)})
