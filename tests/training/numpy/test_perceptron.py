"""The perceptron by itself: gradients, dropout, shuffling, stopping, diverging, refusing."""

import math
import subprocess
import sys
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.data import Dataset, Split, load
from coursekit.training.numpy.optimizers import SGD, Adam
from coursekit.training.numpy.perceptron import ACTIVATIONS, Perceptron, train_perceptron


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", size=200)


def network(units=(6, 5), activation="tanh", dropout=0.0, seed=0, inputs=12) -> Perceptron:
    rng = np.random.default_rng(seed)
    return Perceptron(inputs, 3, units=units, activation=activation, dropout=dropout, rng=rng)


def images(count: int, seed: int = 1) -> Split:
    rng = np.random.default_rng(seed)
    return Split(rng.random((count, 3, 4), dtype=np.float32), rng.integers(0, 3, count))


def scores(configuration, data: Dataset, epochs=3, seed=0) -> list[float]:
    return [
        epoch.score for epoch in train_perceptron(configuration, data, epochs=epochs, seed=seed)[1]
    ]


@pytest.mark.parametrize("units", [(), (6,), (6, 5), (4, 4, 4)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_finite_differences(activation: str, units: tuple[int, ...]) -> None:
    """Central differences in float64, along random directions; the gradients are in float32."""
    model, split = network(units, activation), images(40)
    rng = np.random.default_rng(2)
    for bias in model.weights[1::2]:
        bias[:] = rng.normal(0, 0.3, bias.shape)
    weights = [weight.astype(np.float64) for weight in model.weights]
    assert exact_loss(weights, activation, split) == pytest.approx(model.loss(split), abs=1e-6)
    for weight, gradient in zip(weights, model.gradients(split), strict=True):
        change = 1e-6 * rng.normal(size=weight.shape)
        weight += change
        above = exact_loss(weights, activation, split)
        weight -= 2 * change
        below = exact_loss(weights, activation, split)
        weight += change
        assert (above - below) / 2e-6 == pytest.approx((gradient * change).sum() / 1e-6, abs=1e-6)


def exact_loss(weights: list[np.ndarray], activation: str, split: Split) -> float:
    """The mean cross-entropy in float64, written down once more."""
    values = split.x.reshape(len(split.x), -1).astype(np.float64)
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        values = ACTIVATIONS[activation](values @ kernel + bias)[0]
    logits = values @ weights[-2] + weights[-1]
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), split.y])


