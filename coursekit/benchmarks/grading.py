"""Seconds that grading takes a submission: `coursekit grade` beside `nbgrader autograde`.

The notebooks hold answers and known mistakes drawn at random, with set-up and checks; `--whole`
leaves the experiments in, as learners hand them in: nbgrader runs them, which takes minutes, and
`coursekit grade` only what an answer needs. The start (TensorFlow is imported, nbgrader makes its
assignment) is counted apart. Memory is the peak of the whole tree of processes, shared pages
counted once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coursekit.arguments import count
from coursekit.grading.memory import held

BETWEEN = 0.2  # seconds between two looks at the memory
LONGEST = 900  # seconds that nbgrader gives a cell


@dataclass(frozen=True)
class GradingTime:
    """start, each: seconds, of the preparation and of a submission. memory: bytes at most."""

    name: str
    submissions: int
    start: float
    each: float
    memory: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--lab", default="06", help="the lab's number (06)")
    parser.add_argument("--submissions", type=count, default=50, help="for coursekit (50)")
    parser.add_argument("--peers", type=int, default=3, help="for nbgrader, 0 for none (3)")
    parser.add_argument("--whole", action="store_true", help="with experiments, as handed in")
    parser.add_argument("--jobs", type=count, default=os.cpu_count() or 1, help="at a time")


def run(options: argparse.Namespace) -> None:
    """Measures both in one run, and prints the ratio."""
    from coursekit.labs import exercises

    source = next(path for path in exercises.sources() if path.name.startswith(options.lab))
    given = notebooks(source, max(options.submissions, options.peers), options.whole)
    found = [ours(source, given[: options.submissions], options.jobs)]
    if options.peers:
        found.append(theirs(source, given[: options.peers]))
    report(found)


def notebooks(source: Path, number: int, whole: bool = False) -> list[str]:
    """Notebooks in which each exercise is solved, mistaken or untouched, no two alike."""
    from coursekit.labs.build import build
    from coursekit.labs.exercises import load

    lab, draw, found = load(source), random.Random(0), []
    for place in range(number):
        made = json.loads(build(source))
        kept = [
            cell
            for cell in made["cells"]
            if whole
            or "setup" in cell["metadata"].get("tags", [])
            or "coursekit" in cell["metadata"]
        ]
        for cell in kept:
            if key := cell["metadata"].get("coursekit", {}).get("exercise"):
                solved = lab.exercise_cell(key).solution
                wrong = [cell["source"], *lab.exercises[key].planted().values()]
                cell["source"] = solved if draw.random() < 0.6 else draw.choice(wrong)
        found.append(json.dumps({**made, "cells": kept, "metadata": {"learner": place}}))
    return found


def ours(source: Path, given: Sequence[str], jobs: int) -> GradingTime:
    """The fork server and its children."""
    from coursekit.grading.grader import Grader, grade_all
    from coursekit.grading.submissions import Submission
    from coursekit.grading.warm import Warm

    began = time.perf_counter()
    with _memory() as peak, tempfile.TemporaryDirectory():
        grader = Grader(source)
        with Warm(grader.imports()) as warm:
            if warm.unfit:
                raise RuntimeError(f"the server cannot fork: {warm.unfit}")
            start = time.perf_counter() - began
            found = [
                Submission(str(number), str(number), text.encode())
                for number, text in enumerate(given)
            ]
            status = [grade.status for _, grade in grade_all(grader, found, warm.run, jobs)]
            seconds = time.perf_counter() - began - start
    if set(status) != {"ok"}:
        raise RuntimeError(f"a submission was not graded: {sorted(set(status))}")
    return GradingTime(
        f"coursekit, {jobs} jobs", len(given), start, seconds / len(given), max(peak)
    )


def theirs(source: Path, given: Sequence[str]) -> GradingTime:
    """nbgrader's own command, a kernel for each notebook."""
    from coursekit.labs.build import build

    began = time.perf_counter()
    with _memory() as peak, tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        path = course / "source" / "lab" / f"{source.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(build(source, solved=True), encoding="utf-8")
        _nbgrader(course, "generate_assignment", "lab", "--create")
        start = time.perf_counter() - began
        for number, text in enumerate(given):
            path = course / "submitted" / str(number) / "lab" / f"{source.stem}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
        _nbgrader(course, "autograde", "lab", f"--Execute.timeout={LONGEST}")
        seconds = time.perf_counter() - began - start
    return GradingTime("nbgrader autograde", len(given), start, seconds / len(given), max(peak))


def report(found: Sequence[GradingTime]) -> None:
    """Prints a line for each, and the ratio of the last to the first."""
    print(f"{'':22}{'submissions':>12}{'start':>9}{'each':>10}{'memory':>10}")
    for one in found:
        start, each = f"{one.start:.1f} s", f"{one.each:.2f} s"
        memory = f"{one.memory / 1e6:.0f} MB"
        print(f"{one.name:22}{one.submissions:>12}{start:>9}{each:>10}{memory:>10}")
    if len(found) > 1:
        print(f"{found[0].name} takes {found[-1].each / found[0].each:.0f} times less")


def _nbgrader(course: Path, *words: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(
        command, cwd=course, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {words[0]} failed: {done.stderr[-500:]}")


@contextmanager
def _memory() -> Iterator[list[int]]:
    """Bytes of this process's tree from time to time; 0 where the system does not say."""
    peak, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(BETWEEN):
            peak.append(held(os.getpid()))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield peak
    finally:
        ended.set()
        looking.join()
