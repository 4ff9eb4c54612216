"""A notebook gets the points and the verdicts of the live kernel, however it was saved.

Each day lab 04 and the sample lab; at night all labs with all their mistakes, and nbgrader beside.
"""

import json
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from coursekit.grading.grader import Grader
from coursekit.grading.warm import Warm
from coursekit.labs.build import build
from coursekit.labs.exercises import Lab, sources
from coursekit.labs.verdicts import verdict
from coursekit.shipped import shipped
from tests.grading.conftest import SAMPLE, SOLVED, notebook, points, submission
from tests.labs import test_nbgrader as nbgrader
from tests.labs.test_nbgrader import alembic  # noqa: F401 - a fixture

SHIPPED = sources(shipped("notebooks"))
LAB_04 = next(path for path in SHIPPED if path.stem.startswith("04"))
Cells = list[dict[str, Any]]


def live(lab: Lab, answers: Mapping[str, str]) -> dict[str, Any]:
    """The cards that the checks show, visible first, then hidden."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in lab.cells:
        if "setup" in cell.tags:
            exec(compile(cell.text, lab.name, "exec"), namespace)
    cards = {}
    for key, exercise in lab.exercises.items():
        exec(compile(textwrap.dedent(answers[key]), f"{lab.name}:{key}", "exec"), namespace)
        # What the grader has computed is known here: no mistake is skipped for want of time.
        cards[key] = verdict(lab, exercise, namespace, False)
        if cards[key].status == "right":
            cards[key] = verdict(lab, exercise, namespace, True)
    return cards


def compare(grader: Grader, warm: Warm, source: Path, answers: Mapping[str, str]) -> None:
    outcome = grader.grade(submission(notebook(answers, source)), warm.run)
    cards = live(grader.lab, answers)
    assert outcome.status == "ok", outcome
    for key, exercise in grader.lab.exercises.items():
        mark = outcome.marks[key]
        assert mark.card.status == cards[key].status, (key, mark.card, cards[key])
        assert mark.points == (exercise.points if cards[key].status == "right" else 0)
        if cards[key].status != "right":
            assert mark.card.text == cards[key].text


def answers_of(lab: Lab) -> dict[str, dict[str, str]]:
    """Untouched, solved, and a notebook for the first, second, ... mistake of every exercise."""
    cells = {key: lab.exercise_cell(key) for key in lab.exercises}
    found = {
        "untouched": {key: cell.stub for key, cell in cells.items()},
        "solved": {key: cell.solution for key, cell in cells.items()},
    }
    planted = {key: list(exercise.planted().values()) for key, exercise in lab.exercises.items()}
    for number in range(max(map(len, planted.values()))):
        found[f"mistake {number}"] = {
            key: each[number % len(each)] for key, each in planted.items()
        }
    return found


@pytest.mark.slow(10)
@pytest.mark.parametrize("source", [SAMPLE, LAB_04], ids=lambda path: path.stem)
def test_untouched_solved_and_mistaken_notebooks(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grader = Grader(source)
    # No exercise here needs Keras, and it takes long to import.
    imports = [each for each in grader.imports() if "keras" not in each and "tuners" not in each]
    with Warm(imports) as warm:
        assert warm.unfit == ""
        for name, answers in answers_of(grader.lab).items():
            if name in ("untouched", "solved", "mistake 0"):
                compare(grader, warm, source, answers)


@pytest.mark.nightly(600)
@pytest.mark.parametrize("source", [SAMPLE, *SHIPPED], ids=lambda path: path.stem)
def test_all_mistakes_of_all_labs(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grader = Grader(source)
    with Warm(grader.imports()) as warm:
        for answers in answers_of(grader.lab).values():
            compare(grader, warm, source, answers)


@pytest.mark.nightly(200)
@pytest.mark.parametrize("source", [SAMPLE, LAB_04], ids=lambda path: path.stem)
def test_live_kernel_grader_and_nbgrader_agree(source: Path, tmp_path: Path) -> None:
    """On the same files: solved, untouched, mistaken, and mixtures of the three."""
    grader = Grader(source)
    kinds = [answers_of(grader.lab)[name] for name in ("solved", "untouched", "mistake 0")]
    mixtures = [
        {key: kinds[(place + turn) % 3][key] for place, key in enumerate(grader.lab.exercises)}
        for turn in range(3)
    ]
    given = {f"learner{number}": each for number, each in enumerate([*kinds, *mixtures])}
    nbgrader.released(tmp_path, [source], source.parent.parent)
    files = {}
    for learner, answers in given.items():
        folder = tmp_path / "submitted" / learner / "lab"
        folder.mkdir(parents=True)
        files[learner] = folder / f"{source.stem}.ipynb"
        files[learner].write_text(nbgrader.submission(source, lambda lab, key: answers[key]))  # noqa: B023
    nbgrader.nbgrader(tmp_path, source.parent.parent, "autograde", "lab")
    with Warm(grader.imports()) as warm:
        for learner, path in files.items():
            outcome = grader.grade(submission(path.read_bytes(), learner), warm.run)
            ours = {f"check-{key.replace('.', '-')}": each for key, each in points(outcome).items()}
            assert ours == nbgrader.grades(tmp_path, learner, source.stem), learner
            cards = live(grader.lab, given[learner])
            right = {key: card.status == "right" for key, card in cards.items()}
            assert right == {key: bool(each) for key, each in points(outcome).items()}, learner


def without_metadata(cells: Cells) -> None:
    for cell in cells:
        cell["metadata"] = {}


def without_names(cells: Cells) -> None:
    for cell in cells:
        cell["metadata"] = {}
        del cell["id"]


def with_new_ids(cells: Cells) -> None:
    without_metadata(cells)
    for number, cell in enumerate(cells):
        cell["id"] = f"vscode-{number}"


def as_colab(cells: Cells) -> None:
    for number, cell in enumerate(cells):
        cell["metadata"] = {"id": f"x{number}", "colab": {"base_uri": "https://localhost/"}}
        del cell["id"]


def with_windows_line_ends(cells: Cells) -> None:
    for cell in cells:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")


def without_checks(cells: Cells) -> None:
    cells[:] = [cell for cell in cells if "check(" not in "".join(cell["source"])]


def copied(cells: Cells) -> None:
    cells[:] = [each for cell in cells for each in (cell, dict(cell))]


def reordered(cells: Cells) -> None:
    cells.reverse()


def with_a_stub_above(cells: Cells) -> None:
    given = json.loads(build(SAMPLE))["cells"]
    cells[:0] = [cell for cell in given if "exercise" in cell["metadata"].get("coursekit", {})]


def with_helpers_in_cells_of_their_own(cells: Cells) -> None:
    for place, cell in reversed(list(enumerate(cells))):
        text = "".join(cell["source"])
        if text.startswith("def survivors"):
            cell["source"] = "def survivors(a, b):\n    return HALVES['of'](a, b)\n"
            code = {**cell, "metadata": {}, "id": "helpers"}
            cells[place:place] = [
                {**code, "source": "HALVES = {}\n%timeit -n1 -r1 pass"},
                {**code, "id": "more", "source": "HALVES['of'] = lambda a, b: a // b"},
            ]


def split(cells: Cells) -> None:
    for place, cell in reversed(list(enumerate(cells))):
        if cell["cell_type"] == "code" and "exercise" in cell["metadata"].get("coursekit", {}):
            cells.insert(place, {**cell, "source": "# my notes\n", "id": f"split-{place}"})


def with_broken_cells(cells: Cells) -> None:
    broken = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells[:0] = [
        {**broken, "id": "broken-1", "source": "def survivors(:"},
        {**broken, "id": "broken-2", "source": "raise ValueError"},
        {**broken, "id": "broken-3", "source": "!echo hello\n%%nothing"},
    ]


CHANGES = [
    without_metadata, without_names, with_new_ids, as_colab, with_windows_line_ends, without_checks,
    copied, reordered, with_a_stub_above, with_helpers_in_cells_of_their_own, split,
    with_broken_cells,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_solved_notebook_stays_solved(
    grader: Grader, warm: Warm, change: Callable[[Cells], None]
) -> None:
    made = json.loads(notebook())
    change(made["cells"])
    outcome = grader.grade(submission(json.dumps(made).encode()), warm.run)
    assert points(outcome) == SOLVED, outcome
    assert outcome.status == "ok", outcome


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_half_a_notebook_stays_half(
    grader: Grader, warm: Warm, change: Callable[[Cells], None]
) -> None:
    half = {key: grader.lab.exercise_cell(key).stub for key in ("99.3", "99.4")}
    made = json.loads(notebook(half))
    change(made["cells"])
    outcome = grader.grade(submission(json.dumps(made).encode()), warm.run)
    assert points(outcome) == SOLVED | {"99.3": 0, "99.4": 0}, outcome


def test_an_exercise_without_a_cell_is_not_zero(grader: Grader, warm: Warm) -> None:
    made = json.loads(notebook())
    made["cells"] = [cell for cell in made["cells"] if "def budgets" not in "".join(cell["source"])]
    outcome = grader.grade(submission(json.dumps(made).encode()), warm.run)
    assert points(outcome) == SOLVED | {"99.3": None}
    assert outcome.status == "needs review" and "99.3" in outcome.notes[0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"{", "not a notebook"),
        (b"\xff\xfe\x00", "not a notebook"),
        (b"[" * 100_000, "not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "its format is 3"),
        (b'{"nbformat": 5, "cells": []}', "its format is 5"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 5001 + b"{}]}", "5002 cells"),
        (b'{"nbformat": 4, "n": ' + b"9" * 5000 + b"}", "not a notebook"),
    ],
)
def test_what_is_not_a_notebook_is_unreadable(
    grader: Grader, warm: Warm, content: bytes, why: str
) -> None:
    outcome = grader.grade(submission(content), warm.run)
    assert outcome.status == "unreadable" and why in outcome.notes[0], outcome
    assert outcome.points is None


def test_another_lab_needs_a_look(grader: Grader, warm: Warm) -> None:
    outcome = grader.grade(submission(build(LAB_04).encode()), warm.run)
    assert outcome.status == "needs review" and outcome.points is None
