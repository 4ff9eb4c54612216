"""Figures that the outputs of a submission hold, for its feedback page.

Whoever handed it in has made them: they show what a learner saw, and prove nothing. Pictures alone
are taken (PNG, as the W3C specifies it), never SVG or HTML, and of a picture the pixels alone.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.grading import matching
from coursekit.labs.exercises import Lab

SIDE = 4_000  # pixels
LARGEST = 300_000  # bytes of a picture, in base64
ALL = 1_000_000  # bytes of all pictures of a notebook, in base64
MOST = 20  # pictures of a notebook
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Figure:
    """A picture. exercise: below whose cell it is, or "". title: the heading above it.

    png: the file, in base64.
    """

    exercise: str
    title: str
    png: str


def pictures(outputs: Any, room: int = ALL) -> list[str]:
    """The pictures in a cell's outputs, which may be anything; in base64, at most `room` bytes."""
    found: list[str] = []
    for each in outputs if isinstance(outputs, list) else ():
        data = each.get("data") if isinstance(each, dict) else None
        text = data.get("image/png") if isinstance(data, dict) else None
        if isinstance(text, list) and all(isinstance(part, str) for part in text):
            text = "".join(text)
        if not isinstance(text, str) or len(text) > 2 * LARGEST or len(found) == MOST:
            continue
        with contextlib.suppress(ValueError):  # no PNG, or not in base64
            picture = base64.b64encode(pixels(binascii.a2b_base64(text.encode()))).decode()
            if len(picture) <= min(room, LARGEST):
                room -= len(picture)
                found.append(picture)
    return found


def pixels(content: bytes) -> bytes:
    """A PNG file without all that is not needed to show it. Raises ValueError if it is none."""
    if not content.startswith(_SIGNATURE):
        raise ValueError("it does not begin as PNG does")
    kept, at, kind = [_SIGNATURE], len(_SIGNATURE), b""
    while kind != b"IEND":
        size, kind = struct.unpack(">I4s", content[at : at + 8].ljust(8, b"\0"))
        chunk = content[at : at + 12 + size]
        if len(chunk) < 12 + size or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise ValueError(f"its part at byte {at} is damaged")
        first = len(kept) == 1
        if first != (kind == b"IHDR") or (first and not _drawable(chunk[8:-4])):
            raise ValueError(f"it does not say its size, of at most {SIDE} x {SIDE} pixels")
        if kind in _PIXELS:
            kept.append(chunk)
        at += len(chunk)
    return b"".join(kept)


def of(content: bytes, lab: Lab) -> list[Figure]:
    """The figures in a submission's content, with the exercise or the heading that they belong to.

    Raises ValueError if it is not a notebook.
    """
    matched = matching.match(content, lab)
    keys = {place: key for key, places in matched.exercises.items() for place in places}
    found, key, title = [], "", ""
    for place, cell in enumerate(matched.cells):
        if cell.kind != "code" and (headings := _HEADING.findall(cell.text)):
            key, title = "", headings[-1][:200]
        key = keys.get(place, key)
        found += [Figure(key, title, png) for png in cell.figures]
    return found[:MOST]


def keep(folder: Path, digest: str, found: Sequence[Figure]) -> None:
    """Writes the figures of a submission into a folder, for `kept`."""
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_json(folder / f"{digest}.json", [asdict(each) for each in found], indent=0)


def kept(folder: Path, digest: str) -> list[Figure]:
    """What `keep` has written; nothing if it has not, or somebody has changed it."""
    try:
        records = json.loads((folder / f"{digest}.json").read_text(encoding="utf-8"))
        return [Figure(**each) for each in records]
    except (OSError, ValueError, TypeError):
        return []


def replace_outputs(cells: Any) -> None:
    """Puts `figures` in place of the outputs of each cell of a notebook, which may be anything."""
    room, number = ALL, MOST
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict):
            cell.pop("attachments", None)
            cell["figures"] = found = pictures(cell.pop("outputs", None), room)[:number]
            room -= sum(map(len, found))
            number -= len(found)


def _drawable(header: bytes) -> bool:
    if len(header) != 13:
        return False
    width, height = struct.unpack(">II", header[:8])
    return 0 < width <= SIDE and 0 < height <= SIDE
