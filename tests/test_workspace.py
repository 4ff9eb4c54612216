import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.labs.workspace import MANIFEST, hand_out, reset

TODAY = datetime.date(2026, 11, 23)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "01_keras_tuner.ipynb").write_bytes(b"first edition")
    (folder / "02_pipelines.ipynb").write_bytes(b"pipelines")
    return folder


@pytest.fixture
def folder(tmp_path: Path, source: Path) -> Path:
    """A work folder that was used before."""
    folder = tmp_path / "my-labs"
    hand_out(folder, source)
    return folder


def notebooks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}


def test_first_use_brings_every_notebook(tmp_path: Path, source: Path):
    lines = hand_out(tmp_path / "deep" / "my-labs", source)
    assert notebooks(tmp_path / "deep" / "my-labs") == notebooks(source)
    assert lines == ["01_keras_tuner.ipynb: new", "02_pipelines.ipynb: new"]


def test_second_use_brings_and_says_nothing(folder: Path, source: Path):
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.ipynb")}
    assert hand_out(folder, source) == []
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.ipynb")} == before


def test_a_new_notebook_arrives_later(folder: Path, source: Path):
    (source / "03_spaces.ipynb").write_bytes(b"spaces")
    assert hand_out(folder, source) == ["03_spaces.ipynb: new"]
    assert notebooks(folder) == notebooks(source)


def test_an_untouched_notebook_follows_its_source(folder: Path, source: Path):
    (source / "01_keras_tuner.ipynb").write_bytes(b"second edition")
    lines = hand_out(folder, source)
    assert lines == ["01_keras_tuner.ipynb: updated (you had not changed it)"]
    assert notebooks(folder) == notebooks(source)


def test_a_touched_notebook_stays_and_the_new_one_is_laid_beside_it_once(
    folder: Path, source: Path
):
    (folder / "01_keras_tuner.ipynb").write_bytes(b"my work")
    assert hand_out(folder, source) == []
    (source / "01_keras_tuner.ipynb").write_bytes(b"second edition")
    (line,) = hand_out(folder, source)
    (beside,) = folder.glob("01_keras_tuner.new-*.ipynb")
    assert beside.name in line
    assert beside.read_bytes() == b"second edition"
    assert (folder / "01_keras_tuner.ipynb").read_bytes() == b"my work"
    beside.unlink()
    assert hand_out(folder, source) == []
    assert not beside.exists()


def test_each_new_edition_is_laid_beside(folder: Path, source: Path):
    (folder / "01_keras_tuner.ipynb").write_bytes(b"my work")
    for edition in (b"second edition", b"third edition"):
        (source / "01_keras_tuner.ipynb").write_bytes(edition)
        assert len(hand_out(folder, source)) == 1
    assert {b"my work", b"second edition", b"third edition"} <= set(notebooks(folder).values())


def test_work_on_the_new_edition_is_not_overwritten_either(folder: Path, source: Path):
    (folder / "01_keras_tuner.ipynb").write_bytes(b"my work")
    (source / "01_keras_tuner.ipynb").write_bytes(b"second edition")
    hand_out(folder, source)
    (beside,) = folder.glob("01_keras_tuner.new-*.ipynb")
    beside.write_bytes(b"my other work")
    (folder / MANIFEST).unlink()
    assert hand_out(folder, source) == []
    assert beside.read_bytes() == b"my other work"


def test_a_deleted_notebook_comes_back(folder: Path, source: Path):
    (folder / "01_keras_tuner.ipynb").unlink()
    assert hand_out(folder, source) == ["01_keras_tuner.ipynb: was missing, brought back"]
    assert notebooks(folder) == notebooks(source)


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff\x00", b""])
def test_without_a_manifest_every_notebook_counts_as_touched(
    folder: Path, source: Path, damage: bytes
):
    (folder / "01_keras_tuner.ipynb").write_bytes(b"my work")
    (folder / MANIFEST).write_bytes(damage)
    (source / "01_keras_tuner.ipynb").write_bytes(b"second edition")
    lines = hand_out(folder, source)
    assert "damaged" in lines[0]
    assert (folder / "01_keras_tuner.ipynb").read_bytes() == b"my work"
    assert sorted(json.loads((folder / MANIFEST).read_text())) == sorted(notebooks(source))


