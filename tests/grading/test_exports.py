"""The tables that other systems import."""

import csv
from pathlib import Path

import pytest

from coursekit.grading import exports
from coursekit.grading.gradebook import Row
from coursekit.grading.grader import Grade, Grader, Mark
from coursekit.grading.submissions import Roster, Submission
from coursekit.labs.cards import Card

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


def test_a_roster_of_another_kind_is_refused(grader: Grader, tmp_path: Path) -> None:
    for kind in ("canvas", "moodle"):
        with pytest.raises(ValueError, match="give with --roster the table that it exports"):
            exports.write(tmp_path / "x.csv", kind, grader.lab, [], None)
