"""Spaces whose configurations grow from simple to complex, as progressive search needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coursekit.arguments import whole_number
from coursekit.spaces.domains import Conditional, Domain
from coursekit.spaces.numbers import Integer
from coursekit.spaces.space import Configuration, Space


class Incremental(Space):
    """A space in which every complex configuration grows from a simpler one.

    Every configuration on the way belongs to the space, so any world can judge it. One step adds
    a layer to `Chain`, a block to `BlockCells`, a node to `EdgeCells`.

    size: name of the parameter that holds the complexity; left out if the complexity is fixed.
    bounds: the smallest and the largest complexity (b = 1 and B in progressive NAS, Liu et al.,
        2018; `liu2018progressive`), or one number for both.
    parameters: all others; they may depend on the size, which stands before them.

    Raises ValueError for bounds that are not whole numbers >= 1 in ascending order.
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
        """The complexity of a configuration, from smallest to largest."""
        return int(configuration.get(self.size, self.largest))

    def grow(
        self, configuration: Mapping[str, Any] | None = None, *, resolution: int = 3
    ) -> Iterator[Configuration]:
        """All configurations one step larger, in order, generated lazily.

        configuration: of complexity b; each child has complexity b + 1 and keeps every earlier
            decision. None gives all configurations of the smallest complexity. A configuration of
            the largest complexity has no children.
        resolution: the most values that a number gets.
        """
        if configuration is None:
            return self.enumerate(resolution, given={self.size: self.smallest})
        complexity = self.complexity(configuration)
        if complexity == self.largest:
            return iter(())
        return self.enumerate(resolution, given={**configuration, self.size: complexity + 1})


def check_bounds(name: str, bounds: int | tuple[int, int]) -> tuple[int, int]:
    """The smallest and the largest complexity, from a pair or from one number for both."""
    smallest, largest = bounds if isinstance(bounds, tuple) and len(bounds) == 2 else [bounds] * 2
    if whole_number(name, smallest) > whole_number(name, largest):
        raise ValueError(f"{name}={bounds!r}: give the smaller number first, as in (1, 5)")
    return smallest, largest


def from_size(domain: Domain, size: str, least: int, bounds: tuple[int, int]) -> Conditional:
    """The domain of a parameter that exists when the size is at least `least`."""
    smallest, largest = bounds
    if least <= smallest:
        return domain.when()
    return domain.when({size: range(least, largest + 1)})
