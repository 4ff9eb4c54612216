"""The marks as an "autograder" of Gradescope, which takes no table of grades.

Gradescope unpacks the zip file into /autograder/source, puts `run_autograder` beside it, runs that
on each submission, and reads /autograder/results/results.json (documentation of Gradescope,
"Autograder Specifications", "Output Format"). This one runs no learner's code and holds no answers:
it looks up what was graded here, by the digest of the notebook.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.grading.exports import is_settled
from coursekit.grading.gradebook import Row, rubric
from coursekit.grading.grader import Grade
from coursekit.labs.exercises import Lab

SETUP = """\
#!/usr/bin/env bash
command -v python3 > /dev/null || { apt-get update && apt-get install -y python3; }
"""
RUN = '''\
#!/usr/bin/env python3
"""Gives a submission the marks that were made elsewhere, by the digest of its notebook."""

import hashlib
import json
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
marks = json.loads((here / "source" / "marks.json").read_text(encoding="utf-8"))
notebooks = sorted((here / "submission").rglob("*.ipynb"))
digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in notebooks}
known = sorted(digests & marks.keys())
if len(known) != 1:
    names = ", ".join(path.name for path in notebooks) or "nothing"
    sys.exit(f"{len(known)} graded notebooks among {names}: grade the submissions again with "
             "`coursekit grade --for gradescope`, and upload the new zip file")
(here / "results").mkdir(exist_ok=True)
results = here / "results" / "results.json"
results.write_text(json.dumps(marks[known[0]]), encoding="utf-8")
'''


def write(path: Path, lab: Lab, rows: Sequence[Row]) -> int:
    """Writes the zip file, and returns how many submissions it knows.

    Those that need a human are left out: Gradescope then says that its autograder failed on them,
    and gives them no points.
    """
    settled = [row for row in rows if is_settled(*row)]
    marks = {submission.digest: _results(lab, grade) for submission, grade in settled}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text, mode in (
            ("setup.sh", SETUP, 0o755),
            ("run_autograder", RUN, 0o755),
            ("marks.json", json.dumps(marks), 0o644),
        ):
            member = zipfile.ZipInfo(name)  # without the time, so that the same marks give one file
            member.external_attr = mode << 16
            file.writestr(member, text, zipfile.ZIP_DEFLATED)
    atomic.write(path, content.getvalue())
    return len(marks)


def _results(lab: Lab, grade: Grade) -> dict[str, Any]:
    tests: list[dict[str, Any]] = [
        {
            "number": key,
            "name": f"{key} {lab.exercises[key].title()}",
            "score": mark.points or 0,
            "max_score": mark.most,
            "status": "passed" if mark.points == mark.most else "failed",
            "output": mark.card.plain(),
            "output_format": "text",
            "visibility": "visible",
        }
        for key, mark in grade.marks.items()
        if key in lab.exercises
    ]
    if (points := grade.conclusion_points) is not None:
        most = len(rubric(lab))
        written = {"name": "Conclusion", "score": points, "max_score": most}
        tests.append(written | {"output": grade.conclusion_comment, "output_format": "text"})
    return {"score": grade.points or 0, "visibility": "visible", "tests": tests}
