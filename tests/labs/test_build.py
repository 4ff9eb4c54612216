"""The builder: what a learner gets, what nbgrader gets, and that both are always the same bytes."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from coursekit.labs.build import build, main
from coursekit.shipped import shipped

SAMPLE = Path(__file__).parent / "lab"


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "notebooks"))


def cells(text: str) -> dict[str, dict]:
    return {cell["id"]: cell for cell in json.loads(text)["cells"]}


def edit(notebooks: Path, old: str, new: str) -> Path:
    path = notebooks / "source" / "99_sample.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_learner_notebook_is_valid_and_holds_no_answers(lab_source: Path) -> None:
    text = build(lab_source)
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert all(not cell.get("outputs") for cell in json.loads(text)["cells"])
    assert build(lab_source) == text


def test_nbformat_would_write_the_same_bytes() -> None:
    text = build(SAMPLE / "source" / "99_sample.py")
    assert nbformat.writes(nbformat.reads(text, as_version=4)) + "\n" == text


def test_golden_cells() -> None:
    built = cells(build(SAMPLE / "source" / "99_sample.py"))
    assert "".join(built["exercise-99-2"]["source"]) == "epochs = ...  # your answer here"
    assert "".join(built["exercise-99-1"]["source"]).endswith("\n    ...  # your code here")
    assert "int(math.log(largest" in "".join(built["exercise-99-3"]["source"])
    assert built["check-99-1"]["metadata"] == {
        "coursekit": {"check": "99.1"},
        "nbgrader": {
            "cell_type": "code",
            "grade": True,
            "grade_id": "check-99-1",
            "locked": True,
            "points": 2,
            "schema_version": 3,
            "solution": False,
            "task": False,
        },
    }
    magic = next(cell for cell in built.values() if "matplotlib" in "".join(cell["source"]))
    assert magic["source"][0] == "%matplotlib inline\n"
    assert [cell["metadata"]["tags"] for cell in built.values() if "tags" in cell["metadata"]] == [
        ["setup"]
    ]


def test_solved_notebook_keeps_markers_and_hidden_checks() -> None:
    built = cells(build(SAMPLE / "source" / "99_sample.py", solved=True))
    assert "### BEGIN SOLUTION" in "".join(built["exercise-99-1"]["source"])
    assert "".join(built["check-99-1"]["source"]).splitlines() == [
        "from coursekit.labs import check",
        'check("99.1")',
        "### BEGIN HIDDEN TESTS",
        'check("99.1", hidden=True)',
        "### END HIDDEN TESTS",
    ]
    alone = 'from coursekit.labs import check\ncheck("99.2")'
    assert "".join(built["check-99-2"]["source"]) == alone


def test_a_conclusion_is_a_manually_graded_cell_with_its_rubric_above() -> None:
    path = SAMPLE / "source" / "99_sample.py"
    learner, solved = cells(build(path)), cells(build(path, solved=True))
    assert learner["conclusion-99"]["source"] == ["YOUR ANSWER HERE"]
    rubric = [
        "It says that fewer candidates go on, so each rung costs less.",
        "It says that a late starter is dropped.",
    ]
    assert learner["conclusion-99"]["metadata"] == {
        "coursekit": {"conclusion": "99", "rubric": rubric},
        "nbgrader": {
            "cell_type": "markdown",
            "grade": True,
            "grade_id": "conclusion-99",
            "locked": False,
            "points": 2,
            "schema_version": 3,
            "solution": True,
            "task": False,
        },
    }
    for built in (learner, solved):
        question = "".join(built["conclusion-99-question"]["source"])
        assert question.startswith("Two sentences for a colleague") and rubric[0] in question
    answer = "".join(solved["conclusion-99"]["source"])
    assert answer.splitlines()[0] == "### BEGIN SOLUTION" and rubric[1] in answer


def test_a_recall_is_markdown_with_its_answer_folded(notebooks: Path) -> None:
    cell = cells(build(notebooks / "source" / "99_sample.py"))["recall-99-cost"]
    question, _, fold = "".join(cell["source"]).partition("\n\n")
    assert cell["cell_type"] == "markdown"
    assert question == "**Why does each rung of the bracket cost the same?**"
    assert fold.startswith("<details><summary>") and "Fewer train longer." in fold
    path = edit(notebooks, 'answer="Fewer train longer."', "answer=rungs")
    with pytest.raises(ValueError, match=r"99_sample\.py:\d+: a recall whose texts are not"):
        build(path)


def test_nbgrader_makes_the_learners_cell_of_the_solved_one() -> None:
    from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions, ComputeChecksums
    from nbgrader.utils import determine_grade

    path = SAMPLE / "source" / "99_sample.py"
    notebook = nbformat.reads(build(path, solved=True), as_version=4)
    for preprocessor in (CheckCellMetadata(), ClearSolutions(), ComputeChecksums()):
        notebook, _ = preprocessor.preprocess(notebook, {})
    answer = next(cell for cell in notebook.cells if cell.id == "conclusion-99")
    assert answer.source == "YOUR ANSWER HERE"
    assert determine_grade(answer) == (0, 2), "untouched"
    answer.source = "Fewer candidates train for longer."
    assert determine_grade(answer) == (None, 2), "for a human"


def test_other_cells_keep_their_ids_when_one_is_inserted_or_edited(notebooks: Path) -> None:
    before = list(cells(build(notebooks / "source" / "99_sample.py")))
    path = edit(
        notebooks, "# ## Exercise 99.2\n", "# New.\n\n# %% [markdown]\n# ## Exercise 99.2\n"
    )
    inserted = list(cells(build(path)))
    assert len(inserted) == len(before) + 1
    assert set(before) <= set(inserted)
    edited = cells(build(edit(notebooks, "# New.\n", "# Newer.\n")))
    assert len(set(inserted) - set(edited)) == 1


def test_equal_cells_get_different_ids(notebooks: Path) -> None:
    twice = "# Twice.\n\n# %% [markdown]\n# Twice.\n\n# %% [markdown]\n# ## Exercise 99.2\n"
    built = build(edit(notebooks, "# ## Exercise 99.2\n", twice))
    assert len(cells(built)) == len(json.loads(built)["cells"])


def test_check_names_missing_stale_and_unknown_notebooks(
    notebooks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = notebooks / "99_sample.ipynb"
    assert main(["--notebooks", str(notebooks), "--check"]) == 1
    assert f"{built}: differs from its source" in capsys.readouterr().out
    assert not built.exists()
    assert main(["--notebooks", str(notebooks)]) == 0
    assert main(["--notebooks", str(notebooks), "--check"]) == 0
    edit(notebooks, "Halving", "Thirds")
    capsys.readouterr()
    assert main(["--notebooks", str(notebooks), "--check"]) == 1
    assert str(built) in capsys.readouterr().out
    main(["--notebooks", str(notebooks)])
    (notebooks / "98_gone.ipynb").write_text("{}")
    capsys.readouterr()
    assert main(["--notebooks", str(notebooks), "--check"]) == 1
    assert "98_gone.ipynb: no source makes this" in capsys.readouterr().out


def test_errors_are_one_line_that_names_the_cure(
    notebooks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exercises = notebooks / "exercises" / "99_sample.py"
    text = exercises.read_text()
    exercises.write_text(text.replace('key = "99.2"', 'key = "99.9"'))
    assert main(["--notebooks", str(notebooks)]) == 1
    assert "check 99.2 has no definition: add a class" in capsys.readouterr().err
    # Of another length: Python tells a changed file by its second and its length.
    exercises.write_text(text.replace('key = "99.2"', 'key = "99.1"  # again'))
    assert main(["--notebooks", str(notebooks)]) == 1
    assert "has the key 99.1 of another" in capsys.readouterr().err


def test_shipped_notebooks_are_what_their_sources_make() -> None:
    assert main(["--notebooks", str(shipped("notebooks")), "--check"]) == 0
