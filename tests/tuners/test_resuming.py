"""Going on with a search: torn journals, damaged files, other searches' journals."""

import json
import os
import shutil
import sys

import keras_tuner as kt
import pytest

import coursekit.tuners
from coursekit.spaces import Integer, Space
from coursekit.trials import Status
from coursekit.tuners import TPE, Random
from coursekit.tuners.project import NAME
from tests.tuners import untrained
from tests.tuners.untrained import SPACE, told, tuner_in, wanted


def test_a_journal_torn_at_every_byte_of_its_last_line(tmp_path):
    tuner = tuner_in(tmp_path, max_trials=5)
    tuner.search()
    journal = tmp_path / "search" / NAME
    whole = journal.read_bytes()
    suggested = whole.rindex(b'{"suggest"')
    finished = whole.rindex(b'{"finish"')
    for length in range(suggested, len(whole)):
        journal.write_bytes(whole[:length])
        complete = length in (finished - 1, len(whole) - 1)  # all but the newline
        if length not in (suggested, finished) and not complete:
            with pytest.warns(UserWarning, match="last line was incomplete") as caught:
                again = tuner_in(tmp_path, max_trials=5)
            assert [w.filename for w in caught if w.category is UserWarning] == [untrained.__file__]
        else:
            again = tuner_in(tmp_path, max_trials=5)
        history = again.oracle.history
        assert told(history)[:4] == told(tuner.oracle.history)[:4]
        last = Status.COMPLETED if length == len(whole) - 1 else Status.RUNNING
        assert [trial.status for trial in history[4:]] == [last] * (length >= finished - 1)
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
    assert [w.filename for w in caught if w.category is UserWarning] == [untrained.__file__]
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
        coursekit.tuners.project._holders.clear()
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            tuner_in(tmp_path).search()
        except ValueError as error:
            os._exit(7 if "is open in another search" in str(error) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    tuner.search()


def test_a_second_process_cannot_overwrite_a_search_that_runs(tmp_path):
    tuner = tuner_in(tmp_path, max_trials=4)
    tuner.oracle.create_trial("tuner0")
    before = (tmp_path / "search" / NAME).read_bytes()
    child = os.fork()
    if not child:
        coursekit.tuners.project._holders.clear()
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            tuner_in(tmp_path, overwrite=True)
        except ValueError as error:
            told = f"process {os.getppid()}, running since 20" in str(error)
            os._exit(7 if told or not sys.platform.startswith("linux") else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert (tmp_path / "search" / NAME).read_bytes() == before
    tuner.search()
    assert tuner_in(tmp_path, max_trials=4).oracle.history.count_finished == 4
    assert tuner_in(tmp_path, overwrite=True).oracle.history.count_finished == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seed": 4}, "its seed is 3, this one's is 4; overwrite=True"),
        ({"population_size": 5}, "its option population_size is 4, this one's is 5"),
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
    with pytest.raises(ValueError, match="holds a search without the kit's journal"):
        tuner_in(tmp_path)
    tuner_in(tmp_path, overwrite=True).search()


def test_more_to_search_than_before_is_taken_in(tmp_path):
    tuner_in(tmp_path, max_trials=3).search()
    larger = Space(
        [*[(p.name, p.domain.when(p.conditions) if p.conditions else p.domain)
           for p in SPACE.parameters],
         ("new", Integer(2, 9))]
    )  # fmt: skip
    tuner = tuner_in(tmp_path, max_trials=6, hyperparameters=larger)
    assert [trial.configuration["new"] for trial in tuner.oracle.history] == [2, 2, 2]
    tuner.search()
    again = tuner_in(tmp_path, max_trials=6)  # the space of before: the journal knows more
    assert told(again.oracle.history) == told(tuner.oracle.history)


def test_a_tuner_keeps_its_own_state(tmp_path):
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
