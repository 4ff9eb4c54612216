"""Policies: gradients are those of finite differences, and what was decided is read."""

from collections.abc import Callable

import numpy as np
import pytest

from coursekit.surrogates.adam_state import Weights
from coursekit.surrogates.policies import RecurrentPolicy, TabularPolicy, softmax

STEP = 1e-6


def differences(loss: Callable[[], float], weights: Weights) -> Weights:
    """Central finite differences of a loss, weight by weight."""
    found = {}
    for name, value in weights.items():
        found[name] = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            before = value[place]
            value[place] = before + STEP
            above = loss()
            value[place] = before - STEP
            found[name][place] = (above - loss()) / (2 * STEP)
            value[place] = before
    return found


@pytest.mark.parametrize("kind", ["lstm", "tabular"])
def test_policies_give_the_gradient_of_their_logits(kind: str) -> None:
    rng = np.random.default_rng(2)
    choices = [3, 2, 4]
    policy = RecurrentPolicy(choices, 5, rng) if kind == "lstm" else TabularPolicy(choices)
    for value in policy.weights.values():
        value += rng.standard_normal(value.shape)
    taken = [(0, 2), (2, 1)]  # decision 1 does not exist here
    pull = [rng.standard_normal(choices[decision]) for decision, _ in taken]

    def run() -> list:
        path, here = [], policy.start()
        for decision, value in taken:
            path.append((decision, here, policy.logits(here, decision)))
            here = policy.read(here, decision, value)
        return path

    def loss() -> float:
        return float(sum(logits @ row for (_, _, logits), row in zip(run(), pull, strict=True)))

    gradients = policy.backward([(decision, here) for decision, here, _ in run()], pull)
    for name, expected in differences(loss, policy.weights).items():
        # What is not in the answer has no gradient: the tabular row of a decision not taken.
        np.testing.assert_allclose(gradients.get(name, 0 * expected), expected, atol=1e-7)


def test_a_recurrent_policy_reads_what_was_decided() -> None:
    rng = np.random.default_rng(3)
    policy = RecurrentPolicy([2, 2], 4, rng)
    even = policy.logits(policy.start(), 0)
    np.testing.assert_array_equal(even, [0, 0])
    policy.weights["V"] += rng.standard_normal(policy.weights["V"].shape)
    one, other = (policy.logits(policy.read(policy.start(), 0, value), 1) for value in (0, 1))
    assert not np.allclose(one, other)


def test_softmax_of_large_numbers() -> None:
    np.testing.assert_allclose(softmax(np.array([1000.0, 1000.0, -1000.0])), [0.5, 0.5, 0])
