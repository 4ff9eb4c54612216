"""Functional ANOVA: shares that are known by hand, weights, and what cannot be decomposed."""

import itertools
import math

import numpy as np
import pytest

from coursekit.importance import functional_anova, main_effects
from coursekit.spaces import Choice, Float, Integer, Space

TWO = Space({"a": Choice([-1, 1], ordered=True), "b": Choice([-1, 1], ordered=True)})


def scores(space: Space, function) -> list[float]:
    return [function(**each) for each in space.enumerate()]


def test_a_sum_and_a_product_by_hand():
    # 3a + b + 2ab: variances 9, 1 and 4 of 14.
    shares = functional_anova(TWO, scores(TWO, lambda a, b: 3 * a + b + 2 * a * b))
    assert shares == pytest.approx({("a",): 9 / 14, ("b",): 1 / 14, ("a", "b"): 4 / 14})
    assert main_effects(shares) == pytest.approx({"a": 0.9, "b": 0.1})


def test_all_sets_together_explain_everything_and_no_share_is_negative():
    space = Space({"a": Integer(1, 3), "b": Choice(list("wxyz")), "c": Integer(1, 2),
                   "d": Integer(1, 5, log=True)})  # fmt: skip
    values = np.random.default_rng(0).normal(size=int(space.count))
    shares = functional_anova(space, values, most=4)
    assert len(shares) == 15
    assert sum(shares.values()) == pytest.approx(1.0)
    assert min(shares.values()) > 0
    single = functional_anova(space, values, most=1)
    assert single == {names: share for names, share in shares.items() if len(names) == 1}
    assert functional_anova(space, -5 * values + 7, most=1) == pytest.approx(single)


def test_values_weigh_as_they_are_sampled():
    # On a log scale 1 has the interval from 1 to 2 and 2 that from 2 to 3, of 1 to 3.
    space = Space({"n": Integer(1, 2, log=True), "m": Integer(1, 2)})
    one = math.log(2) / math.log(3)
    shares = functional_anova(space, scores(space, lambda n, m: n + m))
    variance = one * (1 - one) + 0.25
    assert shares["m",] == pytest.approx(0.25 / variance)
    assert shares["n",] == pytest.approx(one * (1 - one) / variance)


def test_a_parameter_with_one_value_explains_nothing():
    space = Space({"a": Integer(1, 5), "only": Choice(["one"])})
    shares = functional_anova(space, scores(space, lambda a, only: a))
    assert shares == pytest.approx({("a",): 1.0, ("only",): 0.0, ("a", "only"): 0.0})


@pytest.mark.parametrize(
    ("space", "values", "words"),
    [
        (TWO, [1, 2, 3], r"shape \(3,\) for a space of 4"),
        (TWO, [1, 2, float("nan"), 4], r"scores\[2\] is nan: give a failed training a low score"),
        (TWO, [0.3] * 4, "all scores are equal"),
        (Space({"x": Float(0, 1)}), [1.0], "not a whole table.*ped_anova"),
        (Space({"a": Integer(1, 2), "b": Integer(1, 2).when(a=2)}), [1, 2, 3], "not a whole table"),
    ],
)
def test_what_cannot_be_decomposed_is_named(space, values, words):
    with pytest.raises(ValueError, match=words):
        functional_anova(space, values)


def test_shares_do_not_depend_on_the_order_of_parameters():
    domains = {"a": Integer(1, 3), "b": Choice(list("xy")), "c": Integer(1, 4)}
    known = {}
    for order in itertools.permutations("abc"):
        space = Space({name: domains[name] for name in order})
        values = scores(space, lambda a, b, c: a * c + (b == "x") * c**2)
        for names, share in functional_anova(space, values, most=3).items():
            known.setdefault(frozenset(names), []).append(share)
    for shares in known.values():
        assert shares == pytest.approx([shares[0]] * 6)
