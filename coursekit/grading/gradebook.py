"""The gradebook: a row a submission, as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from coursekit import atomic
from coursekit.grading.grader import Grade
from coursekit.grading.submissions import Submission
from coursekit.labs.exercises import Lab

Row = tuple[Submission, Grade]


def write(path: Path, lab: Lab, rows: Sequence[Row], due: datetime | None = None) -> None:
    """Writes the table; points are empty where an exercise could not be judged.

    due: adds the days that each is late, where that is known.
    """
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    heading = ["learner", "lab", "status", "points", "of", *lab.exercises]
    table.writerow(
        [*heading, "conclusion", "to be marked", "days late", "seconds", "submission", "notes"]
    )
    for submission, outcome in rows:
        marks = [outcome.marks.get(key) for key in lab.exercises]
        table.writerow(
            map(
                cell,
                [
                    submission.learner,
                    lab.name,
                    outcome.status,
                    outcome.points,
                    most(lab),
                    *(mark.points if mark else None for mark in marks),
                    outcome.conclusion_points,
                    "conclusion" if to_be_marked(outcome) else "",
                    _late(submission, due),
                    f"{outcome.seconds:.2f}",
                    submission.place,
                    "; ".join(outcome.notes),
                ],
            )
        )
    atomic.write(path, file.getvalue())


def changes(
    path: Path,
    submissions: Sequence[Submission],
    before: Mapping[str, Grade],
    now: Mapping[str, Grade],
) -> int:
    """Writes which points differ between two versions of a lab, and returns how many do.

    before, now: the grades, by the submission's digest. Writes nothing if there is no earlier one.
    """
    table: list[list[object]] = [["learner", "exercise", "before", "now", "submission"]]
    both = [each for each in submissions if each.digest in before and each.digest in now]
    for each in both:
        old, new = before[each.digest].marks, now[each.digest].marks
        for key in dict.fromkeys([*old, *new]):
            points = [marks[key].points if key in marks else None for marks in (old, new)]
            if points[0] != points[1]:
                table.append([each.learner, key, *points, each.place])
    if both:
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\n").writerows([map(cell, row) for row in table])
        atomic.write(path, file.getvalue())
    return len(table) - 1


def _late(submission: Submission, due: datetime | None) -> object:
    days = submission.days_late(due) if due else None
    return "late" if days is None and submission.late else days


def most(lab: Lab) -> int:
    """All points of a lab, those of the written conclusion included."""
    return sum(exercise.points for exercise in lab.exercises.values()) + len(rubric(lab))


def rubric(lab: Lab) -> list[str]:
    """What a good conclusion holds, one point each; empty if the lab asks for none."""
    return next((cell.rubric for cell in lab.cells if cell.conclusion), [])


def to_be_marked(grade: Grade) -> bool:
    """Whether a conclusion waits for a human."""
    return bool(grade.conclusion) and grade.conclusion_points is None


def cell(value: object) -> str:
    """A value for a spreadsheet: on one line, and never a formula."""
    if value is None:
        return ""
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", str(value)).strip()
    text = text.encode("utf-8", "replace").decode()
    return f"'{text}" if isinstance(value, str) and text.startswith(tuple("=+-@|%")) else text
