"""A learner's record on disk: attempts, hints, solutions seen, predictions."""

import contextlib
import copy
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from coursekit import atomic

PATIENCE = 2.0  # seconds to wait for another kernel that is writing

# Where the notebook started: a cell may change the working folder, the record stays in this one.
_start: Path | None = None
with contextlib.suppress(OSError):
    _start = Path.cwd()

# Records that could not be written, by file: in a read-only folder a kernel still counts hints.
_unsaved: dict[Path, dict[str, Any]] = {}


def folder() -> Path:
    """The learner's work folder.

    $COURSEKIT_DIR; else the nearest folder with a `.coursekit` folder, from the notebook's start
    folder upwards; else that start folder.
    """
    if chosen := os.environ.get("COURSEKIT_DIR"):
        return Path(chosen).expanduser().absolute()
    here = _start or Path.cwd()
    return next((each for each in (here, *here.parents) if (each / ".coursekit").is_dir()), here)


def read(work: Path | None = None) -> tuple[dict[str, Any], str]:
    """The record, and a note for the learner ("" if all is well).

    Exercises by key (attempts, hints, solved, shown) are under "exercises", predictions by key
    (value, unit) under "predictions". Never raises OSError.
    """
    try:
        path = _path(work)
        if path in _unsaved:
            return copy.deepcopy(_unsaved[path]), _cannot_save(path)
        return _parse(path), ""
    except FileNotFoundError:
        return _empty(), ""
    except ValueError:
        return update(lambda record: None, work)
    except OSError as error:
        return _empty(), f"Your progress could not be read: {_cause(error)}."


def update(
    change: Callable[[dict[str, Any]], None], work: Path | None = None
) -> tuple[dict[str, Any], str]:
    """Applies `change` to the record and saves it; returns what `read` would.

    Under a lock, so that several kernels lose nothing, and by replacing the file, so that it is
    never half written. A damaged file is kept under a dated name. If the record cannot be written,
    the change lasts as long as this kernel.
    """
    note = ""
    try:
        path = _path(work)
    except OSError as error:
        record = _empty()
        change(record)
        return record, f"Your progress was not saved: {_cause(error)}."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name("lock")):
            try:
                record = _unsaved.get(path) or _parse(path)
            except FileNotFoundError:
                record = _empty()
            except ValueError:
                aside = path.with_name(
                    f"progress.damaged-{datetime.now():%Y-%m-%dT%H-%M-%S-%f}.json"
                )
                path.replace(aside)
                note = f"The progress file was damaged and a new one begun; the old one is {aside}."
                record = _empty()
            change(record)
            atomic.write_json(path, record, indent=1, sort_keys=True)
            _unsaved.pop(path, None)
    except OSError as error:
        if path not in _unsaved:
            try:
                _unsaved[path] = _parse(path)
            except (OSError, ValueError):
                _unsaved[path] = _empty()
        record = _unsaved[path]
        change(record)
        note = _cannot_save(path, error)
    return copy.deepcopy(record), note


def exercise(record: dict[str, Any], key: str) -> dict[str, Any]:
    """The entry of an exercise, created if missing."""
    entry: dict[str, Any] = record["exercises"].setdefault(key, {})
    return entry


def _path(work: Path | None) -> Path:
    return (work or folder()).absolute() / ".coursekit" / "progress.json"


def _empty() -> dict[str, Any]:
    return {"version": 1, "exercises": {}, "predictions": {}}


def _parse(path: Path) -> dict[str, Any]:
    record = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(record, dict):
        raise ValueError(f"{path} holds no record")
    for section in ("exercises", "predictions"):
        entries = record.setdefault(section, {})
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise ValueError(f"{path}: {section!r} is damaged")
        for entry in entries.values():
            if not all(isinstance(entry.get(count, 0), int) for count in ("attempts", "hints")):
                raise ValueError(f"{path}: a count is damaged")
    return record


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl

    with path.open("a") as file:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError("another kernel is writing it; check again") from None
                time.sleep(0.005)
        yield


def _cause(error: OSError) -> str:
    return error.strerror or str(error)


def _cannot_save(path: Path, error: OSError | None = None) -> str:
    cause = f": {_cause(error)}" if error else ""
    return f"Your progress was not saved in {path.parent.parent}{cause}."
