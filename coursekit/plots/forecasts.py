"""A learning curve up to the last epoch seen, and the band of its forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.extras import from_extras
from coursekit.theme import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from coursekit.estimators.extrapolation import Decision

SHARES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)  # three bands about the median
BANDS = (("95 %", 0.12), ("80 %", 0.2), ("50 %", 0.35))  # and how dense they are drawn
GO, STOP = PALETTE[0], PALETTE[1]


def forecast(
    decision: Decision,
    incumbent: float | None = None,
    *,
    truth: Sequence[float] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """The seen part, the bands of 50, 80 and 95 %, and the score to beat, in percent.

    The bands are blue while the training continues, orange and hatched when it is to be stopped.
    truth: the whole curve, drawn dotted where it was not seen.
    """
    if axes is None:
        with from_extras():
            import matplotlib.pyplot as plt

        axes = plt.gca()
    found = decision.forecast
    seen, colour = len(found.curve), STOP if decision.stop else GO
    look: dict[str, Any] = {"marker": "", "zorder": 2}
    if not found.complete:
        coming = np.arange(seen + 1, found.horizon + 1)
        band = 100 * found.band(SHARES)
        last = 100 * float(found.curve[-1]) if seen else float(band[0, 3])
        if seen:
            coming, band = np.append(seen, coming), np.vstack([np.full(7, last), band])
        bare = 1.0
        for place, (name, alpha) in enumerate(BANDS):
            bare *= 1 - alpha  # a narrow band is drawn over the wider ones: their densities add up
            axes.fill_between([], [], color=colour, alpha=1 - bare, linewidth=0, label=name)
            axes.fill_between(
                coming,
                band[:, place],
                band[:, -1 - place],
                color=colour,
                alpha=alpha,
                linewidth=0,
            )
        if decision.stop:  # visible without colours too
            ends = band[:, 1], band[:, -2]
            axes.fill_between(
                coming,
                *ends,
                facecolor="none",
                edgecolor=colour,
                hatch="//",
                linewidth=0,
                alpha=0.6,
            )
        axes.plot(coming, band[:, 3], color=colour, linestyle="--", label="median", **look)
    if truth is not None:
        rest = np.arange(max(seen, 1), len(truth) + 1)
        axes.plot(
            rest,
            100 * np.asarray(truth)[rest - 1],
            color=INK,
            linestyle=":",
            label="what came",
            **look,
        )
    epochs = np.arange(1, seen + 1)
    axes.plot(
        epochs, 100 * found.curve, color=INK, linestyle="-", marker="o", label="seen", zorder=3
    )
    if incumbent is not None and np.isfinite(incumbent):
        axes.axhline(100 * incumbent, color=PALETTE[2], linestyle="-.", label="best so far")
    axes.set_xlim(0.5, found.horizon + 0.5)
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation accuracy, %")
    return axes


def tell(decision: Decision, incumbent: float | None = None) -> str:
    """The forecast and the decision in words."""
    found = decision.forecast
    if found.complete:
        return f"All {found.horizon} epochs are seen: {100 * found.score:.1f} %."
    low, high = 100 * found.quantiles([0.1, 0.9])
    now = f"{100 * found.curve[-1]:.1f} % now" if len(found.curve) else "nothing seen yet"
    text = (
        f"{len(found.curve)} of {found.horizon} epochs seen, {now}. At the end "
        f"{100 * found.median:.1f} %, with a chance of 80 % between {low:.1f} and {high:.1f} %."
    )
    if incumbent is not None and np.isfinite(incumbent):
        text += f" P(beats {100 * incumbent:.1f} %) = {decision.chance:.3f}."
    return text
