"""The rows of a table: a configuration's row, in a microsecond, and one of its trainings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coursekit.spaces import Space


class Rows:
    """Numbers the configurations of a space without conditions, in the order of `enumerate`.

    space: finite and without conditions; ValueError otherwise.
    """

    def __init__(self, space: Space) -> None:
        names = [parameter.name for parameter in space.parameters]
        conditional = any(parameter.conditions for parameter in space.parameters)
        if conditional or len(set(names)) < len(names) or space.count == float("inf"):
            raise ValueError(f"{space!r} has no rows: only finite spaces without conditions have")
        self.space, self.count = space, int(space.count)
        # What a value adds to the row: its digit times the product of all later digits' sizes.
        self._digits: list[tuple[str, dict[Any, int]]] = []
        size = self.count
        for parameter in space.parameters:
            size //= int(parameter.domain.count)
            values = list(parameter.domain.values())
            added = {value: place * size for place, value in enumerate(values)}
            self._digits.append((parameter.name, added))

    def __call__(self, configuration: Mapping[str, Any]) -> int:
        """The configuration's row; ValueError if the space does not have it."""
        try:
            row = sum([digits[configuration[name]] for name, digits in self._digits])
        except (KeyError, TypeError):
            row = -1
        if row < 0 or len(configuration) != len(self._digits):
            self.space.check(configuration)  # its error names the fault
        return row


def one_training(values: np.ndarray, counts: int | np.ndarray, seed: int) -> np.ndarray:
    """One of each row's trainings, drawn by a seed, as if a search trained each row once.

    values: shape (rows, trainings, ...). counts: trainings of a row, one number for all rows or
    one for each.
    """
    drawn = np.random.default_rng(seed).integers(counts, size=len(values))
    return values[np.arange(len(values)), drawn]
