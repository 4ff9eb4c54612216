"""Warping: it keeps the order, knows no units, and stretches what is near the best."""

import math

import numpy as np
import pytest

from coursekit.surrogates.warping import typical_gap, warp

SCORES = np.array([0.1, 0.9, 0.5, 0.915, 0.88, 0.91])
SOFTNESS = 0.005


def test_it_is_the_formula() -> None:
    warped, spreads, slopes = warp(np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.1, 0.2]), 0.6)
    np.testing.assert_allclose(warped, -np.log(np.array([3.6, 2.6, 0.6]) / 0.6), atol=1e-15)
    np.testing.assert_allclose(spreads, [0.0, 0.1 / 2.6, 0.2 / 0.6])
    assert slopes == pytest.approx(-math.log(3.6 * 2.6 * 0.6))


def test_spreads_are_stretched_as_scores_are() -> None:
    step = 1e-6
    warped, spreads, _ = warp(SCORES, np.full(6, step), SOFTNESS)
    moved = SCORES.copy()
    moved[2] -= step
    np.testing.assert_allclose(
        warped[2] - warp(moved, np.zeros(6), SOFTNESS)[0][2], spreads[2], rtol=1e-3
    )


def test_order_stays_and_units_do_not_count() -> None:
    warped, _, _ = warp(SCORES, np.zeros(6), SOFTNESS)
    np.testing.assert_array_equal(np.argsort(warped), np.argsort(SCORES))
    other, _, _ = warp(20 + 100 * SCORES, np.zeros(6), 100 * SOFTNESS)
    np.testing.assert_allclose(other, warped, atol=1e-9)
    assert typical_gap(20 + 100 * SCORES) == pytest.approx(100 * typical_gap(SCORES))


def test_good_ones_are_told_apart_beside_failures() -> None:
    def share(scores: np.ndarray) -> float:  # of the whole range, between the best two
        best = np.sort(scores)
        return (best[-1] - best[-2]) / (best[-1] - best[0])

    assert share(warp(SCORES, np.zeros(6), SOFTNESS)[0]) > 10 * share(SCORES)


def test_without_a_softness_nothing_is_stretched() -> None:
    warped, spreads, slopes = warp(SCORES, np.full(6, 0.1), math.inf)
    np.testing.assert_allclose(warped, SCORES - SCORES.max())
    np.testing.assert_array_equal(spreads, np.full(6, 0.1))
    assert slopes == 0


def test_a_gap_is_told_although_most_are_the_best() -> None:
    assert typical_gap(np.array([0.7, 0.7, 0.7, 0.1])) == pytest.approx(0.15)
    assert typical_gap(np.full(4, 0.7)) == 0
