"""nbgrader takes the notebooks as they are: 0 for untouched and wrong, full marks for solved.

All of nbgrader, kernels included, grades the sample lab and one real lab in turn (COURSEKIT_TURN
says which, by default the week's number; at night all of them). The other labs go through what it
does without a kernel: release, gradebook, and the cells of a submission put right.

What is graded lacks the experiments, which take minutes and have no say in the grade: that checks
hold in the whole notebook is seen in test_notebooks. One notebook of mistakes is graded; that each
mistake is found is seen in test_exercises.
"""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from coursekit.labs.build import build
from coursekit.labs.exercises import Lab, load
from coursekit.shipped import shipped
from tests.labs.conftest import SAMPLE, SHIPPED

TURN = SHIPPED[int(os.environ["COURSEKIT_TURN"]) % len(SHIPPED)]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def alembic(monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader calls it by its bare name."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)


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


def first_mistake(lab: Lab, key: str) -> str:
    return next(iter(lab.exercises[key].mistakes.values()))


def points(lab: Lab) -> dict[str, float]:
    """What nbgrader may give, by the name of the cell."""
    return {f"check-{k.replace('.', '-')}": float(e.points) for k, e in lab.exercises.items()}


def released(course: Path, labs: list[Path], notebooks: Path) -> dict[Path, str]:
    """The release versions of these labs, made by nbgrader in a new course."""
    (course / "source" / "lab").mkdir(parents=True)
    for lab in labs:
        path = course / "source" / "lab" / f"{lab.stem}.ipynb"
        path.write_text(build(lab, solved=True), encoding="utf-8")
    nbgrader(course, notebooks, "generate_assignment", "lab", "--create")
    return {lab: (course / "release" / "lab" / f"{lab.stem}.ipynb").read_text() for lab in labs}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            path, marks=pytest.mark.slow(40) if path in (SAMPLE, TURN) else pytest.mark.nightly(40)
        )
        for path in (SAMPLE, *SHIPPED)
    ],
    ids=lambda path: path.stem,
)
def test_nbgrader_agrees(source: Path, tmp_path: Path) -> None:
    lab = load(source)
    submissions = {
        "solved": submission(source, lambda lab, key: lab.exercise_cell(key).solution),
        "untouched": submission(source, lambda lab, key: lab.exercise_cell(key).stub),
        "wrong": submission(source, first_mistake),
    }
    notebooks = source.parent.parent
    released(tmp_path, [source], notebooks)
    for student, text in submissions.items():
        folder = tmp_path / "submitted" / student / "lab"
        folder.mkdir(parents=True)
        (folder / f"{lab.name}.ipynb").write_text(text)

    nbgrader(tmp_path, notebooks, "autograde", "lab")

    assert grades(tmp_path, "solved", lab.name) == points(lab)
    for student in ("untouched", "wrong"):
        assert grades(tmp_path, student, lab.name) == dict.fromkeys(points(lab), 0.0), student


@pytest.mark.slow(20)
def test_every_lab_is_released_recorded_and_put_right(tmp_path: Path) -> None:
    """What needs no kernel, for all labs at once."""
    from nbgrader import utils
    from nbgrader.api import Gradebook
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import OverwriteKernelspec

    releases = released(tmp_path, SHIPPED, shipped("notebooks"))
    database = f"sqlite:///{tmp_path / 'gradebook.db'}"
    steps = [
        step()
        for step in Autograde.sanitize_preprocessors.default_args[0]
        if step is not OverwriteKernelspec  # reads the release again, from a course's folder
    ]
    for source, text in releases.items():
        assert "SOLUTION" not in text and "HIDDEN" not in text
        lab, learners = load(source), nbformat.reads(build(source), as_version=4)
        release = nbformat.reads(text, as_version=4)
        assert [cell.id for cell in release.cells] == [cell.id for cell in learners.cells]
        for ours, theirs in zip(learners.cells, release.cells, strict=True):
            assert utils.is_solution(ours) or ours.source == theirs.source, ours.id
        with Gradebook(database) as gradebook:
            recorded = gradebook.find_notebook(lab.name, "lab").grade_cells
            most = {cell.name: cell.max_score for cell in recorded if cell.cell_type == "code"}
        assert most == points(lab)

        # A submission in which somebody has emptied the checks and answered the exercises.
        submitted = nbformat.reads(build(source), as_version=4)
        for cell in submitted.cells:
            if "check" in cell.metadata.get("coursekit", {}):
                cell.source, cell.metadata.nbgrader["points"] = "", 100
            elif "exercise" in cell.metadata.get("coursekit", {}):
                cell.source = "answered = True"
        resources = {"nbgrader": {"assignment": "lab", "notebook": lab.name, "db_url": database}}
        for step in steps:
            submitted, resources = step.preprocess(submitted, resources)
        solved = {cell.id: cell for cell in nbformat.reads(build(source, True), as_version=4).cells}
        for cell in submitted.cells:
            if "check" in cell.metadata.get("coursekit", {}):
                assert cell.source == solved[cell.id].source, "hidden tests and all"
                worth = points(lab)[cell.metadata.nbgrader.grade_id]
                assert utils.determine_grade(cell) == (worth, worth)
                cell.outputs = [nbformat.v4.new_output("error", ename="NotRight")]
                assert utils.determine_grade(cell) == (0, worth)
            elif "exercise" in cell.metadata.get("coursekit", {}):
                assert cell.source == "answered = True"


def nbgrader(course: Path, notebooks: Path, command: str, *arguments: str) -> None:
    environment = {**os.environ, "COURSEKIT_NOTEBOOKS": str(notebooks)}
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
