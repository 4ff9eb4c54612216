"""What grading a class left in its folder: the rows as graded, and the tables and pages of them.

OUT/class.json holds the rows, OUT/marks.csv what a human adds; all else is made from the two.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.grading import feedback, figures, gradebook, hand_marks, misconceptions, overview
from coursekit.grading.gradebook import Row
from coursekit.grading.grader import Grade
from coursekit.grading.submissions import Submission
from coursekit.labs.exercises import Lab


@dataclass(frozen=True)
class ClassResults:
    """The rows of one lab, without marks by hand. out: the folder. due: as `coursekit grade`."""

    out: Path
    lab: Lab
    rows: Sequence[Row]
    due: datetime | None = None

    @classmethod
    def read(cls, out: Path, lab: Lab) -> ClassResults | None:
        """What `keep` has written of this lab; None if there is nothing.

        Raises ValueError if the folder is another lab's, or its file is damaged.
        """
        path = out / "class.json"
        if not path.exists():
            return None
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            name = record["lab"]
            rows = [(_submission(each), Grade.of(grade)) for each, grade in record["rows"]]
            due = datetime.fromisoformat(record["due"]) if record["due"] else None
        except (ValueError, KeyError, TypeError) as error:
            cure = "delete it and grade again; what is graded already is not run again"
            raise ValueError(
                f"{path} is damaged ({type(error).__name__}: {error}): {cure}"
            ) from None
        if name != lab.name:
            raise ValueError(f"{out} holds the results of {name}: give {lab.name} its own folder")
        return cls(out, lab, rows, due)

    def keep(self) -> None:
        """Writes the rows, and the figures of those that were read."""
        for submission, _ in self.rows:
            with contextlib.suppress(ValueError):  # it is not a notebook
                if found := figures.of(submission.content, self.lab):
                    figures.keep(self._figures, submission.digest, found)
        rows = [(_record(submission), grade.record()) for submission, grade in self.rows]
        due = self.due.isoformat() if self.due else None
        atomic.write_json(
            self.out / "class.json", {"lab": self.lab.name, "due": due, "rows": rows}, indent=0
        )

    def marked(self) -> list[Row]:
        """The rows with what was marked by hand. Raises ValueError for a bad line of marks.csv."""
        by_hand = hand_marks.read(self.out / "marks.csv", self.lab, [each for each, _ in self.rows])
        return [hand_marks.taken_in(row, by_hand) for row in self.rows]

    def names(self) -> Sequence[str]:
        """The file name of each row's feedback page."""
        return feedback.names([submission for submission, _ in self.rows])

    def write(self, place: str | None = None) -> list[Row]:
        """Writes tables and pages, and returns the rows with their marks by hand.

        place: of the submission whose page is written alone; else all pages are.
        """
        out, lab, rows = self.out, self.lab, self.marked()
        (out / "feedback").mkdir(parents=True, exist_ok=True)
        for name, (submission, grade) in zip(self.names(), rows, strict=True):
            if place in (None, submission.place):
                atomic.write(out / "feedback" / name, self._page(submission, grade))
        gradebook.write(out / "gradebook.csv", lab, rows, self.due)
        ideas = misconceptions.ideas(lab, rows)
        misconceptions.write(out / "misconceptions.csv", ideas)
        atomic.write(out / "class.html", overview.page(lab, rows, ideas))
        return rows

    def _page(self, submission: Submission, grade: Grade) -> str:
        shown = figures.kept(self._figures, submission.digest)
        return feedback.page(self.lab, submission, grade, shown)

    @property
    def _figures(self) -> Path:
        return self.out / "figures"


def lab_of(out: Path) -> str:
    """The name of the lab whose results are there. Raises ValueError if there are none."""
    try:
        return str(json.loads((out / "class.json").read_text(encoding="utf-8"))["lab"])
    except (OSError, ValueError, KeyError, TypeError):
        cure = "name a folder that `coursekit grade --out` has written"
        raise ValueError(f"there are no results in {out}: {cure}") from None


def _record(submission: Submission) -> dict[str, Any]:
    record = {key: each for key, each in asdict(submission).items() if key != "content"}
    handed_in = submission.handed_in
    return record | {"handed_in": handed_in.isoformat() if handed_in else None}


def _submission(record: dict[str, Any]) -> Submission:
    handed_in = record["handed_in"]
    return Submission(
        **record
        | {
            "doubts": tuple(record["doubts"]),
            "handed_in": datetime.fromisoformat(handed_in) if handed_in else None,
        }
    )
