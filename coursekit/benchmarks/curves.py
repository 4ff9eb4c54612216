"""Learning curves beside the kit's own, of other data and other models.

Those in `DEVELOPMENT` the forecast's constants were chosen on, as on the curves of every second
entry of the kit's tables; those in `REPORTED` were looked at by nobody before that was done.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np

Array = np.ndarray
Data = tuple[tuple[Array, Array], tuple[Array, Array]]  # to train on, and to validate

EPOCHS = 40


def made_up() -> Data:
    """1,200 points of four classes in twenty dimensions, of scikit-learn's making."""
    from sklearn.datasets import make_classification

    x, y = make_classification(1200, 20, n_informative=8, n_classes=4, random_state=7)
    return (x[:700], y[:700]), (x[700:], y[700:])


def cancer() -> Data:
    """The 569 cases of the Wisconsin breast cancer data, features scaled."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))
    x, y = ((x - x.mean(axis=0)) / x.std(axis=0))[order], y[order]
    return (x[:340], y[:340]), (x[340:], y[340:])


def hastie() -> Data:
    """Hastie, Tibshirani and Friedman's ten Gaussians (2009, example 10.2): is their sum large?"""
    from sklearn.datasets import make_hastie_10_2

    x, y = make_hastie_10_2(1600, random_state=7)
    return (x[:800], y[:800]), (x[800:], y[800:])


def rows_of_digits() -> Data:
    """Handwritten digits, unrotated, as sequences of fourteen rows of fourteen pixels."""
    from coursekit import data

    images = data.load("mnist-5k", resolution=14)
    (x, y), (u, v) = images.train, images.validation
    return (x[:1000], y[:1000]), (u[:500], v[:500])


def boosting(data: Callable[[], Data], count: int, *, seed: int = 0) -> Array:
    """Gradient boosting, stage by stage, shape (count, 40)."""
    from sklearn.ensemble import GradientBoostingClassifier

    train, test = data()
    rng, curves = np.random.default_rng(seed), []
    for _ in range(count):
        model = GradientBoostingClassifier(
            n_estimators=EPOCHS,
            learning_rate=10 ** rng.uniform(-2, 0),
            max_depth=int(rng.integers(1, 4)),
            subsample=rng.uniform(0.3, 1),
            max_features=rng.uniform(0.1, 0.6),
            random_state=int(rng.integers(2**31)),
        ).fit(*train)
        curves.append([np.mean(p == test[1]) for p in model.staged_predict(test[0])])
    return np.array(curves)


def linear(
    data: Callable[[], Data], rates: tuple[float, float], count: int, *, seed: int = 0
) -> Array:
    """Linear models by stochastic gradient descent, shape (count, 40).

    rates: the least and the highest learning rate, as powers of ten.
    """
    from sklearn.linear_model import SGDClassifier

    (x, y), test = data()
    rng, curves = np.random.default_rng(seed), []
    for _ in range(count):
        model = SGDClassifier(
            loss=str(rng.choice(["hinge", "log_loss", "modified_huber"])),
            alpha=10 ** rng.uniform(-6, -1),
            learning_rate="constant",
            eta0=10 ** rng.uniform(*rates),
            random_state=int(rng.integers(2**31)),
        )
        curve = []
        for _ in range(EPOCHS):
            shuffled = rng.permutation(len(x))
            model.partial_fit(x[shuffled], y[shuffled], classes=np.unique(y))
            curve.append(model.score(*test))
        curves.append(curve)
    return np.array(curves)


def perceptrons(data: Callable[[], Data], count: int, *, seed: int = 0) -> Array:
    """Small multilayer networks of scikit-learn's, shape (count, 40)."""
    from sklearn.neural_network import MLPClassifier

    (x, y), test = data()
    rng, curves = np.random.default_rng(seed), []
    for _ in range(count):
        model = MLPClassifier(
            hidden_layer_sizes=(int(2 ** rng.integers(2, 7)),),
            solver="sgd",
            learning_rate_init=10 ** rng.uniform(-4, -1),
            batch_size=int(2 ** rng.integers(4, 8)),
            random_state=int(rng.integers(2**31)),
        )
        curve = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(EPOCHS):
                model.partial_fit(x, y, classes=np.unique(y))
                curve.append(model.score(*test))
        curves.append(curve)
    return np.array(curves)


