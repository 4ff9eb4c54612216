"""The record on disk: several kernels, damage, folders that cannot be written."""

import json
import multiprocessing
from pathlib import Path

import pytest

from coursekit.labs import progress, progress_text, record
from coursekit.labs.progress import _html, rows


def progress_file(folder: Path) -> Path:
    return folder / ".coursekit" / "progress.json"


def count_up(folder: Path, times: int) -> None:
    def one_more(kept: dict) -> None:
        entry = record.exercise(kept, "1.1")
        entry["attempts"] = entry.get("attempts", 0) + 1

    for _ in range(times):
        record.update(one_more, folder)


def test_several_kernels_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    kernels = [spawn.Process(target=count_up, args=(tmp_path, 25)) for _ in range(4)]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()
    kept, note = record.read(tmp_path)
    assert kept["exercises"]["1.1"]["attempts"] == 100
    assert note == ""
    assert sorted(path.name for path in (tmp_path / ".coursekit").iterdir()) == [
        "lock",
        "progress.json",
    ]


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"exercises": []}', '{"exercises": {"1.1": {"attempts": "x"}}}', "\x00\xff"],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: str) -> None:
    count_up(tmp_path, 1)
    progress_file(tmp_path).write_bytes(damage.encode("latin-1"))
    kept, note = record.read(tmp_path)
    assert kept["exercises"] == {}
    aside = list((tmp_path / ".coursekit").glob("progress.damaged-*.json"))
    assert [path.read_bytes() for path in aside] == [damage.encode("latin-1")]
    assert str(aside[0]) in note and "\n" not in note
    assert record.read(tmp_path)[1] == ""


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_up(tmp_path, 1)
    before = progress_file(tmp_path).read_text()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    kept, note = record.update(lambda kept: kept["predictions"].update(a={"value": 1}), tmp_path)
    assert kept["predictions"] == {"a": {"value": 1}}
    assert "No space left on device" in note
    assert progress_file(tmp_path).read_text() == before
    assert len(list((tmp_path / ".coursekit").iterdir())) == 2
    monkeypatch.undo()
    # What could not be saved is, with the next change that can.
    count_up(tmp_path, 1)
    saved = json.loads(progress_file(tmp_path).read_text())
    assert saved["predictions"] == {"a": {"value": 1}}
    assert saved["exercises"]["1.1"]["attempts"] == 2


def test_another_kernel_that_never_lets_go_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    count_up(tmp_path, 1)
    monkeypatch.setattr(record, "PATIENCE", 0.05)
    with (tmp_path / ".coursekit" / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _, note = record.update(lambda kept: None, tmp_path)
    assert "another kernel is writing" in note
    count_up(tmp_path, 1)


def test_unknown_entries_are_kept(tmp_path: Path) -> None:
    count_up(tmp_path, 1)
    kept = json.loads(progress_file(tmp_path).read_text())
    progress_file(tmp_path).write_text(json.dumps({**kept, "later": [1]}))
    count_up(tmp_path, 1)
    assert json.loads(progress_file(tmp_path).read_text())["later"] == [1]


def test_work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSEKIT_DIR", raising=False)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.setattr(record, "_start", below)
    assert record.folder() == below
    monkeypatch.chdir(tmp_path)
    assert record.folder() == below, "a cell that changes the folder begins no second record"
    (tmp_path / ".coursekit").mkdir()
    assert record.folder() == tmp_path
    monkeypatch.setenv("COURSEKIT_DIR", str(below))
    monkeypatch.setattr(record, "_start", below)
    assert record.folder() == below
    monkeypatch.chdir(tmp_path)
    assert record.folder() == below, "a cell that changes the folder begins no second record"


def test_progress_in_words_and_points(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "All labs: 0 of 4 exercises solved, 0 of 5 points" in progress_text()
    assert not (work / ".coursekit").exists()
    record.update(
        lambda kept: kept["exercises"].update(
            {
                "99.1": {"attempts": 3, "solved": "2026-01-01", "shown": "2026-01-02"},
                "99.2": {"attempts": 1, "shown": "2026-01-01"},
                "99.3": {"attempts": 1},
            }
        )
    )
    states = {row.key: row.state for row in rows()[0]}
    assert states == {"99.1": "solved", "99.2": "shown", "99.3": "tried", "99.4": "open"}
    assert "Lab 99. Halving: 1 of 4 exercises solved, 2 of 5 points" in progress_text(work)
    progress()
    assert "solution shown" in capsys.readouterr().out
    markup = _html(*rows())
    assert "<caption" in markup and 'scope="col"' in markup
