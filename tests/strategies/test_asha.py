"""ASHA: promotions by the paper's rule, at once, in whatever order results come."""

import math

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies.asha import ASHA
from coursekit.trials import Evaluation, Pause, Status, Trial

LINE = Space({"x": Float(0, 1)})


def told(search: Search, score: float) -> Trial:
    """One trial, asked and finished."""
    return search.tell(search.ask(), score)


def place(trial: Trial) -> tuple[int, int | None]:
    return trial.suggestion.info["rung"], trial.suggestion.parent


def test_promotions_by_hand() -> None:
    # r = 1, R = 9, eta = 3: rungs of 1, 3 and 9 epochs.
    search = Search(ASHA(LINE, max_budget=9))
    assert [place(told(search, score)) for score in (0.5, 0.7, 0.6)] == [(0, None)] * 3
    assert place(told(search, 0.71)) == (1, 1)  # 3 have finished rung 0: the best 1 is trial 1
    assert [place(told(search, score)) for score in (0.3, 0.8)] == [(0, None)] * 2
    # 5 have finished rung 0: the best 1 is trial 5 now, so trial 1 was promoted in error.
    assert place(told(search, 0.72)) == (1, 5)
    assert place(told(search, 0.9)) == (0, None)
    # 6 have finished rung 0: the best 2 are trials 7 and 5, which is promoted already.
    assert place(told(search, 0.91)) == (1, 7)
    # 3 have finished rung 1, trials 3, 6 and 8: the best 1 is trial 8.
    last = told(search, 0.95)
    assert (place(last), last.suggestion.budget) == ((2, 8), 9)
    assert place(search.ask()) == (0, None)  # nobody is promotable


def test_the_highest_rung_comes_first() -> None:
    search = Search(ASHA(LINE, max_budget=4, factor=2))
    history = [told(search, score) for score in (0.1, 0.2, 0.3, 0.4)]
    assert [place(trial) for trial in history] == [(0, None), (0, None), (1, 1), (0, None)]
    promoted, other = search.ask(), search.ask()  # two workers
    assert [place(promoted), place(other)] == [(1, 3), (0, None)]
    search.tell(other, 0.5)  # promotable in rung 0: it is the best of four
    search.tell(promoted, 0.6)  # promotable in rung 1: it is the best of two
    assert place(search.ask()) == (2, promoted.number)
    assert place(search.ask()) == (1, other.number)


def test_a_running_promotion_is_not_made_twice() -> None:
    search = Search(ASHA(LINE, max_budget=3))
    for score in (0.1, 0.2, 0.3):
        told(search, score)
    assert [place(search.ask()) for _ in range(3)] == [(1, 2), (0, None), (0, None)]


def test_nobody_waits_for_a_straggler() -> None:
    search = Search(ASHA(LINE, max_budget=9))
    straggler = search.ask()
    for _ in range(200):
        told(search, 0.5)
    assert straggler.number in {trial.number for trial in search.history.running}
    assert {trial.suggestion.budget for trial in search.history.completed} == {1, 3, 9}


def test_a_failure_counts_and_is_never_promoted() -> None:
    search = Search(ASHA(LINE, max_budget=3))
    for score in (math.nan, 0.2, math.nan):
        told(search, score)
    failed = search.ask()
    assert place(failed) == (1, 1)
    search.tell(failed, math.nan)
    for score in (math.nan, math.nan, math.nan):  # six have finished, one is ranked, and promoted
        assert place(told(search, score)) == (0, None)
    assert place(search.ask()) == (0, None)


def test_equals_are_promoted_in_order_of_number() -> None:
    search = Search(ASHA(LINE, max_budget=3))
    asked = [search.ask() for _ in range(3)]
    for trial in reversed(asked):
        search.tell(trial, 0.5)
    assert place(search.ask()) == (1, 0)


