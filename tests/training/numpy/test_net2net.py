"""Perceptrons that begin with another one's weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.training.numpy.net2net import deepen, inherit, widen
from coursekit.training.numpy.perceptron import Perceptron
from coursekit.training.remapping import Remapping

quick = settings(max_examples=60, deadline=None, derandomize=True)
widths = st.lists(st.integers(1, 8), min_size=1, max_size=4)


def network(units, activation="relu", seed=0, inputs=5):
    model = Perceptron(inputs, 3, units=units, activation=activation, rng=np.random.default_rng(0))
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight[:] = rng.normal(0, 0.7, weight.shape)
    return model


def answers(weights, activation="relu"):
    units = [len(bias) for bias in weights[1:-1:2]]
    model = network(units, activation, inputs=len(weights[0]))
    for mine, given_ in zip(model.weights, weights, strict=True):
        mine[:] = given_
    x = np.random.default_rng(1).uniform(-2, 2, (32, len(weights[0]))).astype("float32")
    return model.predict(x)


@quick
@given(widths, st.sampled_from(["relu", "tanh", "gelu"]), st.integers(0, 99), st.data())
def test_widening_keeps_the_function(units, activation, seed, chosen):
    weights = network(units, activation, seed).weights
    layer = chosen.draw(st.integers(0, len(units) - 1))
    more = units[layer] + chosen.draw(st.integers(0, 9))
    grown = widen(weights, layer, more, rng=np.random.default_rng(seed))
    assert len(grown[2 * layer + 1]) == more and all(w.dtype == np.float32 for w in grown)
    np.testing.assert_allclose(
        answers(grown, activation), answers(weights, activation), rtol=0, atol=1e-5
    )


@quick
@given(widths, st.integers(0, 99), st.lists(st.integers(0, 7), max_size=2), st.integers(0, 7))
def test_a_larger_child_answers_as_its_parent(units, seed, deeper, wider):
    parent = network(units, "relu", seed).weights
    last = [units[-1] + more for more in deeper]  # the new layers, each as wide as it will
    fresh = network([each + wider for each in units] + last, "relu", seed + 1).weights
    begun, share = inherit(parent, fresh, rng=np.random.default_rng(seed))
    assert [w.shape for w in begun] == [w.shape for w in fresh] and share == 1
    np.testing.assert_allclose(answers(begun), answers(parent), rtol=0, atol=1e-5)


@quick
@given(widths, st.integers(0, 99))
def test_deepening_keeps_the_function_of_relu_and_nearly_that_of_others(units, seed):
    for activation, off in (("relu", 1e-5), ("tanh", 0.5), ("gelu", 0.5)):
        weights = network(units, activation, seed).weights
        grown = deepen(weights, activation=activation)
        assert len(grown) == len(weights) + 2
        error = np.abs(answers(grown, activation) - answers(weights, activation)).max()
        assert error <= off


@pytest.mark.parametrize(("activation", "low", "off"), [("tanh", -1, 0.06), ("gelu", -0.17, 0.13)])
def test_how_nearly_a_new_layer_passes_on_what_comes(activation, low, off):
    x = np.linspace(low, 1, 50, dtype=np.float32)[:, None]
    ones = np.ones((1, 1), np.float32)
    grown = deepen([ones, ones[0] * 0, ones, ones[0] * 0], activation=activation)
    from coursekit.training.numpy.activations import ACTIVATIONS

    passed = ACTIVATIONS[activation](x @ grown[2] + grown[3])[0] @ grown[4] + grown[5]
    assert 1e-3 < np.abs(passed - x).max() < off


def test_smaller_children_keep_what_matters_most():
    parent = network([4, 4]).weights
    parent[2][1] = 0.01  # nobody listens to unit 1 of the first layer
    fresh = network([3, 3], seed=1).weights
    begun, share = inherit(parent, fresh, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(begun[0], parent[0][:, [0, 2, 3]])
    np.testing.assert_array_equal(begun[1], parent[1][[0, 2, 3]])
    assert share == 1
    shallow = network([4], seed=1).weights
    begun, share = inherit(parent, shallow, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(begun[0], parent[0])
    np.testing.assert_array_equal(begun[2], shallow[2])  # the last layer saw another one's units
    assert share == pytest.approx(24 / 39)


def test_what_does_not_fit_gives_nothing():
    fresh = network([4], seed=1).weights
    for parent in (network([4], inputs=6).weights, network([]).weights):
        begun, share = inherit(parent, fresh, rng=np.random.default_rng(0))
        assert share == 0
        assert all(np.array_equal(a, b) for a, b in zip(begun, fresh, strict=True))


def test_errors_name_the_value():
    weights = network([4]).weights
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="layer=1: hidden layers are 0 to 0"):
        widen(weights, 1, 8, rng=rng)
    with pytest.raises(ValueError, match="new=3: the layer already has 4 units"):
        widen(weights, 0, 3, rng=rng)
    with pytest.raises(TypeError, match=r"new=4\.5: give a whole number"):
        widen(weights, 0, 4.5, rng=rng)
    with pytest.raises(ValueError, match="no hidden layer"):
        deepen(network([]).weights)
    with pytest.raises(ValueError, match="new=5: the layer has 4 units, keep 1 to 4"):
        Remapping.narrower(np.ones(4), 5)


def test_the_paper_s_equations_by_hand():
    """Figure 2 of Net2Net: two inputs, two hidden units, the second copied."""
    wider = Remapping(np.array([0, 1, 1]), 2)
    kernel = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(wider.leaving(kernel), [[1, 2, 2], [3, 4, 4]])
    np.testing.assert_array_equal(wider.entering(np.array([[5.0], [6.0]])), [[5], [3], [3]])
    assert wider.copies.tolist() == [1, 2, 2] and wider.changed
    assert not Remapping.same(3).changed
    assert wider.repeated(2).origin.tolist() == [0, 1, 1, 2, 3, 3]
    assert Remapping.same(2).beside(wider).origin.tolist() == [0, 1, 2, 3, 3]


def test_noise_leaves_the_originals_alone():
    wider = Remapping.wider(3, 9, np.random.default_rng(0))
    kernel = np.random.default_rng(1).normal(size=(5, 3))
    noisy = wider.leaving(kernel, np.random.default_rng(2), 0.1)
    np.testing.assert_array_equal(noisy[:, :3], kernel)
    assert (noisy[:, 3:] != kernel[:, wider.origin[3:]]).all()
    # 30 normal numbers: their spread is within a factor of 2, or the odds are below 1e-5
    spread = (noisy - kernel[:, wider.origin])[:, 3:].std() / kernel.std()
    assert 0.05 < spread < 0.2
