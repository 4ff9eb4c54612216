"""The options of a strategy, as a tuner takes them."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

from coursekit.log import outside
from coursekit.strategies import Strategy
from coursekit.strategies.base import positive


def check(strategy: type[Strategy], options: Mapping[str, Any], max_trials: int | None) -> None:
    """TypeError for an option that does not exist; a warning if all trials would be random."""
    if max_trials is not None:
        positive("max_trials", max_trials)
    known = options_of(strategy)
    for name in options:
        if name not in known and not any(each.kind is each.VAR_KEYWORD for each in known.values()):
            listed = ", ".join(known) or "none"
            raise TypeError(f"{strategy.__name__} has no option {name!r}: it has {listed}")
    for name in ("population_size", "initial"):
        random = options.get(name, known[name].default if name in known else None)
        if max_trials and isinstance(random, int) and max_trials <= random:
            warnings.warn(
                f"max_trials={max_trials}: {strategy.__name__} draws its first {random} at "
                f"random, so this is a random search; give more trials, or {name}=",
                stacklevel=outside(),
            )


def options_of(strategy: type[Strategy]) -> dict[str, inspect.Parameter]:
    """What a strategy takes beside the space, by name."""
    found = list(inspect.signature(strategy.__init__).parameters.values())[2:]  # self, space
    return {each.name: each for each in found}
