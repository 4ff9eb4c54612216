"""Search: asks and tells in the right order, and loses nothing, wherever it is interrupted."""

import itertools
import json
import math
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coursekit.journal
import coursekit.search
import coursekit.status_line
import coursekit.trials
from coursekit.search import Search
from coursekit.spaces import Chain, Choice, Float, Integer, Space
from coursekit.strategies import (
    STRATEGIES,
    TPE,
    Bayesian,
    Grid,
    Hyperband,
    LocalSearch,
    Random,
    RegularizedEvolution,
    Reinforce,
    make,
)
from coursekit.trials import Evaluation, Pause, Status, Suggestion, Trial

SPACE = Space(
    {"rate": Float(1e-4, 1e-1, log=True), "units": Integer(1, 64), "kind": Choice(["a", "b", "c"])}
)


def evolution():
    return RegularizedEvolution(SPACE, population_size=4, sample_size=2)


def estimate(suggestion):
    found = suggestion.configuration
    score = -abs(math.log10(found["rate"]) + 2) + found["units"] / 64 + (found["kind"] == "b")
    return Evaluation(score, (score / 2, score), cost=2.0)


def told(history):
    """What a history tells, as plain data."""
    return [
        (t.number, dict(t.configuration), t.suggestion.parent, t.status, t.score, t.curve, t.cost)
        for t in history
    ]


def test_run_ends_at_so_many_trials_of_the_whole_search():
    search = Search(evolution(), seed=1)
    assert len(search.run(estimate, trials=7)) == 7
    assert len(search.run(estimate, trials=7)) == 7
    assert told(search.run(estimate, trials=12)) == told(
        Search(evolution(), seed=1).run(estimate, trials=12)
    )


def test_run_ends_once_so_many_seconds_are_spent():
    search = Search(evolution())
    assert len(search.run(estimate, seconds=7)) == 4  # 2 s each: the fourth was begun before 7 s
    assert search.spent == 8


def test_run_ends_with_the_strategy():
    space = Space({"kind": Choice(["a", "b", "c"])})
    history = Search(Grid(space)).run(lambda suggestion: Evaluation(0.5))
    assert [t.configuration["kind"] for t in history] == ["a", "b", "c"]


def test_a_seed_decides_everything():
    first, again, other = (
        told(Search(evolution(), seed=seed).run(estimate, trials=20)) for seed in (3, 3, 4)
    )
    assert first == again != other


def test_results_come_in_any_order():
    search = Search(Random(SPACE))
    trials = [search.ask() for _ in range(3)]
    search.tell(trials[2], 0.3)
    search.tell(0, Evaluation(0.1, cost=5))
    assert [t.number for t in search.history.completed] == [2, 0]
    assert [t.number for t in search.history.running] == [1]
    assert search.spent == 5


@pytest.mark.parametrize("journaled", [False, True])
def test_a_result_counts_once(tmp_path, journaled):
    search = Search(Random(SPACE), journal=tmp_path / "j" if journaled else None)
    search.tell(search.ask(), 0.5)
    for number, why in ((0, "has finished already"), (7, "was never suggested")):
        with pytest.raises(ValueError, match=f"trial {number} {why}"):
            search.tell(number, 0.6)
    assert search.history.best().score == 0.5
    search.close()
    if journaled:
        assert len((tmp_path / "j").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "result",
    [None, "good", Evaluation(0.5, 3.0), Evaluation(0.5, cost=None), Evaluation(0.5, [None])],
    ids=repr,
)
def test_what_is_no_result_is_refused_before_it_is_written(tmp_path, result):
    search = Search(Random(SPACE), journal=tmp_path / "j")
    trial = search.ask()
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(TypeError, match="is not a result: give a score, or an Evaluation"):
        search.tell(trial, result)
    assert (tmp_path / "j").read_bytes() == before and search.history.running == [trial]
    search.tell(trial, Evaluation(np.float32(0.5), np.array([0.25, 0.5]), np.int64(3)))
    search.close()
    with Search(Random(SPACE), journal=tmp_path / "j") as again:
        assert again.history[0].curve == (0.25, 0.5) and again.spent == 3.0


@pytest.mark.parametrize("cost", [math.nan, math.inf, -1])
def test_a_cost_is_a_number_of_seconds(cost):
    search = Search(Random(SPACE))
    search.ask()
    with pytest.raises(ValueError, match=f"cost={float(cost)}"):
        search.tell(0, Evaluation(0.5, cost=cost))
    assert search.spent == 0 and search.history.running


