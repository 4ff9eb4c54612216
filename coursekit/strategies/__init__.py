"""Search strategies: one file each, named after its algorithm, and one line in the registry."""

from __future__ import annotations

from coursekit.strategies.asha import ASHA
from coursekit.strategies.auto import Auto
from coursekit.strategies.base import Strategy
from coursekit.strategies.bayesian import Bayesian
from coursekit.strategies.bohb import BOHB
from coursekit.strategies.cma_es import CMAES
from coursekit.strategies.grid import Grid
from coursekit.strategies.hyperband import Hyperband
from coursekit.strategies.local_search import LocalSearch
from coursekit.strategies.progressive import Progressive
from coursekit.strategies.quasi_random import QuasiRandom
from coursekit.strategies.random import Random
from coursekit.strategies.recommendation import Recommendation, recommend
from coursekit.strategies.registry import STRATEGIES, find, make
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.strategies.reinforce import Reinforce
from coursekit.strategies.successive_halving import SuccessiveHalving
from coursekit.strategies.tpe import TPE

STRATEGIES["auto"] = Auto  # it chooses among the others

__all__ = [
    "ASHA", "BOHB", "CMAES", "STRATEGIES", "TPE", "Auto", "Bayesian", "Grid", "Hyperband",
    "LocalSearch", "Progressive", "QuasiRandom", "Random", "Recommendation",
    "RegularizedEvolution", "Reinforce", "Strategy", "SuccessiveHalving", "find", "make",
    "recommend",
]  # fmt: skip
