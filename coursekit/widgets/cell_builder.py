"""The cell builder: change a cell edge by edge, guess its accuracy, climb by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import ipywidgets as w
import numpy as np

from coursekit.plots import anytime
from coursekit.plots.cell_standing import standing
from coursekit.plots.cells import cell as drawing
from coursekit.plots.cells import describe
from coursekit.race.climbs import climbs
from coursekit.spaces import Configuration
from coursekit.trials import Evaluation, History, Suggestion
from coursekit.widgets.panel import Panel, draw, kept, status, table
from coursekit.worlds.atlas import Atlas

MOST = 8  # twins and guesses that are listed
# A click on a drawn edge, or on its name, chooses the next operation in the edge's list.
CLICKS = """
if (!window.coursekitCells) {
  window.coursekitCells = true;
  document.addEventListener("click", event => {
    const drawn = '.coursekit-drawn g[id^="edge-"], .coursekit-drawn g[id^="name-"]';
    const edge = event.target.closest?.(drawn);
    const list = edge && `.coursekit-${edge.id.replace("name", "edge")} select`;
    const select = edge?.closest(".coursekit-builder")?.querySelector(list);
    if (!select) return;
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    select.dispatchEvent(new Event("change", {bubbles: true}));
  });
}
"""
POINTER = (
    '<style>.coursekit-drawn g[id^="edge-"],.coursekit-drawn g[id^="name-"]{cursor:pointer}</style>'
)


@dataclass
class _State:
    """cell: the present one. shown: the trials so far. guesses: in percent, with the trial."""

    cell: Configuration
    shown: History = field(default_factory=History)
    guesses: list[tuple[int, float]] = field(default_factory=list)


class CellBuilder(Panel):
    """A list of operations for each edge; the drawing is clicked as well.

    Parameters, isomorphic twins, accuracy and rank answer at once. Each cell whose accuracy is
    shown counts as a training, and local searches from the same start have as many.

    atlas: of the world whose cells are built. guess: accuracy and rank stay hidden until a guess is
    entered. start: the first cell, by default a random one. seed: of random cells.
    trials: of each local search. Trials and guesses last as long as the kernel, also when the cell
    runs again. Raises ValueError for a start that the space does not have.
    """

    def __init__(
        self,
        atlas: Atlas,
        *,
        guess: bool = False,
        start: Mapping[str, Any] | None = None,
        seed: int = 0,
        trials: int = 60,
    ) -> None:
        self.atlas, self.space, self.guess = atlas, atlas.world.space, guess
        self._rng = np.random.default_rng(seed)
        self.start = self.space.sample(self._rng) if start is None else dict(start)
        self.space.check(self.start)
        self._state = kept(
            lambda: _State(dict(self.start)),
            CellBuilder,
            repr(atlas.world),
            guess,
            self.space.key(self.start),
            seed,
            trials,
        )
        self.rivals = [] if guess else climbs(atlas.world, self.start, trials=trials)  # type: ignore[arg-type]
        self._setting = False  # several lists change at once
        self.edges = {edge: self._list(edge) for edge in self.space.edges}
        self.random_button = _button("Random cell", "random", "Six operations at random")
        self.best_button = _button("Back to the best", "undo", "The best cell that was shown")
        self.reset_button = _button("Start over", "refresh", "Forget all trials and guesses")
        self.entry = w.BoundedFloatText(50.0, min=0.0, max=100.0, description="your guess, %",
                                        style={"description_width": "95px"},
                                        layout=w.Layout(width="190px"))  # fmt: skip
        self.show_button = _button("Show", "eye", "Show accuracy and rank beside the guess")
        self.line = w.HTML()
        self.picture = w.HTML(layout=w.Layout(flex="3 1 380px", min_width="0"))
        self.figure = w.HTML(layout=w.Layout(flex="2 1 300px", min_width="0"))
        self.list = w.HTML()
        self.picture.add_class("coursekit-drawn")
        self.random_button.on_click(lambda _: self.go(self.space.sample(self._rng)))
        self.best_button.on_click(lambda _: self.back())
        self.reset_button.on_click(lambda _: self.reset())
        self.show_button.on_click(lambda _: self.show())
        wrap = w.Layout(flex_flow="row wrap")
        asked = [self.entry, self.show_button] if guess else []
        script = f'<img src="data:," alt="" hidden onerror="{escape(CLICKS)}">'
        self.box = w.VBox([
            w.HBox(list(self.edges.values()), layout=wrap),
            w.HBox([*asked, self.random_button, self.best_button, self.reset_button], layout=wrap),
            self.line,
            w.HBox([self.picture, self.figure], layout=wrap),
            self.list, w.HTML(script),
        ])  # fmt: skip
        self.box.add_class("coursekit-builder")
        self.update()

    @property
    def cell(self) -> Configuration:
        """The present cell."""
        return dict(self._state.cell)

    @property
    def history(self) -> History:
        """The cells whose accuracy was shown, as trials."""
        return self._state.shown

    def go(self, cell: Mapping[str, Any]) -> None:
        """Show another cell; ValueError if the space does not have it."""
        self.space.check(cell)
        self._state.cell = dict(cell)
        self._setting = True
        for edge, chosen in self.edges.items():
            chosen.value = cell[edge]
        self._setting = False
        self.update()

    def back(self) -> None:
        """Return to the best cell that was shown."""
        if self.history.completed:
            self.go(self.history.best().configuration)

    def show(self) -> None:
        """Take the guess, and show accuracy and rank."""
        if self._number() is None:
            self._state.guesses.append((self._measure(), float(self.entry.value)))
        self.update()

    def reset(self) -> None:
        """Forget all trials and guesses, and return to the start."""
        self._state.shown, self._state.guesses = History(), []
        self.go(self.start)

    def update(self) -> None:
        """Show the present cell everywhere."""
        if not self.guess and self._number() is None:
            self._measure()
        known = self._number() is not None
        self.show_button.disabled = self.entry.disabled = known
        self.best_button.disabled = not self.history.completed
        self.line.value = status(self.tell())
        self.picture.value = POINTER + self._drawn()
        self.figure.value = self._standing()
        self.list.value = self._lists()

    def tell(self) -> str:
        """The present cell, and the trials so far, in words."""
        cell, atlas = self._state.cell, self.atlas
        used = len(self.space.graph(cell).used())
        twins = len(atlas.twins(cell))
        text = (
            f"{used} of {len(self.edges)} edges carry something to the output; "
            f"{atlas.world.parameters(cell):,} parameters; "
            f"{twins or 'no'} isomorphic twin{'s' * (twins != 1)}. "
        )
        number = self._number()
        if number is None:
            return f"{text}Accuracy and rank are hidden: enter a guess, then click Show."
        text += f"Accuracy {self._percent(cell)}, rank {atlas.rank(cell):,} of {len(atlas.cells):,}"
        first = self._same_network(number)
        text += f"; the same network as in training {first + 1}. " if first is not None else ". "
        return text + (self._guessed() if self.guess else self._climbed())

    def _guessed(self) -> str:
        trials = self.history
        off = [abs(guess - 100 * trials[number].score) for number, guess in self._state.guesses]
        middle = 100 * float(np.nanmedian(self.atlas.accuracies))
        plain = [abs(middle - 100 * trials[number].score) for number, _ in self._state.guesses]
        return (
            f"{len(off)} guess{'es' * (len(off) != 1)}, off by {np.mean(off):.1f} points on "
            f"average; the median of all cells as the guess: {np.mean(plain):.1f}."
        )

    def _climbed(self) -> str:
        count = len(self.history)
        best = self.history.best().score if self.history.completed else np.nan
        rivals = [_best(history, count) for history in self.rivals]
        return (
            f"{count} cell{'s' * (count != 1)} trained, your best {100 * best:.2f} %; local search "
            f"from the same start after as many: {100 * float(np.median(rivals)):.2f} % (the "
            f"median of {len(rivals)})."
        )

    def _measure(self) -> int:
        """Train the present cell; returns the number of the trial."""
        trial = self.history.add(Suggestion(self.cell))
        self.history.finish(trial.number, Evaluation(self.atlas.world.accuracy(self.cell)))
        return trial.number

    def _number(self) -> int | None:
        """The trial of the present cell, if its accuracy was shown."""
        key = self.space.key(self._state.cell)
        same = (t.number for t in self.history if self.space.key(t.configuration) == key)
        return next(same, None)

    def _same_network(self, number: int) -> int | None:
        """The first earlier trial of an isomorphic cell."""
        form = self.space.canonical(self._state.cell)
        earlier = (self.history[each] for each in range(number))
        same = (t.number for t in earlier if self.space.canonical(t.configuration) == form)
        return next(same, None)

    def _list(self, edge: str) -> w.Dropdown:
        made = w.Dropdown(
            options=self.space.operations,
            value=self._state.cell[edge],
            description=edge.replace("-", " to "),
            style={"description_width": "45px"},
            layout=w.Layout(width="185px"),
        )
        made.add_class(f"coursekit-edge-{edge}")
        made.observe(lambda change: self._chosen(edge, change["new"]), names="value")
        return made

    def _chosen(self, edge: str, operation: str) -> None:
        if not self._setting:
            self._state.cell[edge] = operation
            self.update()

    def _percent(self, cell: Mapping[str, Any]) -> str:
        return f"{100 * self.atlas.world.accuracy(cell):.2f} %"

    def _drawn(self) -> str:
        def paint(axes: Any) -> str:
            _fast(axes.figure)
            drawing(self.space, self.cell, name_none=True, axes=axes)
            axes.set_title(f"{self.atlas.world}: the cell")
            return f"{describe(self.space.graph(self.cell))} {self.tell()}"

        return draw(paint, width=6.2, height=3.0)

    def _standing(self) -> str:
        marks = {}
        if self._number() is not None:
            marks["this cell"] = self.atlas.world.accuracy(self.cell)
            marks["your best"] = self.history.best().score if self.history.completed else np.nan

        def among(axes: Any) -> str:
            _fast(axes.figure)
            standing(self.atlas.accuracies, marks, axes=axes)
            axes.set_title(f"all {len(self.atlas.cells):,} cells")
            told = ", ".join(f"{name} {100 * mark:.1f} %" for name, mark in marks.items())
            return f"Histogram of the accuracies of all cells. {told or 'This cell is hidden.'}"

        def both(above: Any, below: Any) -> str:
            anytime({"local search": self.rivals, "you": [self.history]}, axes=below)
            below.set(title="best so far", xlabel="cells trained", ylabel="accuracy, %")
            below.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}")
            below.legend(loc="lower right", fontsize="small")  # not beside: that takes a third
            return f"{among(above)} {self._climbed()}"

        if self.guess:
            return draw(among, width=4.4, height=3.0)
        return draw(both, width=4.4, height=4.6, rows=(1, 1))

    def _lists(self) -> str:
        twins = self.atlas.twins(self._state.cell)
        parts = []
        if self.guess and self._state.guesses:
            rows = [
                (number + 1, f"{guess:.1f} %", f"{100 * self.history[number].score:.2f} %",
                 f"{guess - 100 * self.history[number].score:+.1f}",
                 self.space.string(self.history[number].configuration))
                for number, guess in self._state.guesses[: -MOST - 1 : -1]
            ]  # fmt: skip
            headings = ("", "guess", "accuracy", "points off", "cell")
            parts.append(table(headings, rows, caption="Guesses, the latest first",
                               best_first=False))  # fmt: skip
        if twins and self._number() is not None:
            listed = [(self._percent(twin), self.space.string(twin)) for twin in twins[:MOST]]
            more = f", {MOST} of {len(twins)}" if len(twins) > MOST else ""
            parts.append(table(("accuracy", "cell"), listed, best_first=False,
                               caption=f"Isomorphic twins of this cell{more}"))  # fmt: skip
        return f'<div tabindex="0" style="max-height:14em;overflow:auto">{"".join(parts)}</div>'

    def static(self) -> str:
        return status(self.tell()) + self._drawn() + self._standing() + self._lists()

    def __repr__(self) -> str:
        return f"CellBuilder: {self.tell()}"


def _fast(figure: Any) -> None:
    """The picture is cropped to its content; a layout as well would take half as long again."""
    figure.set_layout_engine(None)
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.98, hspace=0.55)


def _best(history: History, count: int) -> float:
    """The best score of the first trials; NaN if all of them failed."""
    return max((t.score for t in history[:count] if t.score == t.score), default=np.nan)


def _button(description: str, icon: str, tooltip: str) -> w.Button:
    return w.Button(description=description, icon=icon, tooltip=tooltip,
                    layout=w.Layout(width="auto"))  # fmt: skip
