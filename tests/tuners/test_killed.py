"""Nothing finished is ever lost: kill -9 at any moment, and interrupts."""

import json
import os
import signal
import sys

import numpy as np
import pytest

from coursekit.journal import Journal as TunerJournal
from coursekit.tuners.project import NAME
from tests.tuners.untrained import SPACE, discover, lines, objective, told, tuner_in, wanted


def live(folder, log, moment, whole, run, options):
    """A process that searches until its `moment`-th call or return of a function, and is killed.

    whole: whether making the tuner counts too.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        left = moment

        def tick(frame, event, argument):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def logged(trial):
            # Not `.values`: a program that reads all of them does not tell which it asks for.
            values = trial.hyperparameters.get_config()["values"]
            os.write(written, json.dumps([int(trial.trial_id), values]).encode() + b"\n")
            return run(trial)

        if whole:
            sys.setprofile(tick)
        tuner = tuner_in(folder, run=logged, **options)
        sys.setprofile(tick)
        tuner.search()
        sys.setprofile(None)
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize(
    "space",
    [
        pytest.param(SPACE, id="known", marks=pytest.mark.nightly(20)),
        pytest.param(None, id="discovered"),
    ],
)
def test_killed_at_sixty_moments_it_loses_nothing_and_repeats_nothing(tmp_path, space):
    options = {"max_trials": 40, "hyperparameters": space}
    run = discover if space is None else lambda trial: objective(trial.hyperparameters.values)
    log, rng, finished, runs, grown = tmp_path / "log", np.random.default_rng(11), set(), [], 0
    log.touch()
    for life in range(60):
        moment = int(rng.integers(1, 6000 if life % 2 else 16_000))
        status = live(tmp_path, log, moment, life % 2 == 0, run, options)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        new = [json.loads(line) for line in log.read_text().splitlines()][len(runs) :]
        assert not finished & {number for number, _ in new}, "ran again what had finished"
        runs += new
        if (tmp_path / "search" / NAME).exists():
            now = {line["finish"] for line in lines(tmp_path) if "finish" in line}
            assert finished <= now, "lost what had finished"
            finished = now
            grown = sum("space" in line for line in lines(tmp_path))
    assert 5 < len(finished) < 40, "choose other moments"
    assert len(runs) > len({number for number, _ in runs}) + 1, "few runs were interrupted"
    assert (grown > 1) == (space is None)
    for number, values in runs:  # an interrupted trial runs again as it was recorded
        first = next(given for each, given in runs if each == number)
        assert values | first == values  # what was discovered since is added
    tuner = tuner_in(tmp_path, run=run, **options)
    tuner.search()
    uninterrupted = tuner_in(tmp_path / "beside", run=run, **options)
    uninterrupted.search()
    assert told(tuner.oracle.history) == told(uninterrupted.oracle.history)
    for trial_id, trial in tuner.oracle.trials.items():
        file = tmp_path / "search" / f"trial_{trial_id}" / "trial.json"
        assert json.loads(file.read_text()) == json.loads(json.dumps(trial.get_state()))


def test_attempts_count_over_a_restart(tmp_path):
    runs = []

    def run(trial):
        runs.append(trial.trial_id)
        if len(runs) == 2:
            raise KeyboardInterrupt
        return float("nan")

    options = {"run": run, "max_trials": 1, "max_retries_per_trial": 2}
    with pytest.raises(KeyboardInterrupt):
        tuner_in(tmp_path, **options).search()
    tuner = tuner_in(tmp_path, **options)
    tuner.search()
    assert runs == ["0000"] * 4  # one of them was no attempt: it was interrupted
    assert tuner.oracle.trials["0000"].status == "FAILED"


def test_an_interrupted_search_goes_on_in_the_same_process(tmp_path):
    stops = iter([False, False, True, *[False] * 99])

    def run(trial):
        if next(stops):
            raise KeyboardInterrupt
        return objective(trial.hyperparameters.values)

    tuner = tuner_in(tmp_path, run=run)
    with pytest.raises(KeyboardInterrupt):
        tuner.search()
    assert [trial.number for trial in tuner.oracle.history.running] == [2]
    tuner.search()
    assert told(tuner.oracle.history) == told(wanted())


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("event", ["suggested", "finished", "grown"])
def test_an_interrupt_between_the_journal_and_the_memory(tmp_path, event, error, written):
    space = None if event == "grown" else SPACE
    run = discover if space is None else None
    whole = tuner_in(tmp_path / "whole", run=run, hyperparameters=space)
    whole.search()
    tuner = tuner_in(tmp_path, run=run, hyperparameters=space)
    write, calls = getattr(TunerJournal, event), []

    def interrupted(*args, **more):
        calls.append(args)
        if written or len(calls) != 2:
            write(*args, **more)
        if len(calls) == 2:
            raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TunerJournal, event, interrupted)
        with pytest.raises(error):
            tuner.search()
    tuner.search()
    assert told(tuner.oracle.history) == told(whole.oracle.history)
    again = tuner_in(tmp_path, hyperparameters=space)
    assert told(again.oracle.history) == told(whole.oracle.history)