def forests(count: int, *, seed: int = 0) -> Array:
    """Random forests on `hastie`, tree by tree, shape (count, 40)."""
    from sklearn.ensemble import RandomForestClassifier

    train, (x, y) = hastie()
    rng, curves = np.random.default_rng(seed), []
    for _ in range(count):
        model = RandomForestClassifier(
            n_estimators=EPOCHS,
            max_depth=int(rng.integers(1, 13)),
            max_features=int(rng.integers(1, 11)),
            min_samples_leaf=int(2 ** rng.integers(0, 6)),
            max_samples=rng.uniform(0.05, 1),
            random_state=int(rng.integers(2**31)),
        ).fit(*train)
        votes = np.cumsum([tree.predict_proba(x)[:, 1] for tree in model.estimators_], axis=0)
        shares = votes / np.arange(1, EPOCHS + 1)[:, None]
        curves.append(np.mean((shares > 0.5) == (y > 0), axis=1))
    return np.array(curves)


def recurrent(count: int, *, seed: int = 0, units: int = 16, batch: int = 50) -> Array:
    """Elman's recurrent networks on `rows_of_digits`, all trained side by side, shape (count, 40).

    By gradient descent with momentum, through time, gradients cut to a length of 1. They differ in
    learning rate, momentum, and how strongly a state leads to the next in the beginning.
    """
    (x, y), (u, v) = rows_of_digits()
    rng, (steps, inputs), classes = np.random.default_rng(seed), x.shape[1:], int(y.max()) + 1
    rate = 10 ** rng.uniform(-3, -0.5, (count, 1, 1))
    momentum, size = rng.uniform(0, 0.9, (count, 1, 1)), rng.uniform(0.5, 1.2, (count, 1, 1))
    weights = [
        rng.normal(0, 1 / inputs**0.5, (count, inputs, units)),
        size * rng.normal(0, 1 / units**0.5, (count, units, units)),
        np.zeros((count, 1, units)),
        rng.normal(0, 1 / units**0.5, (count, units, classes)),
        np.zeros((count, 1, classes)),
    ]
    moving = [np.zeros_like(each) for each in weights]

    def forward(images: Array) -> tuple[list[Array], Array]:
        w, r, b, out, c = weights
        states = [np.zeros((count, len(images), units))]
        for step in range(steps):
            states.append(np.tanh(images[:, step] @ w + states[-1] @ r + b))
        return states, states[-1] @ out + c

    curves = np.empty((count, EPOCHS))
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        for part in np.split(order, range(batch, len(order), batch)):
            states, logits = forward(x[part])
            off = np.exp(logits - logits.max(axis=-1, keepdims=True))
            off /= off.sum(axis=-1, keepdims=True)
            off[:, np.arange(len(part)), y[part]] -= 1
            off /= len(part)
            slopes = [np.zeros_like(each) for each in weights[:3]]
            slopes += [states[-1].swapaxes(1, 2) @ off, off.sum(axis=1, keepdims=True)]
            back = off @ weights[3].swapaxes(1, 2)
            for step in reversed(range(steps)):
                back = back * (1 - states[step + 1] ** 2)
                slopes[0] += x[part, step].T @ back
                slopes[1] += states[step].swapaxes(1, 2) @ back
                slopes[2] += back.sum(axis=1, keepdims=True)
                back = back @ weights[1].swapaxes(1, 2)
            lengths = np.sqrt(sum((s**2).sum(axis=(1, 2), keepdims=True) for s in slopes))
            for weight, velocity, slope in zip(weights, moving, slopes, strict=True):
                velocity *= momentum
                velocity += slope / np.maximum(lengths, 1.0)
                weight -= rate * velocity
        curves[:, epoch] = (forward(u)[1].argmax(axis=-1) == v).mean(axis=-1)
    return curves


# From the name of a set to what makes so many of its curves.
DEVELOPMENT: dict[str, Callable[..., Array]] = {
    "boosting, made-up data": partial(boosting, made_up),
    "boosting, cancer": partial(boosting, cancer),
    "linear, made-up data": partial(linear, made_up, (-5, -1)),
    "linear, cancer": partial(linear, cancer, (-6, -2)),
    "sklearn MLPs, made-up data": partial(perceptrons, made_up),
}
REPORTED: dict[str, Callable[..., Array]] = {
    "forests, Hastie's Gaussians": forests,
    "recurrent, rows of digits": recurrent,
}
