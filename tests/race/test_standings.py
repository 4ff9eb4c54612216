"""Standings: places by the median, shared by equals, and who has moved."""

import math

import numpy as np

from coursekit.race import Race, Run, standings
from coursekit.race.contestants import contestants
from coursekit.race.report import tell
from tests.race.worlds import Crossing


def scores(**best):
    return {name: np.array(values, dtype=float) for name, values in best.items()}


def test_places_go_by_the_median_that_is_quoted_and_not_by_the_mean_rank():
    now = scores(often=[1, 6, 4, 3, 0], high=[5, 5, 5, 0, 0], low=[0, 0, 9, 1, 1])
    found = standings(now)
    assert [each.name for each in found] == ["high", "often", "low"]
    assert [each.place for each in found] == [1, 2, 3]
    assert [each.best for each in found] == [5, 3, 1]
    assert found[1].rank < found[0].rank  # the other measure, which the table of a race goes by


def test_equals_share_a_place_and_the_next_one_is_left_out():
    found = standings(scores(a=[1, 1], b=[2, 2], c=[2, 2]))
    assert [(each.place, each.name) for each in found] == [(1, "b"), (1, "c"), (3, "a")]


def test_who_has_overtaken_whom():
    before = scores(a=[3, 3], b=[2, 2], c=[1, 1])
    found = standings(scores(a=[3, 3], b=[2, 2], c=[4, 4]), before)
    assert {each.name: each.moved for each in found} == {"c": 2, "a": -1, "b": -1}
    assert all(each.moved == 0 for each in standings(before, before))


def test_without_a_result_there_is_no_place_and_nobody_moves_from_there():
    nothing = scores(a=[-np.inf, -np.inf], b=[-np.inf, -np.inf])
    assert all(each.place is None and math.isnan(each.best) for each in standings(nothing))
    half = standings(scores(a=[1, 1], b=[3, -np.inf]))
    assert [(each.place, each.name) for each in half] == [(1, "a"), (None, "b")]  # no median yet
    late = standings(scores(a=[1, 1], b=[-np.inf, -np.inf]), nothing)
    assert [(each.place, each.name, each.moved) for each in late] == [(1, "a", 0), (None, "b", 0)]
    assert [each.place for each in standings(scores(a=[], b=[]))] == [None, None]


def race_of(seconds=None, **runs):
    made = {
        name: {
            seed: Run(np.array(row, dtype=float), np.full(len(row), 10.0), 0.0)
            for seed, row in enumerate(rows)
        }
        for name, rows in runs.items()
    }
    seeds = len(next(iter(runs.values())))
    return Race(Crossing(), contestants(list(runs)), seeds, None if seconds else 4, seconds, made)


def test_a_race_knows_its_standings_at_any_time():
    found = race_of(early=[[0.5, 0.5, 0.5, 0.5]] * 3, late=[[0.1, 0.2, 0.5, 0.9]] * 3)
    assert [each.name for each in found.standings(2)] == ["early", "late"]
    end = found.standings(since=2)
    assert [(each.place, each.name, each.moved) for each in end] == [
        (1, "late", 1), (2, "early", -1)
    ]  # fmt: skip
    assert [each.place for each in found.standings(3)] == [1, 1]
    assert tell(found, 0) == "No result yet: 4 trials to go."
    assert tell(found, 2) == (
        "After 2 of 4 trials: early leads, median 50.00 %; late follows, 20.00 %."
    )
    assert tell(found, 3) == "After 3 of 4 trials: all are level, median 50.00 %."
    assert tell(found).startswith("After 4 of 4 trials: late leads, median 90.00 %")


def test_a_race_by_seconds_counts_seconds():
    found = race_of(seconds=40, a=[[0.5, 0.9, 0.9]] * 2)
    assert found.clock(found.runs["a"][0]).tolist() == [10, 20, 30]
    assert tell(found, 19) == "After 19 of 40 seconds of training: a leads, median 50.00 %."
    assert found.axis()[[0, -1]].tolist() == [0, 40]


def test_a_snapshot_stays_as_it_was():
    going = race_of(a=[[0.5], [0.6]], b=[[0.4], [0.4]])
    seen = going.snapshot()
    del going.runs["a"][1]
    assert (seen.paired(), going.paired()) == ([0, 1], [0])
    assert (seen.done, going.done) == (4, 3)