def test_the_loss_is_that_of_the_predicted_probabilities() -> None:
    model, split = network(), images(30)
    probabilities = model.predict(split.x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    right = probabilities[np.arange(30), split.y]
    assert model.loss(split) == pytest.approx(-np.log(right).mean(), rel=1e-5)
    assert model.accuracy(split) == np.mean(probabilities.argmax(axis=1) == split.y)


def test_large_logits_neither_overflow_nor_warn() -> None:
    model, split = network(()), images(30)
    model.weights[0] *= 1e4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(model.predict(split.x)).all()
        assert math.isfinite(model.loss(split))
        assert all(np.isfinite(gradient).all() for gradient in model.gradients(split))


@given(st.lists(st.integers(1, 40), max_size=4), st.integers(1, 50), st.integers(1, 12))
def test_parameters_counts_every_weight(units: list[int], inputs: int, classes: int) -> None:
    model = Perceptron(inputs, classes, units=units, rng=np.random.default_rng(0))
    widths = [inputs, *units, classes]
    pairs = list(pairwise(widths))
    assert [weight.shape for weight in model.weights[::2]] == pairs
    assert [weight.shape for weight in model.weights[1::2]] == [(width,) for width in widths[1:]]
    assert model.parameters == sum(a * b + b for a, b in pairs)
    for kernel, bias in zip(model.weights[::2], model.weights[1::2], strict=True):
        assert np.abs(kernel).max() <= math.sqrt(6 / sum(kernel.shape)) * (1 + 1e-6)
        assert not bias.any()


def test_initial_weights_are_uniform() -> None:
    kernel = Perceptron(300, 10, units=[300], rng=np.random.default_rng(0)).weights[0]
    share = (kernel / math.sqrt(6 / 600) + 1) / 2  # uniform in 0..1
    # 90,000 draws; standard errors 1/sqrt(12 n) and about 1/sqrt(180 n): 5 sigma, 1e-6.
    assert share.mean() == pytest.approx(0.5, abs=5 / math.sqrt(12 * share.size))
    assert share.var() == pytest.approx(1 / 12, abs=5 / math.sqrt(180 * share.size))


def test_dropout_drops_its_share_and_keeps_the_expectation() -> None:
    model = network((400,), "relu", dropout=0.3)
    x = images(500).x.reshape(500, -1)
    _, (_, whole), _ = model._forward(x)
    _, (_, dropped), (slope,) = model._forward(x, np.random.default_rng(3))
    active = whole > 0
    gone = dropped[active] == 0
    # About 100,000 independent draws: 6 sigma, 2e-9.
    assert gone.mean() == pytest.approx(0.3, abs=6 * math.sqrt(0.21 / gone.size))
    np.testing.assert_allclose(dropped[active][~gone], whole[active][~gone] / 0.7, rtol=1e-5)
    np.testing.assert_allclose(slope()[active], np.where(gone, 0, 1 / 0.7), rtol=1e-5)


def test_dropout_is_for_training_alone() -> None:
    model, split = network(dropout=0.5), images(20)
    np.testing.assert_array_equal(model.predict(split.x), model.predict(split.x))
    rng = np.random.default_rng(0)
    first, second = model.gradients(split, rng), model.gradients(split, rng)
    assert not np.array_equal(first[0], second[0])
    np.testing.assert_array_equal(model.gradients(split)[0], model.gradients(split)[0])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_same_seed_gives_the_same_run(digits: Dataset, optimizer: str) -> None:
    configuration = {"optimizer": optimizer, "dropout": 0.2, "learning_rate": 0.02}
    models = []
    for seed in (4, 4, 5):
        model, run = train_perceptron(configuration, digits, epochs=2, seed=seed)
        list(run)
        models.append(model)
    np.testing.assert_array_equal(models[0].weights[0], models[1].weights[0])
    assert not np.array_equal(models[0].weights[0], models[2].weights[0])


def test_training_learns(digits: Dataset) -> None:
    model, run = train_perceptron({"learning_rate": 0.01}, digits, epochs=30, seed=0)
    epochs = list(run)
    assert len(epochs) == 30
    assert all(epoch.seconds > 0 for epoch in epochs)
    assert epochs[-1].score == model.accuracy(digits.validation) > 0.8  # guessing: 0.1
    assert model.accuracy(digits.test) > 0.8


def test_each_epoch_sees_every_image_once_in_another_order(monkeypatch) -> None:
    model, split = network(), images(10)
    model_sees: list[np.ndarray] = []
    backward = model._backward

    def record(x, targets, rng):
        model_sees.append(x.copy())
        backward(x, targets, rng)

    monkeypatch.setattr(model, "_backward", record)
    rng = np.random.default_rng(0)
    list(model.fit(split, split, optimizer=SGD(), epochs=2, batch_size=4, rng=rng))
    assert [len(batch) for batch in model_sees] == [4, 4, 2] * 2
    first, second = np.concatenate(model_sees[:3]), np.concatenate(model_sees[3:])
    flat = split.x.reshape(10, -1)
    for epoch in (first, second):
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(flat, axis=0))
    assert not np.array_equal(first, second)


def fit_with_scores(monkeypatch, wanted: list[float], **options) -> tuple[list[float], Perceptron]:
    """A real fit whose validation scores are given."""
    model, split = network(), images(10)
    given_scores = iter(wanted)
    monkeypatch.setattr(model, "accuracy", lambda split: next(given_scores))
    rng = np.random.default_rng(0)
    options = {"epochs": len(wanted), "optimizer": SGD(0.1), "rng": rng, **options}
    return [epoch.score for epoch in model.fit(split, split, **options)], model


@pytest.mark.parametrize(
    ("patience", "epochs"),
    [(1, 3), (2, 6), (3, 7), (None, 7)],
)
def test_early_stopping(monkeypatch, patience: int | None, epochs: int) -> None:
    wanted = [0.1, 0.3, 0.3, 0.4, 0.2, 0.4, 0.3]  # an equal score is no improvement
    assert fit_with_scores(monkeypatch, wanted, patience=patience)[0] == wanted[:epochs]


