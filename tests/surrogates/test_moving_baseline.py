"""The moving average of scores, by hand."""

import math

import pytest

from coursekit.surrogates.moving_baseline import MovingBaseline


def test_scores_count_above_a_moving_average_in_units_of_their_spread() -> None:
    moving = MovingBaseline(0.5)
    assert math.isnan(moving.value)
    found = [moving.advantage(score) for score in (3.0, 5.0, 4.0)]
    assert found[0] == 0  # nothing to compare with
    b2 = (0.5 * 3 + 5) / 1.5
    spread2 = ((5 - b2) ** 2 / 1.5) ** 0.5
    assert found[1] == pytest.approx((5 - b2) / spread2)
    b3 = (0.25 * 3 + 0.5 * 5 + 4) / 1.75
    spread3 = ((0.5 * (5 - b2) ** 2 + (4 - b3) ** 2) / 1.75) ** 0.5
    assert found[2] == pytest.approx((4 - b3) / spread3)
    assert moving.value == pytest.approx(b3)
    assert moving.spread == pytest.approx(spread3)


def test_the_scale_and_the_origin_of_scores_do_not_count() -> None:
    one, other = MovingBaseline(0.9), MovingBaseline(0.9)
    for score in (0.3, 0.9, 0.1, 0.7):
        assert other.advantage(-50 + 1024 * score) == pytest.approx(one.advantage(score))


def test_constant_scores_have_no_advantage() -> None:
    moving = MovingBaseline(0.9)
    assert [moving.advantage(0.1 + 0.2) for _ in range(50)] == [0] * 50


def test_a_decay_of_1_is_refused() -> None:
    with pytest.raises(ValueError, match="baseline_decay=1: give a number from 0 to below 1"):
        MovingBaseline(1)


def test_enormous_scores_do_not_end_the_search() -> None:
    moving = MovingBaseline(0.9)
    assert all(math.isfinite(moving.advantage(score)) for score in (0.0, 1e200, -1e200, 1.0))
