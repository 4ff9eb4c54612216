"""Successive halving: the best of each rung go on, in whatever order results come."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import STRATEGIES, Strategy
from coursekit.strategies.rungs import Halving
from coursekit.strategies.successive_halving import SuccessiveHalving
from coursekit.trials import Evaluation, Pause, Status, Suggestion, Trial

LINE = Space({"x": Float(0, 1)})
BRACKETS = [name for name, cls in STRATEGIES.items() if issubclass(cls, Halving)]


def by_x(suggestion: Suggestion) -> Evaluation:
    return Evaluation(suggestion.configuration["x"], cost=suggestion.budget)


def place(trial: Trial) -> tuple[int, int, int]:
    info = trial.suggestion.info
    return info["iteration"], info["bracket"], info["rung"]


def rungs(trials) -> dict[tuple[int, int, int], list[Trial]]:
    found = defaultdict(list)
    for trial in trials:
        found[place(trial)].append(trial)
    return found


def drive(strategy: Strategy, trials: int, workers: int, seed: int = 0, failing: float = 0.0):
    """Several at a time, told in random order; noise in the scores and, if wanted, failures."""
    rng, search = np.random.default_rng(seed), Search(strategy, seed=seed)
    running: list[Trial] = []
    pause = None
    while search.history.count_finished < trials:
        while len(running) < workers:
            pause = search.ask()
            if isinstance(pause, Pause):
                break
            running.append(pause)
        if not running:
            assert pause is Pause.DONE
            break
        trial = running.pop(int(rng.integers(len(running))))
        search.tell(trial, math.nan if rng.random() < failing else float(rng.normal()))
    return search


def check_promotions(search: Search, eta: int) -> None:
    """Whoever was promoted was among the best of a rung that had finished, as it is named."""
    history = search.history
    of = rungs(history)
    for (iteration, bracket, rung), trials in of.items():
        if rung == 0:
            assert {trial.suggestion.parent for trial in trials} == {None}
            continue
        below = of[iteration, bracket, rung - 1]
        ranked = sorted(
            (each for each in below if each.status is Status.COMPLETED), key=lambda t: -t.score
        )
        # In order of suggestion: the best first.
        assert [t.suggestion.parent for t in trials] == [t.number for t in ranked[: len(trials)]]
        for trial in trials:
            parent = history[trial.suggestion.parent]
            assert trial.configuration == parent.configuration
            assert trial.suggestion.budget == parent.suggestion.budget * eta
        assert len(trials) <= max(1, -(-len(below) // eta)) or search.strategy.space.count < 100


def test_one_bracket_as_in_the_paper() -> None:
    search = Search(SuccessiveHalving(LINE, iterations=1))
    history = search.run(by_x, trials=200)  # done before that
    assert Counter((*place(t), t.suggestion.budget) for t in history) == {
        (0, 3, 0, 1): 27,
        (0, 3, 1, 3): 9,
        (0, 3, 2, 9): 3,
        (0, 3, 3, 27): 1,
    }
    check_promotions(search, 3)
    first = sorted((t.configuration["x"] for t in history[:27]), reverse=True)
    assert [t.configuration["x"] for t in history[27:36]] == first[:9]
    assert history[-1].configuration["x"] == first[0]
    assert search.ask() is Pause.DONE


def test_sizes_and_epochs_are_rounded_down() -> None:
    made = SuccessiveHalving(LINE, trials=20, min_budget=2, max_budget=10, factor=2)
    assert [(rung.trials, rung.start, rung.stop) for rung in made.table] == [
        (20, 0, 2),
        (10, 2, 5),
        (5, 5, 10),
    ]


def test_first_configurations() -> None:
    # Golden: changes only with how configurations are drawn, which is said in the change log.
    space = Space({"units": Integer(8, 512, log=True), "activation": Choice(["relu", "tanh"])})
    history = Search(SuccessiveHalving(space), seed=0).run(lambda s: Evaluation(0.0), trials=3)
    assert [dict(trial.configuration) for trial in history] == [
        {"units": 113, "activation": "relu"},
        {"units": 324, "activation": "tanh"},
        {"units": 11, "activation": "relu"},
    ]


def test_the_next_bracket_follows() -> None:
    history = Search(SuccessiveHalving(LINE, max_budget=9)).run(by_x, trials=30)
    assert [place(trial)[0] for trial in history] == [0] * 13 + [1] * 13 + [2] * 4
    assert len({trial.configuration["x"] for trial in history}) == 9 + 9 + 4


@pytest.mark.parametrize("name", BRACKETS)
@pytest.mark.parametrize("workers", [1, 3, 20])
@pytest.mark.parametrize("failing", [0.0, 0.3])
def test_promotions_are_right_in_any_order(name, workers, failing) -> None:
    for seed in range(3):
        made = STRATEGIES[name](LINE, max_budget=9)
        check_promotions(drive(made, 150, workers, seed, failing), 3)


def test_while_results_are_out_the_next_bracket_begins() -> None:
    search = Search(SuccessiveHalving(LINE, max_budget=3))
    first = [search.ask() for _ in range(3)]
    assert place(search.ask()) == (1, 1, 0)
    for trial in first:
        search.tell(trial, by_x(trial.suggestion))
    assert place(search.ask()) == (0, 1, 1)  # promotions come first
    assert place(search.ask()) == (1, 1, 0)


def test_a_bracket_that_waits_holds_up_no_other() -> None:
    search = Search(SuccessiveHalving(LINE, max_budget=3))
    trials = [search.ask() for _ in range(6)]
    for trial in trials[3:]:
        search.tell(trial, by_x(trial.suggestion))
    assert place(search.ask()) == (1, 1, 1)


def test_with_one_iteration_workers_wait() -> None:
    search = Search(SuccessiveHalving(LINE, max_budget=3, iterations=1))
    first = [search.ask() for _ in range(3)]
    assert search.ask() is Pause.WAIT
    for trial in first:
        search.tell(trial, by_x(trial.suggestion))
    last = search.ask()
    assert search.ask() is Pause.WAIT
    search.tell(last, 1.0)
    assert search.ask() is Pause.DONE


def test_failures_leave_room_for_others_and_are_never_promoted() -> None:
    search = Search(SuccessiveHalving(LINE, max_budget=9, iterations=1))
    good = {2, 7}
    for number in range(9):
        search.tell(search.ask(), 0.5 if number in good else math.nan)
    promoted = [search.ask(), search.ask()]  # not three
    assert [trial.suggestion.parent for trial in promoted] == [2, 7]  # equals: the earlier first
    assert search.ask() is Pause.WAIT
    search.tell(promoted[0], math.nan)
    search.tell(promoted[1], 0.1)
    assert search.ask().suggestion.parent == promoted[1].number


def test_a_bracket_that_fails_altogether_is_over() -> None:
    search = Search(SuccessiveHalving(LINE, max_budget=3))
    for _ in range(3):
        search.tell(search.ask(), math.nan)
    assert place(search.ask()) == (1, 1, 0)


@pytest.mark.parametrize("name", BRACKETS)
@pytest.mark.parametrize("workers", [1, 5])
def test_what_an_exhausted_space_leaves_is_promoted(name, workers) -> None:
    small = Space({"a": Integer(0, 12)})  # a bracket of nine, and four of the next
    search = drive(STRATEGIES[name](small, max_budget=9), 1000, workers, failing=0.1)
    check_promotions(search, 3)
    of = rungs(search.history)
    assert sum(len(trials) for key, trials in of.items() if key[2] == 0) == 13
    for (iteration, bracket, rung), trials in of.items():
        if rung < bracket and any(t.status is Status.COMPLETED for t in trials):
            assert of[iteration, bracket, rung + 1]


@pytest.mark.parametrize("name", [*BRACKETS, "asha"])
def test_resumed_in_the_middle_of_a_rung(name, tmp_path) -> None:
    def run(journal, until):
        search = Search(STRATEGIES[name](LINE, max_budget=9), seed=4, journal=journal)
        search.run(by_x, trials=until)
        search.close()
        return [(dict(t.configuration), t.suggestion.budget) for t in search.history]

    whole = run(tmp_path / "whole", 30)
    for stop in (2, 3, 5, 9, 11, 12, 13, 20):
        run(tmp_path / f"{stop}", stop)
        assert run(tmp_path / f"{stop}", 30) == whole


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_budget": 0}, "max_budget=0"),
        ({"min_budget": 30}, "max_budget=27 is less than min_budget=30"),
        ({"factor": 1}, "factor=1"),
        ({"trials": 26}, "trials=26"),
        ({"iterations": 0}, "iterations=0"),
    ],
)
def test_bad_options_are_named(options, named) -> None:
    with pytest.raises(ValueError, match=named):
        SuccessiveHalving(LINE, **options)


def test_it_finds_the_best_with_fewer_epochs_than_random_search() -> None:
    # Scores come true with the epochs; what random search pays 27 for, a promotion decides by 1.
    def judge(suggestion: Suggestion) -> Evaluation:
        x = suggestion.configuration["x"]
        return Evaluation(x * (1 - 0.5 / suggestion.budget), cost=suggestion.budget)

    won = 0
    for seed in range(40):
        halved = Search(SuccessiveHalving(LINE), seed=seed).run(judge, seconds=4 * 27)
        best = max(t.configuration["x"] for t in halved if t.suggestion.budget == 27)
        at_random = Search(STRATEGIES["random"](LINE), seed=1000 + seed).run(
            lambda s: Evaluation(s.configuration["x"], cost=27), seconds=4 * 27
        )
        won += best > at_random.best().configuration["x"]
    # The best of 27 beats that of 4 with probability 27/31; 24 of 40 or fewer: 1.7e-5.
    assert won > 24
