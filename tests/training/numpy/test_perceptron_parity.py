"""The perceptron does what Keras does: step by step to rounding, and over seeds to half a point."""

import math

import numpy as np
import pytest

from coursekit.data import Dataset, Split, load
from coursekit.training.numpy.optimizers import SGD, Adam
from coursekit.training.numpy.perceptron import ACTIVATIONS, Perceptron

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

OPTIMIZERS = {
    "adam": (Adam(0.002), lambda: keras.optimizers.Adam(0.002)),
    "sgd": (SGD(0.05, momentum=0.0), lambda: keras.optimizers.SGD(0.05)),
    "momentum": (SGD(0.05, momentum=0.9), lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def keras_twin(model: Perceptron, activation: str, optimizer, dropout: float = 0.0):
    """The same network in Keras, with the same weights."""
    layers = [keras.layers.Input((8, 8)), keras.layers.Flatten()]
    for bias in model.weights[1:-1:2]:
        layers.append(keras.layers.Dense(len(bias), activation=activation))
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    twin = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    twin.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    twin.set_weights(model.weights)
    return twin


def batches(split: Split, size: int, count: int) -> list[Split]:
    return [
        Split(split.x[first : first + size], split.y[first : first + size])
        for first in range(0, size * count, size)
    ]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_from_equal_weights_agree(digits: Dataset, optimizer: str, activation: str) -> None:
    ours, theirs = OPTIMIZERS[optimizer]
    model = Perceptron(64, 10, units=[24, 16], activation=activation, rng=np.random.default_rng(0))
    twin = keras_twin(model, activation, theirs())
    before = [weight.copy() for weight in model.weights]
    step = ours.start(model._weights)
    for number, batch in enumerate(batches(digits.train, 64, 5)):
        np.testing.assert_allclose(
            model.predict(batch.x), twin.predict_on_batch(batch.x), atol=1e-5
        )
        assert twin.train_on_batch(*batch)[0] >= 0
        model.gradients(batch)
        step(model._gradients)
        for weight, theirs_now in zip(model.weights, twin.get_weights(), strict=True):
            np.testing.assert_allclose(weight, theirs_now, rtol=0, atol=1e-5, err_msg=str(number))
    for weight, start in zip(model.weights, before, strict=True):
        assert np.abs(weight - start).max() > 1e-3  # a hundred times the tolerance


def test_the_partial_minibatch_and_the_loss_agree(digits: Dataset) -> None:
    model = Perceptron(64, 10, units=[16], rng=np.random.default_rng(0))
    twin = keras_twin(model, "relu", keras.optimizers.SGD(0.05, momentum=0.9))
    order = np.random.default_rng(7).permutation(len(digits.train.x))
    shuffled = Split(digits.train.x[order], digits.train.y[order])
    run = model.fit(
        digits.train,
        digits.validation,
        optimizer=SGD(0.05),
        epochs=1,
        rng=np.random.default_rng(7),  # one epoch draws one permutation
    )
    score = next(run).score
    twin.fit(*shuffled, batch_size=64, shuffle=False, verbose=0)
    for weight, theirs in zip(model.weights, twin.get_weights(), strict=True):
        np.testing.assert_allclose(weight, theirs, rtol=0, atol=1e-5)
    loss, accuracy = twin.evaluate(*digits.validation, verbose=0)
    assert model.loss(digits.validation) == pytest.approx(loss, abs=1e-5)
    assert score == pytest.approx(accuracy, abs=1e-6)


@pytest.mark.nightly(60)
@pytest.mark.parametrize(
    ("activation", "dropout", "epochs", "ours", "theirs"),
    [
        ("relu", 0.2, 15, Adam(0.005), lambda: keras.optimizers.Adam(0.005)),
        ("tanh", 0.0, 10, SGD(0.05), lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
    ],
)
def test_final_accuracies_agree_over_seeds(
    digits: Dataset, activation: str, dropout: float, epochs: int, ours, theirs
) -> None:
    """80 runs of each, all with weights, minibatches and dropout of their own.

    Judged on the 719 images that are not trained on. One run has a standard deviation of about
    0.45 points, so the mean difference has one of 0.07 and its 95 % interval reaches 0.14 to
    either side: for equal programs it leaves +-0.5 when the difference is beyond 5 sigma (6e-7).
    """
    runs = 80
    judged = Split(*map(np.concatenate, zip(digits.validation, digits.test, strict=True)))

    def numpy_run(seed: int) -> float:
        rng = np.random.default_rng(seed)
        model = Perceptron(64, 10, units=[32], activation=activation, dropout=dropout, rng=rng)
        list(model.fit(digits.train, digits.validation, optimizer=ours, epochs=epochs, rng=rng))
        return model.accuracy(judged)

    # Tracing takes longer than training: one Keras model for all runs, put back to its beginning.
    keras.utils.set_random_seed(0)
    optimizer = theirs()
    start = Perceptron(64, 10, units=[32], rng=np.random.default_rng(0))
    twin = keras_twin(start, activation, optimizer, dropout)
    steps = math.ceil(len(digits.train.x) / 64)
    twin.compile(optimizer, loss="sparse_categorical_crossentropy", steps_per_execution=steps)
    optimizer.build(twin.trainable_variables)
    beginning = [variable.numpy().copy() for variable in optimizer.variables]
    glorot = keras.initializers.GlorotUniform  # each draws once: a second call repeats the first
    stream = tf.data.Dataset.from_tensor_slices(tuple(digits.train))
    stream = stream.shuffle(len(digits.train.x)).batch(64).repeat()

    def keras_run() -> float:
        twin.set_weights(
            [glorot()(w.shape) if w.ndim == 2 else np.zeros_like(w) for w in start.weights]
        )
        for variable, value in zip(optimizer.variables, beginning, strict=True):
            variable.assign(value)
        twin.fit(stream, epochs=1, steps_per_epoch=steps * epochs, shuffle=False, verbose=0)
        return float(np.mean(twin.predict_on_batch(judged.x).argmax(axis=1) == judged.y))

    first = np.array([numpy_run(seed) for seed in range(runs)])
    second = np.array([keras_run() for _ in range(runs)])
    assert first.mean() > 0.94
    assert max(first.std(), second.std()) < 0.01
    reach = 1.96 * math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / runs)
    difference = first.mean() - second.mean()
    assert -0.005 < difference - reach < difference + reach < 0.005, (difference, reach)
