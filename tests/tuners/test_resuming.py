"""Nothing finished is ever lost: kill -9 at any moment, torn journals, damaged files."""

import json
import os
import pickle
import shutil
import signal
import sys

import keras_tuner as kt
import numpy as np
import pytest

import coursekit.tuners
from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import RegularizedEvolution as Strategy
from coursekit.trials import Evaluation, Status
from coursekit.tuners import TPE, Random, RegularizedEvolution, StrategyTuner
from coursekit.tuners.journal import NAME, TunerJournal

SPACE = Space(
    {
        "kind": Choice("ab"),
        "units": Integer(4, 512),
        "rate": Float(1e-4, 1.0, log=True).when(kind="b"),
    }
)
TRIALS = 16


def objective(values):
    return values["units"] / 512 - values.get("rate", 0.3)


def tuner_in(folder, kind=RegularizedEvolution, run=None, **options):
    """A tuner whose trials train nothing."""

    class Untrained(kind):
        def run_trial(self, trial, *args, **kwargs):
            return (run or (lambda trial: objective(trial.hyperparameters.values)))(trial)

    options = {"max_trials": TRIALS, "seed": 3, "hyperparameters": SPACE} | options
    if kind is RegularizedEvolution:
        options = {"population_size": 4, "sample_size": 2} | options
    score = options.pop("objective", kt.Objective("score", "max"))
    tuner = Untrained(objective=score, directory=folder, project_name="search", **options)
    tuner.oracle.verbose = 0
    return tuner


def wanted():
    search = Search(Strategy(SPACE, population_size=4, sample_size=2), seed=3)
    return list(search.run(lambda s: Evaluation(objective(s.configuration)), trials=TRIALS))


def told(history):
    return [(trial.suggestion, trial.status, trial.score) for trial in history]


def lines(folder):
    """The journal's whole lines."""
    content = (folder / "search" / NAME).read_bytes()
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


def discover(trial):
    """What `objective` needs, where an option is discovered with the first "b"."""
    hp = trial.hyperparameters
    values = {"kind": hp.Choice("kind", ["a", "b"]), "units": hp.Int("units", 4, 512)}
    if values["kind"] == "b":
        values["rate"] = hp.Float("rate", 1e-4, 1.0, sampling="log")
    return objective(values)


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
            values = dict(trial.hyperparameters.values)
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


@pytest.mark.parametrize("space", [SPACE, None], ids=["known", "discovered"])
def test_killed_at_sixty_moments_it_loses_nothing_and_repeats_nothing(tmp_path, space):
    options = {"max_trials": 40, "hyperparameters": space}
    run = discover if space is None else lambda trial: objective(trial.hyperparameters.values)
    log, rng, finished, runs, grown = tmp_path / "log", np.random.default_rng(11), set(), [], 0
    log.touch()
    for life in range(60):
        moment = int(rng.integers(1, 4000 if life % 2 else 12_000))
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
    assert len(runs) > len({number for number, _ in runs}) + 5, "few runs were interrupted"
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


def test_a_journal_torn_at_every_byte_of_its_last_line(tmp_path):
    tuner = tuner_in(tmp_path, max_trials=5)
    tuner.search()
    journal = tmp_path / "search" / NAME
    whole = journal.read_bytes()
    suggested = whole.rindex(b'{"suggest"')
    finished = whole.rindex(b'{"finish"')
    for length in range(suggested, len(whole)):
        journal.write_bytes(whole[:length])
        if length not in (suggested, finished):
            with pytest.warns(UserWarning, match="last line was torn") as caught:
                again = tuner_in(tmp_path, max_trials=5)
            assert [w.filename for w in caught if w.category is UserWarning] == [__file__]
        else:
            again = tuner_in(tmp_path, max_trials=5)
        history = again.oracle.history
        assert told(history)[:4] == told(tuner.oracle.history)[:4]
        assert [trial.status for trial in history[4:]] == [Status.RUNNING] * (length >= finished)
        if length % 7 == 0 or length == len(whole) - 1:
            again.search()
            assert told(again.oracle.history) == told(tuner.oracle.history)


def test_a_journal_torn_before_anything_was_suggested_is_begun_anew(tmp_path):
    tuner = tuner_in(tmp_path, max_trials=1)
    tuner.search()
    journal = tmp_path / "search" / NAME
    whole = journal.read_bytes()
    shutil.rmtree(tmp_path / "search" / "trial_0000")
    for length in range(0, whole.index(b'{"suggest"'), 17):
        journal.write_bytes(whole[:length])
        again = tuner_in(tmp_path, max_trials=1)
        again.search()
        shutil.rmtree(tmp_path / "search" / "trial_0000")
        assert told(again.oracle.history) == told(tuner.oracle.history)


def test_a_damaged_line_is_named(tmp_path):
    tuner_in(tmp_path).search()
    journal = tmp_path / "search" / NAME
    whole = journal.read_bytes()
    journal.write_bytes(whole.replace(b'{"finish":2', b'{"finish":x2'))
    with pytest.raises(ValueError, match=r"line \d+ is damaged"):
        tuner_in(tmp_path)
    tuner_in(tmp_path, overwrite=True).search()
    assert len(journal.read_bytes()) == pytest.approx(len(whole), rel=0.1)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"seed": 1', b"\xff\xfe"])
