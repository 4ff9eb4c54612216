"""The Explorer: choose hyperparameters by hand, train for real at once, and beat the tuner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ipywidgets as w

from coursekit import data, plots
from coursekit.widgets.attempts import CHOICES, Attempt, Attempts
from coursekit.widgets.panel import Panel, draw, kept, status, table

LABELS = {
    "layers": "hidden layers",
    "units": "units a layer",
    "activation": "activation",
    "dropout": "dropout",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "optimizer": "optimizer",
}
START = {"layers": 1, "units": 16, "activation": "relu", "dropout": 0.0, "learning_rate": 1e-3,
         "batch_size": 64, "optimizer": "adam"}  # fmt: skip


class Explorer(Panel):
    """Sliders over an `Attempts`: each release trains a network and draws its learning curve.

    name: of a data set for `coursekit.data.load`. epochs: the budget of each run. seed: of weights,
    minibatches and the opponent's trials. A button gives random search as many trials as there are
    attempts by hand. Raises ValueError for an unknown data set.
    """

    def __init__(self, name: str = "digits", *, epochs: int = 20, seed: int = 0) -> None:
        self.attempts = kept(
            lambda: Attempts(data.load(name), epochs=epochs, seed=seed),
            Explorer,
            name,
            epochs,
            seed,
        )
        self.name = name
        self.controls: dict[str, w.Widget] = {key: self._control(key) for key in CHOICES}
        self.opponent = w.Button(description="Tuner's turn", icon="random",
                                 tooltip="Random search catches up with your trials")  # fmt: skip
        self.again = w.Button(description="Start over", icon="refresh",
                              tooltip="Forget all attempts")  # fmt: skip
        self.figure, self.board, self.line = w.HTML(), w.HTML(), w.HTML()
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self.opponent.on_click(self._play_opponent)
        self.again.on_click(self._start_over)
        settings = w.VBox([*self.controls.values(), w.HBox([self.opponent, self.again])],
                          layout=w.Layout(min_width="340px"))  # fmt: skip
        curves = w.VBox([self.figure], layout=w.Layout(flex="1 1 370px", min_width="0"))
        both = w.HBox([settings, curves], layout=w.Layout(flex_flow="row wrap"))
        self.box = w.VBox([self.line, both, self.board])
        if self.attempts.runs:
            self._draw(self.attempts.runs[-1])
        else:
            self.train("start")

    @property
    def configuration(self) -> dict[str, Any]:
        """The present values of the controls."""
        return {key: control.value for key, control in self.controls.items()}

    def train(self, by: str = "you") -> Attempt:
        """Train the present configuration and draw it; `by`: the player who chose it."""
        self.line.value = status("Training …")
        attempt = self.attempts.add(self.configuration, by)
        self._draw(attempt)
        return attempt

    def _control(self, key: str) -> w.Widget:
        options = [(_text(value), value) for value in CHOICES[key]]
        shared = {
            "options": options,
            "value": self._chosen()[key],
            "description": LABELS[key],
            "style": {"description_width": "95px"},
        }
        if isinstance(CHOICES[key][0], str):
            return w.Dropdown(**shared, layout=w.Layout(width="330px"))
        return w.SelectionSlider(**shared, continuous_update=False, layout=w.Layout(width="330px"))

    def _chosen(self) -> Mapping[str, Any]:
        """The last choice, if the cell runs again."""
        mine = [run.configuration for run in self.attempts.runs if run.by == "you"]
        return mine[-1] if mine else START

    def _moved(self, change: Any) -> None:
        attempt = self.train()
        key = next(key for key, control in self.controls.items() if control is change["owner"])
        # A screen reader reads the line, which changes; the slider is below it.
        moved = f"{LABELS[key].capitalize()}: {_text(change['new'])}. "
        self.line.value = status(moved + self._summary(attempt))

    def _play_opponent(self, button: Any) -> None:
        mine = sum(run.by == "you" for run in self.attempts.runs)
        theirs = sum(run.by == "random search" for run in self.attempts.runs)
        if not mine:
            self.line.value = status("Try something yourself first: move a slider.")
            return
        for trial in range(theirs, mine):
            self.line.value = status(f"Random search: trial {trial + 1} of {mine} …")
            self.attempts.random()
        self._draw(self.attempts.runs[-1])

    def _start_over(self, button: Any) -> None:
        self.attempts.clear()
        self.train("start")

    def _draw(self, shown: Attempt) -> None:
        self.figure.value = self._curves(shown)
        self.board.value = self._leaderboard()
        self.line.value = status(self._summary(shown))

    def _curves(self, shown: Attempt) -> str:
        runs, best = self.attempts.runs, self.attempts.best()

        def paint(axes: Any) -> str:
            plots.learning_curves(
                [run.curve for run in runs],
                bold=runs.index(shown),
                best=runs.index(best) if best and best is not shown else None,
                names=[f"attempt {run.number}" for run in runs],
                axes=axes,
            )
            axes.set(xlim=(0.5, self.attempts.epochs + 0.5), ylim=(0, 1.02))
            axes.set_title(f"{self.name}: {self.attempts.epochs} epochs a run")
            return f"Learning curves of {len(runs)} attempts. {self._summary(shown)}"

        return draw(paint, width=5.2, height=3.1)

    def _leaderboard(self, most: int = 6) -> str:
        rows = [
            (f"{run.score:.1%}", f"{run.number} · {run.by}", _text(run.parameters),
             f"{run.seconds:.2f} s", describe(run))
            for run in self.attempts.ranking()[:most]
        ]  # fmt: skip
        headings = ("accuracy", "attempt", "parameters", "time", "configuration")
        return table(headings, rows, caption="Leaderboard (best validation accuracy)")

    def _summary(self, shown: Attempt) -> str:
        diverged = " It diverged." if any(map(math.isnan, shown.curve)) else ""
        text = (f"Attempt {shown.number} ({shown.by}): {shown.score:.1%} in {shown.seconds:.2f} s "
                f"with {shown.parameters:,} parameters.{diverged} ")  # fmt: skip
        mine, theirs = self.attempts.best("you"), self.attempts.best("random search")
        if mine is None or theirs is None:
            return text + "Move a slider; then let the tuner try."
        best = f"Best: you {mine.score:.1%}, random search {theirs.score:.1%}"
        verdict = {"you": "you lead", "random search": "it leads"}
        return text + f"{best}: {verdict.get(self.attempts.leader() or '', 'a draw')}."

    def static(self) -> str:
        return self._curves(self.attempts.runs[-1]) + self._leaderboard()

    def __repr__(self) -> str:
        return f"Explorer({self.name!r}): {self._summary(self.attempts.runs[-1])}"


def describe(run: Attempt) -> str:
    """A configuration in one line."""
    c = run.configuration
    return (f"{c['layers']} x {c['units']} {c['activation']}, dropout {c['dropout']:g}, "
            f"{c['optimizer']} {c['learning_rate']:g}, batch {c['batch_size']}")  # fmt: skip


def _text(value: Any) -> str:
    return (
        value if isinstance(value, str) else f"{value:,}" if value == int(value) else f"{value:g}"
    )
