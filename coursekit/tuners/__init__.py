"""Keras Tuner: the kit's strategies as drop-in tuners, and a watch over running searches.

from coursekit.tuners import RegularizedEvolution
tuner = RegularizedEvolution(build_model, objective="val_accuracy", max_trials=200)
tuner.search(x, y, validation_data=(x_validation, y_validation), epochs=3)

Each strategy of the registry has a tuner of the same name, with the arguments of
`keras_tuner.RandomSearch` and the strategy's options. `RandomSearch`, `BayesianOptimization` and
`GridSearch` are Keras Tuner's names for `Random`, `Bayesian` and `Grid`. Keras Tuner's names of
options work as well: max_epochs is max_budget, hyperband_iterations is iterations,
num_initial_points is initial, beta is exploration.
"""

from __future__ import annotations

import coursekit.training.keras  # noqa: F401  (loads Keras quietly, before Keras Tuner does)
from coursekit import strategies
from coursekit.extras import from_extras
from coursekit.strategies import STRATEGIES, Strategy

with from_extras():  # they import keras_tuner
    from coursekit.tuners.oracle import StrategyOracle
    from coursekit.tuners.termination import StopUnpromising
    from coursekit.tuners.tuner import StrategyTuner


class Grid(StrategyTuner):
    strategy = strategies.Grid


class Random(StrategyTuner):
    strategy = strategies.Random


class QuasiRandom(StrategyTuner):
    strategy = strategies.QuasiRandom


class Bayesian(StrategyTuner):
    strategy = strategies.Bayesian


class LocalSearch(StrategyTuner):
    strategy = strategies.LocalSearch


class RegularizedEvolution(StrategyTuner):
    strategy = strategies.RegularizedEvolution


class Reinforce(StrategyTuner):
    strategy = strategies.Reinforce


class Progressive(StrategyTuner):
    strategy = strategies.Progressive


class TPE(StrategyTuner):
    strategy = strategies.TPE


class CMAES(StrategyTuner):
    strategy = strategies.CMAES


class SuccessiveHalving(StrategyTuner):
    strategy = strategies.SuccessiveHalving


class ASHA(StrategyTuner):
    strategy = strategies.ASHA


class Hyperband(StrategyTuner):
    strategy = strategies.Hyperband


class BOHB(StrategyTuner):
    strategy = strategies.BOHB


class Auto(StrategyTuner):
    strategy = strategies.Auto


GridSearch, RandomSearch, BayesianOptimization = Grid, Random, Bayesian  # Keras Tuner's names


def _tuner_of(strategy: type[Strategy]) -> type[StrategyTuner]:
    name = strategy.__name__
    found = globals().get(name)
    if not (isinstance(found, type) and issubclass(found, StrategyTuner)):
        raise ImportError(
            f"{__file__}: the strategy {name} has no tuner; add\n\n"
            f"class {name}(StrategyTuner):\n    strategy = strategies.{name}\n"
        )
    return found


TUNERS: dict[str, type[StrategyTuner]] = {
    name: _tuner_of(strategy) for name, strategy in STRATEGIES.items()
}

__all__ = [
    "ASHA",
    "BOHB",
    "CMAES",
    "TPE",
    "TUNERS",
    "Auto",
    "Bayesian",
    "BayesianOptimization",
    "Grid",
    "GridSearch",
    "Hyperband",
    "LocalSearch",
    "Progressive",
    "QuasiRandom",
    "Random",
    "RandomSearch",
    "RegularizedEvolution",
    "Reinforce",
    "StopUnpromising",
    "StrategyOracle",
    "StrategyTuner",
    "SuccessiveHalving",
]
