"""Spaces whose configurations grow, from simple to complex (as progressive search asks for)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from coursekit.spaces.space import Configuration, Space


class Growing(Space):
    """A space with simple configurations and complex ones, each of which grew from a simpler one.

    Every configuration on the way is a full one of the space, so any world can judge it. What a
    step adds: a layer to `Chain`, a block to `BlockCells`, a node to `EdgeCells`.

    smallest, largest: the complexities that there are (b and B of progressive NAS, Liu 2018).
    """

    smallest: int
    largest: int

    @abstractmethod
    def complexity(self, configuration: Mapping[str, Any]) -> int:
        """How far it has grown: smallest to largest."""

    @abstractmethod
    def grow(
        self, configuration: Mapping[str, Any] | None = None, *, resolution: int = 3
    ) -> Iterator[Configuration]:
        """Everything that it can become in one step, in order and made as it is asked for.

        configuration: of complexity b; what comes has complexity b + 1 and is like it in all that
            was decided before. None: all configurations of the smallest complexity. Of the largest
            complexity nothing grows.
        resolution: how many values a number gets at most.
        """
