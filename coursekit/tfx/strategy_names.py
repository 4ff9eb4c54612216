"""The strategies that a pipeline's Tuner may have, checked without loading Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coursekit import lookup
from coursekit.spaces import Float, Space
from coursekit.strategies import STRATEGIES

# Errors name these; any other tuner works as well.
KERAS_TUNERS = ("BayesianOptimization", "GridSearch", "Hyperband", "RandomSearch")
PERCEPTRON = Space({"rate": Float(1e-4, 1e-2, log=True)})  # of the kind that pipelines tune


def unknown(name: str) -> ValueError:
    """The error for an unknown name: it lists the closest name and all others."""
    known = [*STRATEGIES, *(f"keras_tuner.{tuner}" for tuner in KERAS_TUNERS)]
    more = ", and any keras_tuner.Tuner by its import path, such as my_module.MyTuner"
    return lookup.unknown("strategy", name, known, more)


def check_values(name: str, options: Mapping[str, Any]) -> None:
    """Raises ValueError for values that a strategy refuses; ignores options that it lacks."""
    if not STRATEGIES[name].supports(PERCEPTRON):
        return
    known = lookup.options_of(STRATEGIES[name])
    try:
        own = {each: value for each, value in options.items() if each in known}
        STRATEGIES[name](PERCEPTRON, **own)
    except (TypeError, ValueError) as error:
        raise ValueError(f"options of {name}: {error}") from None