@pytest.mark.parametrize("answer", [None, {"rate": 0.1}])
def test_what_is_no_suggestion_is_refused(answer):
    class Wrong(Random):
        def suggest(self, history, rng):
            return answer

    with pytest.raises(TypeError, match=r"Wrong.suggest returned .*give a Suggestion"):
        Search(Wrong(SPACE)).ask()


def test_a_strategy_is_one_of_a_space():
    with pytest.raises(TypeError, match="give a strategy of a space"):
        Search(Random)
    with pytest.raises(TypeError, match="give a Space, as"):
        Random({"rate": 0.1})


def test_failures_are_kept_if_they_are_expected():
    def fails(suggestion):
        if suggestion.configuration["kind"] == "a":
            raise ZeroDivisionError
        return estimate(suggestion)

    history = Search(evolution(), seed=2).run(fails, trials=20, catch=ZeroDivisionError)
    failed = [t for t in history if t.status is Status.FAILED]
    assert {t.configuration["kind"] for t in failed} == {"a"}
    assert all(math.isnan(t.score) for t in failed)
    assert len(history.completed) + len(failed) == 20

    search = Search(evolution(), seed=2)
    with pytest.raises(ZeroDivisionError):
        search.run(fails, trials=20)
    stopped_at = search.history.running[0]
    assert search.ask() is stopped_at  # which is handed out again


def test_a_strategy_that_waits_for_others_says_for_whom():
    search = Search(Hyperband(SPACE, max_budget=9, factor=3, iterations=1))
    held = []
    while isinstance(trial := search.ask(), coursekit.trials.Trial):
        held.append(trial.number)
    assert trial is Pause.WAIT
    with pytest.raises(RuntimeError, match=r"Hyperband waits .* \[0, 1"):
        search.run(estimate)


