"""Keras models that begin with another one's weights."""

import keras
import numpy as np
import pytest
from keras import layers

from coursekit.training.keras.transfer import inherit, matched
from tests.training.keras.random_models import answers, shake

close = {"rtol": 0, "atol": 1e-5}


def perceptron(*units, activation="relu", names=False):
    given = x = keras.Input((6,))
    for place, width in enumerate(units):
        x = layers.Dense(width, activation, name=f"hidden_{place}" if names else None)(x)
        x = layers.Dropout(0.2)(x)
    return keras.Model(given, layers.Dense(3, "softmax", name="answer" if names else None)(x))


@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize(
    ("parent", "child"), [((4,), (9,)), ((4, 5), (4, 7)), ((4,), (7, 7)), ((4, 4), (6, 6, 6, 6))]
)
def test_a_larger_child_answers_as_its_parent(parent, child, names):
    before = shake(perceptron(*parent, names=names), 1)
    after = shake(perceptron(*child, names=names), 2)
    assert inherit(after, before, rng=np.random.default_rng(3)) == 1
    np.testing.assert_allclose(answers(after, (6,)), answers(before, (6,)), **close)


def images(first, second, *, deeper=False, dense=5):
    given = keras.Input((6, 6, 1))
    x = layers.Conv2D(first, 3, padding="same", use_bias=False, name="first")(given)
    x = layers.MaxPooling2D()(layers.ReLU()(layers.BatchNormalization(name="normal")(x)))
    if deeper:
        x = layers.Conv2D(first, 3, padding="same", activation="relu", name="new")(x)
    y = layers.Conv2D(second, 3, padding="same", activation="relu", name="second")(x)
    x = layers.Flatten()(layers.Concatenate()([x, y]))
    x = layers.Dense(dense, "relu", name="dense")(x)
    return keras.Model(given, layers.Dense(2, name="answer")(x))


def test_convolutions_normalisation_and_concatenation():
    before = shake(images(3, 2), 1)
    after = shake(images(5, 4, deeper=True, dense=8), 2)
    assert inherit(after, before) == 1
    np.testing.assert_allclose(answers(after, (6, 6, 1)), answers(before, (6, 6, 1)), **close)


def test_what_does_not_fit_stays_fresh():
    before, after = shake(perceptron(5, 5), 1), shake(perceptron(3, activation="tanh"), 2)
    fresh = after.get_weights()
    share = inherit(after, before)
    kernel = np.asarray(before.layers[1].kernel)
    kept = np.sort(np.argsort(-np.abs(kernel).sum(axis=0), kind="stable")[:3])
    np.testing.assert_array_equal(after.layers[1].kernel, kernel[:, kept])
    np.testing.assert_array_equal(after.layers[-1].kernel.shape, (3, 3))
    assert share == 1  # the last layer takes the three units' weights, though of another layer
    other = keras.Sequential([keras.Input((7,)), layers.Dense(3, "tanh"), layers.Dense(3)])
    before_other = other.get_weights()
    share = inherit(other, before)
    assert share == pytest.approx(0) or share < 1
    assert other.get_weights()[0].shape == before_other[0].shape and len(fresh) == 4


def test_new_layers_that_are_no_identity_stay_fresh():
    before, after = shake(perceptron(4, names=True), 1), perceptron(4, 4, names=True)
    after.get_layer("hidden_1").activation = keras.activations.tanh
    fresh = np.asarray(after.get_layer("hidden_1").kernel)
    share = inherit(after, before)
    np.testing.assert_array_equal(after.get_layer("hidden_1").kernel, fresh)
    np.testing.assert_array_equal(
        after.get_layer("answer").kernel, before.get_layer("answer").kernel
    )
    assert share == pytest.approx(1 - 20 / after.count_params())


def test_a_model_without_a_graph_gets_what_is_equal():
    class Hidden(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.one, self.two = layers.Dense(4, name="one"), layers.Dense(units, name="two")

        def call(self, x):
            return self.two(self.one(x))

    before, after = Hidden(2), Hidden(3)
    for model in (before, after):
        model(np.zeros((1, 5), np.float32))
    assert inherit(after, before) == pytest.approx(24 / 39)
    np.testing.assert_array_equal(after.one.kernel, before.one.kernel)


def test_layers_are_matched_by_name_or_by_their_order():
    given = keras.Input((2,))
    x = layers.BatchNormalization()(layers.Dense(2, name="mine")(layers.Dense(2)(given)))
    model = keras.Model(given, layers.Softmax()(layers.Dense(2)(layers.Dense(2)(x))))
    keys = list(matched(model))
    assert keys[1:] == [
        ("Dense", 1), "mine", ("Batch_Normalization", 1), ("Dense", 2), ("last",), ("Softmax", 1),
    ]  # fmt: skip
