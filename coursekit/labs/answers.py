"""The results of an exercise's probe: for the learner's answer, the solution, known mistakes."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit import guard
from coursekit.labs.plain import Opaque, close, plain, rounded
from coursekit.labs.side_effects import SideEffects

if TYPE_CHECKING:
    from coursekit.labs.exercises import Exercise

PATIENCE = 3.0  # seconds of computing, to find the mistake that a learner made
Case = tuple[Any, ...]
Alike = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Observed:
    """The result of one case: the call's outcome, and what `SideEffects` noticed."""

    outcome: guard.CallOutcome
    silent: str = ""
    changed: tuple[str, ...] = ()


def observe(
    exercise: type[Exercise],
    answer: Any,
    case: Case,
    seconds: float,
    namespace: dict[str, Any] | None = None,
) -> Observed:
    """Runs the exercise's probe with this answer, within a time limit."""
    watch = SideEffects()

    def ask(*given: Any) -> Any:
        with watch.over(answer) as watched:
            return plain(exercise.probe(watched, *given))

    # Copies: an answer that changes its arguments changes neither the next case nor ours.
    outcome = guard.run(ask, *copy.deepcopy(case), seconds=seconds, namespace=namespace)
    return Observed(outcome, watch.silent, tuple(watch.changed))


def right(exercise: type[Exercise], case: Case) -> Any:
    """The result of a right answer for this case. Raises ValueError if the solution fails."""
    if exercise.expected is not None:
        return plain(exercise.expected(*copy.deepcopy(case)))
    key = exercise, repr(case)
    if key not in _rights:
        outcome = observe(exercise, defined(exercise, exercise.solution), case, 600).outcome
        if outcome.stopped == "interrupt":
            raise KeyboardInterrupt
        if outcome.failure or outcome.stopped:
            raise ValueError(f"the solution of exercise {exercise.key} fails: {outcome}")
        _rights[key] = outcome.value
    return copy.deepcopy(_rights[key])


def copied(case: Case) -> Case:
    """A copy for code that might change it."""
    return copy.deepcopy(case)


def difference(received: Any, expected: Any, alike: Alike = close) -> str:
    """How two plain values differ, in words: the first difference that a learner should see."""
    text = _difference(received, expected, alike)
    return f"{text[0].upper()}{text[1:]}."


def wrong_entry(received: Any, expected: Any, alike: Alike = close) -> str:
    """The first entry of a report that is not as expected; "" if these are not reports."""
    if not isinstance(received, dict) or not isinstance(expected, dict):
        return ""
    wrong = (key for key in expected if not _has(received, key, expected[key], alike))
    return str(next(wrong, ""))


def recognise(
    exercise: type[Exercise],
    seen: Sequence[tuple[Case, Observed]],
    rest: Iterable[tuple[Case, Observed]],
    patience: float = PATIENCE,
) -> str:
    """The reason of the known mistake that gives what was received, or "".

    seen: the cases so far, the last of them wrong. rest: further cases, used only while several
    mistakes fit. patience: seconds of computing, after which further mistakes are skipped.
    """
    alike = list(exercise.mistakes) if exercise.explained else []
    end = time.thread_time() + patience
    for case, observed in reversed(seen):
        alike = [reason for reason in alike if _gives(exercise, reason, case, observed, end)]
    for case, observed in rest:
        if len(alike) < 2:
            break
        fewer = [reason for reason in alike if _gives(exercise, reason, case, observed, end)]
        alike = fewer or alike[:1]
    return alike[0] if alike else ""


def mistaken(exercise: type[Exercise], reason: str, case: Case) -> Observed:
    """The result of a known mistake, within a quarter of the exercise's time."""
    key = exercise, reason, repr(case)
    if key not in _mistakes:
        try:
            answer = defined(exercise, exercise.mistakes[reason])
            found = observe(exercise, answer, case, exercise.seconds / 4)
            if found.outcome.stopped == "interrupt":
                raise KeyboardInterrupt
            _mistakes[key] = found
        except Exception as error:
            failure = guard.Failure(type(error).__name__, str(error))
            _mistakes[key] = Observed(guard.CallOutcome(failure=failure))
    return _mistakes[key]


