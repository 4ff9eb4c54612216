"""The Parzen estimator: densities that integrate to one, samples that follow them, bandwidths."""

import itertools

import numpy as np
import pytest
from scipy.stats import truncnorm

from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.density import ParzenEstimator, scott, shrinking, to_neighbours

MIXED = Space({"x": Float(0, 1), "kind": Choice(list("abc")), "layers": Integer(1, 4)})
CONDITIONAL = Space({"kind": Choice(list("ab")), "x": Float(0, 1).when(kind="a"), "y": Float(0, 1)})


def points_of(space: Space, count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = [space.encode(space.sample(rng)) for _ in range(count)]
    return np.array(points).reshape(count, len(space))


def made(space: Space, count: int, **options: object) -> ParzenEstimator:
    axes = Axes(space)
    return ParzenEstimator(axes, points_of(space, count), shrinking(axes, count), **options)


def everywhere(steps: int = 400) -> np.ndarray:
    """MIXED as a grid of midpoints, with each value of the other axes."""
    axes = Axes(MIXED)
    x = (np.arange(steps) + 0.5) / steps
    return np.array(list(itertools.product(x, axes.middles[1], axes.middles[2])))


@pytest.mark.parametrize("multivariate", [True, False])
@pytest.mark.parametrize(("count", "prior"), [(0, 1.0), (1, 0.0), (1, 1.0), (9, 0.0), (9, 2.0)])
def test_it_integrates_to_one(multivariate: bool, count: int, prior: float) -> None:
    density = made(MIXED, count, prior=prior, multivariate=multivariate)
    assert np.exp(density.log_density(everywhere())).sum() / 400 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("multivariate", [True, False])
def test_it_is_the_mixture_of_products_of_kernels(multivariate: bool) -> None:
    axes, points = Axes(MIXED), points_of(MIXED, 4)
    h, weights = np.array([0.2, 0.3, 0.15]), np.array([1.0, 2.0, 3.0, 2.0])
    density = ParzenEstimator(axes, points, h, weights=weights, multivariate=multivariate)
    shares = np.append(weights / 2, 1.0) / 5  # the prior beside an average point's 1
    asked = points_of(MIXED, 6, seed=1)
    for at, log in zip(asked, density.log_density(asked), strict=True):
        kernels = np.empty((5, 3))
        kernels[4] = 1, 1 / 3, 1 / 4  # the prior
        for k, m in enumerate(points):
            kernels[k, 0] = truncnorm(-m[0] / h[0], (1 - m[0]) / h[0], m[0], h[0]).pdf(at[0])
            kernels[k, 1] = 0.7 if at[1] == m[1] else 0.3 / 2
            low, high = at[2] - 1 / 8, at[2] + 1 / 8  # the place of one of four values
            cut = truncnorm(-m[2] / h[2], (1 - m[2]) / h[2], m[2], h[2])
            kernels[k, 2] = cut.cdf(high) - cut.cdf(low)
        mixed = shares @ kernels.prod(axis=1) if multivariate else (shares @ kernels).prod()
        assert log == pytest.approx(np.log(mixed))


@pytest.mark.parametrize("multivariate", [True, False])
def test_samples_follow_the_density(multivariate: bool) -> None:
    density = made(MIXED, 5, multivariate=multivariate)
    drawn = density.sample(20_000, np.random.default_rng(2))
    grid = everywhere()
    p = np.exp(density.log_density(grid)) / 400
    for axis in range(3):
        bins = np.linspace(0, 1, 5)
        expected = np.histogram(grid[:, axis], bins, weights=p)[0]
        found = np.histogram(drawn[:, axis], bins)[0] / len(drawn)
        # 5 sigma in each of 24 bins: 1e-5.
        sigma = np.sqrt(expected * (1 - expected) / len(drawn)) + 1e-4
        assert (np.abs(found - expected) < 5 * sigma).all()
    together = (drawn[:, 0] < 0.5) & (drawn[:, 1] == grid[0, 1])
    expected = p[(grid[:, 0] < 0.5) & (grid[:, 1] == grid[0, 1])].sum()
    assert together.mean() == pytest.approx(expected, abs=5 * 0.5 / 20_000**0.5)


@pytest.mark.parametrize("multivariate", [True, False])
def test_samples_are_configurations_of_a_conditional_space(multivariate: bool) -> None:
    density = made(CONDITIONAL, 8, multivariate=multivariate)
    drawn = density.sample(200, np.random.default_rng(3))
    for point in drawn:
        CONDITIONAL.check(CONDITIONAL.decode(point))
    absent = np.isnan(drawn[:, 1])
    assert 0 < absent.mean() < 1
    np.testing.assert_array_equal(absent, drawn[:, 0] > 0.5)  # kind="b"
    assert np.isfinite(density.log_density(drawn)).all()


def test_a_point_that_lacks_a_parameter_is_judged_by_its_others() -> None:
    axes, points = Axes(CONDITIONAL), points_of(CONDITIONAL, 6)
    density = ParzenEstimator(axes, points, np.full(3, 0.2))
    lacking = CONDITIONAL.encode({"kind": "b", "y": 0.4})
    x = (np.arange(400) + 0.5) / 400
    filled = np.column_stack((np.full(400, lacking[0]), x, np.full(400, 0.4)))
    # Integrated over what it lacks.
    expected = np.log(np.exp(density.log_density(filled)).mean())
    assert density.log_density(lacking[None])[0] == pytest.approx(expected, abs=1e-4)


def test_points_draw_the_density_to_them() -> None:
    axes = Axes(MIXED)
    point = MIXED.encode({"x": 0.2, "kind": "b", "layers": 3})
    density = ParzenEstimator(axes, point[None], np.array([0.1, 0.1, 0.1]))
    grid = everywhere(100)
    best = grid[np.argmax(density.log_density(grid))]
    assert best == pytest.approx(point, abs=0.01)


def test_scott_is_the_normal_reference_rule() -> None:
    points = points_of(MIXED, 50)
    found = scott(Axes(MIXED), points)
    rate = 1.06 * 50 ** (-1 / 7)
    kinds = np.round(points[:, 1] * 3 - 0.5)  # 0, 1, 2, as statsmodels codes them
    assert found == pytest.approx([
        rate * points[:, 0].std(), min(rate * kinds.std(), 1 - 1 / 3), rate * points[:, 2].std()
    ])  # fmt: skip
    assert scott(Axes(MIXED), points[:1], least=0.02) == pytest.approx(0.02)


def test_shrinking_bandwidths_are_optunas() -> None:
    axes = Axes(MIXED)
    for count in (1, 10, 300):
        found, n = shrinking(axes, count), count + 1
        assert found[0] == found[2] == max(0.2 * n ** (-1 / 7), 1 / min(100, n + 1))
        # Each of three values counts 1/n beside the point's own 1.
        assert 1 - found[1] == pytest.approx((1 + 1 / n) / (1 + 3 / n))


def test_on_a_continuum_the_farther_neighbour_tells_the_bandwidth() -> None:
    axes, even = Axes(MIXED), np.array([0.3, 0.4, 0.5])
    points = np.full((4, 3), 0.5)
    points[:, 0] = [0.9, 0.1, 0.105, 0.4]
    found = to_neighbours(axes, points, even)
    assert found[:, 1:] == pytest.approx(np.tile(even[1:], (4, 1)))  # few values
    # 0.1 and 0.105 are nearer than the least, 1/6.
    assert found[:, 0] == pytest.approx([0.5, 1 / 6, 0.295, 0.5])
    alone = to_neighbours(axes, points[:1], even)
    assert alone[0] == pytest.approx([1.0, 0.4, 0.5])
    assert to_neighbours(axes, points[:0], even).shape == (0, 3)


def test_a_parameter_that_can_be_absent_keeps_its_bandwidth() -> None:
    space = Space({"on": Choice([True, False]), "x": Float(0, 1), "y": Float(0, 1).when(on=True)})
    points = np.array([[0.25, 0.1, 0.1], [0.75, 0.6, np.nan], [0.25, 0.9, 0.9]])
    found = to_neighbours(Axes(space), points, np.array([0.3, 0.4, 0.5]))
    assert found == pytest.approx(np.array([[0.3, 0.5, 0.5], [0.3, 0.5, 0.5], [0.3, 0.3, 0.5]]))


def test_bandwidths_that_differ_on_one_axis_leave_the_others_as_they_are() -> None:
    axes, points = Axes(MIXED), points_of(MIXED, 12)
    even = shrinking(axes, 12)
    own = np.tile(even, (12, 1))
    one, each = ParzenEstimator(axes, points, even), ParzenEstimator(axes, points, own)
    asked = everywhere(20)
    assert each.log_density(asked) == pytest.approx(one.log_density(asked))
    own[:, 0] *= np.linspace(0.5, 2, 12)
    only = ParzenEstimator(axes, points, own)
    assert not np.allclose(only.log_density(asked), one.log_density(asked))
    own[:, 1:] *= 1 + 1e-9 * np.arange(12)[:, None]  # tables kernel by kernel
    apart = ParzenEstimator(axes, points, own)
    assert apart.log_density(asked) == pytest.approx(only.log_density(asked), abs=1e-6)


def test_nothing_to_estimate_from_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no points and prior=0"):
        made(MIXED, 0, prior=0)
