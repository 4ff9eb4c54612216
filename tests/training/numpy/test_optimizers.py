"""Optimizers alone: their rules by hand, and what they refuse."""

import math

import numpy as np
import pytest

from coursekit.training.numpy.optimizers import OPTIMIZERS, SGD, Adam


def test_momentum_by_hand() -> None:
    weights = np.array([1.0], np.float32)
    step = SGD(0.1, momentum=0.5).start(weights)
    step(np.array([2.0], np.float32))  # velocity -0.2
    assert weights == pytest.approx(0.8)
    step(np.array([1.0], np.float32))  # velocity -0.1 - 0.1
    assert weights == pytest.approx(0.6)


def test_the_first_steps_of_adam_have_the_length_of_the_learning_rate() -> None:
    # With one constant gradient both means are corrected to it, whatever its size.
    weights = np.zeros(3, np.float32)
    step = Adam(0.01).start(weights)
    for count in (1, 2, 3):
        step(np.array([5.0, -0.03, 0.0], np.float32))
        np.testing.assert_allclose(weights, [-0.01 * count, 0.01 * count, 0], rtol=1e-3)


@pytest.mark.parametrize("optimizer", [SGD(), Adam()])
def test_start_begins_anew(optimizer) -> None:
    gradient = np.ones(2, np.float32)
    first, second = np.zeros(2, np.float32), np.zeros(2, np.float32)
    step = optimizer.start(first)
    step(gradient)
    optimizer.start(second)(gradient)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(gradient, 1)


@pytest.mark.parametrize("rate", [0, -0.1, math.inf, math.nan, "0.1", None])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_bad_learning_rate_is_named(name: str, rate: object) -> None:
    with pytest.raises((TypeError, ValueError), match=f"learning_rate={rate!r}"):
        OPTIMIZERS[name](rate)


@pytest.mark.parametrize("momentum", [1, -0.1, math.nan, "0.9"])
def test_a_bad_momentum_is_named(momentum: object) -> None:
    with pytest.raises((TypeError, ValueError), match=f"momentum={momentum!r}"):
        SGD(momentum=momentum)
