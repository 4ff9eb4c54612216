"""An atlas of a world of cells: the accuracy of every cell, its rank, and its isomorphic twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from coursekit.spaces import Configuration, EdgeCells
from coursekit.worlds.rows import Rows
from coursekit.worlds.trained_tables import share


class CellWorld(Protocol):
    """A world that knows all cells of its space, such as `NASBench201` and `Cells`."""

    @property
    def space(self) -> Any: ...

    def accuracy(self, configuration: Mapping[str, Any], /) -> float: ...

    def parameters(self, configuration: Mapping[str, Any], /) -> int: ...


class Atlas:
    """All cells of a world at once; making one takes some seconds.

    world: with cells of edges. cells: all configurations, in the order of the space.
    accuracies: of these, shape (cells,); NaN where every training failed.
    networks: for each cell the number of its network, shape (cells,): isomorphic cells, which have
        one canonical form, share it. Numbers count from 0 in the order of the space.

    Raises TypeError for a world whose space has other configurations.
    """

    def __init__(self, world: CellWorld) -> None:
        if not isinstance(world.space, EdgeCells):
            raise TypeError(f"{world}: an atlas shows cells of edges, not {world.space!r}")
        self.world = world
        self.cells: list[Configuration] = list(world.space.enumerate())
        self.accuracies = np.array([world.accuracy(cell) for cell in self.cells])
        self.networks = share(world.space)
        self._row = Rows(world.space)
        finite = self.accuracies[np.isfinite(self.accuracies)]
        self._falling = -np.sort(-finite)

    def rank(self, cell: Mapping[str, Any]) -> int:
        """A cell's place among all by accuracy: 1 is the best, equal ones share a place."""
        accuracy = self.accuracies[self._row(cell)]
        if not np.isfinite(accuracy):
            return len(self._falling) + 1
        return int(np.searchsorted(-self._falling, -accuracy)) + 1

    def twins(self, cell: Mapping[str, Any]) -> list[Configuration]:
        """The other cells that are isomorphic to this one, in the order of the space."""
        row = self._row(cell)
        same = np.flatnonzero(self.networks == self.networks[row])
        return [self.cells[place] for place in same if place != row]
