"""A figure that grows with time, drawn once; each frame clips it at a moment."""

from __future__ import annotations

import re
from html import escape

_CURTAIN = re.compile(
    r'(<clipPath id="[^"]*">\s*<rect x="[^"]*" y="[^"]*" width=")([^"]*)(" height="[^"]*"/>)'
)


class Film:
    """Frames by string replacement, a hundred times faster than drawing: fast enough for a slider.

    svg: of a figure with one clipping rectangle per axes, around all that grows to the right with
    time (`coursekit.plots.race_strip.behind_a_curtain`).
    """

    def __init__(self, svg: str) -> None:
        self._svg = svg

    def frame(self, share: float, description: str) -> str:
        """The figure up to a share of its time, in 0..1, with a description for screen readers."""
        shown = _CURTAIN.sub(lambda m: f"{m[1]}{share * float(m[2]):.2f}{m[3]}", self._svg)
        label = f'aria-label="{escape(description)}"'
        return re.sub(r'aria-label="[^"]*"', lambda _: label, shown, count=1)
