"""Waiting times of a learner: the answer of a check, and one move of a slider in the Explorer.

  check, first   the first check of a session; imports are not counted
  check, later   each later one, of the same exercise
  slider, worst  one move to the most expensive setting: training, drawing, leaderboard
Every session is a new process, one thread; medians over the sessions. Transport to the browser is
not counted. The exercise is 1.2: its own code takes microseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence

from coursekit.arguments import count

EXERCISE, ANSWER = "1.2", "def grid_size(low, high, step, choices): return 48"
LIMITS = {"check, first": 0.1, "check, later": 0.1, "slider, worst": 1.0}  # seconds
LATER = 5  # checks after the first


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--sessions", type=count, default=5, help="processes to measure (5)")


def run(options: argparse.Namespace) -> None:
    """Measure each session in a new process, and print the medians beside the promised limits."""
    sessions = []
    for number in range(options.sessions):
        print(f"session {number + 1} of {options.sessions}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", f"import {__name__} as labs; labs.session()"],
                env=os.environ | {"COURSEKIT_DIR": folder},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        sessions.append(json.loads(done.stdout))
    report(sessions)


def session() -> None:
    """Measure in this process, and print the seconds as JSON."""
    with contextlib.redirect_stdout(io.StringIO()):
        seconds = {**checks(), "slider, worst": slider()}
    print(json.dumps(seconds))


def checks() -> dict[str, float]:
    """Seconds of the first check, and the median of those after it.

    Raises RuntimeError if a check gave no verdict on the answer: then nothing was measured.
    """
    from coursekit.labs import check

    cell = compile(f"{ANSWER}\ncheck({EXERCISE!r})", "cell", "exec")
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        first, *later = [_seconds(lambda: exec(cell, {"check": check})) for _ in range(1 + LATER)]
    if shown.getvalue().count("Not right: ") != 1 + LATER:
        raise RuntimeError(f"exercise {EXERCISE} was not checked: {shown.getvalue()}")
    return {"check, first": first, "check, later": statistics.median(later)}


def slider() -> float:
    """Seconds from the release of a slider to the new figure, at the most expensive setting."""
    from coursekit.widgets import Explorer

    explorer = Explorer("digits")  # trains and draws once: the first figure loads matplotlib
    worst = {"layers": 3, "activation": "gelu", "dropout": 0.5, "batch_size": 32}
    for name, value in worst.items():
        explorer.controls[name].value = value
    before = explorer.figure.value
    seconds = _seconds(lambda: explorer.controls["units"].set_trait("value", 128))
    if explorer.figure.value == before:
        raise RuntimeError("the slider drew nothing")
    return seconds


def report(sessions: Sequence[Mapping[str, float]]) -> None:
    """Prints a line for each of LIMITS."""
    print(f"{'':15}{'median':>9}{'slowest':>10}{'promised':>11}   ({len(sessions)} sessions)")
    for name, limit in LIMITS.items():
        seconds = [session[name] for session in sessions]
        median, slowest = statistics.median(seconds), max(seconds)
        print(f"{name:15}{_written(median):>9}{_written(slowest):>10}{_written(limit):>11}")


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _written(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
