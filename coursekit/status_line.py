"""Progress: one line on stderr, rewritten in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

FIRST = 2.0  # seconds until it appears
BETWEEN = 0.2  # seconds between two updates


class Line:
    """Shows progress after the first two seconds; by default only on a terminal."""

    def __init__(self, wanted: bool | None) -> None:
        self._wanted = sys.stderr.isatty() if wanted is None else wanted
        self._begun = self._shown = time.monotonic()
        self._width = 0

    def show(self, tell: Callable[[float], str]) -> None:
        """tell: makes the text from the seconds so far; called only if an update is due."""
        if not self._wanted:
            return
        now = time.monotonic()
        if now - self._begun < FIRST or now - self._shown < BETWEEN:
            return
        self._shown = now
        text = tell(now - self._begun)
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        """End the line; later output starts below it."""
        if self._width:
            sys.stderr.write("\n")
