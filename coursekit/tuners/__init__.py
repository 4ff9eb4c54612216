"""Keras Tuner: the kit's strategies as drop-in tuners, and watching what a search does.

from coursekit.tuners import RegularizedEvolution
tuner = RegularizedEvolution(build_model, objective="val_accuracy", max_trials=200)
tuner.search(x, y, validation_data=(x_validation, y_validation), epochs=3)

There is a tuner for each strategy of the registry, under the strategy's name, with the
arguments of `keras_tuner.RandomSearch` and the strategy's options: max_budget and iterations are
what Keras Tuner's Hyperband calls max_epochs and hyperband_iterations, initial is what its Bayesian
tuner calls num_initial_points.
"""

from __future__ import annotations

from typing import Any

from coursekit.strategies import STRATEGIES
from coursekit.tuners.oracle import StrategyOracle
from coursekit.tuners.termination import StopUnpromising
from coursekit.tuners.tuner import StrategyTuner

TUNERS: dict[str, type[StrategyTuner]] = {
    name: type(cls.__name__, (StrategyTuner,), {"strategy": cls, "__module__": __name__})
    for name, cls in STRATEGIES.items()
}
globals().update({tuner.__name__: tuner for tuner in TUNERS.values()})

__all__ = [
    "TUNERS",
    "StopUnpromising",
    "StrategyOracle",
    "StrategyTuner",
    *(tuner.__name__ for tuner in TUNERS.values()),
]


def __getattr__(name: str) -> Any:  # only so that type checkers know that there are more names
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
