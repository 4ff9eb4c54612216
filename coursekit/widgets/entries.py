"""The entries of a race: which strategies, in which world, for how long, from how many seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import ipywidgets as w

from coursekit.race import price, refusal
from coursekit.race.contestants import Build
from coursekit.strategies import STRATEGIES
from coursekit.worlds import WORLDS, Live, World, make

TRIALS, SECONDS = "trials", "seconds of training"
SHORT = {"description_width": "initial"}
WRAPPED = w.Layout(flex_flow="row wrap", align_items="center")


class Entries:
    """Controls for all of it. Who cannot search the chosen world is greyed out, and told why.

    world: a name, or a world of one's own, which is then among those to choose from.
    strategies: as of `race`; the others of the registry stand beside them to be picked.
    """

    def __init__(
        self,
        world: str | World,
        strategies: Sequence[str] | Mapping[str, str | Build],
        trials: int,
        seeds: int,
    ) -> None:
        if isinstance(strategies, str):
            raise TypeError(f"strategies={strategies!r}: give a list, as in [{strategies!r}]")
        named = (
            strategies if isinstance(strategies, Mapping) else {text: text for text in strategies}
        )
        self.texts: dict[str, str | Build] = {
            **named,
            **{n: n for n in STRATEGIES if n not in named},
        }
        self._worlds: dict[str, Callable[[], World]] = {
            f"{name} on {dataset}": lambda name=name, dataset=dataset: make(name, dataset)  # type: ignore[misc]
            for name, cls in WORLDS.items()
            for dataset in cls.datasets
        }
        if isinstance(world, World):
            self.world, chosen = world, str(world)
            self._worlds = {chosen: lambda: world, **self._worlds}
        else:
            self.world = make(world)
            chosen = f"{world} on {self.world.dataset}"
        for name in named:  # what does not exist is said at once
            refusal(self.world, self.texts[name])
        self._chosen = chosen
        self._trials = float(trials)  # the budget, whatever its unit
        self._converting = False
        self.choice = w.Dropdown(options=list(self._worlds), value=chosen, description="world",
                                 style=SHORT, layout=w.Layout(width="270px"))  # fmt: skip
        self.budget = w.BoundedFloatText(trials, min=0.0, max=1e9, description="budget",
                                         style=SHORT, layout=w.Layout(width="150px"))  # fmt: skip
        self.unit = w.Dropdown(options=[TRIALS, SECONDS], layout=w.Layout(width="150px"),
                               tooltip="what each search may spend")  # fmt: skip
        self.seeds = w.IntSlider(seeds, 1, max(50, seeds), description="seeds", style=SHORT,
                                 layout=w.Layout(width="220px"))  # fmt: skip
        self.picks = {name: self._pick(name, name in named) for name in self.texts}
        self._wanted = set(named)
        self.refused = w.HTML()
        self.choice.observe(lambda _: self._enter(), names="value")
        self.unit.observe(lambda _: self._convert(), names="value")
        self.budget.observe(lambda _: self._remember(), names="value")
        settings = [self.choice, self.budget, self.unit, self.seeds]
        picks = [*self.picks.values()]
        self.box = w.VBox([w.HBox(settings, layout=WRAPPED), w.HBox(picks, layout=WRAPPED),
                           self.refused])  # fmt: skip
        self._check()

    def contestants(self) -> dict[str, str | Build]:
        """The picked strategies."""
        return {name: self.texts[name] for name, pick in self.picks.items() if pick.value}

    def limits(self) -> dict[str, float | int | None]:
        """Trials or seconds of each search, as `race` takes them."""
        if self.unit.value == SECONDS:
            return {"trials": None, "seconds": self.budget.value}
        return {"trials": round(self.budget.value), "seconds": None}

    def _pick(self, name: str, picked: bool) -> w.ToggleButton:
        button = w.ToggleButton(picked, description=name, layout=w.Layout(width="auto"))
        button.icon = "check" if picked else ""
        button.observe(lambda change: self._picked(name, change["new"]), names="value")
        return button

    def _picked(self, name: str, picked: bool) -> None:
        self.picks[name].icon = "check" if picked else ""
        if not self.picks[name].disabled:
            (self._wanted.add if picked else self._wanted.discard)(name)

    def _enter(self) -> None:
        """Another world: what it lacks is said, and the former one stays."""
        if self.choice.value == self._chosen:
            return
        try:
            self.world = self._worlds[self.choice.value]()
        except (ImportError, OSError, ValueError) as error:
            self.choice.value = self._chosen
            self._say(str(error))
            return
        self._chosen = self.choice.value
        self._convert()
        self._check()

    def _check(self) -> None:
        reasons: dict[str, list[str]] = {}
        for name, pick in self.picks.items():
            try:
                reason = refusal(self.world, self.texts[name])
            except ValueError as error:
                reason = str(error)
            pick.disabled, pick.tooltip = reason is not None, reason or f"whether {name} races"
            pick.value = reason is None and name in self._wanted
            if reason is not None:
                reasons.setdefault(reason, []).append(name)
        self._say("; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items()))

    def _say(self, why: str) -> None:
        small = "font-size:var(--jp-ui-font-size1,13px);line-height:1.4"
        text = f"Cannot race here: {why}" if why else ""
        self.refused.value = f'<div style="{small}">{escape(text)}</div>'

    def _convert(self) -> None:
        """The same budget in the unit and the world that are chosen now."""
        self._converting = True
        if self.unit.value == TRIALS:
            self.budget.value = round(self._trials)
        elif not isinstance(self.world, Live):  # which would have to train to know
            self.budget.value = float(f"{self._trials * price(self.world):.2g}")
        self._converting = False

    def _remember(self) -> None:
        if self._converting:
            return
        if self.unit.value == TRIALS:
            self._trials = self.budget.value
        elif not isinstance(self.world, Live):
            self._trials = self.budget.value / price(self.world)
