"""A log: lines of JSON that survive crashes, appended completely or not at all, synced, locked."""

from __future__ import annotations

import codecs
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.arguments import as_path

Record = dict[str, Any]


class Log:
    """A file of JSON objects, one on each line, open for one writer; a second one is an error.

    path: made if it does not exist, with its folder; `~` is the home folder.
    first: the name that the first line's object must have; another file is not changed.
    cure: what to do about a file of another kind, for error messages. user: what opens the file.

    `records` are the numbers (from 1) and the objects of the lines that the file had when it was
    opened; empty lines are skipped. An incomplete last line is dropped with a warning, in which
    `repair` says what happens instead. Raises ValueError for a file that is not a log of this kind,
    that is damaged, or that is open elsewhere.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        first: str,
        cure: str = "give another file",
        repair: str = "",
        user: str = "search",
    ) -> None:
        self.path, self.cure, self.user = as_path("path", path), cure, user
        if self.path.is_dir():
            raise ValueError(f"{self.path} is a folder: {self.cure}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b", buffering=0)  # no data waits in a buffer
        try:
            _lock(self._file.fileno(), self.path, user, "another file")
            self.records = self._read(first, repair)
        except BaseException:
            self._file.close()
            raise

    def append(self, record: Mapping[str, Any], *, sync: bool = False) -> None:
        """Write a line completely or (on a full disk) not at all; `sync` waits for the disk.

        Raises RuntimeError if the file was deleted or replaced since it was opened, ValueError if
        it was closed.
        """
        if self.closed:
            raise ValueError(f"{self.path} is closed: open it again to continue")
        if not os.fstat(self._file.fileno()).st_nlink:
            raise RuntimeError(
                f"{self.path} was deleted or replaced during this {self.user}, which cannot "
                f"continue without it: give a new file, and let one {self.user} at a time use it"
            )
        left = json.dumps(record, separators=(",", ":"), default=_plain).encode() + b"\n"
        end = self._file.seek(0, os.SEEK_END)
        try:
            while left:
                left = left[self._file.write(left) :]
            if sync:
                os.fsync(self._file.fileno())
        except BaseException:
            self._file.truncate(end)
            raise

    def clear(self) -> None:
        """Drop every line; the file stays locked."""
        self._file.truncate(0)
        self.records = []

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    @property
    def closed(self) -> bool:
        """Whether the file has been released."""
        return self._file.closed

    def identity(self) -> tuple[int, int]:
        """Inode and size, which show whether the file has changed."""
        status = os.fstat(self._file.fileno())
        return status.st_ino, status.st_size

    def damaged(self, number: int, why: str) -> ValueError:
        """The error for line `number`, counted from 1."""
        return ValueError(
            f"{self.path}, line {number} is damaged ({why}): mend it, or delete it and all later "
            "lines to resume from there"
        )

    def _read(self, first: str, repair: str) -> list[tuple[int, Record]]:
        self._file.seek(0)
        content = self._file.read()
        mark = (
            codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        )  # some editors add it
        text, beginning = content[len(mark) :], f'{{"{first}":'.encode()
        ours = text.startswith(beginning) or beginning.startswith(text)
        if not ours and first not in (_object(text.partition(b"\n")[0]) or {}):
            raise ValueError(f"{self.path} is not a journal, and is left as it is: {self.cure}")
        whole, newline, last = text.rpartition(b"\n")
        if last and _object(last) is not None:  # some editors drop the last newline
            self._file.write(b"\n")
            whole, last = text, b""
        if last:
            said = f"; {repair}" if repair else ""
            warnings.warn(
                f"{self.path}: its last line was incomplete and is dropped{said}",
                stacklevel=outside(),
            )
            self._file.truncate(len(mark) + len(whole) + len(newline))
        lines = enumerate(whole.split(b"\n"), 1)
        return [(number, self._parse(number, line)) for number, line in lines if line.strip()]

    def _parse(self, number: int, line: bytes) -> Record:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise self.damaged(number, str(error)) from None
        if not isinstance(record, dict):
            raise self.damaged(number, "no JSON object")
        return record


def _object(line: bytes) -> Record | None:
    """The JSON object of a line; None if it does not hold one."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's; TypeError for anything else that JSON does not have."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is not plain data, such as a number, a text or a list of these")


def outside() -> int:
    """The `stacklevel` for a warning that points at the code that called the package."""
    level, frame, inner = 1, sys._getframe(1), ("coursekit", "keras_tuner")
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in inner:
        level, frame = level + 1, frame.f_back
    return level


@contextmanager
def locked(
    path: Path,
    *,
    user: str = "search",
    instead: str = "another file",
    shown: Path | None = None,
) -> Iterator[None]:
    """Hold the lock of a file; ValueError, which names the process, if it is held elsewhere.

    For the message: user is what holds it, instead is what to give in its place, and shown is what
    the lock stands for (the file itself by default).
    """
    with path.open("ab") as file:
        _lock(file.fileno(), shown or path, user, instead)
        yield


def _lock(descriptor: int, path: Path, user: str, instead: str) -> None:
    try:
        import fcntl
    except ImportError:  # not on this platform
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ValueError(
            f"{path} is open in another {user}{_holder(descriptor)}: stop "
            f"{'or `close()` ' if user == 'search' else ''}that one, or give {instead}"
        ) from error


def _holder(descriptor: int) -> str:
    """The process that holds the lock and its start time, if the system knows them (Linux)."""
    try:
        inode = str(os.fstat(descriptor).st_ino)
        locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        number = next(
            int(words[4])
            for words in locks
            if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}")
        )
        if number == os.getpid():
            return " of this process"
        folder = Path("/proc") / str(number)
        command = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(_started(folder)))
    except (OSError, ValueError, StopIteration):
        return ""
    return f" (process {number}, running since {since}: {command[:60]})"


def _started(folder: Path) -> float:
    """When the process of a folder in /proc was started, in Unix time (proc(5), stat)."""
    ticks = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[19])
    booted = next(
        int(line.split()[1])
        for line in Path("/proc/stat").read_text().splitlines()
        if line.startswith("btime")
    )
    return booted + ticks / os.sysconf("SC_CLK_TCK")
