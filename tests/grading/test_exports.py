"""The tables that other systems import."""

import csv
import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from coursekit.grading import exports, gradescope
from coursekit.grading.gradebook import Row
from coursekit.grading.grader import Grade, Grader, Mark
from coursekit.grading.submissions import Roster, Submission
from coursekit.labs.cards import Card
from tests.grading.conftest import notebook, submission

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 99. Halving (55),Final Score\n"
    "    Points Possible,,,,,5,\n"
    '"Lovelace, Ada",12,S1,ada,"A, B",,\n'
    '"Ross, Bob",13,S2,bob,A,,\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Feedback comments\n"
    "Participant 12,Ada Lovelace,ada@example.org,Submitted,,5,\n"
    "Participant 13,Bob Ross,bob@example.org,Submitted,,5,\n"
)


def rows(grader: Grader, learners: tuple[str, str]) -> list[Row]:
    def grade(points: int, status: str = "ok") -> Grade:
        right, wrong = Card("right", "x"), Card("not right", "x", text=["=Round down."])
        marks = {"99.1": Mark(points, 2, right if points == 2 else wrong)}
        return Grade(status, marks=marks)

    ada, bob = learners
    doubtful = grade(2, "needs review")
    found = [(ada, grade(2)), (bob, grade(0)), (bob, doubtful), ("", grade(2))]
    return [(Submission("x", learner), each) for learner, each in found]


def written(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def table(kind: str, text: str, grader: Grader, tmp_path: Path) -> list[list[str]]:
    (tmp_path / "roster.csv").write_text(text)
    roster = Roster.read(tmp_path / "roster.csv")
    first, second = roster.lines
    exports.write(tmp_path / "out.csv", kind, grader.lab, rows(grader, (first, second)), roster)
    return written(tmp_path / "out.csv")


def test_canvas_gets_its_columns_and_the_points(grader: Grader, tmp_path: Path) -> None:
    assert table("canvas", CANVAS, grader, tmp_path) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 99. Halving"],
        ["Lovelace, Ada", "12", "S1", "ada", "A, B", "2"],
        ["Ross, Bob", "13", "S2", "bob", "A", "0"],
    ]


def test_moodle_gets_its_worksheet_filled_in(grader: Grader, tmp_path: Path) -> None:
    found = table("moodle", MOODLE, grader, tmp_path)
    assert [line[4] for line in found] == ["Grade", "2", "0"]
    assert [line[6] for line in found[1:]] == ["All right.", "99.1: =Round down."]
    roster = Roster.read(tmp_path / "roster.csv")
    assert roster.whose(["13", "Somebody"]) == ("Participant 13", "")


def test_nbgrader_gets_the_columns_of_its_own_export(grader: Grader, tmp_path: Path) -> None:
    from nbgrader.plugins import CsvExportPlugin

    found = table("nbgrader", "name\nada\nbob\n", grader, tmp_path)
    assert found[1] == ["99_sample", "", "", "ada", "", "", "", "2", "0", "2", "7"]
    columns = CsvExportPlugin.export.__code__.co_consts
    assert next(tuple(each) for each in columns if isinstance(each, tuple) and "score" in each) == (
        tuple(found[0])
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="Gradescope's layout is run by bash")
def test_gradescope_runs_the_autograder_in_its_layout(grader: Grader, tmp_path: Path) -> None:
    """As its container does: unpacked into source, `run_autograder` beside it, one submission."""
    content = notebook()
    found = [(submission(content), rows(grader, ("ada", "bob"))[0][1])]
    digest = hashlib.sha256(content).hexdigest()
    found = [(replace(found[0][0], digest=digest), found[0][1])]
    doubtful = replace(submission(b"x", "bob"), digest=hashlib.sha256(b"x").hexdigest())
    found.append((doubtful, Grade("needs review")))
    assert gradescope.write(tmp_path / "gradescope.zip", grader.lab, found) == 1
    before = (tmp_path / "gradescope.zip").read_bytes()
    gradescope.write(tmp_path / "gradescope.zip", grader.lab, found)
    assert (tmp_path / "gradescope.zip").read_bytes() == before

    place = tmp_path / "autograder"
    for folder in ("source", "submission/inner", "results"):
        (place / folder).mkdir(parents=True)
    subprocess.run(["unzip", "-q", tmp_path / "gradescope.zip", "-d", place / "source"], check=True)
    shutil.copy2(place / "source" / "run_autograder", place / "run_autograder")
    subprocess.run([place / "source" / "setup.sh"], check=True)
    handed_in = place / "submission" / "inner" / "renamed.ipynb"

    handed_in.write_bytes(b"x")  # not settled: no points, not even 0
    done = subprocess.run([place / "run_autograder"], capture_output=True, text=True)
    assert done.returncode == 1 and "0 graded notebooks among renamed.ipynb" in done.stderr
    assert not list((place / "results").iterdir())

    handed_in.write_bytes(content)
    subprocess.run([place / "run_autograder"], check=True, cwd="/")
    results = json.loads((place / "results" / "results.json").read_text())
    (test,) = results["tests"]
    assert results["score"] == sum(each["score"] for each in results["tests"]) == 2
    assert (test["number"], test["score"], test["max_score"]) == ("99.1", 2, 2)
    assert test["status"] == "passed" and test["output_format"] == "text"


def test_a_roster_of_another_kind_is_refused(grader: Grader, tmp_path: Path) -> None:
    for kind in ("canvas", "moodle"):
        with pytest.raises(ValueError, match="give with --roster the table that it exports"):
            exports.write(tmp_path / "x.csv", kind, grader.lab, [], None)
