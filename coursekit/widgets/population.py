"""The population strip: an evolution to step through, birth by birth."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from coursekit.plots.ageing import Birth, births, population, tell
from coursekit.search import Search
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.widgets.panel import draw, status
from coursekit.widgets.played import Played
from coursekit.widgets.sliders import slider
from coursekit.worlds import World


class Population(Played):
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
        self.population_size = slider("population", population_size, 2, 30)
        self.sample_size = slider("tournament", sample_size, 1, 30)
        moments = self.moments("birth", trials)
        self.line, self.figure = w.HTML(), w.HTML()
        for control in (self.population_size, self.sample_size):
            control.observe(lambda _: self.search(), names="value")
        self.box = w.VBox([w.HBox([self.population_size, self.sample_size],
                                  layout=w.Layout(flex_flow="row wrap")),
                           moments,
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
        self.moment.max = self.clock.max = len(self.births)
        self.update()

    def update(self) -> None:
        """Show the present birth in the line and the figure."""
        now = self.moment.value
        self.line.value = status(tell(self.births, now))
        self.figure.value = self._strip(now)

    def _strip(self, now: int) -> str:
        def paint(axes: Any) -> str:
            population(self.births, now=now, axes=axes)
            axes.set_title(f"{self.world}: {self.strategy.__name__}")
            return f"The population strip. {tell(self.births, now)}"

        return draw(paint, width=9.0, height=3.4)

    def static(self) -> str:
        now = self.moment.value or min(2 * self.population_size.value, len(self.births))
        return status(tell(self.births, now)) + self._strip(now)

    def __repr__(self) -> str:
        return f"Population of {self.strategy.__name__}: {tell(self.births, self.moment.value)}"
