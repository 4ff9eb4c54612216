"""A network that grows: its layers, and its accuracy epoch by epoch with the steps marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from coursekit.theme import INK, PALETTE, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 12  # units of a layer that are drawn one by one


class GrowthStep(Protocol):
    """A change to a network: what, after which epoch, and the accuracy then."""

    @property
    def epoch(self) -> int: ...
    @property
    def what(self) -> str: ...
    @property
    def after(self) -> float: ...


def network(widths: Sequence[int], *, axes: Axes) -> Axes:
    """The layers from inputs to classes, left to right; wide layers are shortened.

    widths: units of each layer, the inputs first and the classes last.
    """
    for place, width in enumerate(widths):
        shown = min(width, SHOWN)
        ys = [y - (shown - 1) / 2 for y in range(shown)]
        hidden = 0 < place < len(widths) - 1
        axes.plot(
            [place] * shown,
            ys,
            linestyle="",
            marker="o" if hidden else "s",
            color=PALETTE[1] if hidden else INK,
        )
        if width > SHOWN:
            axes.text(place, -SHOWN / 2 - 0.3, "...", ha="center", va="center", color=INK)
        axes.text(place, SHOWN / 2 + 0.6, str(width), ha="center", color=INK)
        if place:
            axes.plot([place - 0.8, place - 0.2], [0, 0], color=INK, marker=">", markevery=[1],
                      linewidth=1, linestyle="-")  # fmt: skip
    axes.set(xlim=(-0.5, len(widths) - 0.5), ylim=(-SHOWN / 2 - 1.2, SHOWN / 2 + 1.8))
    axes.set_xticks([0, len(widths) - 1], ["pixels", "classes"])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    axes.set_title("the network, units")
    return axes


def growth(
    curve: Sequence[float],
    steps: Sequence[GrowthStep],
    *,
    scratch: Sequence[float] | None = None,
    axes: Axes,
) -> Axes:
    """Accuracy against epoch, and a line at each epoch with steps, with their numbers ("2-4").

    An immediate loss from a step is a vertical drop in the curve, at the epoch of the step.

    curve: validation accuracy before the first epoch and after each, in 0..1.
    scratch: the same of a network of the final shape with fresh weights.
    """
    from matplotlib.ticker import PercentFormatter

    options: dict[str, Any] = {"linewidth": 1.8, "markersize": 3.5}
    points = [(epoch, score) for epoch, score in enumerate(curve)]
    points += [(step.epoch, step.after) for step in steps]
    epochs, scores = zip(*sorted(points, key=lambda point: point[0]), strict=True)  # stable
    axes.plot(epochs, scores, color=PALETTE[0], marker="o", linestyle="-",
              label="this network", **options)  # fmt: skip
    if scratch is not None:
        axes.plot(range(len(scratch)), scratch, color=PALETTE[1], marker="s", linestyle="--",
                  label="its present shape, from scratch", **options)  # fmt: skip
    for epoch, numbers in _by_epoch(steps).items():
        axes.axvline(epoch, color=INK, linewidth=1, linestyle=":")
        axes.annotate(
            str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}",
            (epoch, 1.0),
            ha="center",
            fontsize="small",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": PAPER, "edgecolor": INK},
        )
    axes.set(xlabel="epoch", ylabel="validation accuracy, %")
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=None))
    axes.set_xlim(left=-0.5, right=max(10.5, len(curve) - 0.5))
    axes.set_ylim(top=1.03)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower right", facecolor=PAPER, edgecolor="none", framealpha=1)
    return axes


def _by_epoch(steps: Sequence[GrowthStep]) -> dict[int, list[int]]:
    """The numbers of the steps at each epoch, from 1."""
    found: dict[int, list[int]] = {}
    for number, step in enumerate(steps, 1):
        found.setdefault(step.epoch, []).append(number)
    return found
