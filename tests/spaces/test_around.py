"""Around: values near a believed one are likelier, and all others stay possible."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from coursekit.search import Search
from coursekit.spaces import Around, Boolean, Choice, Float, Integer, Space
from coursekit.strategies import STRATEGIES, Random, make
from coursekit.surrogates.axes import Axes, widths

RATE = Around(Float(1e-5, 1.0, log=True), 1e-3)
DOMAINS = [
    RATE,
    Around(Float(0.0, 1.0), 1.0, spread=0.02),
    Around(Float(0.0, 1.0, step=0.1), 0.3),
    Around(Integer(1, 1000, log=True), 30),
    Around(Integer(1, 10), 9, trust=0.9),
    Around(Choice([16, 32, 64, 128], ordered=True), 64),
    Around(Choice(["sgd", "adam", "rmsprop"]), "adam"),
    Around(Boolean(), True, trust=0.8),
]


@given(some.sampled_from(DOMAINS), some.floats(0, 1))
def test_every_value_is_found_again(domain, u):
    value = domain.at(u)
    assert value in domain
    again = domain.at(domain.where(value))
    assert again == (value if domain.items else pytest.approx(value, rel=1e-9, abs=1e-12))


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_share_that_is_trusted_lies_near_the_value_and_nothing_is_excluded(domain):
    rng = np.random.default_rng(0)
    drawn = np.array([domain.domain.where(domain.at(u)) for u in rng.random(4000)])
    away = np.abs(drawn - domain.domain.where(domain.value))
    step = 1 / domain.count if domain.items and not getattr(domain.domain, "log", False) else 0.0
    near = (away < 3 * domain.spread + step).mean()
    assert near > domain.trust - 0.04  # 4,000 draws: at least 5 sigma, 1e-6
    even = drawn[away > 3 * domain.spread + step]
    assert len(even) > 0 or domain.count < 10


def test_on_axes_of_few_values_each_value_has_the_mass_of_its_interval():
    domain = Around(Choice([16, 32, 64, 128], ordered=True), 64, trust=0.8)
    masses = widths(domain)
    assert masses.sum() == pytest.approx(1) and masses.argmax() == 2
    # What a choice of four spreads evenly, .05 each, and a normal around the middle of the third.
    assert masses[0] == pytest.approx(0.05, abs=1e-3)
    assert masses[2] == pytest.approx(0.6811, abs=0.01)
    axes = Axes(Space({"batch": domain}))
    for value in domain.items:
        low, high = domain.ends(value)
        inside = np.linspace(low, high, 7)[1:-1]
        assert {domain.at(u) for u in inside} == {value}
        assert len(set(axes.positions(0, inside))) == 1


def test_in_a_choice_without_an_order_the_value_has_the_trust_and_all_share_the_rest():
    domain = Around(Choice(["a", "b", "c", "d"]), "c", trust=0.6)
    assert widths(domain) == pytest.approx([0.1, 0.1, 0.7, 0.1])
    assert not domain.ordered and list(domain.near("c")) == ["a", "b", "d"]


@pytest.mark.parametrize("name", [name for name, cls in STRATEGIES.items() if not cls.budgeted])
def test_every_strategy_searches_a_space_with_beliefs(name):
    space = Space(
        {
            "rate": RATE,
            "batch": Around(Choice([16, 32, 64, 128], ordered=True), 64),
            "momentum": Around(Float(0.0, 0.99), 0.9).when(batch=[64, 128]),
            "optimizer": Around(Choice(["sgd", "adam", "rmsprop"]), "adam"),
            "bias": Around(Boolean(), True).when(optimizer="adam"),
        }
    )
    if not STRATEGIES[name].supports(space):
        return
    history = Search(make(name, space), seed=1).run(
        lambda suggestion: -abs(np.log10(suggestion.configuration["rate"]) + 3), trials=25
    )
    for trial in history:
        space.check(trial.configuration)


def test_a_right_belief_helps_random_search_and_a_wrong_one_costs():
    def best(domain, seed):
        search = Search(Random(Space({"x": domain, "y": domain})), seed=seed)
        return search.run(lambda s: -sum(abs(v - 0.7) for v in s.configuration.values()), trials=15)

    even = Float(0.0, 1.0)
    found = {
        where: np.array([best(domain, seed).best().score for seed in range(60)])
        for where, domain in (
            ("nowhere", even),
            ("there", Around(even, 0.7, trust=0.8)),
            ("elsewhere", Around(even, 0.1, trust=0.8)),
        )
    }
    for one, other in (("there", "nowhere"), ("nowhere", "elsewhere")):
        gained = found[one] - found[other]
        # Measured over other seeds: 8 and 7 standard errors. Below 2.5 by luck: 4.5 sigma, 4e-6.
        assert gained.mean() > 2.5 * gained.std(ddof=1) / len(gained) ** 0.5


@pytest.mark.parametrize(
    ("make_it", "error", "named"),
    [
        (lambda: Around(Choice(["a", "b"]), "c"), ValueError, "value='c' is not one of"),
        (lambda: Around(Integer(3, 3), 3), ValueError, "several values"),
        (lambda: Around(Float(0, 1), 2.0), ValueError, "value=2.0 is not a number from 0 to 1"),
        (lambda: Around(Float(0, 1), 0.5, spread=0), ValueError, "spread=0"),
        (lambda: Around(Float(0, 1), 0.5, trust=1.0), ValueError, "trust=1.0"),
        (lambda: Around(Float(0, 1).when(a=1), 0.5), TypeError, "conditions after the belief"),
    ],
)
def test_bad_beliefs_are_named(make_it, error, named):
    with pytest.raises(error, match=named):
        make_it()