@pytest.mark.parametrize("seed", [-1, 0.5, True, "1", None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises((TypeError, ValueError), match=f"seed={seed!r}: give a whole number, 0 or"):
        Search(Random(SPACE), seed=seed)


@pytest.mark.parametrize("limit", [{"trials": -1}, {"seconds": math.nan}])
def test_a_limit_is_a_number(limit):
    (name, value) = limit.copy().popitem()
    with pytest.raises(ValueError, match=f"{name}={value!r}"):
        Search(Random(SPACE)).run(estimate, **limit)


def test_progress_is_a_line_from_the_second_second_on(monkeypatch, capsys):
    clock = itertools.count(step=0.9)
    monkeypatch.setattr(coursekit.status_line.time, "monotonic", lambda: next(clock))
    Search(Random(SPACE), seed=1).run(lambda s: Evaluation(0.25), trials=4, progress=True)
    lines = capsys.readouterr().err
    assert lines == "\r3/4 trials, best 0.2500, 3 s\r4/4 trials, best 0.2500, 4 s\n"
    Search(Random(SPACE), seed=1).run(lambda s: Evaluation(0.25), trials=4)
    assert capsys.readouterr().err == ""  # no terminal


# Resuming


@pytest.mark.parametrize("strategy", [evolution, lambda: Random(SPACE)])
def test_a_resumed_search_goes_on_as_if_it_had_never_stopped(tmp_path, strategy):
    whole = Search(strategy(), seed=5, journal=tmp_path / "whole")
    expected = told(whole.run(estimate, trials=12))
    whole.close()
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    for kept in range(len(lines) + 1):
        path = tmp_path / f"{kept}"
        path.write_bytes(b"".join(lines[:kept]))
        search = Search(strategy(), seed=5, journal=path)
        finished = max(0, kept - 1) // 2
        assert search.history.count_finished == finished
        assert told(search.run(estimate, trials=12)) == expected
        search.close()
        assert path.read_bytes() == b"".join(lines)


def test_what_ran_when_it_stopped_is_handed_out_again(tmp_path):
    search = Search(Random(SPACE), seed=5, journal=tmp_path / "j")
    asked = [search.ask() for _ in range(3)]
    search.tell(asked[1], 0.5)
    search.close()
    again = Search(Random(SPACE), seed=5, journal=tmp_path / "j")
    assert [again.ask(), again.ask()] == [asked[0], asked[2]]
    assert again.ask().number == 3
    again.close()


class Interrupt:
    """Ctrl-C before the n-th line that the search's own files execute; how many there were."""

    files = frozenset(m.__file__ for m in (coursekit.search, coursekit.journal, coursekit.trials))

    def __init__(self, at):
        self.at, self.lines = at, 0

    def _trace(self, frame, event, argument):
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                signal.raise_signal(signal.SIGINT)
        return self._trace

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *error):
        sys.settrace(self.before)


@pytest.mark.parametrize("journaled", [False, True])
def test_ctrl_c_anywhere_loses_and_doubles_nothing(tmp_path, journaled):
    def search_in(name):
        return Search(evolution(), seed=5, journal=tmp_path / name if journaled else None)

    whole = search_in("whole")
    expected = told(whole.run(estimate, trials=6))
    whole.close()
    stopped = 0
    for line in itertools.count(1):
        search, interrupt = search_in(f"{line}"), Interrupt(at=line)
        try:
            with interrupt:
                search.run(estimate, trials=3)
        except KeyboardInterrupt:
            stopped += 1
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert told(search.run(estimate, trials=6)) == expected, f"interrupted at {line}"
        search.close()
        if journaled:
            written = (tmp_path / f"{line}").read_bytes()
            assert written == (tmp_path / "whole").read_bytes(), f"interrupted at {line}"
        if interrupt.lines < line:  # that was all of it
            break
    assert stopped == line - 1 > 100


def test_ctrl_c_while_asking_by_hand_loses_no_trial(tmp_path):
    stopped = 0
    for line in itertools.count(1):
        search = Search(Random(SPACE), seed=5, journal=tmp_path / f"{line}")
        interrupt = Interrupt(at=line)
        try:
            with interrupt:
                search.ask()
        except KeyboardInterrupt:
            stopped += 1
            assert search.ask().number == 0, f"interrupted at {line}"
        search.close()
        if interrupt.lines < line:
            break
    assert stopped == line - 1 > 15


def test_trials_asked_for_by_hand_stay_with_who_asked():
    search = Search(Random(SPACE), seed=5)
    mine = search.ask()

    def stops(suggestion):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search.run(stops, trials=5)
    assert search.ask().number == mine.number + 1  # the interrupted one, not mine
    assert search.ask().number == mine.number + 2


# What others made


def test_replay_takes_in_what_others_made():
    search = Search(evolution(), seed=5)
    search.replay(
        [Suggestion({"rate": 0.01, "units": 3, "kind": "b"}), (0, Evaluation(0.5, cost=3))]
    )
    assert search.history.best().configuration["units"] == 3
    assert search.spent == 3 and search.ask().number == 1


def test_the_journal_is_one_json_line_an_event(tmp_path):
    path = Path(tmp_path / "deep" / "journal.jsonl")
    search = Search(Random(SPACE), seed=5, journal=path)
    trial = search.ask()
    assert len(path.read_text().splitlines()) == 2  # before anything runs
    search.tell(trial, Evaluation(math.nan, (0.1, math.nan), cost=1.5))
    search.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[1] == {"suggest": 0, "configuration": dict(trial.configuration)}
    assert lines[2] == {"finish": 0, "score": None, "curve": [0.1, None], "cost": 1.5}


# Trials that were run elsewhere


def good(search, count=5):
    """Hand in some trials with their true results."""
    rng = np.random.default_rng(1)
    return [
        search.add(found, estimate(Suggestion(found)))
        for found in [SPACE.sample(rng) for _ in range(count)]
    ]


@pytest.mark.parametrize("strategy", [TPE, Bayesian, evolution, LocalSearch, Reinforce])
def test_strategies_learn_from_trials_that_were_run_elsewhere(strategy):
    def make():
        return strategy() if strategy is evolution else strategy(SPACE)

    seen = []
    learning = make()
    observe = type(learning).observe

    class Watching(type(learning)):
        def observe(self, trial, rng):
            seen.append(trial.number)
            observe(self, trial, rng)

    search = Search(Watching(SPACE, **learning.options))
    running = search.ask()
    added = good(search, 12)
    assert seen == [trial.number for trial in added] == list(range(1, 13))
    search.tell(running, 0.0)
    assert seen[-1] == 0
    following = search.ask().suggestion
    other = Search(make())
    other.ask()
    assert following != other.ask().suggestion
    if strategy is evolution:
        assert following.parent in seen


def test_added_trials_count_in_no_limit_and_are_shown(tmp_path):
    search = Search(evolution(), journal=tmp_path / "j")
    added = good(search)
    assert search.spent == 0 and all(trial.added for trial in added)
    history = search.run(estimate, trials=3)
    assert len(history) == 8 and search.spent == 6 and list(history.added) == added
    assert [trial.added for trial in history] == [True] * 5 + [False] * 3
    assert ["added" in info for info in history.frame()["info"]] == [True] * 5 + [False] * 3
    search.close()


def test_a_program_that_adds_and_runs_can_be_resumed(tmp_path):
    whole = Search(evolution())
    good(whole)
    whole.run(estimate, trials=6)
    for trials in range(7):
        search = Search(evolution(), journal=tmp_path / "j")
        good(search)  # again in each life
        search.run(estimate, trials=trials)
        search.close()
    assert told(search.history) == told(whole.history)
    assert [t.suggestion for t in search.history] == [t.suggestion for t in whole.history]
    lines = (tmp_path / "j").read_text().splitlines()
    assert [json.loads(line)["add"] for line in lines[1:6]] == [0, 1, 2, 3, 4]


def test_an_added_line_that_is_torn_anywhere_is_no_trial(tmp_path):
    with Search(evolution(), journal=tmp_path / "j") as search:
        good(search, 2)
    content = (tmp_path / "j").read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last + 1, len(content) - 1, 7):
        (tmp_path / "torn").write_bytes(content[:end])
        with pytest.warns(UserWarning, match="incomplete"):
            search = Search(evolution(), journal=tmp_path / "torn")
        assert len(search.history) == 1 and not search.history.running
        search.close()


