"""The reader of py:percent sources: cells, stubs, solutions, and errors that name the cure."""

from pathlib import Path

import pytest

from coursekit.labs.source import SourceError, read

EXERCISE = """\
# %% exercise="7.1"
def double(number):
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION

# %% check="7.1"
check("7.1")
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "07_lab.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_are_those_that_jupytext_reads(lab_source: Path) -> None:
    jupytext = pytest.importorskip("jupytext")
    theirs = jupytext.read(lab_source, fmt="py:percent").cells
    ours = read(lab_source)
    assert [cell.cell_type for cell in theirs] == [cell.kind for cell in ours]
    for cell, other in zip(ours, theirs, strict=True):
        if cell.kind == "markdown":
            assert cell.text == other.source
        assert cell.tags == other.metadata.get("tags", [])
        assert cell.exercise == other.metadata.get("exercise")


def test_stub_and_solution(tmp_path: Path) -> None:
    cell = read(write(tmp_path, EXERCISE))[0]
    assert cell.stub == "def double(number):\n    ...  # your code here"
    assert cell.solution == "def double(number):\n    return 2 * number"
    assert "### BEGIN SOLUTION\n    return" in cell.marked


def test_marked_lines_are_handed_out_at_their_indentation(tmp_path: Path) -> None:
    given = (
        "    #: while True:\n    #:     return number\n    #:\n    #: # why?\n    return 2 * number"
    )
    cell = read(write(tmp_path, EXERCISE.replace("    return 2 * number", given)))[0]
    handed_out = "def double(number):\n    while True:\n        return number\n\n    # why?"
    assert cell.stub == handed_out
    assert cell.solution == "def double(number):\n    return 2 * number"
    assert "#:" not in cell.marked


@pytest.mark.parametrize(
    ("text", "line", "cure"),
    [
        ("import math\n" + EXERCISE, 1, "begin with"),
        (EXERCISE.replace("    ### BEGIN SOLUTION\n", ""), 4, "'### BEGIN SOLUTION' before it"),
        (EXERCISE.replace("    ### END SOLUTION\n", ""), 1, "never closed"),
        (EXERCISE.replace("    ### END", "    ### BEGIN"), 5, "'### END SOLUTION' before it"),
        ('# %% exercise="7.1"\nx = 1\n# %% check="7.1"\ncheck("7.1")', 1, "has no solution"),
        (EXERCISE.replace(' exercise="7.1"', ""), 3, "start the cell with"),
        (EXERCISE + EXERCISE, 9, "duplicate key 7.1: line 1 has it"),
        (EXERCISE.split("# %% check")[0], 1, "exercise 7.1 has no check"),
        ('# %% check="7.1"\ncheck("7.1")', 1, "check 7.1 has no exercise"),
        (EXERCISE.replace('check("7.1")', "pass"), 7, 'must call check("7.1")'),
        (EXERCISE.replace("7.1", "8.1"), 1, "is not a key"),
        (EXERCISE + "\n# %% points=2\n", 10, "a cell takes [markdown] and check, claim"),
        (EXERCISE + "\n# %% tags=[name]\n", 10, "is not JSON"),
        (EXERCISE + "\n# %% [markdown]\nprose\n", 11, "start it with '# '"),
        (EXERCISE + "\n# %%\nx = 1\n%ls\n", 12, "write IPython magics as comments"),
        (EXERCISE + '\n# %% claim="x is 1"\nprint(x)\n', 10, "without a sentence or an assert"),
        (EXERCISE + '\n# %% claim=" "\nassert x\n', 10, "without a sentence or an assert"),
        (EXERCISE + '\n# %% [markdown] claim="x"\n# x\n', 10, "drop [markdown]"),
        (EXERCISE + '\n# %% conclusion="7.c"\n# x\n', 10, "a conclusion is prose"),
        (EXERCISE + "### BEGIN HIDDEN TESTS\n", 9, "the builder adds the hidden check"),
    ],
)
def test_errors_name_file_line_and_cure(tmp_path: Path, text: str, line: int, cure: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourceError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert cure in str(error.value)
