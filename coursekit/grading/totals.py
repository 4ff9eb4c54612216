"""The points of each learner over several labs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit import atomic
from coursekit.grading.gradebook import Row, cell, most, to_be_marked
from coursekit.labs.exercises import Lab


@dataclass(frozen=True)
class Total:
    """A learner's points in each lab, by its name; None where nothing counts yet.

    waiting: the labs where a human has to look first, and why.
    """

    learner: str
    points: dict[str, float | None]
    waiting: tuple[str, ...]

    @property
    def sum(self) -> float:
        return sum(each for each in self.points.values() if each is not None)


def totals(labs: Sequence[tuple[Lab, Sequence[Row]]]) -> list[Total]:
    """A total for each learner who is named, in the order of names.

    A lab that a learner handed in twice counts once a human has settled which of them counts: all
    but one are then without points.
    """
    learners = sorted({each.learner for _, rows in labs for each, _ in rows} - {""})
    found = []
    for learner in learners:
        points, waiting = dict[str, float | None](), list[str]()
        for lab, rows in labs:
            grades = [grade for each, grade in rows if each.learner == learner]
            given = [grade.points for grade in grades if grade.points is not None]
            points[lab.name] = given[0] if len(given) == 1 else None
            if len(given) > 1:
                waiting.append(f"{lab.name}: {len(given)} submissions")
            doubts = [grade.status for grade in grades if grade.status != "ok"]
            doubts += ["conclusion"] * any(map(to_be_marked, grades))
            waiting += [f"{lab.name}: {each}" for each in doubts]
        found.append(Total(learner, points, tuple(waiting)))
    return found


def write(path: Path, labs: Sequence[tuple[Lab, Sequence[Row]]]) -> int:
    """Writes the totals as a table, and returns how many learners it has."""
    found = totals(labs)
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    names = [lab.name for lab, _ in labs]
    table.writerow(["learner", *names, "total", "of", "waits for you"])
    highest = sum(most(lab) for lab, _ in labs)
    for each in found:
        row = [each.learner, *(each.points[name] for name in names), each.sum, highest]
        table.writerow(map(cell, [*row, "; ".join(each.waiting)]))
    atomic.write(path, file.getvalue())
    return len(found)
