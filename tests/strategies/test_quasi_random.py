"""Quasi-random search: even on every axis, the same points for a seed, none of them twice."""

from collections import Counter

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.strategies import make, quasi_random
from coursekit.strategies.quasi_random import Points, QuasiRandom
from coursekit.trials import Evaluation, Pause

MIXED = Space(
    {
        "rate": Float(1e-4, 1.0, log=True),
        "kind": Choice(["a", "b", "c", "d"]),
        "deep": Boolean(),
        "units": Integer(1, 8).when(deep=True),
    }
)


def configurations(space: Space, trials: int, seed: int = 0, **options) -> list[dict]:
    history = Search(QuasiRandom(space, **options), seed=seed).run(lambda s: 0.0, trials=trials)
    return [dict(trial.configuration) for trial in history]


@pytest.mark.parametrize("seed", range(3))
def test_sixty_four_trials_fall_into_sixty_four_intervals_of_each_axis(seed):
    space = Space({name: Float(0, 1) for name in "xyz"})
    found = np.array([list(each.values()) for each in configurations(space, 64, seed)])
    for axis in range(3):  # a property of Sobol points, scrambled or not
        assert sorted((found[:, axis] * 64).astype(int)) == list(range(64))


def test_choices_conditions_and_log_scales_are_even_too():
    found = configurations(MIXED, 64)
    assert Counter(each["kind"] for each in found) == dict.fromkeys("abcd", 16)
    assert sorted(16 * np.log10([each["rate"] for each in found]) // 1) == list(range(-64, 0))
    deep = [each for each in found if each["deep"]]
    assert len(deep) == 32 and all("units" not in each for each in found if not each["deep"])
    assert Counter(each["units"] for each in deep) == dict.fromkeys(range(1, 9), 4)


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_it_is_more_even_than_random_points(sequence):
    from scipy.stats import qmc

    for dimensions in (2, 5):
        even = [qmc.discrepancy(Points(dimensions, s, sequence).first(50)) for s in range(20)]
        rng = np.random.default_rng(0)
        usual = [qmc.discrepancy(rng.random((50, dimensions))) for _ in range(20)]
        assert max(even) < min(usual)


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_the_seed_and_the_number_make_the_point(sequence):
    expected = configurations(MIXED, 20, seed=5, sequence=sequence)
    search = Search(QuasiRandom(MIXED, sequence=sequence), seed=5)
    for _ in range(5):  # four workers, which finish in another order, and some fail
        running = [search.ask() for _ in range(4)]
        for trial in reversed(running):
            search.tell(trial, Evaluation(float("nan") if trial.number % 3 else 0.5))
    assert [dict(trial.configuration) for trial in search.history] == expected
    assert configurations(MIXED, 20, seed=6, sequence=sequence) != expected


def test_a_finite_space_ends_after_each_of_its_points():
    small = Space({"a": Integer(1, 7), "b": Choice(list("xyz")).when(a=[1, 2])})
    for seed in range(5):
        search = Search(QuasiRandom(small), seed=seed)
        keys = [small.key(trial.configuration) for trial in search.run(lambda s: 0.0)]
        assert len(keys) == len(set(keys)) == small.count == 11
        assert search.ask() is Pause.DONE


def test_a_point_that_is_known_is_skipped_and_the_others_stay():
    plain = configurations(MIXED, 9, seed=2)
    search = Search(QuasiRandom(MIXED), seed=2)
    search.run(lambda s: 0.0, trials=1)
    search.add(plain[3], 0.7)  # an own trial, which happens to be a point of the sequence
    found = [dict(trial.configuration) for trial in search.run(lambda s: 0.0, trials=8)]
    assert found == [plain[0], plain[3], plain[1], plain[2], *plain[4:9]]


def test_trials_of_others_come_first_without_harm():
    search = Search(QuasiRandom(MIXED), seed=1)
    search.add({"rate": 0.1, "kind": "a", "deep": False}, 0.7)
    history = search.run(lambda s: 0.0, trials=9)
    told = [trial.suggestion.info.get("point") for trial in history]
    assert told == [None, *range(9)]
    assert len({trial.suggestion.info["scramble"] for trial in history[1:]}) == 1


def test_blocks_are_one_sequence():
    from scipy.stats import qmc

    points = Points(3, 7)
    assert np.array_equal(
        points.first(300)[:256], qmc.Sobol(3, seed=np.random.default_rng(7)).random_base2(8)
    )
    assert np.array_equal(points[17], points.first(18)[17])


def test_bad_options_and_spaces_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="sequence='sobl': there are sobol and halton"):
        make("quasi_random(sequence='sobl')", MIXED)
    monkeypatch.setattr(quasi_random, "MOST_AXES", 3)
    with pytest.raises(ValueError, match=r"QuasiRandom cannot search .* at most 3 parameters"):
        QuasiRandom(MIXED)
