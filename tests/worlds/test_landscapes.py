"""Landscapes: heights, summits, noise, and what a search sees of them."""

import numpy as np
import pytest

from coursekit.race import race
from coursekit.trials import Suggestion
from coursekit.worlds import Landscape
from coursekit.worlds.landscapes import NAMES


@pytest.mark.parametrize("dimensions", [1, 2, 6])
@pytest.mark.parametrize("name", NAMES)
def test_no_point_is_higher_than_the_optimum(name: str, dimensions: int) -> None:
    world = Landscape(name, dimensions=dimensions)
    points = np.random.default_rng(0).random((4000, dimensions))
    assert world.heights(points).max() <= world.optimum + 1e-9
    if dimensions == 1:
        grid = np.append(np.linspace(0, 1, 5001), 0.72)[:, None]
        assert world.heights(grid).max() == pytest.approx(world.optimum, abs=1e-3)


@pytest.mark.parametrize("dimensions", [2, 6])
def test_the_summit_of_several_dimensions_is_a_point_of_the_cube(dimensions: int) -> None:
    shifted = 1 - np.abs(1 - (0.37 + 0.31 * np.arange(dimensions)) % 2)
    edge = np.array([0.72] + [0.4] * (dimensions - 1))
    for name, summit in (("needle", shifted), ("ripples", shifted), ("cliff", edge)):
        world = Landscape(name, dimensions=dimensions)
        assert world.heights(summit[None])[0] == pytest.approx(world.optimum)


def test_the_highest_hill_is_the_narrowest() -> None:
    x = np.linspace(0, 1, 1001)
    heights = Landscape("hills").heights(x[:, None])
    inside = heights[1:-1]
    tops = x[1:-1][(inside > heights[:-2]) & (inside > heights[2:])]
    assert len(tops) == 3 and tops[np.argmax(np.interp(tops, x, heights))] > 0.8
    assert np.mean(heights > 0.9) < 0.06


def test_moving_keeps_the_heights() -> None:
    x = np.arange(100)[:, None] / 100
    still, moved = Landscape("cliff"), Landscape("cliff", moved=0.25)
    np.testing.assert_allclose(moved.heights(x), np.roll(still.heights(x), -25))
    assert moved.optimum == still.optimum


def test_a_seed_measures_each_point_once_and_worth_is_the_height() -> None:
    world = Landscape("hills", dimensions=2, noise=0.2)
    points = [{"x0": i / 200, "x1": 0.5} for i in range(200)]
    heights = np.array([world.worth(each) for each in points])
    assert [world.evaluate(Suggestion(each)).score for each in points] == heights.tolist()
    noisy = world.seeded(3)
    measured = np.array([noisy.evaluate(Suggestion(each)).score for each in points])
    assert [noisy.evaluate(Suggestion(each)).score for each in points] == measured.tolist()
    assert [noisy.worth(each) for each in points] == heights.tolist()
    # The standard deviation of 200 normals lies within 0.2 * (1 +- 0.25): 5 sigma, 6e-7.
    assert 0.15 < (measured - heights).std() < 0.25
    other = world.seeded(4)
    assert other.evaluate(Suggestion(points[0])).score != measured[0]
    assert repr(other) == "Landscape('hills', dimensions=2, moved=0.0, noise=0.2, seed=4)"
    assert str(other) == "hills in 2 dimensions, noise 0.2"


def test_searches_race_in_it() -> None:
    found = race(Landscape("ripples", dimensions=2), ["random"], trials=5, seeds=2, workers=1)
    assert found.best()["random"].max() <= 1 and found.runs["random"][0].costs.tolist() == [1.0] * 5


def test_misuse_is_named() -> None:
    with pytest.raises(ValueError, match="no landscape 'hill': there are hills, cliff"):
        Landscape("hill")
    with pytest.raises(ValueError, match="noise=-1: give a standard deviation"):
        Landscape(noise=-1)
    with pytest.raises(ValueError, match="dimensions=0: give a whole number, 1 or more"):
        Landscape(dimensions=0)


def test_nothing_leads_to_the_needle() -> None:
    heights = Landscape("needle", dimensions=6).heights(
        np.random.default_rng(0).random((20_000, 6))
    )
    assert 0 < np.mean(heights > 0.25) < 0.002 and (heights >= 0.25).all()
