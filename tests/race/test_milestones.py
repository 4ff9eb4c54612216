"""Milestones: the mean of the best few so far, and when it reaches a level."""

import math

import numpy as np
import pytest

from coursekit.race.milestones import best_mean, trainings_until

SCORES = [0.5, 0.9, math.nan, 0.7, 0.8]


def test_the_mean_of_the_best_few_so_far() -> None:
    assert best_mean(SCORES).tolist() == [0.5, 0.9, 0.9, 0.9, 0.9]
    assert best_mean(SCORES, 2) == pytest.approx([-math.inf, 0.7, 0.7, 0.8, 0.85])
    assert best_mean([], 2).tolist() == []
    drawn = np.random.default_rng(0).random(50)
    for count in (10, 50):
        assert best_mean(drawn, 7)[count - 1] == pytest.approx(np.sort(drawn[:count])[-7:].mean())


def test_the_training_that_reaches_a_level_counts() -> None:
    assert trainings_until(SCORES, 0.9) == 2
    assert trainings_until(SCORES, 0.8, top=2) == 4
    assert trainings_until(SCORES, 0.86, top=2) == math.inf
    assert trainings_until(SCORES, 0.1, top=5) == math.inf  # one has failed
    with pytest.raises(ValueError, match="top"):
        trainings_until(SCORES, 0.5, top=0)
