"""Grid search: every point once, in order, wherever it begins."""

import math

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.strategies.grid import CONTINUUM, Grid
from coursekit.trials import Evaluation, History, Pause, Suggestion

RNG = np.random.default_rng(0)
CONDITIONAL = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0, 0.9, step=0.3).when(optimizer="sgd"),
        "layers": Integer(1, 3),
    }
)


def walk(grid: Grid, trials: int | None = None) -> list[dict]:
    history = Search(grid).run(lambda suggestion: Evaluation(0.5), trials=trials)
    return [dict(trial.configuration) for trial in history]


def test_it_walks_through_all_in_order_and_is_done() -> None:
    found = walk(Grid(CONDITIONAL))
    assert found == list(CONDITIONAL.enumerate())
    assert len(found) == CONDITIONAL.count == 4 * 3 + 3
    assert found[:2] == [
        {"optimizer": "sgd", "momentum": 0.0, "layers": 1},
        {"optimizer": "sgd", "momentum": 0.0, "layers": 2},
    ]


def test_resolution_for_all_numbers() -> None:
    found = walk(Grid(CONDITIONAL, resolution=2))
    assert len(found) == 2 * 2 + 2  # choices keep all of theirs
    assert {each["layers"] for each in found} == {1, 3}
    assert {each.get("momentum") for each in found} == {0.0, 0.9, None}


def test_resolution_by_name_and_the_default_of_a_continuum() -> None:
    space = Space({"rate": Float(1e-4, 1e-1, log=True), "x": Float(0, 1), "n": Integer(1, 30)})
    assert len(walk(Grid(space))) == CONTINUUM * CONTINUUM * 30
    found = walk(Grid(space, resolution={"rate": 4, "n": 2}))
    assert len(found) == 4 * CONTINUUM * 2
    rates = sorted({each["rate"] for each in found})
    np.testing.assert_allclose(rates, [1e-4, 1e-3, 1e-2, 1e-1])


def test_a_large_space_is_not_listed_beforehand() -> None:
    space = Space({f"p{i}": Integer(1, 1000) for i in range(10)})
    assert [each["p9"] for each in walk(Grid(space), trials=3)] == [1, 2, 3]


def test_it_goes_on_from_any_history() -> None:
    whole = walk(Grid(CONDITIONAL))
    history = History()
    for configuration in (*whole[3:6], whole[0]):  # of another grid, a tuner, a journal
        history.add(Suggestion(configuration))
    history.finish(0, Evaluation(math.nan))  # failed ones are not tried again
    grid, rest = Grid(CONDITIONAL), []
    while (made := grid.suggest(history, RNG)) is not Pause.DONE:
        # A grid that has seen nothing before says the same.
        assert made == grid.suggest(history, RNG) == Grid(CONDITIONAL).suggest(history, RNG)
        history.add(made)
        rest.append(made.configuration)
    assert rest == whole[1:3] + whole[6:]


def test_one_grid_asked_about_two_histories_mixes_nothing_up() -> None:
    grid, long, short = Grid(CONDITIONAL), History(), History()
    for _ in range(5):
        long.add(grid.suggest(long, RNG))
    first = grid.suggest(short, RNG)
    assert first.configuration == next(CONDITIONAL.enumerate())
    assert grid.suggest(long, RNG).configuration == list(CONDITIONAL.enumerate())[5]


def test_a_space_that_grew_late_is_walked_to_the_end() -> None:
    small = Space({"layers": Integer(1, 3)})
    grown = Space({"layers": Integer(1, 3), "batch_norm": Boolean()})
    history = History()
    for configuration in walk(Grid(small), trials=2):
        history.add(Suggestion(grown.complete(configuration)))
    grid, rest = Grid(grown), []
    while (made := grid.suggest(history, RNG)) is not Pause.DONE:
        history.add(made)
        rest.append(made.configuration)
    assert len(rest) == 6 - 2
    assert {grown.key(trial.configuration) for trial in history} == set(
        map(grown.key, grown.enumerate())
    )


def test_bad_resolutions_are_named() -> None:
    with pytest.raises(ValueError, match=r"resolution for 'depth'.*has.*optimizer"):
        Grid(CONDITIONAL, resolution={"depth": 3})
    with pytest.raises(ValueError, match="resolution=0: give a whole number"):
        Grid(CONDITIONAL, resolution=0)
    with pytest.raises(TypeError, match=r"resolution of layers=1\.5: give a whole number"):
        Grid(CONDITIONAL, resolution={"layers": 1.5})