def test_reset_keeps_a_dated_copy(folder: Path, source: Path):
    for work in (b"my work", b"more work"):
        (folder / "01_keras_tuner.ipynb").write_bytes(work)
        line = reset(folder, source, "01", TODAY)
        assert "kept-2026-11-23" in line
    assert (folder / "01_keras_tuner.ipynb").read_bytes() == b"first edition"
    assert (folder / "01_keras_tuner.kept-2026-11-23.ipynb").read_bytes() == b"my work"
    assert (folder / "01_keras_tuner.kept-2026-11-23-2.ipynb").read_bytes() == b"more work"
    assert hand_out(folder, source) == []


@pytest.mark.parametrize("lab", ["01", "01_keras_tuner", "01_keras_tuner.ipynb"])
def test_reset_of_an_untouched_or_missing_notebook_keeps_nothing(
    folder: Path, source: Path, lab: str
):
    reset(folder, source, lab, TODAY)
    (folder / "01_keras_tuner.ipynb").unlink()
    assert reset(folder, source, lab, TODAY) == "01_keras_tuner.ipynb: fresh"
    assert notebooks(folder) == notebooks(source)


@pytest.mark.parametrize("lab", ["09", "", "1", "../01", "_keras_tuner"])
def test_reset_of_an_unknown_lab_names_those_there_are(folder: Path, source: Path, lab: str):
    with pytest.raises(ValueError, match=r"choose one of 01, 02"):
        reset(folder, source, lab, TODAY)
    assert notebooks(folder) == notebooks(source)


def test_a_file_where_the_folder_should_be(tmp_path: Path, source: Path):
    (tmp_path / "my-labs").write_text("mine")
    with pytest.raises(OSError, match=r"is a file, not a folder: .*--dir"):
        hand_out(tmp_path / "my-labs", source)
    assert (tmp_path / "my-labs").read_text() == "mine"


def test_a_folder_that_cannot_be_written(tmp_path: Path, source: Path):
    folder = Path("/sys/my-labs")  # nobody can write there, root neither
    if os.geteuid() != 0:
        folder = tmp_path / "my-labs"
        folder.mkdir(mode=0o555)
    with pytest.raises(OSError, match=r"cannot write .*my-labs \(.*\): .*--dir"):
        hand_out(folder, source)


@pytest.mark.parametrize("call", ["hand_out(folder, source)", "reset(folder, source, '01', today)"])
def test_a_full_disk_leaves_everything_as_it_was(folder: Path, source: Path, call: str):
    (source / "01_keras_tuner.ipynb").write_bytes(b"x" * 100_000)
    before = notebooks(folder)
    # The system itself refuses: no file may grow past 50 kB in that process.
    script = f"""
import datetime, pathlib, resource, sys
from coursekit.labs.workspace import hand_out, reset
folder, source, today = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), datetime.date.today()
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    {call}
except OSError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", script, folder, source], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.startswith("no space left to write"), run.stderr
    assert notebooks(folder) == before
    assert not list(folder.rglob("*.part"))
    assert hand_out(folder, source) == ["01_keras_tuner.ipynb: updated (you had not changed it)"]


def test_many_at_once(tmp_path: Path, source: Path):
    script = """
import pathlib, sys
from coursekit.labs.workspace import hand_out
hand_out(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""
    folder = tmp_path / "my-labs"
    command = [sys.executable, "-c", script, str(folder), str(source)]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [run.communicate(timeout=60)[1] for run in runs]
    assert errors == [b""] * 4
    assert notebooks(folder) == notebooks(source)
    assert hand_out(folder, source) == []
