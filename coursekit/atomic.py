"""Atomic writes: a new file beside the old one, synced to the disk, then renamed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

SUFFIX = ".part"  # of the temporary file, which a killed process leaves behind


def write(path: Path, content: bytes | str | Callable[[BinaryIO], object]) -> None:
    """Write a file so that a reader finds the old one or the new one, even after a crash.

    content: the bytes, a text (UTF-8), or a function that writes to the binary file it is given.
    Raises OSError as `open` does, and what `content` raises; the old file then stays.
    """
    mine = f"{os.getpid()}.{threading.get_ident()}"  # no other thread or process writes there
    part = path.with_name(f".{path.name}.{mine}{SUFFIX}")
    try:
        with part.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any, **options: Any) -> None:
    """Write a value as JSON; options: those of `json.dumps`."""
    write(path, json.dumps(value, **options))
