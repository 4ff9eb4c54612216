"""Grid search: the product of every parameter's values, one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Suggestion

CONTINUUM = 10  # values of a parameter that has no end of them


class Grid(Strategy):
    """Walks through the space in order, the last parameter fastest, and skips what was tried.

    resolution: how many values a number gets at most, spread over its range: one figure for all,
        or a mapping from names. Without one, whole numbers and stepped ones give all their values
        and a continuum ten. Unordered choices always give all of theirs.
    """

    deterministic: ClassVar[bool] = True

    def __init__(self, space: Space, *, resolution: int | Mapping[str, int] | None = None) -> None:
        super().__init__(space)
        self.resolution = resolutions(space, resolution)
        self._walked: History | None = None
        self._points: Iterator[Configuration] = iter(())
        self._next: Configuration | None = None

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        # The answer is the first point that the history does not hold. What a history holds it
        # holds for good, so that the walk never has to turn back: a memo, not a state.
        seen = self._seen(history)
        if history is not self._walked:
            self._walked, self._points = history, self.space.enumerate(self.resolution)
            self._next = next(self._points, None)
        while self._next is not None and self.space.key(self._next) in seen:
            self._next = next(self._points, None)
        return Pause.DONE if self._next is None else Suggestion(dict(self._next))


def resolutions(space: Space, wanted: int | Mapping[str, int] | None) -> dict[str, int]:
    """How many values each number gets at most, by name."""
    if isinstance(wanted, Mapping):
        unknown = sorted(set(wanted) - {parameter.name for parameter in space.parameters})
        if unknown:
            raise ValueError(
                f"resolution for {unknown[0]!r}, which is no parameter of this space: "
                f"it has {[parameter.name for parameter in space.parameters]}"
            )
        given = {name: whole_number(f"resolution of {name}", each) for name, each in wanted.items()}
    else:
        all_alike = None if wanted is None else whole_number("resolution", wanted)
        given = {p.name: all_alike for p in space.parameters} if all_alike else {}
    endless = {p.name: CONTINUUM for p in space.parameters if math.isinf(p.domain.count)}
    return {**endless, **given}
