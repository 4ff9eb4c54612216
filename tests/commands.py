"""Commands of the package, run in this process: a new one costs seconds and shows nothing more.

That they run as processes is seen in test_front_door and test_benchmarks.
"""

import contextlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from coursekit import cli
from coursekit.benchmarks import __main__ as benchmarks


class Ended(NamedTuple):
    """What a command left: the exit code, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def coursekit(*words: str | Path, folder: Path | None = None) -> Ended:
    """`coursekit WORDS` in this folder."""
    return _ended(cli.main, words, folder)


def benchmark(*words: str) -> Ended:
    """`python -m coursekit.benchmarks WORDS`."""
    return _ended(benchmarks.main, words)


def _ended(
    main: Callable[[list[str]], int], words: Sequence[str | Path], folder: Path | None = None
) -> Ended:
    out, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:  # argparse: 0 after help, 2 for misuse
            code = int(end.code or 0)
    return Ended(code, out.getvalue(), errors.getvalue())
