"""Notebooks that nobody thought of: the grader never raises, and never loses a row."""

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from coursekit.grading import submissions, wire
from coursekit.grading.grader import STATUSES, Grade, Grader
from coursekit.grading.results import ClassResults
from coursekit.grading.warm import Ran, Warm
from tests.grading.conftest import SOLVED, notebook

GIVEN = json.loads(notebook())
ODD = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=20)
    # Halves of surrogate pairs, numbers that are too long, names that mean something here.
    | some.sampled_from(["\ud800", "\x00", 10**400, -(10**40), "code", "exercise-99-1", "99.1"]),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.text(max_size=9), inner, max_size=4)
        | some.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                ("nbgrader", "coursekit", "exercise", "check", "grade_id", "id", "data",
                 "image/png", "output_type", "text"),
                inner,
            ),
        )
    ),
    max_leaves=12,
)  # fmt: skip
KEYS = "cell_type", "id", "metadata", "source", "outputs", "execution_count", "attachments"
GONE = object()
# In a cell of the lab, this is another value, or gone; or the cell is something else altogether.
DAMAGE = some.lists(
    some.tuples(
        some.integers(0, len(GIVEN["cells"]) - 1),
        some.sampled_from(KEYS) | some.none(),
        ODD | some.just(GONE) | some.lists(some.text(max_size=9), max_size=3),
    ),
    max_size=8,
)
AROUND = some.dictionaries(
    some.sampled_from(["nbformat", "nbformat_minor", "metadata", "x"]), ODD, max_size=2
)


def damaged(damage: list[tuple[int, str | None, Any]], around: dict[str, Any]) -> bytes:
    made = json.loads(json.dumps(GIVEN))
    for place, key, value in damage:
        cell = made["cells"][place]
        if not isinstance(cell, dict) or (key is None and value is not GONE):
            made["cells"][place] = None if value is GONE else value
        elif value is GONE:
            cell.pop(key, None)
        else:
            cell[key] = value
    return json.dumps({**made, **around}).encode()


def handed_in(content: bytes) -> submissions.Submission:
    """As it comes out of a class's zip file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("ada.ipynb", content)
    opened = submissions._in_zip("class.zip", archive.getvalue(), ())
    (found,) = (submissions._owned(each, "99_sample", None) for each in opened)
    return found


def kept_whole(grade: Grade) -> None:
    assert grade.status in STATUSES
    assert not any("the grader failed" in note for note in grade.notes), grade
    kept = json.loads(json.dumps(grade.record()))
    assert json.dumps(Grade.of(kept).record()) == json.dumps(kept)
    assert grade.marks.keys() in (SOLVED.keys(), set())


def crashed(job: dict[str, Any]) -> Ran:
    wire.line(job)
    return Ran([{"state": {}}], ended="crashed")


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(DAMAGE, AROUND)
@example([(3, "source", ["\ud800", None, 3]), (4, "id", 10**400)], {"metadata": {"coursekit": [0]}})
def test_no_damaged_notebook_is_lost(
    grader: Grader, tmp_path_factory: pytest.TempPathFactory, damage: Any, around: Any
) -> None:
    """From the zip file to the pages, with a child that ends at once; others run, below."""
    found = handed_in(damaged(damage, around))
    grade = grader.grade(found, crashed)
    kept_whole(grade)
    out = tmp_path_factory.mktemp("graded")
    results = ClassResults(out, grader.lab, [(found, grade)])
    results.keep()
    assert len(results.write()) == 1 and len(list((out / "feedback").iterdir())) == 1


def graded_whole(grader: Grader, warm: Warm, damage: Any, around: Any) -> None:
    kept_whole(grader.grade(handed_in(damaged(damage, around)), warm.run))


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(DAMAGE, AROUND)
def test_no_damaged_notebook_stops_the_child(
    grader: Grader, warm: Warm, damage: Any, around: Any
) -> None:
    graded_whole(grader, warm, damage, around)


@pytest.mark.nightly(200)
@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(DAMAGE, AROUND)
def test_no_damaged_notebook_of_hundreds_stops_the_child(
    grader: Grader, warm: Warm, damage: Any, around: Any
) -> None:
    graded_whole(grader, warm, damage, around)


@settings(max_examples=100)
@given(some.binary(max_size=80) | some.text(max_size=40).map(str.encode) | some.just(b"[" * 99_999))
@example(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1e999}]}')
@example(b'\xef\xbb\xbf{"nbformat": 4, "cells": [], "cells": 3}')
def test_no_bytes_are_lost(grader: Grader, content: bytes) -> None:
    kept_whole(grader.grade(handed_in(content), crashed))
