"""A tuner's folder: the journal, and Keras Tuner's files, which are made from the journal."""

from __future__ import annotations

import json
import math
import shutil
import weakref
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

from coursekit import atomic
from coursekit.journal import Journal
from coursekit.log import Record, locked

NAME = "journal.jsonl"
CURE = "overwrite=True starts again, another project_name keeps both"


class Holder(Protocol):
    """An object that has a project's journal open."""

    @property
    def folder(self) -> Path: ...
    def close(self) -> None: ...


# The holder of each project's journal in this process.
_holders: weakref.WeakValueDictionary[Path, Holder] = weakref.WeakValueDictionary()


def open_journal(holder: Holder, header: Record, seed: int | None) -> tuple[Journal, int]:
    """The folder's journal, open for one holder, and the search's seed.

    header: the first line of a new journal. seed: None takes the file's seed. A file without trials
    starts again, and also one without results of a search for another objective: its name was
    probably wrong. Another holder in this process, such as a tuner that the same notebook cell made
    before, is closed.
    """
    folder = holder.folder
    if not (folder / NAME).exists() and any(folder.glob("trial_*/trial.json")):
        raise ValueError(f"{folder} holds a search without the kit's journal: {CURE}")
    earlier = _holders.get(folder.resolve())
    if earlier is not None:
        earlier.close()
    journal = Journal(folder / NAME, cure=CURE)
    try:
        objective = journal.header.get("objective")
        if not journal.trials or (not journal.results and objective != header["objective"]):
            journal.restart()  # nothing has finished
        elif seed is None:
            header = header | {"seed": journal.header.get("seed")}
        journal.begin(header)
    except BaseException:
        journal.close()
        raise
    _holders[folder.resolve()] = holder
    return journal, int(header["seed"])


def clear(holder: Holder) -> None:
    """Delete the folder; ValueError, which names the process, if another one searches in it."""
    folder = holder.folder
    earlier = _holders.get(folder.resolve())
    if earlier is not None:
        earlier.close()
    with locked(folder / NAME) if (folder / NAME).exists() else nullcontext():
        shutil.rmtree(folder, ignore_errors=True)


def holds_a_search(folder: Path) -> bool:
    """Whether the folder has a journal, or Keras Tuner's trials."""
    return (folder / NAME).exists() or any(folder.glob("trial_*/*.json"))


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write JSON so that a reader finds either the old file or the new one, complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_json(path, state)


def damaged(path: Path, expected: Mapping[str, Any]) -> bool | None:
    """Whether a file is unreadable or differs from what is expected; None if it is missing."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return True
    if not isinstance(found, dict):
        return True
    return any(name not in found or not _same(found[name], expected[name]) for name in expected)


def _same(one: Any, other: Any) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one + other)
    return bool(one == other) or both_nan