def test_a_loss_is_added_with_its_own_sign():
    search = Search(evolution(), minimise=True)
    trial = search.add(SPACE.sample(np.random.default_rng(0)), 0.3, curve=[0.9, 0.3], cost=4)
    assert (trial.score, trial.curve, trial.cost) == (-0.3, (-0.9, -0.3), 4.0)
    assert list(search.history.frame()["score"]) == [0.3]


def test_a_failure_elsewhere_is_a_failure_here():
    search = Search(Random(SPACE))
    found = SPACE.sample(np.random.default_rng(0))
    trial = search.add(found, math.nan)
    assert trial.status is Status.FAILED and search.add(found, math.nan) is trial


def test_an_added_trial_does_not_run_again_and_has_no_place_in_a_bracket():
    space = Space({"kind": Choice(["a", "b", "c"])})
    search = Search(Grid(space))
    search.add({"kind": "b"}, 1.0)
    assert [t.configuration["kind"] for t in search.run(lambda s: 0.5)] == ["b", "a", "c"]
    alone = Search(Hyperband(SPACE, max_budget=4, factor=2, iterations=1))
    brackets = Search(Hyperband(SPACE, max_budget=4, factor=2, iterations=1))
    brackets.add(SPACE.sample(np.random.default_rng(0)), 1.0, budget=4)
    wanted = [t.suggestion.info for t in alone.run(lambda s: s.configuration["rate"])]
    found = [t.suggestion.info for t in brackets.run(lambda s: s.configuration["rate"])]
    assert found[1:] == wanted


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (({"rate": 0.01, "units": 3}, 1.0), "kind is missing"),
        (({"rate": 5.0, "units": 3, "kind": "a"}, 1.0), r"rate=5\.0 is not a number from"),
        (({"rate": 0.01, "units": 3, "kind": "a", "x": 1}, 1.0), "x=1 is not a parameter"),
        (({"rate": 0.01, "units": 3, "kind": "a"}, "0.9"), "not a result"),
        (("abc", 1.0), "configuration='abc'"),
    ],
)
def test_what_does_not_fit_is_not_added(tmp_path, given, wrong):
    search = Search(Random(SPACE), journal=tmp_path / "j")
    with search, pytest.raises((TypeError, ValueError), match=wrong):
        search.add(*given)
    assert len(search.history) == 0 and len((tmp_path / "j").read_text().splitlines()) == 1


def test_numpys_scalars_are_added_as_plain_ones(tmp_path):
    given = {"rate": np.float64(0.01), "units": np.int64(3), "kind": np.str_("a")}
    with Search(Random(SPACE), journal=tmp_path / "j") as search:
        trial = search.add(given, np.float32(0.5))
    assert [type(value) for value in trial.configuration.values()] == [float, int, str]


