"""`check`, `hint` and `solution`: what a learner types under an exercise."""

import copy
import os
import sys
import time
from datetime import UTC, datetime
from types import CodeType, FunctionType
from typing import Any

from coursekit.labs import exercises, guard, record
from coursekit.labs.cards import Card
from coursekit.labs.exercises import Exercise, Finding, Lab, find
from coursekit.labs.plain import Opaque, plain, rounded

SHOWN = 300  # characters of a value in a verdict

_WORDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a dict",
}


def check(key: str, hidden: bool = False) -> None:
    """Shows whether your answer to an exercise is right and, if not, why.

    key: lab and number, like "1.2".
    hidden: asks the cases that are kept for grading.

    Finds the answer by name in the notebook (outside of one: in the caller's globals), wherever its
    cell stands, runs it for some inputs within a time limit (10 seconds unless the exercise says
    otherwise; `coursekit.labs.guard.run` tells what that cannot stop) and shows a verdict. Never
    raises, but where nbgrader executes the notebook: there an answer that is not right raises
    AssertionError, since nbgrader gives full marks to any cell that does not.
    """
    graded = bool(os.environ.get("NBGRADER_EXECUTION"))
    try:
        lab, exercise = find(key)
        card = verdict(lab, exercise, _namespace(exercise.answer, sys._getframe(1)), hidden)
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
    """Shows one more hint for an exercise at each call."""
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
    """Shows a solution, after an attempt or all hints; your progress says that you saw it."""
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


def verdict(lab: Lab, exercise: type[Exercise], namespace: dict[str, Any], hidden: bool) -> Card:
    """The card for the answer in this namespace; runs the learner's code, records nothing."""
    name = exercise.answer
    title = f"{exercise.key} {exercise.title()}"
    if name not in namespace:
        again = f"run the cell that defines it (Shift+Enter), then `check({exercise.key!r})`."
        return Card("not yet", title, text=[f"`{name}` is not defined: {again}"])
    answer = namespace[name]
    if answer is ...:
        again = (
            f"Put your answer in place of the `...`, run its cell, then `check({exercise.key!r})`."
        )
        return Card("not yet", title, text=[f"`{name}` is still `...`. {again}"])
    if untouched(lab.exercise_cell(exercise.key).stub, name, answer):
        again = f"change it, run its cell, then `check({exercise.key!r})`."
        return Card("not yet", title, text=[f"`{name}` is still as it was handed out: {again}"])
    if not callable(answer) and not issubclass(exercise, exercises.Value):
        kind = type(answer).__name__
        again = "a later cell may have taken its name. Run the exercise's cell again."
        return Card("error", title, text=[f"`{name}` is of type {kind}, not callable: {again}"])
    cases = (exercise.hidden if hidden else exercise.cases) or exercise.cases
    deadline = time.monotonic() + exercise.seconds
    for passed, case in enumerate(cases):
        left = deadline - time.monotonic()
        outcome = guard.run(
            # Copies: an answer that changes its arguments changes neither the next case nor ours.
            lambda *given: plain(exercise.probe(*given)),
            answer,
            *copy.deepcopy(case),
            seconds=left,
            namespace=namespace,
        )
        card = _failed(exercise, title, outcome, case, hidden and bool(exercise.hidden))
        if card is not None:
            text = list(card.text)
            if passed:
                text.append(f"{passed} of {len(cases)} cases were right before this one.")
            return Card(**{**vars(card), "text": text, "output": _cut(outcome.output)})
    text = []
    if exercise.hidden and not hidden:
        text.append("The checks you can see passed; hidden ones with other inputs run at grading.")
    return Card("right", title, text=text)


