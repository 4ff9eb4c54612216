"""A small lab, a fork server for it, and submissions with an answer of the test's own."""

import hashlib
import html.parser
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from coursekit.grading import warm as warm_server
from coursekit.grading.grader import Grade, Grader, Mark
from coursekit.grading.isolation import Allowance
from coursekit.grading.results import ClassResults
from coursekit.grading.submissions import Submission
from coursekit.grading.warm import Warm
from coursekit.labs.build import build
from coursekit.labs.cards import Card

SAMPLE = Path(__file__).parents[1] / "labs" / "lab" / "source" / "99_sample.py"
HOSTILE = "=cmd|x</script><script>alert(1)</script>"
SOLVED = {"99.1": 2, "99.2": 1, "99.3": 1, "99.4": 1}


@pytest.fixture(scope="session")
def grader() -> Grader:
    return Grader(SAMPLE)


@pytest.fixture(scope="session")
def warm(grader: Grader, not_testable: Callable[[str], NoReturn]) -> Iterator[Warm]:
    """Isolated; little memory, so that a test of it needs little, and impatient."""
    limits = Allowance(memory=256 << 20, folder=16 << 20, processes=24)
    try:
        server = Warm(grader.imports(), limits=limits, slack=2.0)
    except OSError as error:
        not_testable(f"isolation ({error}): run the tests as root, or allow user namespaces")
    with server:
        assert server.unfit == "" and server.missing == [] and server.gaps() == []
        yield server


# What guards a child, taken away in the server before it forks, and what it should not hold.
UNGUARDED = f"""
import os, pathlib, sys
from coursekit.grading import child, isolation, reached, wire
from coursekit.labs import exercises
isolation.restrict = lambda limits: None
reached.watch = lambda tell, installed: None
child.Originals.restorer = lambda originals: list
child.encoder = lambda: wire.line
os.closerange = lambda first, last: None
sys.answers = exercises.load(pathlib.Path({str(SAMPLE)!r}))
"""
SECRET = "COURSEKIT_TEST_SECRET"


@pytest.fixture(scope="session")
def careless(grader: Grader) -> Iterator[Warm]:
    """The same server without isolation, limits and guards, with answers and a secret.

    An attack has to succeed there, or its test proves nothing.
    """
    with pytest.MonkeyPatch.context() as patch:
        environment = warm_server._environment
        given = {SECRET: "x"}
        patch.setattr(warm_server, "_environment", lambda *words: environment(*words) | given)
        server = Warm([*grader.imports(), UNGUARDED], isolated=False, slack=0.5)
    with server:
        assert server.missing == []
        yield server


def notebook(
    answers: Mapping[str, str] | None = None, source: Path = SAMPLE, solved: bool = True
) -> bytes:
    """The lab's notebook, solved, with these answers in place of the solutions."""
    made = json.loads(build(source, solved))
    for cell in made["cells"]:
        key = cell["metadata"].get("coursekit", {}).get("exercise")
        if answers and key in answers:
            cell["source"] = answers[key]
    return json.dumps(made).encode()


def submission(content: bytes, learner: str = "ada") -> Submission:
    return Submission(f"{learner}.ipynb", learner, content)


@pytest.fixture
def graded(grader: Grader, warm: Warm) -> Callable[..., Grade]:
    """Grades the solved notebook with these answers in it, by exercise (99_1, ...)."""

    def grade(answers: Mapping[str, str] | None = None, server: Warm = warm) -> Grade:
        return grader.grade(submission(notebook(answers)), server.run)

    return grade


def points(outcome: Grade) -> dict[str, int | None]:
    return {key: mark.points for key, mark in outcome.marks.items()}


def told(outcome: Grade, key: str = "99.2") -> str:
    """What the answer's value was, as the verdict shows it."""
    return dict(outcome.marks[key].card.rows)["received"]


def results(out: Path, grader: Grader) -> ClassResults:
    """Ada is right, Bob wrong, one is hostile, Cid's process ended, Dan handed in twice."""

    def grade(points: int | None, status: str = "ok", **more: Any) -> Grade:
        right, wrong = Card("right", "x"), Card("not right", "x", text=["Round *down*."])
        card = Card("stopped", "x") if points is None else right if points else wrong
        marks = {"99.1": Mark(points, 2, card), "99.2": Mark(0, 1, Card("not yet", "x"))}
        return Grade(status, marks=marks, **more)

    rows = [
        ("ada.ipynb", "ada", grade(2, conclusion="It halves. <b>")),
        ("bob.ipynb", "bob", grade(0)),
        (f"{HOSTILE}.ipynb", HOSTILE, grade(0)),
        ("cid.ipynb", "cid", grade(None, "partial", notes=("99.1: crashed",))),
        ("dan 1.ipynb", "dan", grade(2, "needs review", notes=("dan has 2 submissions",))),
        ("dan 2.ipynb", "dan", grade(0, "needs review", notes=("dan has 2 submissions",))),
    ]
    out.mkdir()
    made = ClassResults(
        out,
        grader.lab,
        [
            (Submission(place, who, digest=hashlib.sha256(place.encode()).hexdigest()), each)
            for place, who, each in rows
        ],
    )
    made.keep()
    made.write()
    return made


class Tags(html.parser.HTMLParser):
    """The tags of a page, and its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attributes)]
