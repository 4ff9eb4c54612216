"""The ensemble of perceptrons: its gradient is that of finite differences, and it learns."""

import numpy as np
import pytest

from coursekit.surrogates.mlp import MLPEnsemble


def test_gradient_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(0)
    ensemble = MLPEnsemble(members=2, units=3, steps=0)
    x, y = rng.standard_normal((7, 4)), rng.standard_normal(7)
    ensemble.fit(x, y, rng)
    for value in ensemble.weights.values():  # biases off 0, and no unit dead
        value += 0.3 * rng.standard_normal(value.shape)
    share = rng.random((2, 7))
    gradients = ensemble.gradients(x, y, share)
    assert set(gradients) == set(ensemble.weights)
    for name, value in ensemble.weights.items():
        for place in np.ndindex(value.shape):
            before, step = value[place], 1e-6
            value[place] = before + step
            above = ensemble.loss(x, y, share)
            value[place] = before - step
            slope = (above - ensemble.loss(x, y, share)) / (2 * step)
            value[place] = before
            assert gradients[name][place] == pytest.approx(slope, abs=1e-6)


def test_it_orders_points_it_has_not_seen() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((120, 6))
    y = 3 * x[:, 0] - x[:, 1] + x[:, 2] * x[:, 3]
    ensemble = MLPEnsemble().fit(x[:80], 50 + 10 * y[:80], rng)
    mean, spread = ensemble.predict(x[80:])
    # Of noise alone a correlation over 40 points has sigma 0.16: 5 sigma.
    assert np.corrcoef(mean, y[80:])[0, 1] > 0.8
    assert mean.mean() == pytest.approx(50 + 10 * y[80:].mean(), abs=3)  # in the scores' own units
    assert (spread > 0).all()


def test_members_see_four_fifths_each_and_together_all() -> None:
    shares = MLPEnsemble(members=5)._shares(20, np.random.default_rng(2))
    assert shares.shape == (5, 20)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert ((shares > 0).sum(axis=1) == 16).all()
    assert ((shares > 0).sum(axis=0) == 4).all()  # each point is left out by one member


@pytest.mark.parametrize("count", [1, 3])
def test_few_points_and_equal_scores_are_no_trouble(count: int) -> None:
    rng = np.random.default_rng(3)
    mean, spread = MLPEnsemble().fit(np.eye(4)[:count], np.full(count, 0.7), rng).predict(np.eye(4))
    assert np.isfinite(mean).all()
    assert np.isfinite(spread).all()
    # Scores that are all equal count as 0 apart: what is predicted for a point seen is near.
    np.testing.assert_allclose(mean[:count], 0.7, atol=0.2)


def test_the_same_generator_gives_the_same_ensemble() -> None:
    x, y = np.random.default_rng(4).random((10, 3)), np.arange(10.0)
    one, other = (MLPEnsemble().fit(x, y, np.random.default_rng(5)).predict(x)[0] for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 rows of features"):
        MLPEnsemble().fit(np.empty((0, 3)), np.empty(0), np.random.default_rng(0))
    with pytest.raises(ValueError, match="2 rows of features, 3 scores"):
        MLPEnsemble().fit(np.empty((2, 3)), np.empty(3), np.random.default_rng(0))
