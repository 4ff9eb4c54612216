"""The gradebook: a row a submission, as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from coursekit import atomic
from coursekit.grading.grader import Grade
from coursekit.grading.submissions import Submission
from coursekit.labs.exercises import Lab

Row = tuple[Submission, Grade]
BINS = 10  # bars of a distribution


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


class Change(NamedTuple):
    """Points that differ between two gradings of the same notebook; None: not judged."""

    learner: str
    exercise: str
    before: float | None
    now: float | None
    submission: str

    def __str__(self) -> str:
        before, now = ("not judged" if each is None else each for each in self[2:4])
        return f"{self.learner or self.submission}, {self.exercise}: {before} -> {now}"


def changes(before: Sequence[Row], now: Sequence[Row]) -> list[Change]:
    """The points that differ where the same content was graded before."""
    old = {submission.digest: grade.marks for submission, grade in before}
    found = []
    for submission, grade in now:
        if submission.digest not in old:
            continue
        marks = old[submission.digest]
        for key in dict.fromkeys([*marks, *grade.marks]):
            old_points, points = (
                each[key].points if key in each else None for each in (marks, grade.marks)
            )
            if old_points != points:
                one = Change(submission.learner, key, old_points, points, submission.place)
                found.append(one)
    return found


def write_changes(path: Path, found: Sequence[Change]) -> None:
    """Writes the differences as a table."""
    file = io.StringIO(newline="")
    rows = [Change._fields, *found]
    csv.writer(file, lineterminator="\n").writerows([map(cell, row) for row in rows])
    atomic.write(path, file.getvalue())


def _late(submission: Submission, due: datetime | None) -> object:
    days = submission.days_late(due) if due else None
    return "late" if days is None and submission.late else days


def distribution(points: Sequence[float], highest: int) -> list[dict[str, Any]]:
    """How many learners have how many points: a `label` and `learners` for each range of points."""
    bins = min(BINS, highest + 1)
    count = Counter(min(bins - 1, int(each * bins // (highest + 1))) for each in points)
    found = []
    for place in range(bins):
        low = -(-place * (highest + 1) // bins)
        high = -(-(place + 1) * (highest + 1) // bins) - 1
        label = str(low) if low == high else f"{low} to {high}"
        found.append({"label": label, "learners": count[place]})
    return found


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
    formula = text != "-" and re.match(r"[=+\-@|%]|.*;\s*[=+\-@|]", text)
    return f"'{text}" if isinstance(value, str) and formula else text
