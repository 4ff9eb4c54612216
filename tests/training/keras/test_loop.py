"""The epoch loop does what Keras's own batches do, stops when told, and survives failures."""

import math

import numpy as np
import pytest

from coursekit.data import Dataset, load
from coursekit.training.keras.loop import Loop, cosine

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def network(seed: int = 0, units: int = 16):
    glorot = keras.initializers.GlorotUniform
    layers = [
        keras.Input((8, 8)),
        keras.layers.Flatten(),
        keras.layers.Dense(units, "relu", kernel_initializer=glorot(seed)),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(10, kernel_initializer=glorot(seed + 1)),
    ]
    return keras.Sequential(layers)


def scores(run) -> list[float]:
    return [epoch.score for epoch in run]


def fit(loop: Loop, data: Dataset, epochs: int, seed: int = 0, **options):
    rng = np.random.default_rng(seed)
    return loop.fit(data.train, data.validation, epochs=epochs, rng=rng, **options)


def test_an_epoch_is_keras_own_batches_one_after_the_other(digits: Dataset) -> None:
    """1,078 images in batches of 100: the last one holds 78."""
    model, twin = network(), network()
    score = scores(fit(Loop(model, keras.optimizers.Adam(0.01), batch_size=100), digits, 1, seed=7))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    twin.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    order = np.random.default_rng(7).permutation(len(digits.train.x))
    for first in range(0, len(order), 100):
        batch = order[first : first + 100]
        twin.train_on_batch(digits.train.x[batch], digits.train.y[batch])
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    _, accuracy = twin.evaluate(*digits.validation, verbose=0)
    assert score == [pytest.approx(accuracy, abs=1.5 / 360)]


def test_each_fit_begins_with_a_fresh_optimizer(digits: Dataset) -> None:
    model = network()
    start, loop = model.get_weights(), Loop(model, keras.optimizers.Adam(0.01))
    first = scores(fit(loop, digits, 3, schedule=cosine(3)))
    model.set_weights(start)
    assert scores(fit(loop, digits, 3, schedule=cosine(3))) == first
    model.set_weights(start)
    assert scores(fit(loop, digits, 3, seed=1)) != first


def test_a_schedule_sets_the_learning_rate_of_each_epoch(digits: Dataset) -> None:
    optimizer = keras.optimizers.SGD(0.5)
    run = fit(Loop(network(), optimizer), digits, 4, schedule=cosine(4))
    rates = [float(optimizer.learning_rate.numpy()) for _ in run]
    assert rates == pytest.approx([0.5, 0.5 * (2 + 2**0.5) / 4, 0.25, 0.5 * (2 - 2**0.5) / 4])


def test_a_learning_rate_of_nothing_leaves_the_weights(digits: Dataset) -> None:
    model = network()
    before = model.trainable_variables[0].numpy()
    list(fit(Loop(model, keras.optimizers.Adam(0.1)), digits, 1, schedule=lambda epoch: 0.0))
    np.testing.assert_array_equal(model.trainable_variables[0].numpy(), before)


def test_patience_ends_a_run_and_the_best_weights_are_left_behind(digits: Dataset) -> None:
    model = network()
    loop = Loop(model, keras.optimizers.SGD(2.0))  # too fast to settle
    found = scores(fit(loop, digits, 40, patience=2, restore_best=True))
    best = int(np.argmax(found))
    assert len(found) == best + 3 < 40
    assert loop.accuracy(digits.validation) == found[best] > found[-1]


def test_whoever_stops_asking_stops_the_training(digits: Dataset) -> None:
    model = network()
    run = fit(Loop(model, keras.optimizers.Adam(0.01)), digits, 10)
    next(run)
    after = model.get_weights()
    run.close()
    for kept, now in zip(after, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)


def test_a_run_that_diverges_ends_with_nan(digits: Dataset) -> None:
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(10)])
    loop = Loop(model, keras.optimizers.SGD(1e38))
    found = scores(fit(loop, digits, 5))
    assert len(found) < 5
    assert math.isnan(found[-1])
    assert math.isnan(loop.accuracy(digits.test))


def test_a_batch_too_large_for_memory_ends_the_run_with_nan(digits: Dataset) -> None:
    """64 images of 8x8 pixels in 10**9 channels would take 16 terabytes."""
    images = keras.Input((8, 8))
    many = keras.ops.tile(keras.ops.expand_dims(images, -1), (1, 1, 1, 10**9))
    model = keras.Model(images, keras.layers.Dense(10)(keras.ops.mean(many, axis=(1, 3))))
    found = scores(fit(Loop(model, keras.optimizers.SGD(0.1)), digits, 3))
    assert len(found) == 1
    assert math.isnan(found[0])
