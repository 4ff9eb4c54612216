"""The journal: what it refuses, what it survives."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.strategies import TPE, Grid, Random, RegularizedEvolution
from coursekit.trials import Evaluation, Suggestion

SPACE = Space({"rate": Float(0.0, 1.0), "units": Integer(1, 8)})


def search_in(path, *, strategy=None, seed=1):
    return Search(strategy or Random(SPACE), seed=seed, journal=path)


def score(suggestion):
    return Evaluation(suggestion.configuration["rate"])


def suggestion(**edit):
    """A line of the second trial, edited."""
    return json.dumps({"suggest": 1, "configuration": {"rate": 0.5, "units": 3}} | edit)


@pytest.fixture
def path(tmp_path):
    """A journal of three finished trials and a running one."""
    path = tmp_path / "journal.jsonl"
    search = search_in(path)
    search.run(score, trials=3)
    search.ask()
    search.close()
    return path


def test_a_line_torn_at_any_byte_is_dropped_and_told_again(path, tmp_path):
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last + 1, len(whole) - 1):
        torn = tmp_path / f"{end}"
        torn.write_bytes(whole[:end])
        with pytest.warns(UserWarning, match="its last line was incomplete") as warned:
            search = search_in(torn)
        assert warned[0].filename == __file__
        search.ask()
        search.close()
        assert torn.read_bytes() == whole


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{oops", "line 4 is damaged .*mend it, or delete it"),
        ("[1]", "line 4 is damaged .no JSON object"),
        ('{"suggest": 7, "configuration": {}}', "trial 1 should come here"),
        ('{"finish": 5, "score": 0.5}', "line 4 is damaged .trial 5 does not run here"),
        ('{"finish": "0", "score": 0.5}', "trial '0' does not run here"),
        ('{"retry": 5}', "trial 5 does not run here"),
        ('{"suggest": 1}', "line 4 is damaged .KeyError: 'configuration'"),
        ('{"sugest": 1}', r"line 4 is damaged .it has \['sugest'\], and none of suggest"),
        (suggestion(configuration=[1]), r"configuration=\[1\] is not an object"),
        (suggestion(configuration={"rate": 7.0}), "rate=7.0 is not a number from 0.0 to 1.0"),
        (suggestion(configuration={"rate": "0.5"}), "rate='0.5' is not a number"),
        (suggestion(configuration={}), "rate is missing"),
        (
            suggestion(configuration={"rate": 0.5, "units": 3, "size": 3}),
            "size=3 is not a parameter",
        ),
        (suggestion(budget=2.5), "budget=2.5 is not a whole number"),
        (suggestion(budget=0), "budget=0 is not a whole number, 1 or more"),
        (suggestion(parent=1), "parent=1 is not the number of an earlier trial"),
        (suggestion(parent=-1), "parent=-1 is not the number"),
        (suggestion(info=3), "info=3 is not an object"),
        (suggestion(budgte=3), "'budgte' does not belong to a suggestion"),
    ],
)
def test_a_damaged_line_is_named(path, line, why):
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], line, *lines[4:]]) + "\n")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=why):
        search_in(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"score": "0.5"}, "score='0.5' is not a number"),
        ({"score": True}, "score=True is not a number"),
        ({"cost": "x"}, "cost='x' is not a number"),
        ({"cost": -1}, "cost=-1.0: give a finite number, 0 or more"),
        ({"cost": None}, "cost=nan"),
        ({"spread": -1}, "spread=-1.0"),
        ({"curve": 3}, "curve=3 is not a list"),
        ({"curve": ["a"]}, "curve='a' is not a number"),
        ({"measures": [1]}, r"measures=\[1\] is not an object"),
        ({"measures": {"size": "big"}}, "size='big' is not a number"),
    ],
)
def test_a_result_that_a_hand_edited_is_refused_with_line_name_and_value(path, edit, why):
    lines = path.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | edit)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ValueError, match=f"journal.jsonl, line 3 is damaged .*{why}"):
        search_in(path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.rstrip("\n"),  # an editor that drops the last newline
        lambda text: text + "\n  \n",
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: "".join(
            json.dumps(json.loads(line), sort_keys=True) + "\n" for line in text.splitlines()
        ),
    ],
    ids=["no newline", "empty at the end", "empty inside", "Windows", "mark", "sorted"],
)
def test_what_an_editor_or_a_tool_changes_is_taken(path, edit):
    before = search_in(path)
    before.close()
    path.write_bytes(edit(path.read_text()).encode())
    for _ in range(2):  # the second time also reads what the first one wrote
        search = search_in(path)
        assert search.history[:3] == before.history[:3]
        search.tell(search.ask(), 0.5)
        search.close()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (TPE(SPACE), TPE(SPACE, initial=10)),
        (TPE(SPACE, initial=np.int64(10)), TPE(SPACE, initial=10)),
        (Random(Space({"rate": Float(0, 1)})), Random(Space({"rate": Float(0.0, 1.0)}))),
        (Random(Space({"rate": Float(-0.0, 1)})), Random(Space({"rate": Float(0, 1.0, None)}))),
        (Random(Space({"n": Integer(0, 5)})), Random(Space({"n": Integer(0, 5, step=1)}))),
        (Random(Space({"on": Boolean()})), Random(Space({"on": Choice([False, True])}))),
        (Random(Space({"a": Choice(["xyz"])})), Random(Space([("a", Choice(["xyz"]))]))),
        (
            Random(Space({"a": Choice(["x", "y"]), "b": Integer(1, 2).when(a=["x", "y"])})),
            Random(Space({"a": Choice(["x", "y"]), "b": Integer(1, 2).when(a=("y", "x"))})),
        ),
        (
            Grid(Space({"a": Float(0, 1), "b": Float(0, 1)}), resolution={"a": 2, "b": 3}),
            Grid(Space({"a": Float(0, 1), "b": Float(0, 1)}), resolution={"b": 3, "a": 2}),
        ),
    ],
)
def test_what_is_equal_counts_as_equal(tmp_path, first, second):
    search_in(tmp_path / "j", strategy=first).close()
    search_in(tmp_path / "j", strategy=second).close()


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        (TPE(SPACE), TPE(SPACE, initial=12), "its option initial is 10, this one's is 12"),
        (
            Random(Space({"on": Choice([0, 1])})),
            Random(Space({"on": Boolean()})),
            "its space is .*'0', '1'.*'False', 'True'",
        ),
        (
            Random(Space({"n": Integer(0, 4)})),
            Random(Space({"n": Integer(0, 4, step=2)})),
            "its space is",
        ),
    ],
)
def test_what_is_different_is_named(tmp_path, first, second, names):
    search_in(tmp_path / "j", strategy=first).close()
    with pytest.raises(ValueError, match=names):
        search_in(tmp_path / "j", strategy=second)


class Telling(Random):
    """Gives its suggestions these configuration values and notes."""

    def __init__(self, space, *, values=None, info=None):
        super().__init__(space)
        self.values, self.info = values, info

    def suggest(self, history, rng):
        made = super().suggest(history, rng)
        values = {**made.configuration, **(self.values or {})}
        return Suggestion(values, info=self.info or {})


def test_numpy_numbers_come_back_equal(tmp_path):
    strategy = Telling(SPACE, values={"rate": np.float32(0.25)}, info={"rung": np.int64(2)})
    search = search_in(tmp_path / "j", strategy=strategy)
    search.tell(search.ask(), Evaluation(np.float64(0.5), np.array([0.25, -np.inf, np.nan])))
    search.close()
    again = search_in(tmp_path / "j", strategy=strategy)
    assert list(again.history) == list(search.history)
    again.close()


@pytest.mark.parametrize(
    ("told", "error", "why"),
    [
        ({"info": {"place": (1, 2)}}, TypeError, r"info\['place'\]=\(1, 2\) would come back"),
        ({"info": {"rungs": {1: 2}}}, TypeError, r"info\['rungs'\]=\{1: 2\} would come back"),
        ({"values": {"rate": 2.0}}, ValueError, "rate=2.0 is not a number from 0.0 to 1.0"),
        ({"values": {"more": 2.0}}, ValueError, "more=2.0 is not a parameter"),
    ],
)
def test_what_would_not_come_back_is_refused_before_it_is_written(tmp_path, told, error, why):
    search = search_in(tmp_path / "j", strategy=Telling(SPACE, **told))
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(error, match=why):
        search.ask()
    assert (tmp_path / "j").read_bytes() == before and not search.history
    search.close()


@pytest.mark.parametrize(
    "gone", [Path.unlink, lambda path: Path(shutil.copy(path, f"{path}2")).replace(path)]
)
def test_a_file_that_is_deleted_or_replaced_during_the_search_is_missed_at_once(path, gone):
    search = search_in(path)
    trial = search.ask()
    gone(path)
    with pytest.raises(RuntimeError, match=r"journal\.jsonl was deleted or replaced during"):
        search.tell(trial, 0.5)
    assert trial in search.history.running
    search.close()


def test_a_folder_that_is_renamed_during_the_search_takes_the_journal_along(path):
    search = search_in(path)
    trial = search.ask()
    moved = path.parent.rename(path.parent.with_name(f"{path.parent.name}-moved"))
    search.tell(trial, 0.5)
    with pytest.raises(ValueError, match="is open in another search"):
        search_in(moved / path.name)
    search.close()
    again = search_in(moved / path.name)
    assert list(again.history) == list(search.history)
    again.close()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        search_in(tmp_path)


def test_another_process_is_named_with_its_start(path):
    code = f"""
