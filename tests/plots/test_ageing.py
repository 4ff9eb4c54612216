"""The ageing diagram: births read off a history, told in words, and drawn."""

import math

import pytest

from coursekit.plots import population
from coursekit.plots.ageing import births, tell
from coursekit.search import Search
from coursekit.spaces import Integer, Space
from coursekit.strategies import make
from coursekit.trials import Evaluation, History, Suggestion

matplotlib = pytest.importorskip("matplotlib")
SPACE = Space({"x": Integer(0, 999)})


@pytest.fixture
def searched() -> tuple[Search, History]:
    strategy = make("regularized_evolution", SPACE, population_size=4, sample_size=2)
    search = Search(strategy, seed=1)
    return search, search.run(
        lambda suggestion: Evaluation(suggestion.configuration["x"] / 1000), trials=15
    )


def test_births_retell_what_the_strategy_did(searched: tuple[Search, History]):
    search, history = searched
    recorded = births(history, search.strategy.alive)
    assert [birth.number for birth in recorded] == list(range(15))
    for place, birth in enumerate(recorded):
        oldest = max(0, place - 3)
        assert birth.alive == tuple(range(oldest, place + 1))
        assert birth.died == ((place - 4,) if place >= 4 else ())
        if place < 4:
            assert (birth.tournament, birth.parent) == ((), None)
        else:
            living = recorded[place - 1].alive
            assert len(set(birth.tournament)) == 2 and set(birth.tournament) <= set(living)
            assert birth.parent == max(birth.tournament, key=lambda n: history[n].score)


def test_births_are_in_order_of_completion_and_failures_are_none():
    history = History()
    for x in range(4):
        history.add(Suggestion({"x": x}))
    for number, score in ((2, 0.5), (0, math.nan), (3, 0.7), (1, 0.6)):
        history.finish(number, Evaluation(score))
    recorded = births(history, lambda completed: completed[-2:])
    assert [birth.number for birth in recorded] == [2, 3, 1]
    assert [birth.died for birth in recorded] == [(), (), (2,)]
    assert "Birth 3 of 3" in tell(recorded, 3) and "1 dies" in tell(recorded, 3)


def test_a_child_that_dies_at_once_is_said_to():
    history = History()
    for number, score in enumerate((0.5, 0.7, 0.1)):
        history.add(Suggestion({"x": number}))
        history.finish(number, Evaluation(score))

    def best_two(completed):
        return sorted(completed, key=lambda trial: trial.score)[-2:]

    recorded = births(history, best_two)
    assert recorded[-1].alive == (0, 1) and recorded[-1].died == (2,)
    assert tell(recorded, 3).endswith("The child itself dies (10.00%).")


def test_the_death_of_the_best_is_told():
    history = History()
    for number, score in enumerate((0.9, 0.7, 0.1)):
        history.add(Suggestion({"x": number}))
        history.finish(number, Evaluation(score))
    recorded = births(history, lambda completed: completed[-2:])
    assert tell(recorded, 3).endswith("1 dies although it is the best so far.")
    assert tell(recorded, 0) == "Before the first birth: 3 births to come."


def test_the_strip_marks_each_role(searched: tuple[Search, History]):
    from matplotlib.figure import Figure

    search, history = searched
    recorded = births(history, search.strategy.alive)
    axes = population(recorded, now=9, axes=Figure().subplots())
    labels = axes.get_legend_handles_labels()[1]
    named = [each for each in axes.collections if each.get_label() in labels]
    marks = {each.get_label(): each.get_offsets() for each in named}
    assert [x for x, _ in marks["alive"]] == [6, 7, 8]
    assert [x for x, _ in marks["child"]] == [9]
    assert [x for x, _ in marks["dies"]] == [5]
    assert [x for x, _ in marks["dead"]] == [1, 2, 3, 4]
    assert sorted(x - 1 for x, _ in marks["tournament"]) == sorted(recorded[8].tournament)
    assert [x - 1 for x, _ in marks["parent"]] == [recorded[8].parent]
    low, high = axes.get_ylim()
    assert all(low <= y <= high for points in marks.values() for _, y in points)


@pytest.mark.parametrize("now", [0, 1, 15])
def test_the_frame_is_the_same_at_each_step(searched: tuple[Search, History], now: int):
    from matplotlib.figure import Figure

    search, history = searched
    recorded = births(history, search.strategy.alive)
    first = population(recorded, now=9, axes=Figure().subplots())
    other = population(recorded, now=now, axes=Figure().subplots())
    assert (first.get_xlim(), first.get_ylim()) == (other.get_xlim(), other.get_ylim())


def test_a_history_and_its_rule_are_one_call(searched: tuple[Search, History]):
    search, history = searched
    axes = population(history, search.strategy.alive)
    expected = population(births(history, search.strategy.alive), now=15)
    for one, other in zip(axes.collections, expected.collections, strict=True):
        assert one.get_label() == other.get_label()
        assert one.get_offsets().tolist() == other.get_offsets().tolist()
    child = next(each for each in axes.collections if each.get_label() == "child")
    assert child.get_offsets().tolist() == [[15, 100 * history[14].score]]
    with pytest.raises(ValueError, match="alive=None: give the rule too"):
        population(history)


def test_nobody_and_failures_alone_are_an_empty_strip():
    history = History()
    assert population(history, lambda completed: completed).get_xlim() == (0, 1)
    history.finish(history.add(Suggestion({})).number, Evaluation(math.nan))
    axes = population(history, lambda completed: completed)
    assert not any(len(each.get_offsets()) for each in axes.collections)


def test_what_is_off_the_scale_says_so():
    history = History()
    for x in range(20):
        history.add(Suggestion({"x": x}))
        history.finish(x, Evaluation(0.1 if x == 4 else 0.7 + x / 1000))
    axes = population(history, lambda completed: completed[-3:])
    assert axes.get_ylim()[0] > 10
    assert [text.get_text() for text in axes.texts if "%" in text.get_text()] == ["↓ 10 %"]
