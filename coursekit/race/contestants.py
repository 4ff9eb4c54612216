"""Contestants: strategies told by a text, so that a command line and another process can read it.

regularized_evolution(population_size=10, sample_size=3)
"""

from __future__ import annotations

from collections.abc import Callable

from coursekit import lookup, strategies
from coursekit.spaces import Space
from coursekit.strategies import Strategy
from coursekit.worlds import World

Build = Callable[[Space], Strategy]


def build(contestant: str | Build, space: Space) -> Strategy:
    """The strategy that a text tells, or that a class or function makes of a space.

    Raises ValueError for an unknown name or option, and for a space that it cannot search.
    """
    if not isinstance(contestant, str):
        return contestant(space)
    return strategies.make(contestant, space)


def fitted(contestant: str | Build, world: World) -> str | Build:
    """A text that names a strategy with budgets and no `max_budget`, with the world's epochs."""
    if not isinstance(contestant, str) or not world.early:
        return contestant
    name, options = lookup.parse("strategy", contestant)
    if "max_budget" in options or "max_budget" not in lookup.options_of(strategies.find(name)):
        return contestant
    return lookup.text(name, options | {"max_budget": world.epochs})
