"""The importance of hyperparameters as bars, one colour for each estimate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coursekit.plots.shared import on
from coursekit.theme import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HATCHES = ("", "///", "...", "xx", "\\\\\\", "++")  # estimates differ in grey as well
Shares = Mapping[Any, float]  # by name, or by a tuple of names


def importance(
    shares: Shares | Mapping[str, Shares], *, most: int = 12, axes: Axes | None = None
) -> Axes:
    """A bar for each parameter's share of importance, the largest of the first estimate on top.

    shares: as from `functional_anova` or `ped_anova`, in 0..1; or several of them by label.
    most: rows that are drawn. A tuple of names is written as a product: their interaction.
    """
    several = all(isinstance(each, Mapping) for each in shares.values())
    estimates: Mapping[str, Shares] = shares if several and shares else {"": shares}  # type: ignore[dict-item, assignment]
    first = next(iter(estimates.values()))
    names = list(dict.fromkeys(name for each in estimates.values() for name in each))
    names.sort(key=lambda name: -first.get(name, 0.0))
    names = names[:most]
    axes = on(axes, (7.0, 1.0 + 0.24 * len(names) * max(1.4, len(estimates))))
    height = 0.8 / len(estimates)
    for place, (label, estimate) in enumerate(estimates.items()):
        axes.barh(
            [row + (place - (len(estimates) - 1) / 2) * height for row in range(len(names))],
            [100 * estimate.get(name, 0.0) for name in names],
            height=height * 0.92,
            color=PALETTE[place % len(PALETTE)],
            hatch=HATCHES[place % len(HATCHES)],
            edgecolor=INK,
            linewidth=0.5,
            label=label or None,
        )
    axes.set_yticks(range(len(names)), [_written(name) for name in names])
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set(xlabel="share of importance, %", ylim=(max(len(names), 1) - 0.5, -0.5))
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    if any(estimates):
        axes.legend(loc="lower right")
    return axes


def _written(name: Any) -> str:
    return name if isinstance(name, str) else " × ".join(name)
