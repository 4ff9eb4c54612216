"""The shadows of grid, random and Sobol points: their sizes, and what they find."""

import numpy as np
import pytest

from coursekit.plots.projections import (
    DESIGNS,
    Hill,
    design,
    hill,
    mean_best,
    shadows,
    values_on,
)


@pytest.mark.parametrize("count", [4, 9, 25])
def test_nine_points_have_three_shadows_on_a_grid_and_nine_elsewhere(count):
    for kind in DESIGNS:
        points = design(kind, count, seed=3)
        assert points.shape == (count, 2) and points.min() >= 0 and points.max() <= 1
        for axis in (0, 1):
            assert values_on(axis, points) == (count**0.5 if kind == "grid" else count)
    assert len(design("grid", 11)) == 9
    assert sorted(design("grid", 4).tolist()) == [
        [x, y] for x in (0.25, 0.75) for y in (0.25, 0.75)
    ]


def test_a_hill_is_one_at_its_summit_and_flat_where_nothing_matters():
    ground = Hill((1.0, 0.25), (0.3, 0.6))
    assert ground(np.array([0.3, 0.6])) == pytest.approx(1)
    assert ground(np.array([0.3, 0.0])) == pytest.approx(0.8, abs=1e-6)
    flat = Hill((1.0, 0.0), (0.3, 0.6))
    assert flat(np.array([0.2, 0.1])) == flat(np.array([0.2, 0.9]))
    assert hill((1, 1), 4) == hill((1, 1), 4) != hill((1, 1), 5)


def test_where_one_axis_matters_a_grid_of_nine_is_as_good_as_a_line_of_three():
    found = {kind: mean_best(kind, 9, (1.0, 0.0)) for kind in DESIGNS}
    # Over the whole axis, the best of three even points, exactly:
    summits = np.linspace(0, 1, 20_001)
    nearest = np.abs(summits[:, None] - (np.arange(3) + 0.5) / 3).min(axis=1)
    expected = np.exp(-((nearest / 0.12) ** 2))
    assert found["grid"] == pytest.approx(expected.mean(), abs=5 * expected.std() / 200**0.5)
    assert found["grid"] + 0.15 < found["random"] < found["Sobol"] - 0.05


@pytest.mark.parametrize(
    ("kind", "count", "importance", "words"),
    [
        ("sobol", 9, (1, 1), "kind='sobol': there are grid, random, Sobol"),
        ("grid", 0, (1, 1), "count=0"),
        ("grid", 9, (0, 0), r"importance=\(0, 0\)"),
        ("grid", 9, (1, -1), r"importance=\(1, -1\)"),
    ],
)
def test_what_cannot_be_drawn_is_named(kind, count, importance, words):
    with pytest.raises(ValueError, match=words):
        hill(importance)(design(kind, count))


def test_points_and_shadows_are_drawn_and_the_best_has_a_ring():
    ground = hill((1.0, 0.3), 2)
    square, above, beside = shadows("Sobol", 16, ground, seed=5)
    points = design("Sobol", 16, 5)
    dots, ring = square.get_lines()
    assert np.array_equal(np.transpose(dots.get_data()), points)
    best = points[ground(points).argmax()]
    assert np.ravel(ring.get_data()) == pytest.approx(best)
    assert np.array_equal(above.get_lines()[1].get_xdata(), points[:, 0])
    assert np.array_equal(beside.get_lines()[1].get_ydata(), points[:, 1])
    assert above.get_title() == f"Sobol: best {ground(points).max():.0%}"
