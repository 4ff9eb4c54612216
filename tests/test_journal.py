"""The journal: what it refuses, what it survives."""

import errno
import json
import os
import resource
import signal

import pytest

from coursekit.search import Search
from coursekit.spaces import Float, Integer, Space
from coursekit.strategies import Random, RegularizedEvolution
from coursekit.trials import Evaluation

SPACE = Space({"rate": Float(0.0, 1.0), "units": Integer(1, 8)})


def search_in(path, *, strategy=None, seed=1):
    return Search(strategy or Random(SPACE), seed=seed, journal=path)


def score(suggestion):
    return Evaluation(suggestion.configuration["rate"])


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
    for end in range(last + 1, len(whole)):
        torn = tmp_path / f"{end}"
        torn.write_bytes(whole[:end])
        with pytest.warns(UserWarning, match="its last line was torn") as warned:
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
        ('{"finish": 5, "score": 0.5}', "line 4 is damaged .KeyError"),
        ('{"suggest": 1}', "line 4 is damaged .KeyError: 'configuration'"),
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
    with pytest.raises(ValueError, match="is no journal, and is left alone"):
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
