"""`check`, `hint` and `solution`: the functions that a learner calls under an exercise."""

import os
import sys
from datetime import UTC, datetime
from typing import Any

from coursekit.labs import executions, record
from coursekit.labs.cards import Card
from coursekit.labs.exercises import Exercise, find
from coursekit.labs.verdicts import verdict
from coursekit.notebook import shell


def check(key: str, hidden: bool = False) -> None:
    """Shows whether your answer to an exercise is right and, if not, why.

    key: lab and number, like "1.2".
    hidden: uses the cases that are kept for grading.

    Finds the answer by name in the notebook (outside of one: in the caller's globals), runs it for
    some inputs within a time limit (by default 10 seconds; `coursekit.guard.run` says what it
    cannot stop) and shows a verdict. Never raises, except when nbgrader executes the notebook: then
    a wrong answer raises AssertionError, since nbgrader gives full marks to a cell without error.
    """
    graded = bool(os.environ.get("NBGRADER_EXECUTION"))
    try:
        lab, exercise = find(key)
        namespace = _namespace(exercise.answer, sys._getframe(1))
        card = _older(key, exercise, namespace) or verdict(lab, exercise, namespace, hidden)
        if not graded:
            note = _keep(key, card.status)
            card = Card(**{**vars(card), "notes": [note] if note else []})
    except KeyboardInterrupt:
        card = Card("stopped", f"exercise {key}", text=["You interrupted it."])
    except Exception as error:
        card = _broken(key, error)
    if graded and card.status != "right":
        raise AssertionError(card.plain())
    card.show()


def hint(key: str) -> None:
    """Shows one more hint for an exercise with each call."""
    try:
        _, exercise = find(key)
    except Exception as error:
        _broken(key, error).show()
        return
    count = len(exercise.hints)
    title = f"{key} {exercise.title()}"
    if not count:
        Card("hint", title, text=["There are no hints for this exercise."]).show()
        return

    def reveal(kept: dict[str, Any]) -> None:
        entry = record.exercise(kept, key)
        entry["hints"] = min(entry.get("hints", 0) + 1, count)

    kept, note = record.update(reveal)
    seen = record.exercise(kept, key)["hints"]
    text = [f"{number}. {step}" for number, step in enumerate(exercise.hints[:seen], 1)]
    if seen < count:
        text.append(f"{seen} of {count} hints; `hint({key!r})` shows the next.")
    else:
        text.append(f"These are all {count}; `solution({key!r})` shows a solution.")
    Card("hint", title, text=text, notes=[note] if note else []).show()


def solution(key: str) -> None:
    """Shows a solution, after an attempt or all hints; your progress records that you saw it."""
    try:
        lab, exercise = find(key)
    except Exception as error:
        _broken(key, error).show()
        return
    title = f"{key} {exercise.title()}"
    entry = record.read()[0]["exercises"].get(key, {})
    hints = len(exercise.hints)
    if not entry.get("attempts") and (not hints or entry.get("hints", 0) < hints):
        first = f"Try it first: change the code, run it, then `check({key!r})`."
        more = f" Or look at the hints: `hint({key!r})`." if hints else ""
        Card("not yet", title, text=[first + more]).show()
        return

    def mark(kept: dict[str, Any]) -> None:
        record.exercise(kept, key).setdefault("shown", _now())

    _, note = record.update(mark)
    code = lab.exercise_cell(key).solution
    Card("solution", title, code=code, notes=[note] if note else []).show()


def _older(key: str, exercise: type[Exercise], namespace: dict[str, Any]) -> Card | None:
    """A card if the answer in memory is not what the exercise's cell defines now."""
    name = exercise.answer
    if name in namespace and (why := executions.stale(key, name, namespace[name])):
        return Card("not yet", f"{key} {exercise.title()}", text=[why])
    return None


def _namespace(name: str, caller: Any) -> dict[str, Any]:
    running = shell()
    if running is not None and name in running.user_ns:
        namespace: dict[str, Any] = running.user_ns
        return namespace
    found: dict[str, Any] = caller.f_globals
    return found


def _keep(key: str, status: str) -> str:
    if status == "not yet":
        return ""

    def count(kept: dict[str, Any]) -> None:
        entry = record.exercise(kept, key)
        entry["attempts"] = entry.get("attempts", 0) + 1
        if status == "right":
            entry.setdefault("solved", _now())

    return record.update(count)[1]


def _broken(key: str, error: Exception) -> Card:
    text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    return Card("error", f"exercise {key}", text=[text])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
