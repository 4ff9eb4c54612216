"""What passes between the controller and a child: JSON of a closed form, never pickle.

JSON alone loses tuples, the kinds of a dict's keys, and what stands for data that is too large;
lists tagged by their first entry keep them.
"""

import json
from collections.abc import Callable
from typing import Any

from coursekit.guard import CallOutcome, Failure
from coursekit.labs.answers import Observed
from coursekit.labs.plain import DEPTH, Opaque
from coursekit.labs.verdicts import AnswerState

_SCALARS = (bool, int, float, str)
TEXT = 4_000  # characters of a text about a value


def packed(value: Any) -> Any:
    """Plain data (and tuples) in the form that JSON keeps. Raises TypeError for anything else."""
    if value is None or type(value) in _SCALARS:
        return value
    if type(value) in (list, tuple):
        return [type(value).__name__, *map(packed, value)]
    if type(value) is dict:
        return ["dict", *([packed(key), packed(each)] for key, each in value.items())]
    if type(value) is Opaque:
        return ["opaque", value.text[:TEXT]]
    raise TypeError(f"{type(value).__name__} is not plain data: a case holds numbers, texts, lists")


def unpacked(value: Any, depth: int = 2 * DEPTH) -> Any:
    """The data again. Raises ValueError for what `packed` cannot have made."""
    if value is None or type(value) in (bool, int, float):
        return value
    if type(value) is str:
        return clean(value)
    if type(value) is not list or not value or depth == 0:
        raise ValueError("a value of unknown form")
    kind, *rest = value
    if kind == "list":
        return [unpacked(each, depth - 1) for each in rest]
    if kind == "tuple":
        return tuple(unpacked(each, depth - 1) for each in rest)
    if kind == "opaque" and len(rest) == 1:
        return Opaque(text(rest[0]))
    if kind == "dict":
        pairs = [_pair(each, depth - 1) for each in rest]
        return dict(pairs)
    raise ValueError(f"a value of unknown kind {str(kind)[:40]!r}")


def _pair(pair: Any, depth: int) -> tuple[Any, Any]:
    if type(pair) is not list or len(pair) != 2 or isinstance(pair[0], list | dict):
        raise ValueError("an entry of a dict without key and value")
    return unpacked(pair[0], 0), unpacked(pair[1], depth)


def observation(observed: Observed) -> dict[str, Any]:
    """An observation as JSON data."""
    outcome = observed.outcome
    return {
        "value": packed(outcome.value),
        "failure": dict(outcome.failure.__dict__) if outcome.failure else None,
        "stopped": outcome.stopped,
        "output": outcome.output,
        "silent": observed.silent,
        "changed": list(observed.changed),
    }


def observed(data: Any) -> Observed:
    """An observation from JSON data that may be forged. Raises ValueError."""
    if not isinstance(data, dict):
        raise ValueError("an observation that is not an object")
    failure = None
    if isinstance(given := data.get("failure"), dict):
        line = given.get("line")
        failure = Failure(
            text(given.get("kind")) or "Exception",
            text(given.get("message")),
            line if type(line) is int else None,
            text(given.get("code")),
        )
    changed = data.get("changed")
    return Observed(
        CallOutcome(
            unpacked(data.get("value")),
            failure,
            text(data.get("stopped")),
            text(data.get("output")),
        ),
        text(data.get("silent")),
        tuple(map(text, changed[:100])) if isinstance(changed, list) else (),
    )


def seen(data: Any) -> AnswerState:
    """What was seen of an answer, from JSON data that may be forged. Raises ValueError."""
    if not isinstance(data, dict):
        raise ValueError("what was seen of an answer is not an object")
    state = text(data.get("state"))
    if state not in ("", "missing", "...", "untouched", "not callable"):
        raise ValueError(f"an answer in the unknown state {state[:40]!r}")
    return AnswerState(
        state,
        text(data.get("kind"))[:100],
        data.get("function") is True,
        data.get("cached") is True,
        silent=data.get("silent") is True,
    )


def line(record: dict[str, Any]) -> bytes:
    """A record as one line."""
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def encoder() -> Callable[[dict[str, Any]], bytes]:
    """A function like `line`, of parts in C that it holds: nobody can replace them."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return line
    text_of = make(
        None, _refused, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True
    )
    join = "".join
    return lambda record: join(text_of(record, 0)).encode() + b"\n"


def _refused(value: object) -> None:
    raise TypeError(f"{type(value).__name__} is not JSON data")


def record(content: bytes) -> dict[str, Any]:
    """The record in a line that may be forged. Raises ValueError."""
    try:
        found = json.loads(content)
    except RecursionError:
        raise ValueError("a record that is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("a record that is not an object")
    return found


def text(value: Any) -> str:
    """A text, cut; "" for anything else."""
    return clean(value[:TEXT]) if type(value) is str else ""


def clean(value: str) -> str:
    """A text that can be written: without halves of a surrogate pair."""
    return value.encode("utf-8", "replace").decode()
