"""Learning curves of other data and other models than the forecasts were tuned on."""

from __future__ import annotations

import warnings

import numpy as np

EPOCHS = 40


def boosting(count: int, *, seed: int = 0) -> np.ndarray:
    """Gradient boosting on made-up data of four classes, stage by stage, shape (count, 40)."""
    from sklearn.ensemble import GradientBoostingClassifier

    train, test = _made_up()
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


def linear(count: int, *, seed: int = 0) -> np.ndarray:
    """Linear models by stochastic gradient descent on breast cancer data, shape (count, 40)."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import SGDClassifier

    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))
    x, y = (x - x.mean(axis=0))[order] / x.std(axis=0), y[order]
    split, rng, curves = 340, np.random.default_rng(seed), []
    for _ in range(count):
        model = SGDClassifier(
            loss=str(rng.choice(["hinge", "log_loss", "modified_huber"])),
            alpha=10 ** rng.uniform(-6, -1),
            learning_rate="constant",
            eta0=10 ** rng.uniform(-6, -2),
            random_state=int(rng.integers(2**31)),
        )
        curve = []
        for _ in range(EPOCHS):
            shuffled = rng.permutation(split)
            model.partial_fit(x[shuffled], y[shuffled], classes=[0, 1])
            curve.append(model.score(x[split:], y[split:]))
        curves.append(curve)
    return np.array(curves)


def perceptrons(count: int, *, seed: int = 0) -> np.ndarray:
    """Small multilayer networks of scikit-learn's on made-up data, shape (count, 40)."""
    from sklearn.neural_network import MLPClassifier

    (x, y), (u, v) = _made_up()
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
                model.partial_fit(x, y, classes=np.arange(4))
                curve.append(model.score(u, v))
        curves.append(curve)
    return np.array(curves)


def _made_up() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    from sklearn.datasets import make_classification

    x, y = make_classification(1200, 20, n_informative=8, n_classes=4, random_state=7)
    return (x[:700], y[:700]), (x[700:], y[700:])


OUTSIDE = {"boosting": boosting, "linear": linear, "sklearn MLPs": perceptrons}
