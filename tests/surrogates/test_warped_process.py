"""Scores are warped where that makes them likelier, and never by a search's own convergence."""

import math

import numpy as np
import pytest

from coursekit.spaces import Float, Space
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.observations import Observations
from coursekit.surrogates.warped_process import WarpedProcess
from coursekit.trials import Evaluation, History, Suggestion

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1)})


def observed(points: np.ndarray, scores: np.ndarray) -> Observations:
    made, history = Observations(SPACE), History()
    for (x, y), score in zip(points.tolist(), scores.tolist(), strict=True):
        number = history.add(Suggestion({"x": x, "y": y})).number
        made.add(history.finish(number, Evaluation(score)))
    return made


def softness(points: np.ndarray, scores: np.ndarray) -> float:
    process = WarpedProcess(Axes(SPACE), observed(points, scores), first=10, most=400)
    process()
    return process._softness[1]


def test_a_warping_is_chosen_by_what_the_scores_are_like() -> None:
    points = np.random.default_rng(0).random((40, 2))
    wave = np.sin(3 * points[:, 0]) + points[:, 1]
    assert math.isinf(softness(points, wave))
    below = np.exp(6 * np.abs(points - 0.4).sum(axis=1))  # its logarithm is a cone
    assert math.isfinite(softness(points, -below))


def test_what_came_first_tells_the_unit_not_where_the_search_has_gathered() -> None:
    """Else a search that converges magnifies ever smaller differences, and stands still."""
    rng = np.random.default_rng(1)
    first = rng.random((10, 2))
    near = 0.4 + 1e-4 * rng.standard_normal((60, 2))
    points = np.concatenate((first, near))
    scores = -np.exp(6 * np.abs(points - 0.4).sum(axis=1))
    made = WarpedProcess(Axes(SPACE), observed(points, scores), first=10, most=400)
    seen = made._data(len(points))[1]
    assert np.median(seen[:10].max() - seen[:10]) == pytest.approx(1)
    assert np.median(seen.max() - seen) < 1e-3


def test_units_do_not_count() -> None:
    points = np.random.default_rng(2).random((30, 2))
    scores = -np.exp(4 * points.sum(axis=1))
    one, other = softness(points, scores), softness(points, 7 + 100 * scores)
    assert one == other < math.inf
