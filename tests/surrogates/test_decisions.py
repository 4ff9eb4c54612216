"""Configurations as sequences of decisions, and drawing them from a policy."""

import numpy as np
import pytest

from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.surrogates.decisions import Decisions, Sampler
from coursekit.surrogates.policies import RecurrentPolicy, TabularPolicy, softmax

SPACE = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0, 1).when(optimizer="sgd"),
        "layers": Integer(1, 4),
    }
)


def test_numbers_are_decided_between_few_values_and_found_again() -> None:
    decisions = Decisions(SPACE, 3)
    assert decisions.values[:2] == [["sgd", "adam"], [0.0, 0.5, 1.0]]
    assert decisions.choices == [2, 3, 3]
    near = {"optimizer": "sgd", "momentum": 0.7, "layers": 4}
    assert list(decisions.made(near)) == [(0, 0), (1, 1), (2, 2)]
    assert list(decisions.made({"optimizer": "adam", "layers": 1})) == [(0, 1), (2, 0)]


@pytest.mark.parametrize("kind", ["tabular", "lstm"])
def test_draws_are_as_frequent_as_the_policy_says(kind: str) -> None:
    decisions, rng = Decisions(SPACE, 3), np.random.default_rng(0)
    made = {
        "tabular": TabularPolicy(decisions.choices),
        "lstm": RecurrentPolicy(decisions.choices, 4, rng),
    }
    policy = made[kind]
    for weights in policy.weights.values():
        weights += rng.standard_normal(weights.shape)
    sampler = Sampler(decisions, policy)
    drawn = [sampler.draw(rng) for _ in range(4000)]
    assert all(("momentum" in each) == (each["optimizer"] == "sgd") for each in drawn)
    start = policy.start()
    after = policy.read(start, 0, 0)  # the optimizer is SGD
    expected = softmax(policy.logits(start, 0))[0] * softmax(policy.logits(after, 1))
    found = [
        np.mean([each.get("momentum") == value for each in drawn]) for value in (0.0, 0.5, 1.0)
    ]
    # 4.5 standard errors, 6 numbers: 4e-5
    np.testing.assert_allclose(found, expected, atol=4.5 * 0.5 / 4000**0.5)
