"""Growing: a network that grows by clicks, and answers as before."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from coursekit.data import Dataset
from coursekit.plots.growth import growth, network
from coursekit.widgets.growing_network import LAYERS, MOST, GrowingNetwork
from coursekit.widgets.panel import Panel, button, draw, kept, status, table

EPOCHS = 5  # a click on Train
KEPT = 1e-5  # a smaller change of a probability is rounding
WIDEN, DEEPEN = "Twice as many units in that layer", "Another hidden layer behind the last"


class Growing(Panel):
    """Train a small network, widen or deepen it, train on; what a step changed is always shown.

    data: images with labels, such as digits. units: of the hidden layers that it begins with.
    seed: of weights and minibatches. The network lasts as long as the kernel, also when its cell
    runs again.
    """

    def __init__(self, data: Dataset, *, units: tuple[int, ...] = (4,), seed: int = 0) -> None:
        shown = (data.name, data.train.x.shape, data.classes)
        self.network = kept(
            lambda: GrowingNetwork(data, units=units, seed=seed), Growing, *shown, units, seed
        )
        self.train_button = button(f"Train {EPOCHS} epochs", "play", "Continue training")
        self.widen_button = button("Widen", "arrows-v", WIDEN)
        self.deepen_button = button("Deepen", "plus", DEEPEN)
        self.reset_button = button("Reset", "fast-backward", "Back to the first network")
        self.layer = w.Dropdown(description="layer", options=[1], layout=w.Layout(width="130px"),
                                style={"description_width": "45px"})  # fmt: skip
        self.noise = w.FloatSlider(0.0, min=0.0, max=1.0, step=0.05, description="noise",
                                   continuous_update=False, layout=w.Layout(width="260px"),
                                   style={"description_width": "45px"})  # fmt: skip
        self.scratch = w.Checkbox(False, description="beside it: from scratch", indent=False,
                                  layout=w.Layout(width="200px"))  # fmt: skip
        self.line, self.figure, self.list = w.HTML(), w.HTML(), w.HTML()
        self.train_button.on_click(lambda _: self.train())
        self.widen_button.on_click(lambda _: self.widen())
        self.deepen_button.on_click(lambda _: self.deepen())
        self.reset_button.on_click(lambda _: self.reset())
        self.layer.observe(lambda _: self._enable(), names="value")
        self.noise.observe(self._set_noise, names="value")
        self.scratch.observe(lambda _: self.update(), names="value")
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([
            w.HBox([self.train_button, self.layer, self.widen_button, self.deepen_button,
                    self.reset_button], layout=wrap),
            w.HBox([self.noise, self.scratch], layout=wrap),
            self.line, self.figure, self.list,
        ])  # fmt: skip
        self.update()

    def train(self) -> None:
        """A few epochs more."""
        self.network.train(EPOCHS)
        self.update()

    def widen(self) -> None:
        """Twice as many units in the chosen layer."""
        self.network.widen(self.layer.value - 1)
        self.update()

    def deepen(self) -> None:
        """A hidden layer more."""
        self.network.deepen()
        self.update()

    def reset(self) -> None:
        """Back to the first network."""
        self.network.reset()
        self.update()

    def update(self) -> None:
        """Bring everything to the network as it is."""
        units, chosen = self.network.units, self.layer.value
        self.layer.options = list(range(1, len(units) + 1))
        self.layer.value = chosen if chosen in self.layer.options else 1
        self._enable()
        self.deepen_button.disabled = len(units) >= LAYERS
        most = f"At most {LAYERS} hidden layers here"
        self.deepen_button.tooltip = most if len(units) >= LAYERS else DEEPEN
        self.line.value = status(self.tell())
        self.figure.value = self._figure()
        self.list.value = self._list()

    def tell(self) -> str:
        """The network and its last step, in words."""
        grown = self.network
        shape = " - ".join(str(each) for each in grown.units)
        text = (
            f"Hidden units {shape}, {grown.model.parameters:,} weights, {grown.epochs} epochs, "
            f"validation accuracy {grown.accuracy:.1%}."
        )
        if not grown.steps:
            return f"{text} It has not grown yet."
        last = grown.steps[-1]
        moved = f"by more than {_amount(last.difference)}" if last.difference else "at all"
        return (
            f"{text} Step {len(grown.steps)}, {last.what}: no probability moved {moved}; "
            f"accuracy {last.before:.1%} before it and {last.after:.1%} after it."
        )

    def headline(self) -> str:
        """What the last step did to the answers, in a few words."""
        if not self.network.steps:
            return "accuracy of this network"
        last = self.network.steps[-1]
        if last.difference < KEPT:
            return f"step {len(self.network.steps)} kept every answer"
        return (
            f"step {len(self.network.steps)} moved the accuracy from {last.before:.1%} "
            f"to {last.after:.1%}"
        )

    def _enable(self) -> None:
        chosen = self.layer.value
        full = chosen is None or 2 * self.network.units[chosen - 1] > MOST
        self.widen_button.disabled = full
        self.widen_button.tooltip = f"At most {MOST} units in a layer here" if full else WIDEN

    def _set_noise(self, change: Any) -> None:
        self.network.noise = change["new"]

    def _figure(self) -> str:
        grown = self.network
        pixels, classes = len(grown.model.weights[0]), grown.data.classes
        scratch = grown.scratch() if self.scratch.value and grown.epochs else None

        def paint(left: Any, right: Any) -> str:
            network([pixels, *grown.units, classes], axes=left)
            growth(grown.curve, grown.steps, scratch=scratch, axes=right)
            right.set_title(self.headline())
            beside = f" From scratch: {scratch[-1]:.1%}." if scratch else ""
            return f"A network that grows. {self.tell()}{beside}"

        return draw(paint, width=9.0, height=3.4, columns=(1, 1.7))

    def _list(self) -> str:
        rows = [
            (number, step.epoch, step.what, _amount(step.difference), f"{step.after:.1%}")
            for number, step in enumerate(self.network.steps, 1)
        ]
        if not rows:
            return ""
        headings = ["step", "epoch", "what", "largest change", "accuracy"]
        caption = "What was done, the latest first; the largest change of a probability"
        made = table(headings, rows[::-1], caption=caption)
        return f'<div tabindex="0" style="max-height:12em;overflow:auto">{made}</div>'

    def static(self) -> str:
        return status(self.tell()) + self._figure() + self._list()

    def __repr__(self) -> str:
        return f"Growing: {self.tell()}"


def _amount(value: float) -> str:
    if not value:
        return "0"
    return f"{value:.1e}" if value < 1e-3 else f"{value:.3f}"
