"""A figure of something that grows, drawn once: each moment is a frame behind a curtain."""

from __future__ import annotations

import re
from html import escape

_CURTAIN = re.compile(
    r'(<clipPath id="[^"]*">\s*<rect x="[^"]*" y="[^"]*" width=")([^"]*)(" height="[^"]*"/>)'
)


class Film:
    """Frames at a string's cost, a hundredth of a drawing's: enough to drag a slider through time.

    svg: of a figure whose axes clip only what grows, all of it to the right as time passes
    (`coursekit.plots.race_strip.behind_a_curtain`).
    """

    def __init__(self, svg: str) -> None:
        self._svg = svg

    def frame(self, share: float, description: str) -> str:
        """The figure up to a share of its time, in 0..1, and what a screen reader says of it."""
        shown = _CURTAIN.sub(lambda m: f"{m[1]}{share * float(m[2]):.2f}{m[3]}", self._svg)
        label = f'aria-label="{escape(description)}"'
        return re.sub(r'aria-label="[^"]*"', lambda _: label, shown, count=1)
