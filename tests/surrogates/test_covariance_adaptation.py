"""The distribution of CMA-ES: the tutorial's constants, and invariances of its updates."""

import math

import numpy as np
import pytest

from coursekit.surrogates.covariance_adaptation import Adaptation


def made(n, sigma=0.2, size=None, counts=None):
    return Adaptation(np.full(n, 0.5), sigma, size, counts or [0] * n)


def driven(distribution, loss, generations, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(generations):
        points = np.array([distribution.sample(rng) for _ in range(distribution.size)])
        distribution.update(points[np.argsort([loss(point) for point in points])])
    return distribution


def in_steps(counts):
    """A function that gives the values, in the middle of their steps, of a point."""
    return lambda x: np.array(
        [
            (math.floor(u * c * 0.999999) + 0.5) / c if c else u
            for u, c in zip(x, counts, strict=True)
        ]
    )


@pytest.mark.parametrize(("n", "size"), [(2, 6), (10, 10), (40, 15)])
def test_constants_are_the_tutorials(n, size):
    found = made(n)
    good = found.weights > 0
    assert found.size == size and good.sum() == size // 2
    assert found.weights[good].sum() == pytest.approx(1)
    assert (np.diff(found.weights) < 0).all()
    assert found.mu_good == pytest.approx(1 / (found.weights[good] ** 2).sum())
    assert -found.weights[~good].sum() <= 1 + found.c_1 / found.c_mu
    assert 0 < found.c_1 + found.c_mu <= 1 and found.c_sigma < 1 and found.d_sigma > 1


def test_covariance_takes_the_shape_of_the_function():
    scales = np.array([1.0, 10.0, 100.0])
    found = driven(made(3, 0.1), lambda x: float((scales * (x - 0.4) ** 2).sum()), 60)
    deviations = np.sqrt(np.diag(found.covariance))
    # An ellipsoid's axes are 1, sqrt(10) and 10 times as long; over 200 seeds within a factor 2.1.
    assert deviations[0] / deviations[2] == pytest.approx(10, rel=0.6)
    assert found.mean == pytest.approx([0.4] * 3, abs=1e-3)


def test_a_rotated_function_is_as_easy():
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    scales = np.array([1.0, 10.0, 100.0, 1000.0])

    def loss(x, turned):
        away = turned @ (x - 0.5 - 0.02)
        return float((scales * away**2).sum())

    ends = {}
    for name, turned in (("straight", np.eye(4)), ("rotated", rotation)):
        found = [driven(made(4, 0.05), lambda x: loss(x, turned), 70, seed) for seed in range(10)]  # noqa: B023
        ends[name] = np.median([math.log10(loss(each.mean, turned)) for each in found])
    # Both end near 1e-13; the median of ten differs by less than two powers of ten (over 5 sigma).
    assert max(ends.values()) < -7 and abs(ends["straight"] - ends["rotated"]) < 3


def test_every_point_is_in_the_cube():
    found = Adaptation(np.array([0.01, 0.99]), 2.0, None, [0, 0])
    rng = np.random.default_rng(0)
    points = np.array([found.sample(rng) for _ in range(200)])
    assert points.min() >= 0 and points.max() <= 1


def test_discrete_axes_stay_in_motion():
    counts = [2, 5, 5, 0]
    value = in_steps(counts)
    found = driven(made(4, counts=counts), lambda x: float(abs(value(x) - 0.1).sum()), 80)
    rng = np.random.default_rng(5)
    points = np.array([found.sample(rng) for _ in range(4000)])
    left = [(np.floor(points[:, axis] * count) > 0).mean() for axis, count in ((0, 2), (1, 5))]
    # A margin of 1 / (4 * 8) = .031 each; 4,000 draws have a standard error of .003: 5 sigma.
    assert min(left) > 0.031 - 0.015
    assert found.sigma < 0.01  # while the continuous axis converges


def test_axes_between_two_borders_leave_to_both_sides():
    counts = [5, 5, 0]
    value = in_steps(counts)
    found = driven(made(3, counts=counts), lambda x: float(abs(value(x) - 0.5).sum()), 80)
    rng = np.random.default_rng(5)
    values = np.floor(np.array([found.sample(rng) for _ in range(4000)])[:, 0] * 5)
    # Half the margin, 1 / (2 * 3 * 7) = .024, to each side; 5 standard errors of .0024.
    assert (values < 2).mean() > 0.024 - 0.012 and (values > 2).mean() > 0.024 - 0.012
