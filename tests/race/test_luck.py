"""The best of random draws: against every possible series of draws, and against what is known."""

import math
from itertools import product

import numpy as np
import pytest

from coursekit.race import luck

VALUES = [0.3, -1.0, 0.9, 0.3, 0.8]


@pytest.mark.parametrize("draws", [1, 2, 3, 5])
def test_the_expectation_is_that_of_all_possible_series(draws: int):
    every = [max(series) for series in product(VALUES, repeat=draws)]
    assert luck.best_of(VALUES, draws) == pytest.approx(np.mean(every), abs=1e-12)


@pytest.mark.parametrize("draws", [1, 2, 4])
def test_the_chances_are_those_of_all_possible_series(draws: int):
    every = [max(series) for series in product(range(4), repeat=draws)]
    expected = [every.count(place) / len(every) for place in range(4)]
    assert luck.chances(4, draws).tolist() == pytest.approx(expected, abs=1e-12)


def test_one_draw_is_the_mean_and_very_many_the_best():
    assert luck.best_of(VALUES, 1) == pytest.approx(np.mean(VALUES))
    assert luck.best_of(VALUES, 10_000) == pytest.approx(0.9)
    assert luck.best_of([0.5], 7) == 0.5


@pytest.mark.parametrize("score", [-2.0, 0.0, 0.5, 0.85, 0.8999])
def test_so_many_draws_reach_a_score_and_one_less_does_not(score: float):
    needed = luck.draws_for(VALUES, score)
    assert luck.best_of(VALUES, int(needed)) >= score
    assert needed == 1 or luck.best_of(VALUES, int(needed) - 1) < score


def test_the_best_itself_is_never_reached_on_average():
    assert luck.draws_for(VALUES, 0.9) == math.inf
    assert luck.draws_for([0.5], 0.4) == 1


@pytest.mark.parametrize("values", [[], [0.1, math.nan], [0.1, math.inf]])
def test_values_that_cannot_be_ordered_are_refused(values: list[float]):
    with pytest.raises(ValueError, match="finite ones only"):
        luck.best_of(values, 3)
    with pytest.raises(ValueError, match="finite ones only"):
        luck.draws_for(values, 0.1)


@pytest.mark.parametrize(("total", "draws"), [(0, 1), (3, 0), (3, 1.5), (-1, 2)])
def test_counts_must_be_whole_and_positive(total: int, draws: int):
    with pytest.raises((TypeError, ValueError), match="whole number, 1 or more"):
        luck.chances(total, draws)
