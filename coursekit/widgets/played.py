"""A panel with moments that are stepped through and played."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from coursekit.widgets.panel import Panel, button
from coursekit.widgets.sliders import slider

PACE = 800  # milliseconds a moment while it plays


class Played(Panel):
    """A panel with a slider of moments, 0 to the last, and buttons that move it.

    A subclass calls `moments` in its `__init__`, places what that returns, and shows the moment
    that `self.moment` holds in `update`.
    """

    moment: w.IntSlider

    def moments(self, description: str, last: int, *, pace: int = PACE) -> w.HBox:
        """The row of controls. description: what one moment is, such as "birth"."""
        self.moment = slider(description, 0, 0, last)
        # Ticks in the browser while it plays; only the buttons are visible.
        self.clock = w.Play(value=0, min=0, max=last, interval=pace,
                            layout=w.Layout(display="none"))  # fmt: skip
        self.step_button = button("Step", "step-forward", f"One {description} on")
        after = f"{description.capitalize()} after {description}"
        self.play_button = button("Play", "play", after)
        self.play_button.layout.width = "90px"  # "Pause" moves nothing
        self.reset_button = button("Reset", "fast-backward", "Back to the beginning")
        self.moment.observe(self._moved, names="value")
        self.clock.observe(self._tick, names="value")
        self.clock.observe(lambda _: self._name_play_button(), names="playing")
        self.step_button.on_click(lambda _: self.step())
        self.play_button.on_click(lambda _: self.play())
        self.reset_button.on_click(lambda _: self.reset())
        buttons = [self.step_button, self.play_button, self.reset_button, self.clock]
        return w.HBox([*buttons, self.moment], layout=w.Layout(flex_flow="row wrap"))

    def step(self) -> None:
        """One moment on."""
        self.clock.playing = False
        self.moment.value += 1

    def play(self) -> None:
        """Play moment after moment, after the last one from the start; a second call pauses."""
        playing = not self.clock.playing
        if playing:
            if self.moment.value == self.moment.max:
                self.moment.value = 0
            self.clock.value = self.moment.value
        self.clock.playing = playing

    def reset(self) -> None:
        """Back to the start, before the first moment."""
        self.clock.playing = False
        self.moment.value = 0

    def update(self) -> None:
        """Show the present moment."""
        raise NotImplementedError

    def _moved(self, change: Any) -> None:
        if self.moment.value != self.clock.value:
            self.clock.playing = False  # somebody has moved the slider: it stays where it was put
        self.step_button.disabled = self.moment.value >= self.moment.max
        self.update()

    def _tick(self, change: Any) -> None:
        if self.clock.playing:
            self.moment.value = change["new"]
        if self.clock.value >= self.clock.max:
            self.clock.playing = False

    def _name_play_button(self) -> None:
        playing = self.clock.playing
        self.play_button.description, self.play_button.icon = (
            ("Pause", "pause") if playing else ("Play", "play")
        )
