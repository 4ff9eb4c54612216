"""Choices of many values: the same densities and kernels as with a table of all values."""

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import BOHB, TPE, Bayesian
from coursekit.surrogates import axes as module
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.density import ParzenEstimator, shrinking
from coursekit.surrogates.gaussian_process import GaussianProcess

ITEMS = [f"value {index}" for index in range(10_000)]
LETTERS = [chr(97 + index) for index in range(20)]
SPACE = Space(
    {
        "kind": Choice(LETTERS),
        "x": Float(0, 1),
        "other": Choice(LETTERS[:12]).when(kind=LETTERS[:10]),
    }
)


def points(count, seed):
    rng = np.random.default_rng(seed)
    return np.array([SPACE.encode(SPACE.sample(rng)) for _ in range(count)])


@pytest.fixture
def both(monkeypatch):
    """The space's axes, with tables of all values and without."""
    tables = Axes(SPACE)
    monkeypatch.setattr(module, "LISTED_VALUES", 8)
    compared = Axes(SPACE)
    assert compared.many.tolist() == [True, False, True] and not tables.many.any()
    return tables, compared


@pytest.mark.parametrize("multivariate", [True, False])
@pytest.mark.parametrize("each", [True, False], ids=["a bandwidth each", "shared bandwidths"])
def test_densities_are_equal(both, multivariate, each):
    seen, asked = points(9, 0), points(40, 1)
    bandwidths = shrinking(both[0], 9)
    if each:
        bandwidths = np.outer(np.linspace(0.5, 1, 9), bandwidths)
    made = [ParzenEstimator(a, seen, bandwidths, multivariate=multivariate) for a in both]
    one, other = (density.log_density(asked) for density in made)
    np.testing.assert_allclose(one, other, atol=1e-6)
    one, other = (density.sample(500, np.random.default_rng(2)) for density in made)
    kinds = [np.bincount(axes.positions(0, drawn[:, 0]), minlength=20) / 500
             for axes, drawn in zip(both, (one, other), strict=True)]  # fmt: skip
    # Two samples of 500 of one distribution over 20 values: L1 distance 0.2 +- 0.03, 6 sigma.
    assert np.abs(kinds[0] - kinds[1]).sum() < 0.45


def test_what_is_drawn_follows_the_density(both):
    axes, seen = both[1], points(3, 0)
    drawn = ParzenEstimator(axes, seen, shrinking(axes, 3)).sample(20_000, np.random.default_rng(3))
    alone = np.full((3, 3), np.nan)
    alone[:, 0] = seen[:, 0]
    asked = np.full((20, 3), np.nan)
    asked[:, 0] = axes.middles[0]
    wanted = np.exp(ParzenEstimator(axes, alone, shrinking(axes, 3)).log_density(asked))
    assert wanted.sum() == pytest.approx(1)
    found = np.bincount(axes.positions(0, drawn[:, 0]), minlength=20) / 20_000
    # Each share has a standard deviation below 0.0036: 6 sigma, false failure 4e-8.
    assert np.abs(found - wanted).max() < 0.022


def test_kernels_are_equal(both):
    seen, asked, scores = points(12, 0), points(30, 1), np.random.default_rng(0).random(12)
    theta = np.array([-1.0, 0.5, 0.3, 0.1, -4.0])
    made = [GaussianProcess(a, seen, scores, hyperparameters=theta) for a in both]
    for one, other in zip(*(each.posterior(asked) for each in made), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    one, other = (each.log_posterior(theta) for each in made)
    assert one[0] == pytest.approx(other[0])
    np.testing.assert_allclose(one[1], other[1], atol=1e-9)


@pytest.mark.parametrize("strategy", [TPE, BOHB, Bayesian])
def test_ten_thousand_values_are_searched(strategy):
    space = Space({"kind": Choice(ITEMS), "x": Float(0, 1), "n": Integer(1, 100)})
    history = Search(strategy(space)).run(lambda s: s.configuration["x"], trials=30)
    for trial in history:
        space.check(trial.configuration)
    assert history.best().score > 0.9


def test_a_good_value_of_ten_thousand_is_tried_again():
    space = Space({"kind": Choice(ITEMS), "x": Float(0, 1)})
    search = Search(Bayesian(space))
    for x in (0.1, 0.3, 0.6, 0.9):
        search.add({"kind": "value 7", "x": x}, 1 - abs(x - 0.4))

    def score(suggestion):
        found = suggestion.configuration
        return -abs(found["x"] - 0.4) + (found["kind"] == "value 7")

    history = search.run(score, trials=30)
    again = sum(trial.configuration["kind"] == "value 7" for trial in history) - 4
    assert again >= 3, "one of 10,000 by chance: false failure below 1e-7"
