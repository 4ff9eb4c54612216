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

CONTINUUM = 10  # values of a parameter with infinitely many


class Grid(Strategy):
    """Walks through the space in order, the last parameter fastest, and skips tried points.

    resolution: the most values per numeric parameter, spread over its range: one number for all,
        or a mapping from names. By default integers and stepped numbers take all their values,
        and a continuous parameter takes ten. Unordered choices always take all their values.
    """

    deterministic: ClassVar[bool] = True

    def __init__(self, space: Space, *, resolution: int | Mapping[str, int] | None = None) -> None:
        super().__init__(space)
        self.resolution = resolutions(space, resolution)
        self._walked: History | None = None
        self._points: Iterator[Configuration] = iter(())
        self._next: Configuration | None = None

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        # The answer is the first point that the history does not hold. A history never loses a
        # trial, so the walk never turns back: a memo, not a state.
        seen = self._seen(history)
        if history is not self._walked:
            self._walked, self._points = history, self.space.enumerate(self.resolution)
            self._next = next(self._points, None)
        while self._next is not None and self.space.key(self._next) in seen:
            self._next = next(self._points, None)
        return Pause.DONE if self._next is None else Suggestion(dict(self._next))


def resolutions(space: Space, wanted: int | Mapping[str, int] | None) -> dict[str, int]:
    """The most values that each numeric parameter takes, by name."""
    if isinstance(wanted, Mapping):
        unknown = sorted(set(wanted) - {parameter.name for parameter in space.parameters})
        if unknown:
            raise ValueError(
                f"resolution for {unknown[0]!r}, which is not a parameter of this space: "
                f"it has {[parameter.name for parameter in space.parameters]}"
            )
        given = {name: whole_number(f"resolution of {name}", each) for name, each in wanted.items()}
    else:
        all_alike = None if wanted is None else whole_number("resolution", wanted)
        given = {p.name: all_alike for p in space.parameters} if all_alike else {}
    endless = {p.name: CONTINUUM for p in space.parameters if math.isinf(p.domain.count)}
    return {**endless, **given}
