"""The entries of a race: which strategies and estimators, in which world, for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as w

from coursekit.estimators import ESTIMATORS, SHORT
from coursekit.race import price
from coursekit.race.contestants import Build, Contestant, JudgeIn, named
from coursekit.strategies import STRATEGIES
from coursekit.worlds import WORLDS, Live, World, make

TRIALS, SECONDS = "trials", "seconds of training"
SHORTLY = {"description_width": "initial"}
WRAPPED = w.Layout(flex_flow="row wrap", align_items="center")


class Entries:
    """Controls for these choices; those that cannot race in the chosen world are greyed out.

    world: a name, or a world, which is added to the choices.
    strategies, estimators: as for `race`; the others of the registries can be picked too.
    """

    def __init__(
        self,
        world: str | World,
        strategies: Sequence[str] | Mapping[str, str | Build],
        estimators: Sequence[str] | Mapping[str, str | JudgeIn],
        trials: int,
        seeds: int,
    ) -> None:
        wanted, judging = named("strategies", strategies), named("estimators", estimators)
        names = {name: short for short, name in SHORT.items()}
        self._strategies: dict[str, Any] = wanted | {n: n for n in STRATEGIES if n not in wanted}
        self._estimators: dict[str, Any] = judging | {
            names.get(n, n): n for n in ESTIMATORS if names.get(n, n) not in judging
        }
        self._worlds: dict[str, Callable[[], World]] = {
            _label(name, dataset): lambda name=name, dataset=dataset: make(name, dataset)  # type: ignore[misc]
            for name, cls in WORLDS.items()
            for dataset in cls.datasets
        }
        if isinstance(world, World):
            self.world, chosen = world, _known(world) or _other(world)
            self._worlds = {chosen: lambda: world} | self._worlds | {chosen: lambda: world}
        else:
            self.world = make(world)
            chosen = _label(world, self.world.dataset)
        for strategy in wanted:  # unknown names raise at once
            for estimator in judging:
                self._contestant(strategy, estimator).refusal(self.world)
        self._chosen = chosen
        self._trials = float(trials)  # the budget, in any unit
        self._converting = False
        self.choice = w.Dropdown(options=list(self._worlds), value=chosen, description="world",
                                 style=SHORTLY, layout=w.Layout(width="270px"))  # fmt: skip
        self.budget = w.BoundedFloatText(trials, min=0.0, max=1e9, description="budget",
                                         style=SHORTLY, layout=w.Layout(width="150px"))  # fmt: skip
        self.unit = w.Dropdown(options=[TRIALS, SECONDS], layout=w.Layout(width="150px"),
                               tooltip="what each search may spend")  # fmt: skip
        self.seeds = w.IntSlider(seeds, 1, max(50, seeds), description="seeds", style=SHORTLY,
                                 layout=w.Layout(width="220px"))  # fmt: skip
        self._wanted = {*wanted, *judging}
        self.picks = {name: self._pick(name, name in wanted) for name in self._strategies}
        self.judges = {name: self._pick(name, name in judging) for name in self._estimators}
        self.refused = w.HTML()
        self.choice.observe(lambda _: self._enter(), names="value")
        self.unit.observe(lambda _: self._convert(), names="value")
        self.budget.observe(lambda _: self._remember(), names="value")
        settings = [self.choice, self.budget, self.unit, self.seeds]
        self.box = w.VBox([
            w.HBox(settings, layout=WRAPPED),
            w.HBox([w.HTML("Strategies"), *self.picks.values()], layout=WRAPPED),
            w.HBox([w.HTML("judged by"), *self.judges.values()], layout=WRAPPED),
            self.refused,
        ])  # fmt: skip
        self._check()

    def strategies(self) -> dict[str, str | Build]:
        """The picked strategies."""
        return {name: self._strategies[name] for name, pick in self.picks.items() if pick.value}

    def estimators(self) -> dict[str, str | JudgeIn]:
        """The picked estimators."""
        return {name: self._estimators[name] for name, pick in self.judges.items() if pick.value}

    def limits(self) -> dict[str, float | int | None]:
        """Trials or seconds of each search, as `race` takes them."""
        if self.unit.value == SECONDS:
            return {"trials": None, "seconds": self.budget.value}
        return {"trials": round(self.budget.value), "seconds": None}

    def _contestant(self, strategy: str, estimator: str) -> Contestant:
        return Contestant(
            strategy, self._strategies[strategy], estimator, self._estimators[estimator]
        )

    def _pick(self, name: str, picked: bool) -> w.ToggleButton:
        button = w.ToggleButton(picked, description=name, layout=w.Layout(width="auto"))
        button.icon = "check" if picked else ""
        button.observe(lambda change: self._picked(name, button, change["new"]), names="value")
        return button

    def _picked(self, name: str, button: w.ToggleButton, picked: bool) -> None:
        button.icon = "check" if picked else ""
        if not button.disabled:
            (self._wanted.add if picked else self._wanted.discard)(name)

    def _enter(self) -> None:
        """Switch to the chosen world; if it cannot be used, say why and keep the former one."""
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
        """Grey out strategies that cannot race fully trained, estimators with random search."""
        reasons: dict[str, list[str]] = {}
        for picks, contestant in (
            (self.picks, lambda name: Contestant(name, self._strategies[name])),
            (self.judges, lambda name: Contestant("", "random", name, self._estimators[name])),
        ):
            for name, pick in picks.items():
                reason = contestant(name).refusal(self.world)
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
        """The same budget in the chosen unit and world."""
        self._converting = True
        if self.unit.value == TRIALS:
            self.budget.value = round(self._trials)
        elif not isinstance(self.world, Live):  # a live world would have to train first
            self.budget.value = float(f"{self._trials * price(self.world):.2g}")
        self._converting = False

    def _remember(self) -> None:
        if self._converting:
            return
        if self.unit.value == TRIALS:
            self._trials = self.budget.value
        elif not isinstance(self.world, Live):
            self._trials = self.budget.value / price(self.world)


def _label(name: str, dataset: str) -> str:
    return f"{name} on {dataset}"


def _other(world: World) -> str:
    """The label of a world that is not in the registry, or is there with other options."""
    return repr(world) if type(world) in WORLDS.values() else str(world)


def _known(world: World) -> str | None:
    """The label of this world in the registry, if it is there."""
    for name, cls in WORLDS.items():
        if type(world) is cls and repr(world) == repr(make(name, world.dataset)):
            return _label(name, world.dataset)
    return None
