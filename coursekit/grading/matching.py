"""Reads a submission's cells, and finds the exercises in them.

By nbgrader's `grade_id` and the kit's own metadata, then the cell's id, then its place: below the
exercise's heading, before its check. Colab, VS Code and older formats drop one or the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from coursekit.labs.build import build
from coursekit.labs.exercises import Lab

CELLS = 5_000
CONCLUSION = 20_000  # characters
_CHECK = re.compile(r"""^[ \t]*check\([ \t]*["'](\d+\.\d+)["']""", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """A cell. names: what its metadata and id call it. figures: pictures that it has drawn."""

    kind: str
    text: str
    identity: str = ""
    names: frozenset[str] = frozenset()
    figures: tuple[str, ...] = ()


@dataclass
class Matched:
    """The cells of a submission, and where the exercises are among them.

    exercises: the places of each exercise's cells. checks: the place of each check. conclusion: the
    written one, "" if it is as it was handed out. missing: exercises without a cell. lab: the name
    that the notebook gives of its lab.
    """

    cells: list[Found]
    exercises: dict[str, list[int]] = field(default_factory=dict)
    checks: dict[str, int] = field(default_factory=dict)
    conclusion: str = ""
    missing: list[str] = field(default_factory=list)
    lab: str = ""


def read(content: bytes) -> tuple[list[Found], str]:
    """The cells of a notebook, and the name of its lab. Raises ValueError that says why not."""
    if not content.strip():
        raise ValueError("it is empty")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not a notebook ({str(error)[:200]})") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if version != 4:
        cure = "open it in JupyterLab and save it again"
        raise ValueError(f"its format is {str(version)[:20]}, not 4: {cure}")
    if not isinstance(cells, list):
        raise ValueError("it has no list of cells")
    if len(cells) > CELLS:
        raise ValueError(f"it has {len(cells)} cells, more than {CELLS}")
    metadata = notebook.get("metadata")
    kit = metadata.get("coursekit") if isinstance(metadata, dict) else None
    lab = kit.get("lab") if isinstance(kit, dict) else ""
    return [_found(each) for each in cells if isinstance(each, dict)], _text(lab)


def match(content: bytes, lab: Lab) -> Matched:
    """Finds the lab's exercises in a submission. Raises ValueError if it is not a notebook."""
    cells, name = read(content)
    result = Matched(cells, lab=name)
    for key in lab.exercises:
        result.exercises[key] = _places(cells, key)
        check = _check(cells, key)
        if check is not None:
            result.checks[key] = check
    for key, places in result.exercises.items():
        if not places:
            result.exercises[key] = _below_heading(cells, key, result.checks.get(key))
        if not result.exercises[key]:
            result.missing.append(key)
    written = [
        cell.text.strip()
        for cell in cells
        if cell.kind != "code" and f"conclusion-{lab.name[:2]}" in cell.names
    ]
    changed = [each for each in written if each != "YOUR ANSWER HERE"]
    result.conclusion = "\n\n".join(changed)[:CONCLUSION]
    return result


def handed_out(lab: Lab, source: Any) -> list[Found]:
    """The cells of the learner's notebook as it was handed out; source: the lab's file."""
    return read(build(source).encode())[0]


def normal(text: str) -> str:
    """A cell's text without what editors change by themselves."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _found(cell: dict[str, Any]) -> Found:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(each for each in source if isinstance(each, str))
    figures = cell.get("figures")
    figures = figures if isinstance(figures, list) else []
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    grader, kit = metadata.get("nbgrader"), metadata.get("coursekit")
    names = [cell.get("id"), metadata.get("id")]
    names.append(grader.get("grade_id") if isinstance(grader, dict) else None)
    if isinstance(kit, dict):
        for kind in ("exercise", "check", "conclusion"):
            if value := _text(kit.get(kind)):
                names.append(f"{kind}-{value.replace('.', '-')}")
    return Found(
        str(cell.get("cell_type"))[:20],
        normal(source if isinstance(source, str) else ""),
        _text(cell.get("id")),
        frozenset(filter(None, map(_text, names))),
        tuple(each for each in figures if isinstance(each, str)),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 200 else ""


def _places(cells: list[Found], key: str) -> list[int]:
    name = f"exercise-{key.replace('.', '-')}"
    return [place for place, cell in _code(cells) if name in cell.names]


def _check(cells: list[Found], key: str) -> int | None:
    name = f"check-{key.replace('.', '-')}"
    named = [place for place, cell in _code(cells) if name in cell.names]
    calls = [place for place, cell in _code(cells) if key in _CHECK.findall(cell.text)]
    return next(iter([*named, *calls]), None)


def _below_heading(cells: list[Found], key: str, check: int | None) -> list[int]:
    """The code between an exercise's heading and its check, or the next heading."""
    heading = re.compile(rf"^#+ .*\b{re.escape(key)}(?!\d)", re.MULTILINE)
    for place, cell in enumerate(cells):
        if cell.kind == "code" or not heading.search(cell.text):
            continue
        found = []
        for below in range(place + 1, len(cells)):
            prose = cells[below].kind != "code"
            if below == check or (prose and re.search(r"^#+ ", cells[below].text, re.MULTILINE)):
                break
            if cells[below].kind == "code":
                found.append(below)
        return found
    return []


def _code(cells: list[Found]) -> Iterable[tuple[int, Found]]:
    return ((place, cell) for place, cell in enumerate(cells) if cell.kind == "code")