def test_the_best_weights_are_restored(monkeypatch) -> None:
    wanted = [0.1, 0.5, 0.4, 0.3]
    restored = fit_with_scores(monkeypatch, wanted, restore_best=True)[1]
    best = fit_with_scores(monkeypatch, wanted[:2])[1]
    last = fit_with_scores(monkeypatch, wanted)[1]
    np.testing.assert_array_equal(restored.weights[0], best.weights[0])
    assert not np.array_equal(restored.weights[0], last.weights[0])


def test_the_best_weights_are_restored_when_the_run_is_closed(digits: Dataset) -> None:
    model = Perceptron(64, 10, units=[8], rng=np.random.default_rng(0))
    run = model.fit(
        digits.train,
        digits.validation,
        optimizer=SGD(0.9),
        epochs=50,
        restore_best=True,
        rng=np.random.default_rng(0),
    )
    best = max(next(run).score for _ in range(20))
    run.close()
    assert model.accuracy(digits.validation) == best


def test_nothing_happens_before_the_first_epoch_is_asked_for(digits: Dataset) -> None:
    model, run = train_perceptron({}, digits, epochs=3, seed=0)
    before = model.weights[0].copy()
    np.testing.assert_array_equal(model.weights[0], before)
    next(run)
    assert not np.array_equal(model.weights[0], before)


def test_a_diverging_run_ends_with_one_nan_and_no_warning(digits: Dataset) -> None:
    configuration = {"layers": 2, "learning_rate": 1e18, "optimizer": "sgd"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = scores(configuration, digits, epochs=10)
    assert math.isnan(run[-1])
    assert len(run) < 10
    assert not any(math.isnan(score) for score in run[:-1])


def test_numpy_warns_as_before_between_epochs(digits: Dataset) -> None:
    before = np.geterr()
    _, run = train_perceptron({}, digits, epochs=2, seed=0)
    next(run)
    assert np.geterr() == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("layers", -1),
        ("layers", 1.5),
        ("layers", True),
        ("units", 0),
        ("units", "32"),
        ("activation", "sigmoid"),
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("dropout", "0.2"),
        ("learning_rate", 0.0),
        ("learning_rate", "fast"),
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("optimizer", "rmsprop"),
    ],
)
def test_a_bad_configuration_is_named(digits: Dataset, key: str, value: object) -> None:
    name = "layer width" if key == "units" else key
    with pytest.raises((TypeError, ValueError), match=f"{name}={value!r}: (give|take) "):
        train_perceptron({key: value}, digits, epochs=1, seed=0)


def test_each_layer_may_have_its_own_width(digits: Dataset) -> None:
    model, _ = train_perceptron({"layers": 2, "units": [4, 5]}, digits, epochs=1, seed=0)
    assert [bias.shape for bias in model.weights[1::2]] == [(4,), (5,), (10,)]
    with pytest.raises(ValueError, match=r"units=\[4, 5\]: give one number for each of 3 layers"):
        train_perceptron({"layers": 3, "units": [4, 5]}, digits, epochs=1, seed=0)


def test_an_unknown_key_is_named(digits: Dataset) -> None:
    with pytest.raises(ValueError, match="unknown: momentum; known: layers, units"):
        train_perceptron({"momentum": 0.9}, digits, epochs=1, seed=0)


@pytest.mark.parametrize("option", ["epochs", "batch_size", "patience"])
def test_bad_fit_options_are_refused_at_once(option: str) -> None:
    options = {"epochs": 1, option: 0}
    with pytest.raises(ValueError, match=f"{option}=0: give a whole number, 1 or more"):
        network().fit(
            images(5), images(5), optimizer=Adam(), rng=np.random.default_rng(0), **options
        )


def test_images_and_labels_that_do_not_fit_are_refused() -> None:
    model, split = network(), images(5)
    with pytest.raises(ValueError, match="images of 9 values: this network takes 12"):
        model.predict(np.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match="labels from 0 to 3: take 0 to 2"):
        model.gradients(Split(split.x, np.array([0, 1, 2, 3, 0])))


def test_zero_layers_and_whole_batches_work(digits: Dataset) -> None:
    assert len(scores({"layers": 0, "batch_size": 10_000}, digits)) == 3


def test_importing_loads_nothing_heavy() -> None:
    heavy = "tensorflow keras sklearn pandas scipy matplotlib"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, coursekit.training.numpy.perceptron;"
            f"print([name for name in {heavy.split()} if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "[]\n", done.stderr
