"""nbgrader takes the notebooks as they are: 0 for untouched and wrong, full marks for solved.

The source and release versions are whole. What is graded lacks the experiments, which take minutes
and have no say in the grade: that checks hold in the whole notebook is seen in the nbval tests.
Three notebooks of mistakes are graded; that each mistake is found is seen in test_exercises.
"""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.labs.build import build
from coursekit.labs.exercises import Lab, load

pytestmark = [pytest.mark.slow(45), pytest.mark.usefixtures("one_thread")]


def submission(source: Path, answer: Callable[[Lab, str], str]) -> str:
    """The learner's notebook with these answers typed into it, without the experiments."""
    lab = load(source)
    notebook = json.loads(build(source))
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if "setup" in cell["metadata"].get("tags", []) or "coursekit" in cell["metadata"]
    ]
    for cell in notebook["cells"]:
        if key := cell["metadata"].get("coursekit", {}).get("exercise"):
            cell["source"] = textwrap.dedent(answer(lab, key)).strip()
    return json.dumps(notebook)


def mistake(number: int) -> Callable[[Lab, str], str]:
    """Each exercise's mistake of that number; who has fewer begins again."""

    def answer(lab: Lab, key: str) -> str:
        mistakes = list(lab.exercises[key].mistakes.values())
        return mistakes[number % len(mistakes)]

    return answer


def test_nbgrader_agrees(lab_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # nbgrader calls alembic by its bare name.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    lab = load(lab_source)
    name = f"{lab.name}.ipynb"
    submissions = {
        "solved": submission(lab_source, lambda lab, key: lab.exercise_cell(key).solution),
        "untouched": submission(lab_source, lambda lab, key: lab.exercise_cell(key).stub),
    }
    wrong = {f"wrong-{n}": submission(lab_source, mistake(n)) for n in range(3)}
    submissions |= wrong
    (tmp_path / "source" / "lab").mkdir(parents=True)
    (tmp_path / "source" / "lab" / name).write_text(build(lab_source, solved=True))
    for student, text in submissions.items():
        folder = tmp_path / "submitted" / student / "lab"
        folder.mkdir(parents=True)
        (folder / name).write_text(text)

    nbgrader(tmp_path, lab_source, "generate_assignment", "lab", "--create")
    released = (tmp_path / "release" / "lab" / name).read_text()
    assert "SOLUTION" not in released and "HIDDEN" not in released

    nbgrader(tmp_path, lab_source, "autograde", "lab")

    full = {f"check-{k.replace('.', '-')}": float(e.points) for k, e in lab.exercises.items()}
    assert grades(tmp_path, "solved", lab.name) == full
    for student in ("untouched", *wrong):
        assert grades(tmp_path, student, lab.name) == dict.fromkeys(full, 0.0), student


def nbgrader(course: Path, source: Path, command: str, *arguments: str) -> None:
    environment = {**os.environ, "COURSEKIT_NOTEBOOKS": str(source.parent.parent)}
    environment.pop("COURSEKIT_DIR", None)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "nbgrader", command, *arguments),
            *("--course-dir", str(course), "--Execute.timeout=300"),
        ],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def grades(course: Path, student: str, notebook: str) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission_notebook(notebook, "lab", student)
        return {  # a conclusion is graded by hand
            grade.name: grade.auto_score
            for grade in submission.grades
            if grade.name.startswith("check-")
        }
