"""`coursekit release`: what learners get of a lab, without solutions and hidden checks."""

from __future__ import annotations

import argparse
from pathlib import Path

from coursekit import atomic
from coursekit.labs import exercises
from coursekit.labs.build import build


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit release` to its parser."""
    parser.add_argument("labs", nargs="+", metavar="NN", help="numbers of labs, like 06; or all")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Writes the notebooks; ValueError rather than replace a file that differs."""
    wanted = exercises.sources() if options.labs == ["all"] else [*map(source, options.labs)]
    built = {options.out / f"{path.stem}.ipynb": build(path) for path in wanted}
    for path, text in built.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise ValueError(f"{path} is there and differs: delete it, or give another --out")
    options.out.mkdir(parents=True, exist_ok=True)
    for path, text in built.items():
        atomic.write(path, text)
        print(f"{path}: written")
    return 0


def source(lab: str) -> Path:
    """The source of the lab with this number. Raises ValueError that lists the labs."""
    known = {path.name[:2]: path for path in exercises.sources()}
    number = lab.zfill(2) if lab.isdigit() else lab[:2]
    if number not in known:
        raise ValueError(f"there is no lab {lab!r}: choose one of {', '.join(known)}")
    return known[number]
