"""`coursekit grade` from end to end: rows, pages, what it says, and how it continues."""

import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from coursekit.grading import command, gradebook
from coursekit.grading.warm import Ran, Warm
from tests.commands import coursekit
from tests.grading.conftest import SAMPLE, Tags, notebook

pytestmark = pytest.mark.slow(2)
ENDS = {"99.1": "def survivors(*given):\n    import os\n    os._exit(1)\n"}
WRONG = {"99.1": "def survivors(candidates, factor):\n    return candidates // 2\n"}
HOSTILE = "=cmd|' /C calc'!A0\n<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))


@pytest.fixture
def class_(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    hostile = json.loads(notebook({"99.2": "epochs = '<img src=x onerror=alert(1)>'"}))
    for cell in hostile["cells"]:
        if "conclusion" in cell["metadata"].get("coursekit", {}):
            cell["source"] = "<svg onload=alert(1)> <a href='javascript:alert(1)'>x</a>"
    for name, content in {
        "ada": notebook(),
        "bob": notebook(WRONG),
        "cid": notebook(ENDS),
        "dan": b"{",
        HOSTILE.replace("/", "\N{FRACTION SLASH}"): json.dumps(hostile).encode(),
    }.items():
        (folder / f"{name}.ipynb").write_bytes(content)
    (folder / "eve.ipynb").symlink_to("ada.ipynb")
    return folder


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        return {row["submission"]: row for row in csv.DictReader(file)}


def test_a_class_gets_a_row_and_a_page_each(class_: Path, tmp_path: Path) -> None:
    out = tmp_path / "graded"
    words = ("--jobs", "2", "--alike", "--for", "nbgrader")
    done = coursekit("grade", class_, "--lab", "99", "--out", out, *words)
    assert done.returncode == 0, done.stderr
    assert "Isolation: each submission has processes, files, a network without exits" in done.stdout
    assert "3 ok, 1 partial, 2 unreadable" in done.stdout
    assert "alike.html: 0 pairs" in done.stdout and (out / "alike.html").exists()
    assert len((out / "nbgrader.csv").read_text().splitlines()) == 4
    found = rows(out)
    assert len(found) == len(list(class_.iterdir())) == 6
    ada, bob, cid = (found[f"{name}.ipynb"] for name in ("ada", "bob", "cid"))
    assert (ada["learner"], ada["status"], ada["points"], ada["of"]) == ("ada", "ok", "5", "7")
    assert (bob["status"], bob["99.1"], bob["points"]) == ("ok", "0", "3")
    assert (cid["status"], cid["99.1"], cid["points"]) == ("partial", "", "3")
    for name in ("dan.ipynb", "eve.ipynb"):
        assert (found[name]["status"], found[name]["points"]) == ("unreadable", "")
    assert "symbolic link" in found["eve.ipynb"]["notes"]
    for path in (out / "gradebook.csv").read_text().splitlines():
        assert not path.startswith("=")

    pages = {path.name: path.read_text() for path in (out / "feedback").iterdir()}
    assert len(pages) == 6
    assert "That keeps the top half; a rung keeps one in" in pages["bob.html"]
    assert "0 of 2" in pages["bob.html"] and "not judged" in pages["cid.html"]
    for page in pages.values():
        tags = Tags(page).found
        assert not {"script", "img", "svg", "iframe", "a", "link", "onerror", "href"} & set(tags)
    hostile = next(page for name, page in pages.items() if "cmd" in name)
    assert "&lt;script&gt;" in hostile and "&lt;img src=x" in hostile
    assert "&lt;svg onload" in hostile


def test_it_continues_where_it_was_and_runs_nothing_twice(
    class_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "graded"
    first = coursekit("grade", class_, "--lab", "99", "--out", out)
    assert "6 submissions, 0 graded before" in first.stdout
    before = rows(out)
    lines = (out / "99_sample.jsonl").read_bytes().splitlines(keepends=True)
    monkeypatch.setattr(command, "Warm", None)  # nothing is left to be run
    again = coursekit("grade", class_, "--lab", "99", "--out", out)
    assert again.returncode == 0 and "6 submissions, 6 graded before" in again.stdout, again.stderr
    assert rows(out) == before
    monkeypatch.undo()
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))
    # As a kill in the middle of a line leaves it.
    (out / "99_sample.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    with pytest.warns(UserWarning, match="incomplete"):
        third = coursekit("grade", class_, "--lab", "99", "--out", out)
    assert "6 submissions, 4 graded before" in third.stdout
    assert {name: row["points"] for name, row in rows(out).items()} == {
        name: row["points"] for name, row in before.items()
    }


def test_after_a_change_only_what_changed_runs_and_differences_are_listed_before_they_are_taken(
    class_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labs, out = tmp_path / "labs", tmp_path / "graded"
    shutil.copytree(SAMPLE.parent.parent, labs)
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(labs))
    words = ("grade", class_, "--lab", "99", "--out", out)
    first = coursekit(*words)
    assert "differ" not in first.stdout and not (out / "changes.csv").exists()
    path = labs / "exercises" / "99_sample.py"
    path.write_text(path.read_text().replace("points = 2", "points = 3"))
    asked: list[set[str]] = []
    run = Warm.run

    def watched(self: Warm, job: dict[str, Any]) -> Ran:
        asked.append({each["key"] for each in job["exercises"]} - set(job["without"]))
        return run(self, job)

    monkeypatch.setattr(Warm, "run", watched)
    second = coursekit(*words)
    assert second.returncode == 1 and "6 submissions, 0 graded before" in second.stdout
    assert asked.count({"99.1"}) == 4 and asked.count(set()) == 1  # that of `gaps` asks nothing
    assert "2 points differ from those taken before: changes.csv" in second.stdout
    assert "  ada, 99.1: 2 -> 3\n" in second.stdout and "--take" in second.stdout
    lines = (out / "changes.csv").read_text().splitlines()
    assert "ada,99.1,2,3,ada.ipynb" in lines and len(lines) == 3
    assert rows(out)["ada.ipynb"]["points"] == "5"
    monkeypatch.setattr(command, "Warm", None)  # nothing is left to be run
    assert coursekit(*words, "--take").returncode == 0
    assert rows(out)["ada.ipynb"]["points"] == "6"
    assert rows(out)["cid.ipynb"]["status"] == "partial"
    assert "differ" not in coursekit(*words).stdout


def test_ctrl_c_keeps_what_is_graded_and_leaves_no_process(tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "graded"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(notebook())
    for number in range(3):
        endless = {"99.1": f"def survivors(*given):  # {number}\n    return sum(iter(int, 1))\n"}
        (folder / f"bob{number}.ipynb").write_bytes(notebook(endless))
    words = ["grade", str(folder), "--lab", "99", "--out", str(out), "--jobs", "1"]
    running = subprocess.Popen(
        [sys.executable, "-m", "coursekit.cli", *words], stdout=subprocess.PIPE, text=True
    )
    journal = out / "99_sample.jsonl"
    while not (journal.exists() and journal.read_bytes().count(b"\n")):
        assert running.poll() is None
        time.sleep(0.05)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted; 1 of 4 are graded: the same command continues" in said
    assert list(rows(out)) == ["ada.ipynb"]
    assert children and not any(Path(f"/proc/{each}").exists() for each in children)


@pytest.mark.nightly(30)
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_a_full_disk_loses_nothing(class_: Path, tmp_path: Path) -> None:
    """In mounts of its own: a disk of 16 kB for the results, which then grows."""
    out = tmp_path / "graded"
    out.mkdir()
    grade = shlex.join(
        [sys.executable, "-m", "coursekit.cli", "grade", str(class_), "--lab", "99",
         "--out", str(out), "--jobs", "1"]
    )  # fmt: skip
    script = f"""
        mount -t tmpfs -o size=16k tmpfs {out} || exit 99
        {grade} > {tmp_path}/first 2>&1; echo $? > {tmp_path}/code
        cp {out}/*.jsonl {tmp_path}/
        mount -o remount,size=8m {out}
        {grade} > {tmp_path}/second 2>&1 && cp {out}/gradebook.csv {tmp_path}/
        """
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script])
    assert done.returncode == 0
    first, second = ((tmp_path / name).read_text() for name in ("first", "second"))
    assert (tmp_path / "code").read_text() == "1\n" and "Traceback" not in first, first
    assert "No space left on device" in first.splitlines()[-1]
    kept = (tmp_path / "99_sample.jsonl").read_bytes().count(b"\n")
    assert kept and f"6 submissions, {kept} graded before" in second, (kept, second)
    assert len((tmp_path / "gradebook.csv").read_text().splitlines()) == 7