@pytest.mark.parametrize("name", ["oracle.json", "trial_0003/trial.json"])
def test_damaged_files_are_reported_and_rebuilt(tmp_path, name, damage):
    tuner = tuner_in(tmp_path, max_trials=5)
    tuner.search()
    file = tmp_path / "search" / name
    whole = json.loads(file.read_text())
    file.write_bytes(damage)
    with pytest.warns(
        UserWarning, match=f"damaged, and rebuilt from the journal: {name}"
    ) as caught:
        again = tuner_in(tmp_path, max_trials=5)
    assert [w.filename for w in caught if w.category is UserWarning] == [__file__]
    assert told(again.oracle.history) == told(tuner.oracle.history)
    rebuilt = json.loads(file.read_text())
    if name == "oracle.json":
        assert rebuilt["end_order"] == whole["end_order"]
    else:
        assert rebuilt == whole
    best = [tuner.oracle.get_best_trials()[0] for tuner in (tuner, again)]
    assert best[0].get_state() == best[1].get_state()


def test_files_that_say_something_else_or_are_gone_are_rebuilt(tmp_path):
    tuner = tuner_in(tmp_path, max_trials=5)
    tuner.search()
    files = sorted((tmp_path / "search").glob("trial_*/trial.json"))
    whole = [file.read_text() for file in files]
    files[1].write_text(whole[1].replace('"COMPLETED"', '"FAILED"'))
    files[2].unlink()
    with pytest.warns(UserWarning, match="trial_0001/trial.json$"):
        tuner_in(tmp_path, max_trials=5)
    assert [json.loads(file.read_text()) for file in files] == [json.loads(text) for text in whole]


def test_a_tuners_own_damaged_state_is_reported(tmp_path):
    tuner_in(tmp_path, max_trials=2).search()
    (tmp_path / "search" / "tuner0.json").write_text("{")
    with pytest.warns(UserWarning, match=r"tuner0.json is damaged"):
        again = tuner_in(tmp_path, max_trials=2)
    assert again.oracle.history.count_finished == 2


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


def test_a_tuner_made_twice_over_one_folder_as_in_a_notebook(tmp_path):
    first, second = tuner_in(tmp_path, max_trials=3), tuner_in(tmp_path, max_trials=6)
    first.search()
    second.search()
    assert told(second.oracle.history) == told(wanted()[:6])
    first.oracle.max_trials = 8
    first.search()  # what the other one has done counts
    assert told(first.oracle.history) == told(wanted()[:8])
    third = tuner_in(tmp_path, overwrite=True, max_trials=2)
    third.search()
    first.search()
    assert told(first.oracle.history) == told(wanted()[:8])


def test_another_process_is_told_to_stay_away(tmp_path):
    tuner = tuner_in(tmp_path)
    tuner.oracle.open()
    child = os.fork()
    if not child:
        coursekit.tuners.journaled._holders.clear()
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            tuner_in(tmp_path).search()
        except ValueError as error:
            os._exit(7 if "is open in another search" in str(error) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    tuner.search()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seed": 4}, "its seed is 3, this one's is 4; overwrite=True"),
        ({"population_size": 5}, "its options is"),
        ({"objective": kt.Objective("score", "min")}, "its objective is"),
        ({"kind": TPE}, "its strategy is 'RegularizedEvolution', this one's is 'TPE'"),
        ({"hyperparameters": Space({"units": Integer(4, 99)})}, "max_value: 512.*max_value: 99"),
    ],
)
def test_the_journal_of_another_search_is_no_good(tmp_path, change, why):
    tuner_in(tmp_path, max_trials=2).search()
    with pytest.raises(ValueError, match=why):
        tuner_in(tmp_path, **change)


def test_a_project_of_keras_tuners_own_is_no_good(tmp_path):
    tuner_in(tmp_path, kt.RandomSearch, hyperparameters=None, run=lambda trial: 1.0).search()
    with pytest.raises(ValueError, match="holds a search without a journal"):
        tuner_in(tmp_path)
    tuner_in(tmp_path, overwrite=True).search()


def test_more_to_search_than_before_is_taken_in(tmp_path):
    tuner_in(tmp_path, max_trials=3).search()
    larger = Space(
        [*[(p.name, p.domain.when(p.parents) if p.parents else p.domain) for p in SPACE.parameters],
         ("new", Integer(2, 9))]
    )  # fmt: skip
    tuner = tuner_in(tmp_path, max_trials=6, hyperparameters=larger)
    assert [trial.configuration["new"] for trial in tuner.oracle.history] == [2, 2, 2]
    tuner.search()
    again = tuner_in(tmp_path, max_trials=6)  # the space of before: the journal knows more
    assert told(again.oracle.history) == told(tuner.oracle.history)


def test_a_tuner_keeps_its_own_state_and_its_class_pickles(tmp_path):
    class Counting(Random):
        count = 0

        def run_trial(self, trial, *args, **kwargs):
            self.count += 1
            return 1.0

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    options = {"objective": kt.Objective("s", "max"), "directory": tmp_path}
    tuner = Counting(hyperparameters=SPACE, max_trials=2, **options)
    tuner.search()
    assert Counting(hyperparameters=SPACE, max_trials=2, **options).count == 2
    assert pickle.loads(pickle.dumps(Random)) is Random
    assert issubclass(Counting, StrategyTuner)
