"""The strategies by name, but for `auto`, which chooses among them."""

from __future__ import annotations

from coursekit import lookup
from coursekit.spaces import Space
from coursekit.strategies.asha import ASHA
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
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.strategies.reinforce import Reinforce
from coursekit.strategies.successive_halving import SuccessiveHalving
from coursekit.strategies.tpe import TPE

STRATEGIES: dict[str, type[Strategy]] = {
    "grid": Grid,
    "random": Random,
    "quasi_random": QuasiRandom,
    "bayesian": Bayesian,
    "local_search": LocalSearch,
    "regularized_evolution": RegularizedEvolution,
    "reinforce": Reinforce,
    "progressive": Progressive,
    "tpe": TPE,
    "cma_es": CMAES,
    "successive_halving": SuccessiveHalving,
    "asha": ASHA,
    "hyperband": Hyperband,
    "bohb": BOHB,
}


def find(name: str) -> type[Strategy]:
    """The class of a strategy. Raises ValueError for an unknown name; it lists the known ones."""
    return lookup.find("strategy", name, STRATEGIES)


def make(text: str, space: Space, **options: object) -> Strategy:
    """The strategy with that name, built for a space; the text may have options: "tpe(initial=5)".

    Raises ValueError for an unknown name or option, for a value that the strategy refuses, and for
    a space that it cannot search.
    """
    return lookup.make("strategy", text, STRATEGIES, space, **options)
