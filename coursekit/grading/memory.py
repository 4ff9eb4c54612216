"""Memory of a process and all that it has started, as Linux counts it (proc(5))."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from mmap import PAGESIZE
from pathlib import Path


def exceeds(process: int, most: int) -> bool:
    """Whether a process and its descendants hold more than `most` bytes.

    Pages that they share are counted once. To know that costs time: resident memory, which counts
    them in each process, is looked at first.
    """
    members = list(_tree(process))
    return sum(map(_resident, members)) > most and sum(map(_proportional, members)) > most


def held(process: int) -> int:
    """Bytes that a process and its descendants hold; 0 where the system does not say."""
    return sum(map(_proportional, _tree(process)))


def _tree(process: int) -> Iterator[int]:
    left = [process]
    while left:
        yield (one := left.pop())
        with contextlib.suppress(OSError):  # it has ended meanwhile
            for task in Path(f"/proc/{one}/task").iterdir():
                left += map(int, _read(task / "children").split())


def _resident(process: int) -> int:
    fields = _read(Path(f"/proc/{process}/statm")).split()
    return int(fields[1]) * PAGESIZE if fields else 0


def _proportional(process: int) -> int:
    rows = _read(Path(f"/proc/{process}/smaps_rollup")).splitlines()
    found = [int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:")]
    return sum(found) if found else _resident(process)  # it may forbid to look any closer


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
