"""Marks and comments by hand, in OUT/marks.csv: kept, and taken in, each time the class is graded.

A row names a learner (or a submission), an exercise, the points, and a comment. In place of an
exercise, "conclusion" marks the written one, and "settled" says that what was in doubt is not. A
row of the marking page also names the notebook: it does not count for one that is handed in later.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coursekit import atomic
from coursekit.grading.gradebook import Row, cell, rubric
from coursekit.grading.grader import Grade, Mark
from coursekit.grading.submissions import Submission
from coursekit.labs.cards import Card
from coursekit.labs.exercises import Lab

HEADING = ["learner", "exercise", "points", "comment"]
NOTEBOOK = "notebook"  # the start of its digest; "" for any
DIGITS = 12
CONCLUSION, SETTLED = "conclusion", "settled"


@dataclass(frozen=True)
class HandMark:
    """A row of the file. points: None for a comment alone. digest: how the notebook's begins."""

    who: str
    exercise: str
    points: float | None
    comment: str
    digest: str = ""


def read(path: Path, lab: Lab, submissions: Sequence[Submission]) -> list[HandMark]:
    """The rows; writes an empty file if there is none.

    Raises ValueError that names the row, what is wrong with it, and the cure.
    """
    if not path.exists():
        atomic.write(path, ",".join(HEADING) + "\n")
        return []
    return _checked(path, _rows(path), lab, submissions)


def add(path: Path, lab: Lab, submissions: Sequence[Submission], row: list[str]) -> None:
    """Writes a row, in place of one on the same learner and exercise. Raises ValueError as `read`.

    row: learner (or submission), exercise, points, comment. Points and comment that are both empty
    take the mark back.
    """
    row = [str(cell(each)) for each in row]
    digests = {each.digest[:DIGITS] for each in submissions if row[0] in _names(each)}
    rows = _rows(path)[1:] if path.exists() else []
    rows = [each for each in rows if [part.strip() for part in each[:2]] != row[:2]]
    if any(row[2:]) or row[1] == SETTLED:
        rows.append([*row, digests.pop() if len(digests) == 1 else ""])
    rows = [[*HEADING, NOTEBOOK], *rows]
    _checked(path, rows, lab, submissions)
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows)
    atomic.write(path, file.getvalue())


def _rows(path: Path) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    if not rows or rows[0][:4] != HEADING:
        raise ValueError(f"{path}: the first row is not {','.join(HEADING)}: write that")
    return rows


def _checked(
    path: Path, rows: Sequence[list[str]], lab: Lab, submissions: Sequence[Submission]
) -> list[HandMark]:
    known = set().union(*map(_names, submissions))
    most = {key: exercise.points for key, exercise in lab.exercises.items()}
    most |= {CONCLUSION: len(rubric(lab)), SETTLED: 0}
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        who, key, points, comment, digest = (each.strip() for each in [*row, "", "", "", ""][:5])
        if who not in known:
            cure = "write a learner or a submission as gradebook.csv has it"
            raise ValueError(f"{path}, row {number}: nobody is {who!r}: {cure}")
        if key not in most:
            raise ValueError(f"{path}, row {number}: {key!r} is none of {', '.join(most)}")
        given = _points(path, number, points, most[key])
        found.append(HandMark(who, key, given, comment, digest))
    return found


def taken_in(row: Row, marks: Sequence[HandMark]) -> Row:
    """A row of the gradebook with what was marked by hand."""
    submission, grade = row
    for mark in marks:
        if mark.who not in _names(submission):
            continue
        if submission.digest.startswith(mark.digest):
            grade = _with(grade, mark)
        else:
            grade = grade.doubted([f"{mark.exercise} was marked by hand for another notebook"])
    return submission, grade


def _names(submission: Submission) -> set[str]:
    """What a row may call it: as it is, and as a spreadsheet may hold it."""
    given = {submission.learner, submission.place} - {""}
    return given | set(map(cell, given))


def _with(grade: Grade, hand: HandMark) -> Grade:
    said = f"Marked by hand. {hand.comment}".strip()
    if hand.exercise == SETTLED:
        status = "ok" if grade.marks else grade.status
        return replace(grade, status=status, notes=(*grade.notes, f"settled: {hand.comment}"))
    if hand.exercise == CONCLUSION:
        return replace(grade, conclusion_points=hand.points, conclusion_comment=hand.comment)
    before = grade.marks.get(hand.exercise)
    card = before.card if before else Card("not yet", hand.exercise)
    card = replace(card, notes=[*card.notes, said])
    if before and hand.points is None:
        mark = replace(before, card=card)
    else:
        mark = Mark(hand.points, before.most if before else 0, card)
    return replace(grade, marks={**grade.marks, hand.exercise: mark})


def _points(path: Path, number: int, text: str, most: int) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise ValueError(f"{path}, row {number}: {text!r} is not from 0 to {most}: write that")
    return int(value) if value == int(value) else value