def problems(exercise: type[Exercise]) -> list[str]:
    """What is wrong with the mistakes of an exercise whose answer is a function of the case.

    Each must give a wrong answer to a visible case, and one that no other mistake gives.
    """
    if not exercise.declared() or not exercise.explained:
        return []
    found, reasons = [], list(exercise.mistakes)
    for place, reason in enumerate(reasons):
        given = [mistaken(exercise, reason, case) for case in exercise.cases]
        if all(
            same(exercise, each, Observed(guard.CallOutcome(right(exercise, case))))
            for each, case in zip(given, exercise.cases, strict=True)
        ):
            found.append(f"{exercise.key}: {reason!r} is given for a right answer")
        for other in reasons[:place]:
            theirs = [mistaken(exercise, other, case) for case in exercise.cases]
            if all(same(exercise, *pair) for pair in zip(given, theirs, strict=True)):
                cure = "add a visible case that separates them, or drop one"
                found.append(f"{exercise.key}: {reason!r} and {other!r} give one answer: {cure}")
    return found


def same(exercise: type[Exercise], left: Observed, right: Observed) -> bool:
    """Whether two observations are the same."""
    if left.outcome.stopped or right.outcome.stopped:
        return bool(left.outcome.stopped and right.outcome.stopped)
    if left.outcome.failure or right.outcome.failure:
        one, other = left.outcome.failure, right.outcome.failure
        kinds = one.kind if one else "", other.kind if other else ""
        return kinds[0] == kinds[1] not in ("NameError", "SyntaxError")
    alike = exercise.alike(left.outcome.value, right.outcome.value)
    return alike and left.changed == right.changed


_rights: dict[tuple[type[Exercise], str], Any] = {}
_mistakes: dict[tuple[type[Exercise], str, str], Observed] = {}


def _gives(
    exercise: type[Exercise], reason: str, case: Case, observed: Observed, end: float
) -> bool:
    known = (exercise, reason, repr(case)) in _mistakes
    if not known and time.thread_time() > end:
        return False
    return same(exercise, mistaken(exercise, reason, case), observed)


def defined(exercise: type[Exercise], code: str) -> Any:
    """The answer that this code defines, after the lab's set-up statements."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(exercise.setting, f"setting of {exercise.key}", "exec"), namespace)
    exec(compile(code, f"exercise {exercise.key}", "exec"), namespace)
    return namespace[exercise.answer]


def _difference(received: Any, expected: Any, alike: Alike) -> str:
    if isinstance(received, Opaque):
        return f"it is {received.text}"
    if type(received) is bool or type(expected) is bool or received is None or expected is None:
        return f"it is {_word(received)}, not {_word(expected)}"
    if isinstance(received, int | float) and isinstance(expected, int | float):
        return _difference_of_numbers(received, expected)
    if isinstance(received, list) and isinstance(expected, list):
        return _difference_of_lists(received, expected, alike)
    if isinstance(received, dict) and isinstance(expected, dict):
        if extra := [key for key in received if key not in expected]:
            return f"{_key(extra[0])} is too much"
        wrong = next(key for key in expected if not _has(received, key, expected[key], alike))
        if wrong not in received:
            return f"{_key(wrong)} is missing"
        return f"{_key(wrong)}: {_difference(received[wrong], expected[wrong], alike)}"
    return "it is not what is asked for"


def _has(received: dict[Any, Any], key: Any, value: Any, alike: Alike) -> bool:
    return key in received and alike(received[key], value)


def _difference_of_numbers(received: float, expected: float) -> str:
    if received != received:
        return "it is not a number (nan)"
    if expected and close(received, -expected):
        return "the sign is the other way round"
    for factor in (100, 1000):
        if expected and close(received, expected * factor):
            return f"it is {factor} times too large"
        if expected and close(received * factor, expected):
            return f"it is {factor} times too small"
    if isinstance(received, int) and abs(received - expected) == 1:
        return f"it is one too {'many' if received > expected else 'few'}"
    return f"it is too {'large' if received > expected else 'small'}"


def _difference_of_lists(received: list[Any], expected: list[Any], alike: Alike) -> str:
    if len(received) != len(expected):
        count = f"{len(received)} entr{'y' if len(received) == 1 else 'ies'}"
        return f"it has {count}; {len(expected)} are asked for"
    if sorted(map(repr, received)) == sorted(map(repr, expected)):
        return "the entries are right, their order is not"
    pairs = enumerate(zip(received, expected, strict=True))
    place = next(place for place, pair in pairs if not alike(*pair))
    inner = _difference(received[place], expected[place], alike)
    return f"entry {place} (the first has number 0): {inner}"


def _word(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a dict"
    return repr(rounded(value))


def _key(key: Any) -> str:
    """A dictionary's key; words of a report are not quoted."""
    return key if isinstance(key, str) and " " in key else repr(key)
