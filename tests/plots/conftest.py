"""Searches on the kit's tables, and searches in which things go wrong."""

import math

import matplotlib
import matplotlib.pyplot as plt
import pytest

from coursekit.search import Search
from coursekit.strategies import make
from coursekit.trials import Evaluation, History
from coursekit.worlds import MLPs

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def world() -> MLPs:
    return MLPs(seed=0)


@pytest.fixture(scope="session")
def searched(world):
    """searched(strategy, seed, trials, **options): the History of that search, run once."""
    known: dict[tuple, History] = {}

    def search(name: str, seed: int = 0, trials: int = 30, **options) -> History:
        key = (name, seed, trials, *options.items())
        if key not in known:
            strategy = make(name, world.space, **options)
            known[key] = Search(strategy, seed=seed).run(world, trials=trials)
        return known[key]

    return search


@pytest.fixture
def failing(world):
    """failing(every, trials): a random search of which each so-manieth trial fails at its end."""

    def search(every: int, trials: int = 12) -> History:
        count = iter(range(1, trials + 1))

        def estimate(suggestion):
            done = world.evaluate(suggestion)
            if next(count) % every:
                return done
            return Evaluation(math.nan, (*done.curve[:5], math.nan), done.cost)

        return Search(make("random", world.space), seed=3).run(estimate, trials=trials)

    return search


@pytest.fixture
def empty() -> History:
    return History()
