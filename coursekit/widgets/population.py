"""The population strip: an evolution to step through, birth by birth."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from coursekit.plots.ageing import Birth, births, population, tell
from coursekit.search import Search
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.widgets.panel import Panel, draw, status
from coursekit.worlds import World

PACE = 800  # milliseconds a birth while it plays


class Population(Panel):
    """Searches the world, then shows tournament, parent, child and death, birth by birth.

    Two sliders set population and tournament; the search runs again and is shown at the same birth.

    world: one that answers at once. strategy: regularized evolution, or a subclass with another
    rule `alive`. trials: births in total. seed: of the search.
    """

    def __init__(
        self,
        world: World,
        strategy: type[RegularizedEvolution] = RegularizedEvolution,
        *,
        population_size: int = 10,
        sample_size: int = 3,
        trials: int = 60,
        seed: int = 0,
    ) -> None:
        self.world, self.strategy, self.trials, self.seed = world, strategy, trials, seed
        self.births: list[Birth] = []
        self.population_size = _slider("population", population_size, 2, 30)
        self.sample_size = _slider("tournament", sample_size, 1, 30)
        self.birth = _slider("birth", 0, 0, trials)
        # Ticks in the browser while it plays; only the buttons are visible.
        self.clock = w.Play(value=0, min=0, max=trials, interval=PACE,
                            layout=w.Layout(display="none"))  # fmt: skip
        self.step_button = w.Button(description="Step", icon="step-forward",
                                    tooltip="One birth on")  # fmt: skip
        self.play_button = w.Button(description="Play", icon="play", tooltip="Birth after birth")
        self.reset_button = w.Button(description="Reset", icon="fast-backward",
                                     tooltip="Back to the beginning")  # fmt: skip
        self.line, self.figure = w.HTML(), w.HTML()
        for slider in (self.population_size, self.sample_size):
            slider.observe(lambda _: self.search(), names="value")
        self.birth.observe(self._moved, names="value")
        self.clock.observe(self._tick, names="value")
        self.clock.observe(lambda _: self._name_play_button(), names="playing")
        self.step_button.on_click(lambda _: self.step())
        self.play_button.on_click(lambda _: self.play())
        self.reset_button.on_click(lambda _: self.reset())
        buttons = [self.step_button, self.play_button, self.reset_button, self.clock]
        self.box = w.VBox([w.HBox([self.population_size, self.sample_size],
                                  layout=w.Layout(flex_flow="row wrap")),
                           w.HBox([*buttons, self.birth], layout=w.Layout(flex_flow="row wrap")),
                           self.line, self.figure])  # fmt: skip
        self.search()

    def search(self) -> None:
        """Search with the present values of the sliders; the present birth stays."""
        self.sample_size.max = self.population_size.value  # which may move the tournament's slider
        strategy = self.strategy(
            self.world.space,
            population_size=self.population_size.value,
            sample_size=self.sample_size.value,
        )
        history = Search(strategy, seed=self.seed).run(self.world, trials=self.trials)
        self.births = births(history, strategy.alive)
        self.birth.max = self.clock.max = len(self.births)
        self.update()

    def step(self) -> None:
        """One birth on."""
        self.clock.playing = False
        self.birth.value += 1

    def play(self) -> None:
        """Play birth after birth, after the last one from the start; a second call pauses."""
        playing = not self.clock.playing
        if playing:
            if self.birth.value == self.birth.max:
                self.birth.value = 0
            self.clock.value = self.birth.value
        self.clock.playing = playing

    def reset(self) -> None:
        """Back to the start, before the first birth."""
        self.clock.playing = False
        self.birth.value = 0

    def update(self) -> None:
        """Show the present birth in the line and the figure."""
        now = self.birth.value
        self.line.value = status(tell(self.births, now))
        self.figure.value = self._strip(now)
        self.step_button.disabled = now >= self.birth.max

    def _moved(self, change: Any) -> None:
        if self.birth.value != self.clock.value:
            self.clock.playing = False  # somebody has moved the slider: it stays where it was put
        self.update()

    def _tick(self, change: Any) -> None:
        if self.clock.playing:
            self.birth.value = change["new"]
        if self.clock.value >= self.clock.max:
            self.clock.playing = False

    def _name_play_button(self) -> None:
        playing = self.clock.playing
        self.play_button.description, self.play_button.icon = (
            ("Pause", "pause") if playing else ("Play", "play")
        )

    def _strip(self, now: int) -> str:
        def paint(axes: Any) -> str:
            population(self.births, now=now, axes=axes)
            axes.set_title(f"{self.world}: {self.strategy.__name__}")
            return f"The population strip. {tell(self.births, now)}"

        return draw(paint, width=9.0, height=3.4)

    def static(self) -> str:
        now = self.birth.value or min(2 * self.population_size.value, len(self.births))
        return status(tell(self.births, now)) + self._strip(now)

    def __repr__(self) -> str:
        return f"Population of {self.strategy.__name__}: {tell(self.births, self.birth.value)}"


def _slider(description: str, value: int, least: int, most: int) -> w.IntSlider:
    return w.IntSlider(
        value,
        least,
        most,
        description=description,
        continuous_update=False,
        style={"description_width": "80px"},
        layout=w.Layout(width="300px"),
    )
