"""Hyperband: the tables of the paper, brackets in their order, again and again."""

import itertools
from collections import Counter

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies.hyperband import Hyperband
from coursekit.strategies.rungs import ROUNDINGS, bracket_table, halvings
from coursekit.trials import Evaluation, Pause, Suggestion

LINE = Space({"x": Float(0, 1)})


def by_x(suggestion: Suggestion) -> Evaluation:
    return Evaluation(suggestion.configuration["x"], cost=suggestion.budget)


def columns(table) -> dict[int, list[tuple[int, int]]]:
    """(n_i, r_i) of each bracket s, as the paper prints them."""
    found: dict[int, list[tuple[int, int]]] = {}
    for rung in table:
        found.setdefault(rung.bracket, []).append((rung.trials, rung.stop))
    return found


def test_table_1_of_the_paper() -> None:
    # Li et al. 2018, the table of brackets, R = 81 and eta = 3: golden, never to change.
    assert columns(bracket_table(81, 3, rounding="table")) == {
        4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        3: [(27, 3), (9, 9), (3, 27), (1, 81)],
        2: [(9, 9), (3, 27), (1, 81)],
        1: [(6, 27), (2, 81)],
        0: [(5, 81)],
    }


def test_algorithm_1_of_the_paper() -> None:
    # n = ceil(5 * 3^s / (s + 1)), n_i = floor(n / 3^i): by hand. Golden, never to change.
    assert columns(Hyperband(LINE, max_budget=81).table) == {
        4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        3: [(34, 3), (11, 9), (3, 27), (1, 81)],
        2: [(15, 9), (5, 27), (1, 81)],
        1: [(8, 27), (2, 81)],
        0: [(5, 81)],
    }


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(
    ("least", "most", "factor"), [(1, 10, 3), (3, 100, 4), (2, 2, 2), (1, 7, 2)]
)
def test_every_table_climbs_to_the_whole_budget(rounding, least, most, factor) -> None:
    table = bracket_table(most, factor, min_budget=least, rounding=rounding)
    for rungs in itertools.groupby(table, lambda rung: rung.bracket):
        bracket = list(rungs[1])
        assert [rung.start for rung in bracket] == [0, *(rung.stop for rung in bracket[:-1])]
        assert all(least <= rung.stop and rung.start < rung.stop for rung in bracket)
        assert bracket[-1].stop == most
        sizes = [rung.trials for rung in bracket]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] >= 1


def test_halvings_are_counted_exactly() -> None:
    # floor(log(243) / log(3)) is 4 in floating point
    assert [halvings(243), halvings(242), halvings(1), halvings(1000, 10)] == [5, 4, 0, 3]
    assert halvings(100, 3, min_budget=4) == 2  # 4, 12, 36


def test_one_iteration_is_the_table() -> None:
    for rounding in ROUNDINGS:
        search = Search(Hyperband(LINE, max_budget=10, rounding=rounding, iterations=1))
        history = search.run(by_x, trials=200)  # done before that
        found = Counter(
            (t.suggestion.info["bracket"], t.suggestion.info["rung"], t.suggestion.budget)
            for t in history
        )
        table = bracket_table(10, rounding=rounding)
        assert found == {(rung.bracket, rung.rung, rung.stop): rung.trials for rung in table}
        assert search.ask() is Pause.DONE


def test_iterations_follow_each_other() -> None:
    history = Search(Hyperband(LINE, max_budget=9)).run(by_x, trials=50)
    places = [(t.suggestion.info["iteration"], t.suggestion.info["bracket"]) for t in history]
    order = [place for place, _ in itertools.groupby(places)]  # with one worker, one by one
    assert order == [(0, 2), (0, 1), (0, 0), (1, 2), (1, 1), (1, 0), (2, 2)]


def test_workers_begin_the_next_bracket_and_promote_first() -> None:
    search = Search(Hyperband(LINE, max_budget=3))  # 3 -> 1, then 2
    first = [search.ask() for _ in range(6)]
    assert [t.suggestion.info["bracket"] for t in first] == [1, 1, 1, 0, 0, 1]
    for trial in reversed(first[:3]):
        search.tell(trial, by_x(trial.suggestion))
    best = max(first[:3], key=lambda trial: trial.configuration["x"])
    promoted = search.ask().suggestion
    assert (promoted.parent, promoted.budget) == (best.number, 3)
    assert promoted.info == {"iteration": 0, "bracket": 1, "rung": 1}


def test_first_configurations() -> None:
    # Golden: changes only with how configurations are drawn, which is said in the change log.
    space = Space({"units": Integer(8, 512, log=True), "activation": Choice(["relu", "tanh"])})
    history = Search(Hyperband(space, max_budget=3), seed=0).run(
        lambda s: Evaluation(float(s.configuration["units"])), trials=5
    )
    assert [(dict(t.configuration), t.suggestion.budget) for t in history] == [
        ({"units": 113, "activation": "relu"}, 1),
        ({"units": 324, "activation": "tanh"}, 1),
        ({"units": 11, "activation": "relu"}, 1),
        ({"units": 324, "activation": "tanh"}, 3),
        ({"units": 315, "activation": "relu"}, 3),
    ]


def test_budgets_are_plain_numbers_whatever_they_were_given_as() -> None:
    made = Hyperband(LINE, max_budget=np.int64(9), factor=np.int64(3))
    assert {type(entry) for rung in made.table for entry in rung} == {int}


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"max_budget": 0}, ValueError, "max_budget=0"),
        ({"max_budget": 2.5}, TypeError, "max_budget=2.5"),
        ({"min_budget": 0}, ValueError, "min_budget=0"),
        ({"min_budget": 28}, ValueError, "min_budget=28"),
        ({"factor": 1}, ValueError, "factor=1"),
        ({"rounding": "up"}, ValueError, "rounding='up'"),
    ],
)
def test_bad_options_are_named(options, error, named) -> None:
    with pytest.raises(error, match=named):
        Hyperband(LINE, **options)
