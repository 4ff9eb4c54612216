"""Progress: one line, rewritten in place, on a terminal's stderr or in a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TypeVar

from coursekit.notebook import kernel

FIRST = 2.0  # seconds until it appears
BETWEEN = 0.2  # seconds between two updates

Step = TypeVar("Step")


class Line:
    """Shows progress after the first two seconds.

    wanted: by default only on a terminal and in a notebook; True writes to stderr anywhere else.
    """

    def __init__(self, wanted: bool | None) -> None:
        self._notebook = kernel() is not None and wanted is not False
        self._wanted = sys.stderr.isatty() if wanted is None else wanted
        self._begun = self._shown = time.monotonic()
        self._width = 0
        self._place: Any = None  # of the line in a notebook

    def show(self, tell: Callable[[float], str]) -> None:
        """tell: makes the text from the seconds so far; called only if an update is due."""
        if not (self._wanted or self._notebook):
            return
        now = time.monotonic()
        if now - self._begun < FIRST or now - self._shown < BETWEEN:
            return
        self._shown = now
        text = tell(now - self._begun)
        if self._notebook:
            self._display(text)
            return
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        """End the line: later output starts below it; in a notebook the line vanishes."""
        if self._place is not None:
            self._display("")
        elif self._width:
            sys.stderr.write("\n")

    def _display(self, text: str) -> None:
        from IPython.display import display

        shown = {"text/plain": text}
        if self._place is None:
            self._place = display(shown, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._place.update(shown, raw=True)


def counted(steps: Iterable[Step], what: str, total: int | None = None) -> Iterator[Step]:
    """The steps of a loop, with a line of progress.

    what: the steps in words, like "trainings". total: their number, if `steps` has no length.
    """
    count = len(steps) if total is None and isinstance(steps, Sized) else total
    line = Line(None)
    try:
        for done, step in enumerate(steps):
            yield step
            line.show(lambda seconds, done=done + 1: _told(done, count, what, seconds))  # type: ignore[misc]
    finally:
        line.end()


def _told(done: int, count: int | None, what: str, seconds: float) -> str:
    if count is None:
        return f"{done} {what}, {seconds:.0f} s"
    left = seconds / done * (count - done)
    return f"{done} of {count} {what}, {seconds:.0f} s, {left:.0f} s to go"