def _failed(
    exercise: type[Exercise],
    title: str,
    outcome: guard.Outcome,
    case: tuple[Any, ...],
    hidden: bool,
) -> Card | None:
    question = "an input kept for grading" if hidden else _short(exercise.question(*case), False)
    rows = [("asked", question)]
    if outcome.stopped == "interrupt":
        return Card("stopped", title, rows, ["You interrupted it."])
    if outcome.stopped:
        cause = f"No answer after {exercise.seconds:g} s. Is there a loop that never ends?"
        return Card("stopped", title, rows, [cause])
    if failure := outcome.failure:
        if failure.kind == "NotImplementedError":
            return Card("not yet", title, rows, ["Your code raises `NotImplementedError`."])
        rows.append(("raised", f"{failure.kind}: {failure.message}".rstrip(": ")))
        if failure.line:
            rows.append((f"in line {failure.line}", failure.code))
        cause = "Your code raised an exception."
        if failure.line is None and failure.message.startswith(f"{exercise.answer}()"):
            cause = f"Keep the arguments with which `{exercise.answer}` was handed out."
        elif failure.line is None:
            cause = "Your code ran, but what it gave could not be used as the exercise asks."
        return Card("error", title, rows, [cause])
    received = outcome.value
    finding = _mismatch(exercise, received) or _judged(exercise, received, case)
    if finding is None:
        return None
    if not hidden:
        expected, came = _pair(finding.expected, finding.received or received)
        rows.append(("expected", _short(expected, not isinstance(finding.expected, str))))
        rows.append(("received", _short(came, not finding.received)))
    return Card("not right", title, rows, [finding.reason])


def _mismatch(exercise: type[Exercise], received: Any) -> Finding | None:
    wanted = exercise.returns
    if received is None and exercise.or_none:
        return None
    if type(received) is wanted or (wanted is float and type(received) is int):
        return None
    called = not issubclass(exercise, exercises.Value)
    if received is None and called:
        again = "Is there a `return`? Every way through the function needs one."
        own = exercise.probe is not Exercise.probe  # its type is not the answer's
        kind = "an answer" if own else _WORDS[wanted]
        return Finding(kind, f"`{exercise.answer}` returned None. {again}")
    word = "what it gives" if called else f"`{exercise.answer}`"
    what = received.text if isinstance(received, Opaque) else f"of type {type(received).__name__}"
    return Finding(_WORDS[wanted], f"Wrong type: {word} is {what}.")


def _judged(exercise: type[Exercise], received: Any, case: tuple[Any, ...]) -> Finding | None:
    try:
        return exercise.judge(received, *copy.deepcopy(case))
    except Exception:
        kind = _WORDS[exercise.returns]
        return Finding(
            f"{kind} of another shape", f"This is {kind}, but not of the shape asked for."
        )


def untouched(stub: str, name: str, answer: Any) -> bool:
    """Whether a function or class is the one that the stub defines, by its compiled code."""
    try:
        given = [code for code in _codes(compile(stub, "", "exec")) if code.co_name == name]
    except SyntaxError:
        return False
    kind = type(answer)
    if kind is FunctionType:
        return any(_same(answer.__code__, code) for code in given)
    if issubclass(kind, type) and given:
        members = type.__dict__["__dict__"].__get__(answer).values()
        mine = [member.__code__ for member in members if type(member) is FunctionType]
        theirs = {code.co_name: code for code in _codes(given[0])}
        return bool(mine) and all(
            code.co_name in theirs and _same(code, theirs[code.co_name]) for code in mine
        )
    return False


def _codes(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _same(left: CodeType, right: CodeType) -> bool:
    return (
        (left.co_code, left.co_names, left.co_varnames, left.co_freevars)
        == (right.co_code, right.co_names, right.co_varnames, right.co_freevars)
        and len(left.co_consts) == len(right.co_consts)
        and all(
            _same(mine, theirs)
            if isinstance(mine, CodeType) and isinstance(theirs, CodeType)
            else type(mine) is type(theirs) and mine == theirs
            for mine, theirs in zip(left.co_consts, right.co_consts, strict=True)
        )
    )


def _namespace(name: str, caller: Any) -> dict[str, Any]:
    shell = guard.shell()
    if shell is not None and name in shell.user_ns:
        namespace: dict[str, Any] = shell.user_ns
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


def _pair(expected: Any, received: Any) -> tuple[Any, Any]:
    """Both with six digits for a float, if they can be told apart by that."""
    short = rounded(expected), rounded(received)
    return short if repr(short[0]) != repr(short[1]) else (expected, received)


def _short(value: Any, as_code: bool = True) -> str:
    text = repr(value) if as_code else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + " …"


def _cut(output: str) -> str:
    lines = output.splitlines()
    text = "\n".join(line[:120] for line in lines[:5])
    return text + "\n…" if len(lines) > 5 or len(output) > len(text) + 1 else text
