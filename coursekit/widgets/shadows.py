"""The shadows of points on two axes: grid, random and Sobol at the same number of trials."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from coursekit.plots.projections import (
    DESIGNS,
    HILLS,
    design,
    hill,
    mean_best,
    shadows,
    values_on,
)
from coursekit.widgets.panel import Panel, draw, status, table
from coursekit.widgets.sliders import scale, slider

COUNTS = (4, 9, 16, 25, 36, 49, 64)  # squares, so that the grid takes as many as the others


class Shadows(Panel):
    """Three designs on one hill: move the importance of each axis, the number of points, the seed.

    x, y: the importance of each axis, 0 to 1. count: of points, a square number from 4 to 64.
    seed: of the hill's summit and of the points.
    """

    def __init__(self, *, x: float = 1.0, y: float = 0.1, count: int = 9, seed: int = 0) -> None:
        if count not in COUNTS:
            raise ValueError(f"count={count!r}: there are {', '.join(map(str, COUNTS))}")
        look: dict[str, Any] = {"width": 330, "label": 110}
        self.x = slider("importance of x", float(x), 0, 1, 0.1, form=".1f", **look)
        self.y = slider("importance of y", float(y), 0, 1, 0.1, form=".1f", **look)
        self.count = scale("points", COUNTS, count, **look)
        self.seed = slider("seed", seed, 0, 99, **look)
        self.line, self.figure, self.list = w.HTML(), w.HTML(), w.HTML()
        for control in (self.x, self.y, self.count, self.seed):
            control.observe(lambda _: self.update(), names="value")
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([w.HBox([self.x, self.y], layout=wrap),
                           w.HBox([self.count, self.seed], layout=wrap),
                           self.line, self.figure, self.list])  # fmt: skip
        self.update()

    @property
    def importance(self) -> tuple[float, float]:
        """Of both axes; two zeros count as equal."""
        chosen = self.x.value, self.y.value
        return chosen if sum(chosen) else (1.0, 1.0)

    def update(self) -> None:
        """Show the designs with the present values of the sliders."""
        self.line.value = status(self.tell())
        self.figure.value = self._figure()
        self.list.value = self._list()

    def tell(self) -> str:
        """What each design has found on this hill, in words."""
        ground, count, seed = (
            hill(self.importance, self.seed.value),
            self.count.value,
            self.seed.value,
        )
        found = {kind: float(ground(design(kind, count, seed)).max()) for kind in DESIGNS}
        best = max(found, key=lambda kind: found[kind])
        told = ", ".join(f"{kind} {score:.0%}" for kind, score in found.items())
        return (
            f"{count} points, hill {seed}. Of the summit's height they find: {told}. Best: {best}."
        )

    def _figure(self) -> str:
        ground = hill(self.importance, self.seed.value)

        def paint(*axes: Any) -> str:
            for place, kind in enumerate(DESIGNS):
                above, corner = axes[2 * place : 2 * place + 2]
                square, beside = axes[6 + 2 * place : 8 + 2 * place]
                corner.set_axis_off()
                trio = square, above, beside
                shadows(kind, self.count.value, ground, seed=self.seed.value, axes=trio)
            return f"Shadows of three designs. {self.tell()}"

        return draw(paint, width=8.8, height=3.6, columns=(4, 1) * 3, rows=(1, 4))

    def _list(self) -> str:
        rows = []
        for kind in DESIGNS:
            points = design(kind, self.count.value, self.seed.value)
            mean = mean_best(kind, self.count.value, self.importance)
            rows.append((kind, values_on(0, points), values_on(1, points), f"{mean:.1%}"))
        rows.sort(key=lambda row: -float(row[3].rstrip("%")))
        head = ("design", "values of x", "values of y", f"finds, mean of {HILLS} hills")
        caption = f"{self.count.value} points: the size of their shadows, and what they find"
        return table(head, rows, caption=caption)

    def static(self) -> str:
        return status(self.tell()) + self._figure() + self._list()

    def __repr__(self) -> str:
        return f"Shadows: {self.tell()}"
