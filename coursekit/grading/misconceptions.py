"""What a class got wrong, and how often: the mistakes that an exercise knows, and what is new.

Answers that no known mistake explains are grouped by what they gave, so that a mistake which nobody
foresaw is seen, and can be added to the exercise with a sentence.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.grading.gradebook import Row, cell
from coursekit.grading.grader import Mark
from coursekit.grading.submissions import Submission
from coursekit.labs.exercises import Exercise, Lab

WRONG = ("not right", "error", "stopped")


@dataclass(frozen=True)
class Idea:
    """A wrong answer that some have in common.

    key: of the exercise. known: whether the exercise has it as a mistake. said: the mistake's
    sentence, or what the verdict said. came: what such answers gave, "" if they differ in it.
    submissions: whose answers. tried: how many changed the exercise at all.
    """

    key: str
    known: bool
    said: str
    came: str
    submissions: tuple[Submission, ...]
    tried: int

    @property
    def learners(self) -> tuple[str, ...]:
        """Whose answers, for people."""
        return tuple(each.learner or each.place for each in self.submissions)

    @property
    def share(self) -> float:
        """Of those who tried."""
        return len(self.submissions) / self.tried


@dataclass(frozen=True)
class Tally:
    """How many answers to an exercise are right, wrong, untouched, and not judged."""

    right: int = 0
    wrong: int = 0
    untouched: int = 0
    unjudged: int = 0


def tally(rows: Sequence[Row], key: str) -> Tally:
    """The counts of an exercise over the submissions that could be read."""
    marks = _marks(rows, key)
    unjudged = sum(mark.points is None for _, mark in marks)
    right = sum(mark.points == mark.most for _, mark in marks)
    wrong = sum(mark.points == 0 and mark.card.status in WRONG for _, mark in marks)
    return Tally(right, wrong, len(marks) - right - wrong - unjudged, unjudged)


def ideas(lab: Lab, rows: Sequence[Row]) -> list[Idea]:
    """The wrong ideas of each exercise, the commonest first."""
    found: list[Idea] = []
    for key, exercise in lab.exercises.items():
        counts = tally(rows, key)
        groups: dict[tuple[bool, str, str], list[Submission]] = defaultdict(list)
        for submission, mark in _marks(rows, key):
            if mark.points == 0 and mark.card.status in WRONG:
                groups[_group(exercise, mark)].append(submission)
        tried = counts.right + counts.wrong
        own = [
            Idea(key, known, said, came, tuple(who), tried)
            for (known, said, came), who in groups.items()
        ]
        found += sorted(own, key=lambda idea: -len(idea.submissions))
    return found


def write(path: Path, found: Sequence[Idea]) -> None:
    """The ideas as a table."""
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["exercise", "answers", "of those who tried", "known", "idea", "came"])
    for idea in found:
        share = f"{idea.share:.1%}"
        row = [idea.key, len(idea.submissions), share, "yes" if idea.known else "no"]
        table.writerow(map(cell, [*row, idea.said, idea.came]))
    atomic.write(path, file.getvalue())


def helpless(rows: Sequence[Row], number: int) -> list[dict[str, Any]]:
    """Those with the fewest points, `number` at most: where to offer help.

    Each has the `place` of the submission, its `points`, and the exercises
    that are `wrong` and `untouched`.
    """
    judged = [row for row in rows if row[1].points is not None]
    lowest = sorted(judged, key=lambda row: row[1].points or 0)[:number]
    found = []
    for submission, grade in lowest:
        left = {key: mark for key, mark in grade.marks.items() if mark.points == 0}
        if left:
            wrong = [key for key, mark in left.items() if mark.card.status in WRONG]
            untouched = [key for key in left if key not in wrong]
            one = {"place": submission.place, "points": grade.points}
            found.append(one | {"wrong": wrong, "untouched": untouched})
    return found


def _marks(rows: Sequence[Row], key: str) -> list[tuple[Submission, Mark]]:
    return [(submission, grade.marks[key]) for submission, grade in rows if key in grade.marks]


def _group(exercise: type[Exercise], mark: Mark) -> tuple[bool, str, str]:
    for line in mark.card.text:
        if exercise.explained and line in exercise.mistakes:
            return True, line, ""
    rows = dict(mark.card.rows)
    came = next((rows[label] for label in ("received", "raised", "then came") if label in rows), "")
    return False, next(iter(mark.card.text), mark.card.status), came
