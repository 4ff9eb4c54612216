"""Lower fidelity: cheap scores against full ones, and what it costs to trust them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as w
import numpy as np

from coursekit.estimators.agreement import chosen, kendall, overlap, regret
from coursekit.plots.cheap_scores import cheap_against_full
from coursekit.widgets.panel import Panel, draw, kept, status, table
from coursekit.widgets.sliders import scale, slider
from coursekit.worlds import Cells, MLPs, Replay

BRUSHES = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02)  # shares of the configurations
MOST = 20  # finalists
KEPT = 6  # settings in the table of what was tried
MEANS = "their mean"
SHORT = {"quarter data": "¼ data", "half resolution": "½ pixels"}  # a slider has little space


class Fidelity(Panel):
    """Choose what is cheaper, and how much: tau, overlap, regret and cost follow.

    The sliders choose the kind (all data, a quarter, half the pixels) and the epochs. The brush is
    the share of the best in truth: the right figure shows that part alone, and tau among it is
    told. The finalists are those that would be trained in full. The table keeps the last settings,
    also when the cell runs again.

    worlds: replays of tables, by name. epochs: at the start, by default all. fidelity: of the
    worlds, by default the first below the full one. Raises ValueError for a fidelity that the first
    world does not have, or for its epochs out of range.
    """

    _together = False  # whether sliders are being set together

    def __init__(
        self,
        worlds: Mapping[str, Replay] | None = None,
        *,
        fidelity: str | None = None,
        epochs: int | None = None,
    ) -> None:
        self.worlds = {"cells": Cells(), "perceptrons": MLPs()} if worlds is None else dict(worlds)
        first = next(iter(self.worlds.values()))
        fidelity = first.fidelities[-1] if fidelity is None else first.at(fidelity).fidelity
        epochs = first.epochs if epochs is None else epochs
        if not 1 <= epochs <= first.epochs:
            raise ValueError(f"epochs={epochs}: the first world has 1 to {first.epochs}")
        names = [*self.worlds]
        self.tried: list[tuple[Any, ...]] = kept(list, Fidelity, *names, fidelity, epochs)
        look: dict[str, Any] = {"style": {"description_width": "80px"},
                                "layout": w.Layout(width="330px")}  # fmt: skip
        self.pick = w.Dropdown(options=names, value=names[0], description="table", **look)
        self.kind = scale("kind", _named(first), fidelity, width=330)
        self.epochs = slider("epochs", epochs, 1, first.epochs, width=330)
        self.scores = w.Dropdown(
            options=["one training each", MEANS], value="one training each",
            description="scores", **look,
        )  # fmt: skip
        shares = [(f"{each:.0%}", each) for each in BRUSHES]
        self.brush = scale("best share", shares, 0.1, width=330)
        self.finalists = slider("finalists", 1, 1, MOST, width=330)
        self.line, self.figure, self.list = w.HTML(), w.HTML(), w.HTML()
        self.pick.observe(self._take_the_world, names="value")
        for control in (self.kind, self.epochs, self.scores, self.brush, self.finalists):
            control.observe(lambda _: self.update(), names="value")
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([
            w.HBox([self.pick, self.scores], layout=wrap),
            w.HBox([self.kind, self.epochs], layout=wrap),
            w.HBox([self.brush, self.finalists], layout=wrap),
            self.line, self.figure, self.list,
        ])  # fmt: skip
        self.update()

    @property
    def world(self) -> Replay:
        """The table that is picked."""
        return self.worlds[self.pick.value]

    def update(self) -> None:
        """Show the sliders' fidelity."""
        if self._together:
            return
        self._measure()
        self.line.value = status(self.tell())
        self.figure.value = self._figure()
        self.list.value = self._list()

    def tell(self) -> str:
        """The agreement in words."""
        *_, share, tau, among, same, lost = self.tried[0]
        count = self.finalists.value
        who = "its choice" if count == 1 else f"the best of its {count} finalists"
        return (
            f"{self.pick.value}, {self._setting()}: {share:.0%} of the seconds. Tau {tau:.2f} over "
            f"all {len(self.full):,}, {among:.2f} among the best {self.brush.value:.0%}, of which "
            f"it finds {same:.0%}. Regret of {who}: {self._points(lost)}."
        )

    def _setting(self) -> str:
        return f"{self.kind.value}, {self.epochs.value}/{self.world.epochs} epochs"

    def _points(self, score: float) -> str:
        return f"{100 * score:.2f} points" if self.world.percent else f"{score:.3g}"

    def _take_the_world(self, _: Any) -> None:
        kind, share = self.kind.value, self.epochs.value / self.epochs.max
        self._together = True  # several sliders, one picture
        self.epochs.max = self.world.epochs
        self.epochs.value = max(1, round(share * self.world.epochs))
        self.kind.options = _named(self.world)
        self.kind.value = kind if kind in self.world.fidelities else self.world.fidelity
        self._together = False
        self.update()

    def _measure(self) -> None:
        """Cheap and full scores, and the row of the table."""
        world, budget = self.world, self.epochs.value
        whole = world.results()
        trained = world if self.scores.value == MEANS else world.seeded(0)
        made = trained.at(self.kind.value).results(budget)
        self.full = np.array([each.score for each in whole])
        self.cheap = np.array([each.score for each in made])
        share = sum(each.cost for each in made) / sum(each.cost for each in whole)
        brush, count = self.brush.value, self.finalists.value
        row = (
            self.pick.value, self._setting(), self.scores.value, brush, count, share,
            kendall(self.cheap, self.full), kendall(self.cheap, self.full, best=brush),
            overlap(self.cheap, self.full, max(1, round(brush * len(self.full)))),
            regret(self.cheap, self.full, finalists=count),
        )  # fmt: skip
        self.tried[:] = [row, *(each for each in self.tried if each[:5] != row[:5])][:KEPT]

    def _figure(self) -> str:
        factor = 100 if self.world.percent else 1
        cheap, full = factor * self.cheap, factor * self.full
        unit = ", %" if self.world.percent else ""

        def paint(whole: Any, near: Any) -> str:
            # The picture is cropped to its content; a layout as well would take half as long again.
            whole.figure.set_layout_engine(None)
            whole.figure.subplots_adjust(left=0.08, right=0.99, bottom=0.12, top=0.92, wspace=0.2)
            for axes in (whole, near):
                cheap_against_full(
                    cheap, full, best=self.brush.value, finalists=self.finalists.value, axes=axes
                )
                axes.set(xlabel=f"cheap score{unit}", ylabel=f"full score{unit}", title="")
            among = chosen(full, self.brush.value)
            # A few of the best may have poor cheap scores; these few would take most of the axis.
            near.set_xlim(*_around(np.quantile(cheap[among], 0.05), cheap.max()))
            near.set_ylim(*_around(full[among].min(), full.max()))
            whole.set_title(f"all {len(full):,}")
            near.set_title(f"enlarged: the best {self.brush.value:.0%} in truth")
            whole.legend(loc="lower right", fontsize="small")
            return f"Cheap against full scores. {self.tell()}"

        return draw(paint, width=9.0, height=3.8, columns=(1, 1))

    def _list(self) -> str:
        rows = [
            (name, f"{_short(setting)}, {'mean' if scores == MEANS else 'one'}", f"{share:.0%}",
             f"{tau:.2f}", f"{among:.2f} ({brush:.0%})", f"{same:.0%}",
             f"{100 * lost:.2f} ({count})")
            for name, setting, scores, brush, count, share, tau, among, same, lost in self.tried
        ]  # fmt: skip
        head = ("table", "fidelity, epochs, trainings", "seconds", "tau", "among best", "overlap",
                "regret")  # fmt: skip
        caption = "The last settings, the newest first (in brackets: best share, finalists)"
        return table(head, rows, caption=caption, best_first=False)

    def static(self) -> str:
        return status(self.tell()) + self._figure() + self._list()

    def __repr__(self) -> str:
        return f"Fidelity: {self.tell()}"


def _short(setting: str) -> str:
    """A setting that fits a narrow column."""
    for kind, short in SHORT.items():
        setting = setting.replace(kind, short)
    return setting.removesuffix(" epochs")


def _named(world: Replay) -> list[tuple[str, str]]:
    return [(SHORT.get(each, each), each) for each in world.fidelities]


def _around(low: float, high: float) -> tuple[float, float]:
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin
