"""The check of a strategy's options in a tuner."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from coursekit import lookup
from coursekit.arguments import whole_number
from coursekit.log import outside
from coursekit.lookup import options_of
from coursekit.strategies import Strategy


def check(strategy: type[Strategy], options: Mapping[str, Any], max_trials: int | None) -> None:
    """ValueError for an option that does not exist; a warning if all trials would be random."""
    if max_trials is not None:
        whole_number("max_trials", max_trials)
    lookup.check_options(strategy.__name__, strategy, options)
    known = options_of(strategy)
    for name in ("population_size", "initial"):
        random = options.get(name, known[name].default if name in known else None)
        if max_trials and isinstance(random, int) and max_trials <= random:
            warnings.warn(
                f"max_trials={max_trials}: {strategy.__name__} draws its first {random} at "
                f"random, so this is a random search; give more trials, or {name}=",
                stacklevel=outside(),
            )