def test_options_of_a_search_and_its_run_are_checked(tmp_path: Path):
    space = Space({"x": Float(0, 1)})
    for wrong in ("yes", 1, None):
        with pytest.raises(TypeError, match=f"minimise={wrong!r}: give True or False"):
            Search(Random(space), minimise=wrong)
    with pytest.raises(ValueError, match="there is no such home folder"):
        Search(Random(space), journal="~nobody-here/a.jsonl")
    search = Search(Random(space), journal=tmp_path / "a.jsonl")
    for wrong in (2.5, "3", True):
        with pytest.raises(TypeError, match=r"trials=.*: give a whole number, 0 or more"):
            search.run(lambda suggestion: 1.0, trials=wrong)
    for wrong in ("ValueError", (ValueError, 3), BaseException):
        with pytest.raises(TypeError, match=r"catch=.*: give a class of exceptions"):
            search.run(lambda suggestion: 1.0, trials=1, catch=wrong)
    trial = search.ask()
    search.close()
    for after in (lambda: search.tell(trial, 0.5), search.ask):
        with pytest.raises(ValueError, match=r"a\.jsonl is closed: open it again to continue"):
            after()


def test_what_is_enqueued_runs_first_and_is_learnt_from(tmp_path: Path) -> None:
    space = Space({"x": Integer(0, 50), "y": Integer(0, 50)})
    wanted = [{"x": 7, "y": 3}, {"x": 9, "y": 9}]
    for name, cls in STRATEGIES.items():
        if cls.budgeted or not cls.supports(space):
            continue
        file = tmp_path / name
        with Search(make(name, space), journal=file) as search:
            for each in [*wanted, wanted[0]]:  # one of them twice
                search.enqueue(each)
            first = search.ask()
            assert isinstance(first, Trial) and first.configuration == wanted[0]
        with Search(make(name, space), journal=file) as search:  # the program starts again
            for each in wanted:
                search.enqueue(each)
            history = search.run(lambda s: float(s.configuration["x"]), trials=15)
        assert [dict(trial.configuration) for trial in history[:2]] == wanted
        assert len(history) == history.count_finished == 15
        whole = Search(make(name, space))
        for each in wanted:
            whole.enqueue(each)
        assert list(whole.run(lambda s: float(s.configuration["x"]), trials=15)) == list(history)


def test_what_cannot_be_enqueued_is_refused() -> None:
    space = Space({"x": Integer(0, 50)})
    search = Search(make("random", space))
    with pytest.raises(ValueError, match="x=99 is not"):
        search.enqueue({"x": 99})
    with pytest.raises(TypeError, match="each parameter's value by name"):
        search.enqueue(3)  # type: ignore[arg-type]
    assert not len(search.history)
    with pytest.raises(ValueError, match="Hyperband plans the budget"):
        Search(make("hyperband", space)).enqueue({"x": 1})


@pytest.mark.parametrize("minimise", [False, True])
def test_a_search_continues_with_another_strategy(tmp_path: Path, minimise: bool) -> None:
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    first = Search(make("random", space), minimise=minimise)
    first.run(lambda s: s.configuration["x"], trials=12)
    for _ in range(2):  # the second time it resumes
        with Search(make("tpe", space), journal=tmp_path / "second", minimise=minimise) as second:
            assert second.learn_from(first.history) == 12
            second.run(lambda s: s.configuration["x"], trials=5)
            assert len(second.history.added) == 12 and len(second.history) == 17
            scores = [trial.score for trial in first.history.finished]
            assert [trial.score for trial in second.history.added] == scores
    assert second.history.best().score >= first.history.best().score
    with pytest.raises(ValueError, match="their scores mean different things"):
        Search(make("tpe", space), minimise=not minimise).learn_from(first.history)
    other = Search(make("tpe", Space({"x": Float(0, 1)})), minimise=minimise)
    with pytest.raises(ValueError, match=r"y=.* is not a parameter"):
        other.learn_from(first.history)
    assert not len(other.history)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_learns_from_another_search(name: str) -> None:
    space = Chain({"dense": {"units": Integer(1, 20)}}, (1, 3))  # every strategy supports it

    def score(configuration: Mapping[str, Any]) -> float:
        return float(sum(value for key, value in configuration.items() if "units" in key))

    first = Search(make("random", space), seed=5)
    first.run(lambda s: score(s.configuration), trials=30)
    search, alone = (Search(make(name, space), seed=1) for _ in range(2))
    search.learn_from(first.history)
    known = {space.key(trial.configuration) for trial in first.history}
    for _ in range(25):
        trial = search.ask()
        assert isinstance(trial, Trial)
        if not search.strategy.budgeted and not search.strategy.repeats:
            assert space.key(trial.configuration) not in known  # what is known is not run again
        search.tell(trial, score(trial.configuration))
    alone.run(lambda s: score(s.configuration), trials=25)
    mine = [trial.configuration for trial in search.history if not trial.added]
    assert mine != [trial.configuration for trial in alone.history]