@pytest.mark.parametrize("workers", [1, 4, 20])
@pytest.mark.parametrize("factor", [2, 3])
def test_the_rule_holds_for_several_workers(workers, factor) -> None:
    """Against the paper's rule, read off the history anew before each suggestion."""
    rng = np.random.default_rng(workers)
    search = Search(ASHA(LINE, max_budget=27, factor=factor), seed=workers)
    strategy, running = search.strategy, []

    def expected() -> tuple[int, int | None]:
        history = search.history
        taken = {trial.suggestion.parent for trial in history}
        for k in reversed(range(len(strategy.budgets) - 1)):
            rung = [t for t in history.finished if t.suggestion.info["rung"] == k]
            good = [t for t in rung if t.status is Status.COMPLETED]
            good.sort(key=lambda t: (-t.score, t.number))
            for trial in good[: len(rung) // factor]:
                if trial.number not in taken:
                    return k + 1, trial.number
        return 0, None

    while len(search.history) < 300:
        while len(running) < workers:
            wanted = expected()
            running.append(search.ask())
            assert place(running[-1]) == wanted
        trial = running.pop(int(rng.integers(len(running))))
        search.tell(trial, math.nan if rng.random() < 0.1 else float(rng.normal()))
    promotions = [trial for trial in search.history if trial.suggestion.parent is not None]
    assert len(promotions) > 300 / factor / 2
    for trial in promotions:
        assert trial.configuration == search.history[trial.suggestion.parent].configuration


def test_budgets_are_those_of_successive_halving() -> None:
    assert ASHA(LINE).budgets == [1, 3, 9, 27]
    assert ASHA(LINE, max_budget=40).budgets == [1, 4, 13, 40]
    assert ASHA(LINE, min_budget=4, max_budget=100).budgets == [11, 33, 100]
    assert ASHA(LINE, max_budget=1).budgets == [1]
    made = ASHA(LINE, max_budget=np.int64(9), factor=np.int64(3))
    assert {type(budget) for budget in made.budgets} == {int}


def test_what_an_exhausted_space_leaves_climbs_to_the_top() -> None:
    search = Search(ASHA(Space({"a": Integer(0, 3)}), max_budget=9))  # four candidates
    history = search.run(lambda s: Evaluation(float(s.configuration["a"])))
    assert [place(trial)[0] for trial in history] == [0, 0, 0, 1, 0, 2]
    assert history.best().suggestion.budget == 1 or history[5].configuration["a"] >= 2
    assert search.ask() is Pause.DONE


def test_a_failed_climb_is_given_to_the_next() -> None:
    search = Search(ASHA(Space({"a": Integer(0, 1)}), max_budget=3))  # two, and none in three
    told(search, 0.5)
    told(search, 0.4)
    assert place(told(search, math.nan)) == (1, 0)
    assert search.history.running == []
    assert place(search.ask()) == (1, 1)
    assert search.ask() is Pause.WAIT


def test_resumed_with_several_running(tmp_path) -> None:
    whole, cut = Search(ASHA(LINE), seed=1), Search(ASHA(LINE), seed=1, journal=tmp_path / "cut")
    for search in (whole, cut):
        asked = [search.ask() for _ in range(5)]
        for trial in asked[2:]:
            search.tell(trial, trial.configuration["x"])
        assert place(search.ask())[0] == 1  # runs when the search is cut
    cut.close()
    again = Search(ASHA(LINE), seed=1, journal=tmp_path / "cut")
    assert [again.ask().number for _ in range(3)] == [0, 1, 5]  # what was interrupted
    assert again.ask().configuration == whole.ask().configuration
    again.close()


def test_first_configurations() -> None:
    # Golden: changes only with how configurations are drawn, which is said in the change log.
    space = Space({"units": Integer(8, 512, log=True), "activation": Choice(["relu", "tanh"])})
    history = Search(ASHA(space), seed=0).run(
        lambda s: Evaluation(float(s.configuration["units"])), trials=4
    )
    assert [(dict(t.configuration), t.suggestion.budget) for t in history] == [
        ({"units": 113, "activation": "relu"}, 1),
        ({"units": 324, "activation": "tanh"}, 1),
        ({"units": 11, "activation": "relu"}, 1),
        ({"units": 324, "activation": "tanh"}, 3),
    ]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_budget": 0}, "max_budget=0"),
        ({"min_budget": 30}, "max_budget=27 is less than min_budget=30"),
        ({"factor": 1}, "factor=1"),
    ],
)
def test_bad_options_are_named(options, named) -> None:
    with pytest.raises(ValueError, match=named):
        ASHA(LINE, **options)
