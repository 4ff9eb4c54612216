"""Warping: it keeps the order, knows no units, and stretches what is near the best."""

import numpy as np

from coursekit.surrogates.warping import warp

SCORES = np.array([0.1, 0.9, 0.5, 0.915, 0.88, 0.91])


def test_it_is_the_formula() -> None:
    warped, spreads = warp(np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.1, 0.2]))
    softness = 0.3 * 2.0  # best 3, median 1
    np.testing.assert_allclose(
        warped, -np.log(np.array([3.6, 2.6, softness]) / softness), atol=1e-15
    )
    np.testing.assert_allclose(spreads, [0.0, 0.1 / 2.6, 0.2 / softness])


def test_spreads_are_stretched_as_scores_are() -> None:
    step = 1e-6
    warped, spreads = warp(SCORES, np.full(6, step))
    moved = SCORES.copy()
    moved[2] -= step  # neither the best nor next to the median
    np.testing.assert_allclose(warped[2] - warp(moved, np.zeros(6))[0][2], spreads[2], rtol=1e-3)


def test_order_stays_and_units_do_not_count() -> None:
    warped, _ = warp(SCORES, np.zeros(6))
    np.testing.assert_array_equal(np.argsort(warped), np.argsort(SCORES))
    other, _ = warp(20 + 100 * SCORES, np.zeros(6))
    np.testing.assert_allclose(other - other[0], warped - warped[0], atol=1e-9)


def test_good_ones_are_told_apart_beside_failures() -> None:
    def share(scores: np.ndarray) -> float:  # of the whole range, between the best two
        best = np.sort(scores)
        return (best[-1] - best[-2]) / (best[-1] - best[0])

    assert share(warp(SCORES, np.zeros(6))[0]) > 10 * share(SCORES)


def test_equal_scores_are_equal_and_many_best_ones_are_no_trouble() -> None:
    equal = np.full(4, 0.7)
    np.testing.assert_array_equal(warp(equal, np.zeros(4))[0], np.zeros(4))
    spreads = np.array([0.1, 0.2, 0.3, 0.2])
    for times in (1, 1e-6, 100):
        _, relative = warp(times * equal, times * spreads)
        np.testing.assert_allclose(relative, [0.5, 1.0, 1.5, 1.0])
    warped, _ = warp(np.array([0.7, 0.7, 0.7, 0.1]), np.zeros(4))  # the median is the best
    assert np.isfinite(warped).all()
    assert warped[3] < warped[0] == warped[2]
