"""What a child sends is kept exactly if it is honest, and never raises if it is not."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from coursekit.grading import matching, wire
from coursekit.grading.grader import STATUSES, Answered, Grader
from coursekit.guard import CallOutcome, Failure
from coursekit.labs.answers import Observed
from coursekit.labs.plain import Opaque
from coursekit.labs.verdicts import AnswerState
from tests.grading.conftest import SOLVED, notebook

SCALARS = (
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text()
)
PLAIN = some.recursive(
    SCALARS,
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.lists(inner, max_size=4).map(tuple)
        | some.dictionaries(SCALARS, inner, max_size=4)
    ),
    max_leaves=12,
)
JSON = some.recursive(
    SCALARS | some.sampled_from(["list", "tuple", "dict", "opaque", "", "untouched", "1" * 4000]),
    lambda inner: some.lists(inner, max_size=5) | some.dictionaries(some.text(max_size=9), inner),
    max_leaves=15,
)


def through(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(PLAIN)
def test_plain_data_come_back_as_they_were(value: Any) -> None:
    # Two keys that are equal in Python, like 1 and True, are one entry before and after.
    assert repr(wire.unpacked(through(wire.packed(value)))) == repr(value)


def test_observations_come_back_as_they_were() -> None:
    failure = Failure("ValueError", "no", 3, "x = 1")
    seen = Observed(
        CallOutcome([float("inf"), Opaque("a map")], failure, "time", "out"), "f", ("a",)
    )
    assert wire.observed(through(wire.observation(seen))) == seen
    assert wire.unpacked(wire.packed("\ud800")) == "?"
    with pytest.raises(TypeError, match="set is not plain data"):
        wire.packed({1, 2})


@given(JSON)
def test_forged_data_raise_a_value_error_or_nothing(value: Any) -> None:
    for read in (wire.unpacked, wire.observed, wire.seen):
        with contextlib.suppress(ValueError):
            read(value)


CASES = some.lists(
    some.fixed_dictionaries({}, optional={"value": JSON, "failure": JSON, "stopped": JSON}) | JSON,
    max_size=4,
)
HONEST = some.just(AnswerState("", "function", True).__dict__)
RECORD = some.fixed_dictionaries(
    {"answer": HONEST | JSON},
    optional={"cases": CASES | JSON, "hidden": CASES | JSON, "stale": JSON, "changed": JSON},
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(some.fixed_dictionaries({}, optional=dict.fromkeys(SOLVED, RECORD)), some.booleans())
def test_no_record_makes_the_controller_raise(
    grader: Grader, records: dict[str, Any], forged: bool
) -> None:
    matched = matching.match(notebook(), grader.lab)
    grade = grader.judge(Answered(matched, through(records), forged=forged))
    assert grade.status in STATUSES and grade.marks.keys() == SOLVED.keys()
    json.dumps(grade.record())
    for key in SOLVED.keys() - records.keys():
        assert grade.marks[key].points is None
