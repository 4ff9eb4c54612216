"""The Gaussian process: the textbook, scikit-learn's answers, gradients, conditional spaces."""

import math

import numpy as np
import pytest

from coursekit.spaces import Choice, EdgeCells, Float, Integer, Space
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.gaussian_process import LEAST_NOISE, Embedding, GaussianProcess

PLANE = Space({"x": Float(0, 1), "y": Float(0, 1)})
MIXED = Space(
    {
        "optimizer": Choice(["sgd", "adam", "rms"]),
        "momentum": Float(0, 1).when(optimizer="sgd"),
        "schedule": Choice(["step", "cosine"]).when(optimizer=["adam", "rms"]),
        "layers": Integer(1, 4),
    }
)


def some(space: Space, count: int, seed: int) -> tuple[Axes, np.ndarray, np.ndarray]:
    """Axes, encoded points and scores."""
    rng = np.random.default_rng(seed)
    points = np.array([space.encode(space.sample(rng)) for _ in range(count)])
    return Axes(space), points, np.nansum(np.sin(3 * points), axis=1)


def dense(process: GaussianProcess, points: np.ndarray) -> np.ndarray:
    """The prior's covariance between points, from the embedding, one pair at a time."""
    embedding, theta = process._embedding, process.hyperparameters
    vectors, weights = embedding(points), np.exp(theta[:-2])
    found = np.empty((len(points), len(points)))
    for i, one in enumerate(vectors):
        for j, two in enumerate(vectors):
            apart = [((one - two)[embedding.group == g] ** 2).sum() for g in range(len(weights))]
            weighed, smooth = weights * np.array(apart), embedding.smooth
            r = math.sqrt(5 * weighed[smooth].sum())
            matern = (1 + r + r * r / 3) * math.exp(-r)
            found[i, j] = math.exp(theta[-2]) * matern * math.exp(-weighed[~smooth].sum())
    return found


def test_posterior_is_the_textbooks() -> None:
    axes, points, scores = some(MIXED, 14, seed=0)
    known, asked = points[:9], points[9:]
    process = GaussianProcess(axes, known, scores[:9], spreads=np.linspace(0, 0.3, 9))
    offset, scale = scores[:9].mean(), scores[:9].std()
    k = dense(process, points)
    own = (np.linspace(0, 0.3, 9) / scale) ** 2
    inverse = np.linalg.inv(
        k[:9, :9] + np.diag(np.exp(process.hyperparameters[-1]) + LEAST_NOISE + own)
    )
    mean, variance = process.posterior(asked)
    y = (scores[:9] - offset) / scale
    np.testing.assert_allclose(mean, offset + scale * k[9:, :9] @ inverse @ y, rtol=1e-6)
    expected = np.diag(k[9:, 9:] - k[9:, :9] @ inverse @ k[:9, 9:])
    np.testing.assert_allclose(variance, scale**2 * expected, rtol=1e-6, atol=1e-9)


def test_posterior_and_likelihood_are_scikit_learns() -> None:
    gaussian_process = pytest.importorskip("sklearn.gaussian_process")
    kernels = gaussian_process.kernels
    axes, points, scores = some(PLANE, 20, seed=1)
    theta = np.log([4.0, 0.25, 1.7, 0.01])
    process = GaussianProcess(axes, points, scores, hyperparameters=theta)
    kernel = kernels.ConstantKernel(1.7) * kernels.Matern([0.5, 2.0], nu=2.5)  # 1 / sqrt(w)
    peer = gaussian_process.GaussianProcessRegressor(
        kernel + kernels.WhiteKernel(0.01), alpha=LEAST_NOISE, optimizer=None, normalize_y=True
    ).fit(points, scores)
    asked = np.random.default_rng(2).random((30, 2))
    mean, deviation = peer.predict(asked, return_std=True)
    ours, variance = process.posterior(asked)
    np.testing.assert_allclose(ours, mean, rtol=1e-6)
    noise = 0.01 * scores.var()  # theirs is of a noisy score
    np.testing.assert_allclose(variance + noise, deviation**2, rtol=1e-6)

    other = theta + np.array([0.3, -0.2, 0.1, 0.5])
    theirs = [
        peer.log_marginal_likelihood(  # constant, length scales, noise
            np.array([at[2], -at[0] / 2, -at[1] / 2, at[3]])
        )
        for at in (theta, other)
    ]
    ours = [process.log_likelihood(at)[0] for at in (theta, other)]  # without a constant
    assert ours[0] - ours[1] == pytest.approx(theirs[0] - theirs[1])


@pytest.mark.parametrize("space", [PLANE, MIXED, EdgeCells()], ids=["plane", "mixed", "cells"])
def test_the_gradient_is_that_of_finite_differences(space: Space) -> None:
    axes, points, scores = some(space, 12, seed=3)
    process = GaussianProcess(axes, points, scores, spreads=np.full(12, 0.1), steps=1)
    theta = process._mean + np.random.default_rng(4).standard_normal(len(process._mean))
    _, gradient = process.log_posterior(theta)
    for i, step in enumerate(np.eye(len(theta)) * 1e-5):
        slope = process.log_posterior(theta + step)[0] - process.log_posterior(theta - step)[0]
        assert gradient[i] == pytest.approx(slope / 2e-5, rel=1e-4, abs=1e-6)


def test_fitting_climbs_to_where_the_gradient_is_flat() -> None:
    axes, points, scores = some(MIXED, 25, seed=5)
    process = GaussianProcess(axes, points, scores, steps=500)
    value, gradient = process.log_posterior(process.hyperparameters)
    inside = np.abs(process.hyperparameters - process._mean) < 5.9
    assert np.abs(gradient[inside]).max() < 0.02
    assert value > process.log_posterior(process._mean)[0] + 1