import sys, time
from coursekit.log import Log
log = Log({str(path)!r}, first="journal")
print("open", flush=True)
sys.stdin.read()
"""
    held = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        held.stdout.readline()
        with pytest.raises(ValueError, match="is open in another search") as refused:
            search_in(path)
        if Path("/proc/locks").exists():
            today = time.strftime("%Y-%m-%d")
            assert f"(process {held.pid}, running since {today}" in str(refused.value)
    finally:
        held.communicate()


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"seed": 2}, "its seed is 1, this one's is 2"),
        ({"strategy": RegularizedEvolution(SPACE)}, "its strategy is 'Random'"),
        ({"strategy": Random(Space({"rate": Float(0.0, 2.0)}))}, "its space is"),
    ],
)
def test_another_searchs_journal_is_refused(path, other, names):
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"{names}.*give another file"):
        search_in(path, **other)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", ["a line of my own", "a,b\n1,2", "{}\n", '{"time": 1}\n{"time": 2}\n']
)
def test_a_file_that_is_no_journal_is_left_alone(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match="is not a journal, and is left as it is"):
        search_in(path)
    assert path.read_text() == content


def test_an_empty_line_at_the_end_is_an_editors(path):
    path.write_bytes(path.read_bytes() + b"\n")
    search_in(path).close()


def test_one_search_at_a_time(path):
    search = search_in(path)
    with pytest.raises(ValueError, match="is open in another search"):
        search_in(path)
    search.close()
    search_in(path).close()


def test_it_is_closed_when_it_is_refused(path):
    with pytest.raises(ValueError, match="seed"):
        search_in(path, seed=2)
    search_in(path).close()


@pytest.mark.parametrize("event", ["suggestion", "result"])
def test_a_full_disk_leaves_no_torn_line(path, event):
    # The limit on the size of files stands for the disk; the error's number alone differs.
    search = search_in(path)
    trial = search.ask()
    if event == "result":
        search.tell(trial, 0.5)
        trial = search.ask()
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for room in (0, 1, 10):
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, hard))
            with pytest.raises(OSError) as full:
                search.ask() if event == "suggestion" else search.tell(trial, 0.25)
            assert full.value.errno == errno.EFBIG
            assert path.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    number = search.ask().number if event == "suggestion" else search.tell(trial, 0.25).number
    search.close()
    lines = [json.loads(line) for line in path.read_bytes()[len(before) :].splitlines()]
    assert [line.get("suggest", line.get("finish")) for line in lines] == [number]
    search_in(path).close()  # and it can be read


def test_a_result_is_on_the_disk_before_it_is_believed(path, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda number: (synced.append(path.stat().st_size), real(number))
    )
    search = search_in(path)
    search.ask()
    search.ask()
    assert synced == []
    search.tell(3, 0.5)
    assert synced == [path.stat().st_size]
    search.close()


def test_a_result_that_cannot_be_synced_is_not_believed(path, monkeypatch):
    search = search_in(path)
    trial, before = search.ask(), path.read_bytes()

    def broken(number):
        raise OSError(errno.EIO, "broken disk")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="broken disk"):
            search.tell(trial, 0.5)
    assert path.read_bytes() == before and search.history.count_finished == 3
    assert search.tell(trial, 0.5).score == 0.5
    search.close()
