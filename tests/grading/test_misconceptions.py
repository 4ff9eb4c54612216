"""Wrong ideas are counted; answers that none explains are grouped by what they give."""

import csv
from pathlib import Path

from coursekit.grading import misconceptions, overview
from coursekit.grading.gradebook import Row
from coursekit.grading.grader import Grader
from coursekit.grading.warm import Warm
from tests.grading.conftest import notebook, submission

FLOAT = "A part of a candidate cannot be trained: round down."
ANSWERS = {
    "ada": {},
    "bob": {"99.1": "def survivors(a, b): return a / b"},
    "cid": {"99.1": "def survivors(x, y):\n    return x / y"},
    "dan": {"99.1": "def survivors(a, b): return 77"},
    "eve": {"99.1": "survivors = lambda *given: 77", "99.2": "epochs = 18"},
    "fay": {"99.1": "def survivors(a, b): return 78"},
    "gil": {"99.1": "def survivors(a, b): return [][0]"},
    "hal": {"99.2": "epochs = ..."},
    "<i>": {"99.1": "def survivors(a, b):\n    import os\n    os._exit(1)"},
}


def rows(grader: Grader, warm: Warm) -> list[Row]:
    found = [submission(notebook(given), learner) for learner, given in ANSWERS.items()]
    return [(each, grader.grade(each, warm.run)) for each in found]


def test_ideas_are_counted_and_new_ones_grouped(grader: Grader, warm: Warm, tmp_path: Path) -> None:
    graded = rows(grader, warm)
    found = misconceptions.ideas(grader.lab, graded)
    first = [(idea.known, idea.came, idea.learners) for idea in found if idea.key == "99.1"]
    assert first == [
        (True, "", ("bob", "cid")),
        (False, "77", ("dan", "eve")),
        (False, "78", ("fay",)),
        (False, "IndexError: list index out of range", ("gil",)),
    ]
    assert found[0].said == FLOAT and found[0].tried == 8 and found[0].share == 2 / 8
    assert [(idea.known, idea.said) for idea in found if idea.key == "99.2"] == [
        (True, "These are candidates, not epochs.")
    ]
    assert misconceptions.tally(graded, "99.1") == misconceptions.Tally(2, 6, 0, 1)
    assert misconceptions.tally(graded, "99.2") == misconceptions.Tally(7, 1, 1, 0)

    misconceptions.write(tmp_path / "ideas.csv", found)
    with (tmp_path / "ideas.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert table[0]["answers"] == "2" and table[0]["of those who tried"] == "25.0%"

    page = overview.page(grader.lab, graded, found)
    assert "&lt;i&gt;" in page and "<i>" not in page
    assert "written conclusions to be marked" in page and "Wrong ideas in 99.1" in page