def test_relevance_is_found() -> None:
    rng = np.random.default_rng(6)
    points = rng.random((40, 2))
    process = GaussianProcess(Axes(PLANE), points, np.sin(6 * points[:, 0]))
    assert process.hyperparameters[0] > process.hyperparameters[1] + 2  # x counts, y does not


def test_what_is_absent_equals_what_is_absent() -> None:
    axes = Axes(MIXED)

    def apart(one: dict, two: dict) -> float:
        vectors = Embedding(axes)(np.array([MIXED.encode(one), MIXED.encode(two)]))
        return float(((vectors[0] - vectors[1]) ** 2).sum())

    adam = {"optimizer": "adam", "schedule": "step", "layers": 2}
    rms = {**adam, "optimizer": "rms"}
    assert apart(adam, adam) == 0
    assert apart(adam, rms) == pytest.approx(1)  # both lack a momentum: that adds nothing
    assert apart(adam, {**adam, "schedule": "cosine"}) == pytest.approx(1)
    for momentum in (0.0, 0.5, 1.0):  # optimizer, schedule against none, momentum against none
        sgd = {"optimizer": "sgd", "momentum": momentum, "layers": 2}
        assert 1 + 1 + 0.75 - 1e-9 <= apart(adam, sgd) <= 1 + 1 + 1 + 1e-9


@pytest.mark.parametrize("space", [PLANE, MIXED, EdgeCells()], ids=["plane", "mixed", "cells"])
def test_the_kernel_is_one_of_covariances(space: Space) -> None:
    axes, points, scores = some(space, 60, seed=7)
    process = GaussianProcess(axes, points[:20], scores[:20])
    vectors = process._embedding(points)
    covariance = process._kernel(vectors, vectors)
    np.testing.assert_allclose(covariance, dense(process, points), rtol=1e-6, atol=1e-9)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8


def test_cells_with_the_same_operations_elsewhere_are_closer_than_others() -> None:
    cells = EdgeCells()
    none = dict.fromkeys(cells.edges, "none")
    here, moved = none | {"0-1": "nor_conv_3x3"}, none | {"2-3": "nor_conv_3x3"}
    other = none | {"0-1": "avg_pool_3x3", "2-3": "skip_connect"}
    vectors = Embedding(Axes(cells))(np.array([cells.encode(c) for c in (here, moved, other)]))
    apart = ((vectors[0] - vectors[1:]) ** 2).sum(axis=1)
    assert apart[0] == pytest.approx(2)  # two edges differ, no count does
    assert apart[1] == pytest.approx(4)  # two edges and four counts, which count half


def test_believing_narrows_and_keeps_the_mean() -> None:
    axes, points, scores = some(PLANE, 15, seed=8)
    process = GaussianProcess(axes, points, scores)
    asked = np.random.default_rng(9).random((20, 2))
    believing = process.believing(asked[:3])
    before, after = process.posterior(asked), believing.posterior(asked)
    np.testing.assert_allclose(after[0], before[0], atol=1e-4)
    assert (after[1] <= before[1] + 1e-9).all()
    assert (after[1][:3] < 0.5 * before[1][:3]).all()
    np.testing.assert_array_equal(process.posterior(asked)[1], before[1])  # that one is as it was


def test_samples_have_the_posteriors_moments() -> None:
    axes, points, scores = some(PLANE, 10, seed=10)
    process = GaussianProcess(axes, points, scores)
    asked = np.random.default_rng(11).random((5, 2))
    drawn = process.sample(asked, 4000, np.random.default_rng(12))
    mean, variance = process.posterior(asked)
    # 5 sigma of a mean and of a variance over 4,000 draws, ten of them: 6e-6.
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - mean), 5 * (variance / 4000) ** 0.5)
    np.testing.assert_array_less(
        np.abs(drawn.var(axis=0) - variance), 5 * variance * (2 / 4000) ** 0.5
    )


def test_noise_is_told_from_signal() -> None:
    rng = np.random.default_rng(13)
    points = rng.random((80, 2))
    clean = np.sin(4 * points[:, 0])
    noisy = clean + 0.3 * rng.standard_normal(80)
    process = GaussianProcess(Axes(PLANE), points, noisy)
    found = math.exp(process.hyperparameters[-1]) * noisy.var()
    assert 0.3**2 / 2 < found < 0.3**2 * 2  # the sample's own spreads by 16 %
    assert np.abs(process.posterior(points)[0] - clean).mean() < 0.15
    signal = math.exp(process.hyperparameters[-2]) * noisy.var()
    assert process.noise_share == pytest.approx((found / (found + signal)) ** 0.5)
    exact, nothing = (
        GaussianProcess(Axes(PLANE), points, scores).noise_share
        for scores in (clean, rng.standard_normal(80))
    )
    assert exact < 0.05 < process.noise_share < 0.6 < nothing


def test_scores_with_larger_spreads_count_less() -> None:
    points = np.array([[0.5, 0.5], [0.5, 0.5]])
    process = GaussianProcess(
        Axes(PLANE), points, np.array([1.0, 0.0]), spreads=np.array([0.01, 1.0])
    )
    assert process.posterior(points[:1])[0][0] > 0.8


@pytest.mark.parametrize("count", [1, 3])
def test_few_points_equal_scores_and_repeats_are_no_trouble(count: int) -> None:
    points = np.full((count, 2), 0.4)
    process = GaussianProcess(Axes(PLANE), points, np.full(count, 0.7))
    mean, variance = process.posterior(np.array([[0.4, 0.4], [0.9, 0.1]]))
    np.testing.assert_allclose(mean, 0.7)
    assert (variance > 0).all()
    with pytest.raises(ValueError, match="no points"):
        GaussianProcess(Axes(PLANE), np.empty((0, 2)), np.empty(0))
