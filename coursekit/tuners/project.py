"""A tuner's folder: the journal, and Keras Tuner's files, which are made from it for others."""

from __future__ import annotations

import json
import math
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from coursekit import atomic
from coursekit.journal import Journal
from coursekit.log import Record

NAME = "journal.jsonl"
CURE = "overwrite=True starts again, another project_name goes beside it"


class Holder(Protocol):
    """What has a project's journal open."""

    @property
    def folder(self) -> Path: ...
    def close(self) -> None: ...


# Who has a project's journal open in this process.
_holders: weakref.WeakValueDictionary[Path, Holder] = weakref.WeakValueDictionary()


def open_journal(holder: Holder, header: Record, seed: int | None) -> tuple[Journal, int]:
    """The folder's journal, open for one holder, and the search's seed.

    header: the first line of a new journal. seed: None takes the one that is in the file. A file
    that tells of no trial begins again. Another holder in this process, such as a tuner made
    earlier in a notebook's cell, is closed.
    """
    folder = holder.folder
    if not (folder / NAME).exists() and any(folder.glob("trial_*/trial.json")):
        raise ValueError(f"{folder} holds a search without a journal of the kit's: {CURE}")
    earlier = _holders.get(folder.resolve())
    if earlier is not None:
        earlier.close()
    journal = Journal(folder / NAME, cure=CURE)
    try:
        if not journal.trials:
            journal.restart()
        elif seed is None:
            header = header | {"seed": journal.header.get("seed")}
        journal.begin(header)
    except BaseException:
        journal.close()
        raise
    _holders[folder.resolve()] = holder
    return journal, int(header["seed"])


def holds_a_search(folder: Path) -> bool:
    """Whether there is a journal, or trials of Keras Tuner's."""
    return (folder / NAME).exists() or any(folder.glob("trial_*/*.json"))


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write JSON so that a reader finds either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_json(path, state)


def damaged(path: Path, expected: Mapping[str, Any]) -> bool | None:
    """Whether a file is unreadable or says something else than expected; None if it is missing."""
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
