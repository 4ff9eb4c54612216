"""Builds the notebooks from their sources: `python -m coursekit.labs.build`.

The learner's notebook has no solutions, hidden checks or outputs. The solved one, for tests and
for nbgrader, has solutions and hidden checks between nbgrader's markers. Metadata follow nbgrader's
schema 3; the kit's own are under `metadata.coursekit`. The same source gives the same bytes.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.labs import recalls
from coursekit.labs.claims import wrapped
from coursekit.labs.exercises import Lab, folder, load, sources
from coursekit.labs.source import BEGIN, END, Cell

_MAGIC = re.compile(r"^# (?=%{1,2}[A-Za-z]|!\S)", re.MULTILINE)


def build(path: Path, solved: bool = False, claims: bool = False, nightly: bool = False) -> str:
    """The notebook that a source file makes, as text.

    solved: with solutions and hidden checks. claims: with the claims, for the tests. nightly: of
    the claims also those that are tagged "nightly".

    Raises SourceError (a ValueError) that names file, line and cure.
    """
    lab = load(path)
    seen: Counter[str] = Counter()
    notebook = {
        "cells": [
            built
            for cell in lab.cells
            if cell.claim is None or (claims and (nightly or not cell.nightly))
            for built in (
                _conclusion(cell, solved) if cell.conclusion else [_cell(lab, cell, solved, seen)]
            )
        ],
        "metadata": {
            "coursekit": {"lab": lab.name},
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {
                "file_extension": ".py",
                "mimetype": "text/x-python",
                "name": "python",
                "pygments_lexer": "ipython3",
            },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell(lab: Lab, cell: Cell, solved: bool, seen: Counter[str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": cell.tags} if cell.tags else {}
    text, kind = cell.text, cell.kind
    if cell.exercise:
        text = cell.marked if solved else cell.stub
        identity = f"exercise-{cell.exercise.replace('.', '-')}"
        metadata["nbgrader"] = _graded(identity, solution=True)
    elif cell.check:
        exercise = lab.exercises[cell.check]
        identity = f"check-{cell.check.replace('.', '-')}"
        metadata["nbgrader"] = _graded(identity, solution=False) | {"points": exercise.points}
        text = f"from coursekit.labs import check\n{text}"  # works in a new kernel
        if solved and exercise.hidden:
            hidden = f'check("{cell.check}", hidden=True)'
            text += f"\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    elif cell.claim is not None:
        text = wrapped(lab.name, cell)
        identity = f"claim-{cell.line}"
    elif kind == "code" and (recall := recalls.asked(cell.text)):
        identity, kind = f"recall-{recall[0]}", "markdown"
        text = recalls.markdown(*recall[1:])
    else:
        # By content: editing or inserting a cell changes no other cell's id.
        identity = f"{cell.kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        seen[identity] += 1
        if seen[identity] > 1:
            identity += f"-{seen[identity]}"
    if key := cell.exercise or cell.check:
        metadata["coursekit"] = {"exercise" if cell.exercise else "check": key}
    result: dict[str, Any] = {"cell_type": kind, "id": identity, "metadata": metadata}
    if kind == "code":
        text = text if cell.claim is not None else _MAGIC.sub("", text)
        result |= {"execution_count": None, "outputs": []}
    return result | {"source": text.splitlines(keepends=True)}


def _conclusion(cell: Cell, solved: bool) -> list[dict[str, Any]]:
    """The question with its rubric, and the cell for the answer, which nbgrader's users grade."""
    rubric = "\n".join(f"- {criterion}" for criterion in cell.rubric)
    question = (
        f"{cell.question}\n\nDouble-click the cell below and write. <details><summary>What a good "
        "answer holds, one point each: open it when yours is written</summary>\n\n"
        f"{rubric}\n\n</details>"
    )
    # nbgrader's own stub, so that nbgrader recognizes an untouched answer.
    answer = f"{BEGIN}\n{rubric}\n{END}" if solved else "YOUR ANSWER HERE"
    identity = f"conclusion-{cell.conclusion}"
    graded = _graded(identity, solution=True) | {
        "cell_type": "markdown",
        "grade": True,
        "points": len(cell.rubric),
    }
    kept = {"conclusion": cell.conclusion, "rubric": cell.rubric}
    return [
        {
            "cell_type": "markdown",
            "id": identity + part,
            "metadata": metadata,
            "source": text.splitlines(keepends=True),
        }
        for part, text, metadata in (
            ("-question", question, {}),
            ("", answer, {"coursekit": kept, "nbgrader": graded}),
        )
    ]


def _graded(identity: str, solution: bool) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "grade": not solution,
        "grade_id": identity,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m coursekit.labs.build",
        description="Builds the notebooks from their sources.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a notebook is not up to date"
    )
    parser.add_argument(
        "--solved", type=Path, metavar="FOLDER", help="write the solved notebooks there instead"
    )
    parser.add_argument(
        "--notebooks", type=Path, metavar="FOLDER", help="where source/ is (default: the kit's)"
    )
    options = parser.parse_args(arguments)
    try:
        return _build_all(options.notebooks or folder(), options.check, options.solved)
    except (ValueError, TypeError, OSError, ImportError, SyntaxError) as error:
        print(error, file=sys.stderr)
        return 1


def _build_all(notebooks: Path, only_check: bool, solved: Path | None) -> int:
    target = solved or notebooks
    built = {
        target / f"{path.stem}.ipynb": build(path, bool(solved)) for path in sources(notebooks)
    }
    if not built:
        raise ValueError(f"{notebooks} has no source/NN_slug.py: check the folder's name")
    stale = [path for path, text in built.items() if _text(path) != text]
    unknown = sorted(set(target.glob("*.ipynb")) - built.keys()) if not solved else []
    for path in unknown:
        print(f"{path}: no source makes this; delete it, or add source/{path.stem}.py")
    for path in stale:
        if only_check:
            print(f"{path}: differs from its source; run `make notebooks`")
        else:
            target.mkdir(parents=True, exist_ok=True)
            atomic.write(path, built[path])
            print(f"{path}: written")
    if not (stale or unknown):
        print(f"{len(built)} notebooks up to date")
    return 1 if unknown or (only_check and stale) else 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    raise SystemExit(main())
