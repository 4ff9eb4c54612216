"""A log: lines of JSON that survive crashes, appended completely or not at all, synced, locked."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coursekit.arguments import as_path

Record = dict[str, Any]


class Log:
    """A file of JSON objects, one on each line, open for one writer; a second one is an error.

    path: made if it does not exist, with its folder; `~` is the home folder.
    beginning: the start of the first line; a file with another start is not changed.
    cure: what to do about a file of another kind, for error messages. user: what opens the file.

    `records` are the file's contents when it was opened, in order. An incomplete last line is
    dropped with a warning, in which `repair` says what happens instead. Raises ValueError for a
    file that is not a log of this kind, that is damaged, or that is open elsewhere.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        beginning: bytes,
        cure: str = "give another file",
        repair: str = "",
        user: str = "search",
    ) -> None:
        self.path, self.cure = as_path("path", path), cure
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b", buffering=0)  # no data waits in a buffer
        try:
            _lock(self._file.fileno(), self.path, user, "another file")
            self.records = self._read(beginning, repair)
        except BaseException:
            self._file.close()
            raise

    def append(self, record: Mapping[str, Any], *, sync: bool = False) -> None:
        """Write a line completely or (on a full disk) not at all; `sync` waits for the disk."""
        left = json.dumps(record, separators=(",", ":")).encode() + b"\n"
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

    def _read(self, beginning: bytes, repair: str) -> list[Record]:
        self._file.seek(0)
        content = self._file.read()
        if not (content.startswith(beginning) or beginning.startswith(content)):
            raise ValueError(f"{self.path} is no journal, and is left alone: {self.cure}")
        whole, newline, torn = content.rpartition(b"\n")
        if torn:
            said = f"; {repair}" if repair else ""
            warnings.warn(
                f"{self.path}: its last line was torn and is dropped{said}", stacklevel=outside()
            )
            self._file.truncate(len(whole) + len(newline))
        lines = whole.rstrip(b"\n").split(b"\n") if newline else []  # editors add empty ones
        return [self._parse(number, line) for number, line in enumerate(lines, 1)]

    def _parse(self, number: int, line: bytes) -> Record:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise self.damaged(number, str(error)) from None
        if not isinstance(record, dict):
            raise self.damaged(number, "no JSON object")
        return record


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
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(folder.stat().st_mtime))
    except (OSError, ValueError, StopIteration):
        return ""
    return f" (process {number}, running since {since}: {command[:60]})"
