"""The surrogate: a hidden function, points placed by hand or by an acquisition, and the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as w
import numpy as np

from coursekit.plots.posteriors import acquisition, plane, posterior
from coursekit.theme import INK
from coursekit.widgets.panel import Panel, button, draw, kept, status
from coursekit.widgets.probing import EI, GIVEN, HAND, LENGTHS, NOISES, PI, THOMPSON, USUAL, Probing
from coursekit.widgets.sliders import scale, slider
from coursekit.worlds import Landscape

LANDSCAPES: Mapping[str, Landscape] = {
    "hills": Landscape("hills"),
    "hills, noisy": Landscape("hills", noise=0.15),
    "a cliff": Landscape("cliff"),
    "a needle": Landscape("needle"),
    "hills in two dimensions": Landscape("hills", dimensions=2),
}
EXPLORING = {
    EI: "how far above the best an improvement begins, in tenths of the scores' spread",
    PI: "how far above the best an improvement begins, in tenths of the scores' spread",
    THOMPSON: "nothing to set: each step draws another function from the model",
}


class Surrogate(Panel):
    """Place ten points against the kit's Bayesian optimization, and look at a model meanwhile.

    The sliders x (and y) choose a place by hand; "Let it choose" measures where the acquisition is
    highest. Length scale, noise and exploration are yours; "Most likely" sets the first two where
    the likelihood of the scores is highest. "Another" begins a game elsewhere in the landscape.

    landscapes: with one or two dimensions, by name. points: of a game, the two that are given
    included. seed: of the first game. The games last as long as the kernel, also when the cell
    runs again.
    """

    _setting = False  # whether sliders are being set together

    def __init__(
        self,
        landscapes: Mapping[str, Landscape] = LANDSCAPES,
        *,
        points: int = 10,
        seed: int = 0,
    ) -> None:
        for name, landscape in landscapes.items():
            if landscape.dimensions > 2:
                raise ValueError(f"{name!r} has {landscape.dimensions} dimensions: draw one or two")
        self.landscapes, self.points, self.seed = landscapes, points, seed
        state = kept(dict[str, Any], Surrogate, *landscapes, points, seed)
        self._games: dict[str, Probing] = state.setdefault("games", {})
        self.pick = _menu("function", list(landscapes), state.get("pick"))
        self.rule = _menu("acquisition", list(USUAL), None)
        self.length = scale("length scale", LENGTHS, 0.15, width=290)
        self.noise = scale("noise", NOISES, 0.0, width=290)
        self.exploration = slider("exploration", 0.0, 0, 5, 0.5, width=290)
        self.across = slider("x", 0.5, 0, 1, 0.01, width=290)
        self.up = slider("y", 0.5, 0, 1, 0.01, width=290)
        self.show = w.Checkbox(False, description="show the function", indent=False)
        self.place_button = button("Place here", "map-marker", "Measure where the sliders are")
        self.choose_button = button(
            "Let it choose", "step-forward", "Measure where the acquisition is highest"
        )
        self.fit_button = button(
            "Most likely", "magic", "Length scale and noise with the highest likelihood"
        )
        self.reset_button = button("Reset", "fast-backward", "The same game from its beginning")
        self.another_button = button("Another", "refresh", "A game elsewhere in this landscape")
        self.line, self.figure = w.HTML(), w.HTML()
        self.pick.observe(lambda change: state.update(pick=change["new"]), names="value")
        self.rule.observe(self._take_the_usual, names="value")
        for control in (
            self.pick, self.rule, self.length, self.noise, self.exploration, self.across, self.up,
            self.show,
        ):  # fmt: skip
            control.observe(lambda _: self.update(), names="value")
        self.place_button.on_click(lambda _: self.place())
        self.choose_button.on_click(lambda _: self.choose())
        self.fit_button.on_click(lambda _: self.fit())
        self.reset_button.on_click(lambda _: self.reset())
        self.another_button.on_click(lambda _: self.another())
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([
            w.HBox([self.pick, self.rule], layout=wrap),
            w.HBox([self.length, self.noise, self.exploration], layout=wrap),
            w.HBox([self.across, self.up, self.place_button], layout=wrap),
            w.HBox([self.choose_button, self.fit_button, self.reset_button, self.another_button,
                    self.show], layout=wrap),
            self.line, self.figure,
        ])  # fmt: skip
        self.update()

    @property
    def game(self) -> Probing:
        """The game in the function that is picked."""
        name = self.pick.value
        if name not in self._games:
            self._begin(self.seed)
        return self._games[name]

    def _begin(self, seed: int) -> None:
        name = self.pick.value
        self._games[name] = Probing(self.landscapes[name], points=self.points, seed=seed)

    def place(self) -> None:
        """Measure where the sliders are."""
        here = [self.across.value, self.up.value][: self.game.world.dimensions]
        self.game.place(np.array(here))
        self.update()

    def choose(self) -> None:
        """Measure where the acquisition is highest."""
        self.game.place(self._chosen(self._values()), self.rule.value)
        self.update()

    def fit(self) -> None:
        """Set length scale and noise where the likelihood of the scores is highest."""
        found = self.game.likeliest()
        self._setting = True  # two sliders, one picture
        self.length.value, self.noise.value = found
        self._setting = False
        self.update()

    def reset(self) -> None:
        """The same game from its beginning."""
        self.game.reset()
        self.update()

    def another(self) -> None:
        """A new game elsewhere in the landscape."""
        self._begin(self.game.seed + 1)
        self.update()

    def update(self) -> None:
        """Bring everything to the game as it is."""
        if self._setting:
            return
        game = self.game
        self.up.layout.display = "" if game.world.dimensions == 2 else "none"
        self.place_button.disabled = self.choose_button.disabled = game.over
        self.line.value = status(self.tell())
        self.figure.value = self._figure()

    def tell(self) -> str:
        """The game in words."""
        game = self.game
        best = max(probe.score for probe in game.found)
        text = f"{len(game.found)} of {game.points} points, the best score is {best:.3f}. "
        last = game.found[-1]
        if last.by != GIVEN:
            there = ", ".join(f"{each:.2f}" for each in last.place)
            text += f"The last one, {last.by}: {last.score:.3f} at {there}. "
        likely = game.likelihood(self.length.value, self.noise.value)
        text += f"Log likelihood of the scores: {likely:.1f}."
        if not game.over:
            return text
        mine, other = game.worths()
        hands = sum(probe.by == HAND for probe in game.found)
        verdict = (
            "level" if abs(mine - other) < 0.0005 else "you win" if mine > other
            else "the machine wins"
        )  # fmt: skip
        return (
            f"{text} The end, {verdict}: your best point is {mine:.3f} high ({hands} of "
            f"{game.points - game.given} placed by hand), the machine's {other:.3f}, the summit "
            f"{game.world.optimum:.3f}."
        )

    def _take_the_usual(self, change: Any) -> None:
        self._setting = True  # the menu itself updates
        self.exploration.value = USUAL[change["new"]]
        self._setting = False
        self.exploration.disabled = change["new"] == THOMPSON
        self.exploration.tooltip = EXPLORING.get(
            change["new"], "how many standard deviations count"
        )

    def _values(self) -> np.ndarray:
        process = self.game.process(self.length.value, self.noise.value)
        return self.game.promise(self.rule.value, process, self.exploration.value)

    def _chosen(self, values: np.ndarray) -> np.ndarray:
        return self.game.asked[np.argmax(values)]

    def _figure(self) -> str:
        game, values = self.game, self._values()
        process = game.process(self.length.value, self.noise.value)
        chosen = self._chosen(values)
        # Of a gain `promise` is the logarithm.
        drawn = np.exp(values - values.max()) if self.rule.value in (EI, PI) else values
        heights = game.world.heights(game.asked) if self.show.value or game.over else None

        def line(above: Any, below: Any) -> str:
            posterior(process, game.groups(), truth=heights, axes=above)
            above.axvline(self.across.value, color=INK, linewidth=0.8, linestyle="-.")
            above.set(xlabel="", ylim=(-0.6, 1.6))
            acquisition(drawn, chosen[0], name=self.rule.value, axes=below)
            return f"A surrogate of {self.pick.value}. {self.tell()}"

        def maps(*axes: Any) -> str:
            mean, variance = process.posterior(game.asked)
            points = {name: points for name, (points, _) in game.groups().items()}
            plane(mean, observed=points, axes=axes[0]).set_title("mean of the model")
            plane(np.sqrt(variance), observed=points, axes=axes[1]).set_title("its deviation")
            plane(drawn, chosen=chosen, axes=axes[2]).set_title(self.rule.value)
            axes[2].plot(
                self.across.value, self.up.value, marker="+", markersize=12, linestyle="",
                color="white", label="your sliders",
            )  # fmt: skip
            if heights is not None:
                plane(heights, axes=axes[3]).set_title("the function")
            return f"A surrogate of {self.pick.value}. {self.tell()}"

        if game.world.dimensions == 1:
            return draw(line, width=9.0, height=4.6, rows=(2.2, 1))
        return draw(maps, width=9.0, height=3.2, columns=[1] * (3 + (heights is not None)))

    def static(self) -> str:
        return status(self.tell()) + self._figure()

    def __repr__(self) -> str:
        return f"Surrogate of {self.pick.value}: {self.tell()}"


def _menu(description: str, options: list[str], value: str | None) -> w.Dropdown:
    return w.Dropdown(
        options=options,
        value=value if value in options else options[0],
        description=description,
        style={"description_width": "80px"},
        layout=w.Layout(width="320px"),
    )
