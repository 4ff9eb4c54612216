"""Observations: finished trials as arrays, in order of completion."""

import math

import numpy as np

from coursekit.spaces import Choice, Float, Space
from coursekit.surrogates.observations import Observations
from coursekit.trials import Evaluation, History, Suggestion

SPACE = Space({"kind": Choice(list("ab")), "x": Float(0, 1).when(kind="a")})


def test_they_are_kept_in_order_of_completion_with_nan_for_failures() -> None:
    history, observed = History(), Observations(SPACE)
    for configuration in ({"kind": "a", "x": 0.25}, {"kind": "b"}, {"kind": "a", "x": 0.75}):
        history.add(Suggestion(configuration))
    for number, evaluation in (
        (2, Evaluation(0.8, spread=0.1)), (0, Evaluation(math.nan)), (1, Evaluation(0.5))
    ):  # fmt: skip
        observed.add(history.finish(number, evaluation))
    np.testing.assert_array_equal(
        observed.points, [[0.25, 0.75], [0.25, 0.25], [0.75, math.nan]]
    )  # NaN equals NaN here
    np.testing.assert_array_equal(observed.scores, [0.8, math.nan, 0.5])
    np.testing.assert_array_equal(observed.spreads, [0.1, 0, 0])
    assert len(observed) == 3
    assert observed.completed == 2


def test_there_may_be_any_number() -> None:
    history, observed, rng = History(), Observations(SPACE), np.random.default_rng(0)
    assert len(observed) == observed.completed == len(observed.points) == 0
    for number in range(300):
        history.add(Suggestion(SPACE.sample(rng)))
        observed.add(history.finish(number, Evaluation(float(number))))
    np.testing.assert_array_equal(observed.scores, np.arange(300))
    np.testing.assert_array_equal(
        observed.points, [SPACE.encode(trial.configuration) for trial in history]
    )
