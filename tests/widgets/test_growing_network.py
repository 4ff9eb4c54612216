"""A network that is trained, grows, and is trained on."""

import numpy as np
import pytest

from coursekit import data
from coursekit.widgets.growing_network import GrowingNetwork


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def test_what_it_has_learnt_stays(digits):
    network = GrowingNetwork(digits, seed=3)
    assert network.units == (4,) and network.epochs == 0 and len(network.curve) == 1
    network.train(6)
    weights = [weight.copy() for weight in network.model.weights]
    step = network.widen(0)
    assert network.units == (8,) and step.what == "layer 1: 4 to 8 units"
    assert (step.epoch, step.before, step.after) == (6, network.curve[-1], network.curve[-1])
    assert step.difference < 1e-5
    assert network.model.weights[0].shape == (64, 8)
    np.testing.assert_array_equal(network.model.weights[0][:, :4], weights[0])
    step = network.deepen()
    assert network.units == (8, 8) and step.difference < 1e-5
    assert step.what == "layer 2 is new: 8 units"
    network.train(6)
    assert network.epochs == 12 and network.curve[-1] > step.after
    assert [each.epoch for each in network.steps] == [6, 6]


def test_noise_moves_the_answers(digits):
    network = GrowingNetwork(digits, noise=0.5)
    network.train(3)
    assert network.widen(0).difference > 1e-3


def test_from_scratch_has_the_present_shape_and_as_many_epochs(digits):
    network = GrowingNetwork(digits)
    network.train(2)
    network.widen(0)
    network.train(1)
    before = [weight.copy() for weight in network.model.weights]
    curve = network.scratch()
    assert len(curve) == len(network.curve) == 4 and curve[:2] != network.curve[:2]
    assert curve == network.scratch()  # and nothing has changed
    assert all(map(np.array_equal, before, network.model.weights))


def test_reset_begins_again_in_the_same_way(digits):
    network = GrowingNetwork(digits)
    network.train(2)
    first = list(network.curve)
    network.widen(0)
    network.reset()
    assert network.units == (4,) and not network.steps
    network.train(2)
    assert network.curve == first


def test_bounds_are_named(digits):
    network = GrowingNetwork(digits, units=(200,))
    with pytest.raises(ValueError, match="units=400: this network has at most 256 a layer"):
        network.widen(0)
    network = GrowingNetwork(digits, units=(2, 2, 2, 2, 2))
    with pytest.raises(ValueError, match="5 hidden layers: this network has at most 5"):
        network.deepen()
