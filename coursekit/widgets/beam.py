"""The beam: a progressive search to step through, with what it trains and what it drops."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as w

from coursekit.plots.cells import cell, describe
from coursekit.plots.progression import (
    Moment,
    Round,
    about,
    moments,
    predictions,
    rounds,
    shown,
    tau,
    tell,
    tree,
)
from coursekit.spaces import CellSpace
from coursekit.strategies.progressive import Progressive
from coursekit.surrogates.rank_ensemble import Ranked
from coursekit.widgets.panel import draw, status
from coursekit.widgets.played import Played
from coursekit.widgets.sliders import slider
from coursekit.worlds.base import World

# A click on a drawn candidate chooses it in the list, whose options have no-break spaces.
CLICKS = """
if (!window.coursekitBeam) {
  window.coursekitBeam = true;
  document.addEventListener("click", event => {
    const mark = event.target.closest?.('.coursekit-tree g[id^="beam-"]');
    const select = mark?.closest(".coursekit-beam")?.querySelector(".coursekit-candidate select");
    if (!select) return;
    const [, round, place] = mark.id.split("-").map(Number);
    const label = `round ${round + 1}, place ${place + 1}`;
    const same = option => option.text.replace(/\\s/g, " ") === label;
    select.selectedIndex = [...select.options].findIndex(same);
    select.dispatchEvent(new Event("change", {bubbles: true}));
  });
}
"""
POINTER = (
    '<style>.coursekit-tree g[id^="beam-"]{cursor:pointer}'
    '.coursekit-tree g[id^="beam-"] *{pointer-events:all}</style>'  # also inside of hollow marks
)


class Beam(Played):
    """Searches the world, then shows round by round what was expanded, ranked, trained, dropped.

    Two sliders set the beam's width and the members of the ensemble; the search runs again. A click
    on a candidate, or the list, shows its drawing, what was predicted of it and what is true.

    world: of cells, one that knows them all. seed: of the search. rounds: that are shown, as long
    as there are new candidates. Raises TypeError for a world without cells.
    """

    _setting = False  # whether options and value of the list are being set together

    def __init__(
        self,
        world: World,
        *,
        beam_width: int = 10,
        members: int = 5,
        rounds: int = 3,
        seed: int = 0,
    ) -> None:
        if not isinstance(world.space, CellSpace):
            raise TypeError(f"{world}: the beam shows cells, not {world.space!r}")
        self.world, self.space, self.count, self.seed = world, world.space, rounds, seed
        self.rounds: list[Round] = []
        self.steps: list[Moment] = []
        self._offered: list[tuple[int, Ranked]] = []  # the candidates in the list, with the round
        self.beam_width = slider("beam width", beam_width, 1, 20)
        self.members = slider("members", members, 1, 10)
        moments = self.moments("step", 1)
        self.candidate = w.Dropdown(description="candidate", options=[("none", -1)], value=-1,
                                    style={"description_width": "80px"},
                                    layout=w.Layout(width="300px"))  # fmt: skip
        self.candidate.add_class("coursekit-candidate")
        self.line, self.about = w.HTML(), w.HTML()
        self.figure = w.HTML(layout=w.Layout(flex="3 1 420px", min_width="0"))
        self.picture = w.HTML(layout=w.Layout(flex="2 1 300px", min_width="0"))
        self.figure.add_class("coursekit-tree")
        for control in (self.beam_width, self.members):
            control.observe(lambda _: self.search(), names="value")
        self.candidate.observe(lambda _: self._show(), names="value")
        wrap = w.Layout(flex_flow="row wrap")
        script = f'<img src="data:," alt="" hidden onerror="{escape(CLICKS)}">'
        self.box = w.VBox([
            w.HBox([self.beam_width, self.members], layout=wrap),
            w.HBox([moments, self.candidate], layout=wrap),
            self.line, self.about,
            w.HBox([self.figure, self.picture], layout=wrap),
            w.HTML(script),
        ])  # fmt: skip
        self.box.add_class("coursekit-beam")
        self.search()

    @property
    def now(self) -> Moment:
        """The moment that is shown."""
        return self.steps[self.moment.value]

    @property
    def chosen(self) -> tuple[int, Ranked] | None:
        """The candidate that is chosen, with the index of its round."""
        return self._offered[self.candidate.value] if self.candidate.value >= 0 else None

    def search(self) -> None:
        """Search with the present values of the sliders; the present step stays."""
        strategy = Progressive(
            self.space, beam_width=self.beam_width.value, members=self.members.value
        )
        self.rounds = rounds(strategy, self.world, count=self.count, seed=self.seed)
        self.steps = moments(self.rounds)
        self.candidate.value = -1
        self.moment.max = self.clock.max = len(self.steps) - 1
        self.update()

    def update(self) -> None:
        """Show the present step."""
        self._offer()
        self._show()
        self.line.value = status(tell(self.rounds, self.now, self.world.worth))

    def _offer(self) -> None:
        """Put the candidates that are drawn one by one into the list; a chosen one stays."""
        before, (last, phase) = self.chosen, self.now
        drawn = list(range(last if phase == "expanded" and last else last + 1))
        self._offered = [(index, one) for index in drawn for one in shown(self.rounds[index])]
        places = [place for index in drawn for place in range(len(shown(self.rounds[index])))]
        kept = next(
            (i for i, (_, one) in enumerate(self._offered) if before and one is before[1]), -1
        )
        labels = [
            (f"round {index + 1}, place {place + 1}", number)
            for number, ((index, _), place) in enumerate(zip(self._offered, places, strict=True))
        ]
        self._setting = True  # new options choose the first one for a moment
        self.candidate.options = [("none", -1), *labels]
        self.candidate.value = kept
        self._setting = False

    def _show(self) -> None:
        if self._setting:
            return
        self.figure.value = POINTER + self._tree()
        self.picture.value = self._cell()
        self.about.value = self._about()

    def _about(self) -> str:
        told = "Click a candidate, or choose one in the list, to see its cell."
        return status(about(self.rounds, *self.chosen, self.world.worth) if self.chosen else told)

    def _tree(self) -> str:
        def paint(axes: Any) -> str:
            tree(self.rounds, self.now, chosen=self.chosen[1] if self.chosen else None, axes=axes)
            axes.set_title(f"{self.world}: beam of {self.beam_width.value}")
            return f"The beam. {tell(self.rounds, self.now, self.world.worth)}"

        return draw(paint, width=6.2, height=4.8)

    def _cell(self) -> str:
        """The chosen cell, and predictions against truth in its round or in the latest ranked one.

        Without either there is nothing to draw.
        """
        index = self.chosen[0] if self.chosen else self.now.round
        if self.now == Moment(index, "expanded"):
            index -= 1
        one = self.chosen[1] if self.chosen else None
        each = self.rounds[index] if index >= 0 and self.rounds[index].seen else None
        rows = [1.0] * (one is not None) + [1.2] * (each is not None)

        def paint(*axes: Any) -> str:
            told = []
            if one:
                cell(self.space, one.configuration, axes=axes[0])
                told.append(describe(self.space.graph(one.configuration)))
            if each:
                predictions(each, self.world.worth, chosen=one, axes=axes[-1])
                found = f"Kendall's tau {tau(each, self.world.worth):.2f}"
                axes[-1].set_title(f"round {index + 1}: {found}")
                told.append(f"Predicted against true in round {index + 1}: {found}.")
            return " ".join(told)

        return draw(paint, width=4.4, height=2.2 * sum(rows), rows=rows) if rows else ""

    def static(self) -> str:
        begun, self.moment.value = self.moment.value, self.moment.value or self.moment.max
        told = self.line.value + self.about.value + self.figure.value + self.picture.value
        self.moment.value = begun
        return told

    def __repr__(self) -> str:
        return f"Beam: {tell(self.rounds, self.now, self.world.worth)}"