def test_without_isolation_it_refuses_unless_told(
    class_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(Warm):
        """A server on a system that does not isolate."""

        def __init__(self, *given: object, isolated: bool = True, **named: object) -> None:
            super().__init__(*given, isolated=False, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "Warm", Careless)
    done = coursekit("grade", class_, "--lab", "99", "--out", tmp_path / "graded")
    assert done.returncode == 1
    for words in ("its processes are not its own", "user namespaces", "--unisolated"):
        assert words in done.stderr
    assert not (tmp_path / "graded" / "gradebook.csv").exists()
    done = coursekit("grade", class_, "--lab", "99", "--out", tmp_path / "graded", "--unisolated")
    assert done.returncode == 0 and "NOT ISOLATED, as you asked: a submission then" in done.stdout
    assert len(rows(tmp_path / "graded")) == 6


def test_marks_by_hand_are_kept_and_taken_in(class_: Path, tmp_path: Path) -> None:
    out = tmp_path / "graded"
    words = ("grade", class_, "--lab", "99", "--out", out)
    assert coursekit(*words).returncode == 0
    assert rows(out)["ada.ipynb"]["to be marked"] == "conclusion"
    marks = out / "marks.csv"
    assert marks.read_text() == "learner,exercise,points,comment\n"
    marks.write_text(
        "learner,exercise,points,comment\nada,conclusion,1.5,<b>Good\ncid,99.1,2,I ran it\n"
        "cid.ipynb,settled,,\nbob,99.1,,Nearly\n"
    )
    for _ in range(2):
        assert coursekit(*words).returncode == 0
        ada, bob, cid = (rows(out)[f"{name}.ipynb"] for name in ("ada", "bob", "cid"))
        assert (ada["conclusion"], ada["points"], ada["to be marked"]) == ("1.5", "6.5", "")
        assert (cid["99.1"], cid["points"], cid["status"]) == ("2", "5", "ok")
        assert (bob["99.1"], bob["points"]) == ("0", "3")
    page = (out / "feedback" / "ada.html").read_text()
    assert "Your conclusion: 1.5 of 2" in page and "&lt;b&gt;Good" in page
    assert "Marked by hand. I ran it" in (out / "feedback" / "cid.html").read_text()
    for row, message in (
        ("eva,99.1,1,", "row 2: nobody is 'eva': write a learner"),
        ("ada,99.9,1,", "row 2: '99.9' is none of 99.1"),
        ("ada,99.1,3,", "row 2: '3' is not from 0 to 2"),
        ("ada,99.1,x,", "row 2: 'x' is not from 0 to 2"),
    ):
        marks.write_text(f"learner,exercise,points,comment\n{row}\n")
        done = coursekit(*words)
        assert done.returncode == 1 and message in done.stderr


def test_a_roster_names_who_is_absent_and_nothing_moves_the_cursor(
    class_: Path, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name\nada\nbob\ncid\nzoe\x1b[2J\nyan\n")
    done = coursekit("grade", class_, "--lab", "99", "--out", tmp_path / "g", "--roster", roster)
    assert "Nothing from 2 of the roster: yan, zoe\N{REPLACEMENT CHARACTER}[2J" in done.stdout
    found = rows(tmp_path / "g")
    assert found["dan.ipynb"]["status"] == "unreadable" and not found["dan.ipynb"]["learner"]
    assert [found[f"{name}.ipynb"]["learner"] for name in ("ada", "bob")] == ["ada", "bob"]
    colours = class_ / "colours.ipynb"
    colours.write_bytes(notebook({"99.2": "epochs = print('\\x1b[31m') or '\\x1b[31m'"}))
    assert "\x1b" not in coursekit("grade", colours, "--lab", "99").stdout


def test_one_notebook_is_explained(class_: Path) -> None:
    done = coursekit("grade", class_ / "bob.ipynb", "--lab", "99")
    assert done.returncode == 0
    assert "ok: 3 points" in done.stdout
    assert "[0 of 2] ✗ Not right: 99.1 How many candidates survive a rung?" in done.stdout
    assert "That keeps the top half" in done.stdout and "[1 of 1] ✓ Right: 99.2" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "--lab", "99", "--out", "x"], "there is no nowhere"),
        ([".", "--lab", "7", "--out", "x"], "there is no lab '7': choose one of 99"),
        ([".", "--lab", "99"], "say where the results go: --out FOLDER"),
        ([".", "--lab", "99", "--out", "x", "--jobs", "0"], "--jobs 0: give 1 or more"),
        ([".", "--lab", "99", "--out", "x", "--roster", "none"], "No such file"),
    ],
)
def test_misuse_names_the_cure(class_: Path, words: list[str], message: str) -> None:
    done = coursekit("grade", *words, folder=class_)
    assert done.returncode == 1 and message in done.stderr


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"), ("@x", "'@x"), ("-1", "'-1"), (" \t=x", "'=x"), ("a\nb\x00", "a b"),
        ("+44", "'+44"), (-1, "-1"), (None, ""), ("\ud800", "?"), ("ok", "ok"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value: object, written: str) -> None:
    assert gradebook.cell(value) == written
