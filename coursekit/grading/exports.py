"""The gradebook in the form that another system reads back.

Canvas (instructor guide, "How do I import grades in the Gradebook?") and Moodle (MoodleDocs,
"Assignment settings", offline grading worksheet) read the table that they gave out, with the grades
filled in: so that table is the roster. nbgrader's form is that of `nbgrader export` (0.9.6).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from coursekit import atomic
from coursekit.grading.gradebook import Row, cell, most
from coursekit.grading.grader import Grade
from coursekit.grading.submissions import Roster, Submission
from coursekit.labs.exercises import Lab

Table = list[list[object]]
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Grade", "Feedback comments")


def write(path: Path, kind: str, lab: Lab, rows: Sequence[Row], roster: Roster | None) -> None:
    """Writes the table for one of EXPORTS.

    Rows that need a human, or name nobody, are left out: their grade is not settled. A conclusion
    that is not marked yet adds no points.

    Raises ValueError if the roster is not the table that this system gave out.
    """
    settled = [row for row in rows if is_settled(*row)]
    table = EXPORTS[kind](lab, settled, roster)
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([map(cell, line) for line in table])
    atomic.write(path, file.getvalue())


def is_settled(submission: Submission, grade: Grade) -> bool:
    """Whether a grade can go out: no human has to look at it, and it names somebody."""
    return grade.status == "ok" and bool(submission.learner)


def _canvas(lab: Lab, rows: Sequence[Row], roster: Roster | None) -> Table:
    roster = _given(roster, CANVAS[:2], "Canvas: Grades, Export, Export Entire Gradebook")
    places = [place for place, name in enumerate(roster.heading) if name in CANVAS]
    kept = [roster.heading[place] for place in places]
    table: Table = [[*kept, lab.title]]
    for submission, grade in rows:
        line = roster.lines[submission.learner]
        table.append([*(line[place] for place in places), grade.points])
    return table


def _moodle(lab: Lab, rows: Sequence[Row], roster: Roster | None) -> Table:
    roster = _given(roster, MOODLE, "Moodle: the assignment, Download grading worksheet")
    points, comments = (roster.heading.index(name) for name in MOODLE[1:])
    table: Table = [list(roster.heading)]
    for submission, grade in rows:
        line: list[object] = list(roster.lines[submission.learner])
        line[points] = grade.points
        wrong = [
            f"{key}: {' '.join(mark.card.text)}"
            for key, mark in grade.marks.items()
            if mark.points != mark.most
        ]
        line[comments] = " ".join(wrong) or "All right."
        table.append(line)
    return table


def _nbgrader(lab: Lab, rows: Sequence[Row], roster: Roster | None) -> Table:
    table: Table = [
        [
            *("assignment", "duedate", "timestamp"),
            *("student_id", "last_name", "first_name", "email"),
            *("raw_score", "late_submission_penalty", "score", "max_score"),
        ]
    ]
    for submission, grade in rows:
        time = f"{submission.handed_in:%F %T}" if submission.handed_in else ""
        who = [lab.name, "", time, submission.learner, "", "", ""]
        table.append([*who, grade.points, 0, grade.points, most(lab)])
    return table


EXPORTS: dict[str, Callable[[Lab, Sequence[Row], Roster | None], Table]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "nbgrader": _nbgrader,
}


def _given(roster: Roster | None, wanted: Sequence[str], where: str) -> Roster:
    missing = [name for name in wanted if roster is None or name not in roster.heading]
    if roster is None or missing:
        cure = f"give with --roster the table that it exports ({where})"
        raise ValueError(f"the roster has no column {missing[0]!r}: {cure}")
    return roster
