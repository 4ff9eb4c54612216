"""The forecast panel: a curve seen in part, the band where it may go, and whether to stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as w
import numpy as np

from coursekit.estimators.extrapolation import HOPE, Decision, decide
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.families import made_up
from coursekit.plots.forecasts import GO, STOP, forecast, tell
from coursekit.widgets.panel import Panel, draw, kept, status
from coursekit.widgets.sliders import slider

OWN, DRAWN, RANKED = "my own", "drawn by hand", "by rank"
ACCURACY = (0.0, 1.0)  # bounds
POINTS = 8  # that a curve is drawn with
LOOK: dict[str, Any] = {"live": True, "width": 320}  # of its sliders: a forecast is quick


class ForecastPanel(Panel):
    """A slider for how much of a curve is seen; the band and the decision follow it.

    Pick a curve; or take "by rank" and choose it by a slider, "my own" and shape it with four
    sliders, or "drawn by hand" and pull its points up and down. The colour of the band and the word
    beside it tell the decision: stop if P(beats the best) < delta.

    curves: whole learning curves in 0..1 by name, all with the same number of epochs.
    ranked: further ones, in any order; rank 1 is the one with the highest end.
    incumbent: the score to beat; by default the best end among the curves that are not shown.
    delta: the least chance of beating the best that lets a training continue, in 0..1.
    seen: epochs seen at the beginning; by default a quarter. seed: of the noise of "my own".
    experience: of other finished curves; whether it is used is then a box to tick.
    """

    def __init__(
        self,
        curves: Mapping[str, Sequence[float]],
        *,
        ranked: Sequence[Sequence[float]] = (),
        incumbent: float | None = None,
        delta: float = HOPE,
        seen: int | None = None,
        seed: int = 0,
        experience: Experience | None = None,
    ) -> None:
        lengths = {len(curve) for curve in (*curves.values(), *ranked)}
        if len(lengths) != 1 or min(lengths) < 2:
            raise ValueError(f"curves of {sorted(lengths)} epochs: give one length, 2 or more")
        for name in (OWN, DRAWN, RANKED):
            if name in curves:
                raise ValueError(f"a curve is called {name!r}: that name is the panel's")
        self.curves = {name: tuple(map(float, curve)) for name, curve in curves.items()}
        self.horizon, self.seed, self.experience = lengths.pop(), seed, experience
        if experience is not None and experience.horizon != self.horizon:
            raise ValueError(f"experience={experience!r}: the curves have {self.horizon} epochs")
        if experience is not None and not experience.suits(ACCURACY):
            raise ValueError(
                f"experience={experience!r} has bounds={experience.bounds}: these are accuracies, "
                "Experience(epochs, bounds=(0, 1))"
            )
        plain = (tuple(map(float, curve)) for curve in ranked)
        self.ranked = sorted(plain, key=lambda curve: -curve[-1])
        self.incumbent = incumbent
        options = [*self.curves, *([RANKED] if self.ranked else []), OWN, DRAWN]
        self.pick = w.Dropdown(
            options=options,
            value=options[0],
            description="curve",
            style={"description_width": "80px"},
        )
        seen = max(1, self.horizon // 4) if seen is None else seen
        self.seen = slider("seen", seen, 1, self.horizon - 1, **LOOK)
        self.rank = slider("rank, end", 1, 1, max(1, len(self.ranked)), **LOOK)
        # No slider: in steps of 0.1 a browser says 98.30000000000001.
        self.best = w.BoundedFloatText(
            value=self._bar(),
            min=0,
            max=100,
            step=0.1,
            description="best, %",
            style={"description_width": "80px"},
            layout=w.Layout(width="180px"),
        )
        self.delta = slider("delta, %", round(100 * delta), 0, 50, **LOOK)
        self.show = w.Checkbox(False, description="show what came", indent=False)
        others = experience.curves if experience else 0
        self.learn = w.Checkbox(
            False,
            description=f"learn from {others} finished curve{'s' * (others != 1)}",
            indent=False,
            layout=w.Layout(display="" if experience else "none"),
        )
        self.start = slider("start, %", 20, 0, 100, **LOOK)
        self.end = slider("end, %", 90, 0, 100, **LOOK)
        self.speed = slider("speed, %", 10, 0, 100, **LOOK)
        self.noise = slider("noise, %", 1, 0, 10, 0.5, form=".1f", **LOOK)
        self.line, self.verdict, self.figure = w.HTML(), w.HTML(), w.HTML()
        own = [self.start, self.end, self.speed, self.noise]
        self.own = w.HBox(own, layout=w.Layout(flex_flow="row wrap", display="none"))
        self.epochs = np.unique(np.rint(np.geomspace(1, self.horizon, POINTS)).astype(int))
        self.points = [_point(epoch, 90 - 70 / epoch) for epoch in self.epochs.tolist()]
        heading = w.HTML("accuracy in %, after epoch")
        self.drawn = w.VBox([heading, w.HBox(self.points)], layout=w.Layout(display="none"))
        controls = (
            self.pick, self.rank, self.seen, self.best, self.delta, self.show, self.learn,
        )  # fmt: skip
        key = (*self.curves, *self.ranked[:1], self.horizon, self._bar(), delta, seen, seed)
        state = kept(dict[str, Any], ForecastPanel, *key)
        names = ("pick", "rank", "seen", "best", "delta", "show", "learn")
        for name, control in zip(names, controls, strict=True):
            self._keep(state, name, control)
        for group, members in (("own", own), ("point", self.points)):
            for place, control in enumerate(members):
                self._keep(state, f"{group} {place}", control)
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([
            w.HBox([self.pick, self.rank, self.seen], layout=wrap),
            w.HBox([self.best, self.delta, self.show, self.learn], layout=wrap),
            self.own, self.drawn, self.verdict, self.line, self.figure,
        ])  # fmt: skip
        self._shown = self._bar()
        for control in (self.pick, self.rank):
            control.observe(lambda _: self._hold_against(), names="value")
        for control in (*controls, *own, *self.points):
            control.observe(lambda _: self.update(), names="value")
        self.update()

    @staticmethod
    def _keep(state: dict[str, Any], name: str, control: w.Widget) -> None:
        """Gives a control the value that it had when its cell ran before, and keeps the next."""
        if name in state:
            control.value = state[name]
        control.observe(lambda change: state.update({name: change["new"]}), names="value")

    @property
    def name(self) -> str:
        """Of the curve that is picked."""
        return f"rank {self.rank.value}" if self.pick.value == RANKED else self.pick.value

    @property
    def curve(self) -> Sequence[float]:
        """The whole curve that is picked."""
        if self.pick.value == RANKED:
            return self.ranked[self.rank.value - 1]
        if self.pick.value == DRAWN:
            drawn = [point.value / 100 for point in self.points]
            return np.interp(np.arange(1, self.horizon + 1), self.epochs, drawn).tolist()
        if self.pick.value != OWN:
            return self.curves[self.pick.value]
        own = (self.start, self.end, self.speed, self.noise)
        start, end, speed, noise = (each.value / 100 for each in own)
        rng = np.random.default_rng(self.seed)
        return made_up(start, end, speed, noise, self.horizon, rng).tolist()

    @property
    def decision(self) -> Decision:
        """What the rule says now."""
        curve, best = list(self.curve[: self.seen.value]), self.best.value / 100
        return decide(
            curve, self.horizon, best, delta=self.delta.value / 100, bounds=ACCURACY,
            experience=self.experience if self.learn.value else None,
        )  # fmt: skip

    def _bar(self) -> float:
        """The score that the shown curve is held against, in percent: the best of the others."""
        if self.incumbent is not None:
            return round(100 * self.incumbent, 1)
        everyone = [*self.curves.values(), *self.ranked]
        own = self.pick.value in (OWN, DRAWN)
        ends = [each[-1] for each in everyone if own or each != self.curve]
        return round(100 * max(ends or [self.curve[-1]]), 1)

    def _hold_against(self) -> None:
        """Sets the bar for another curve, unless somebody has set one by hand."""
        before, self._shown = self._shown, self._bar()
        if self.best.value == before:
            self.best.value = self._shown

    def update(self) -> None:
        """Bring verdict, line and figure to what the controls say."""
        self.rank.layout.display = "" if self.pick.value == RANKED else "none"
        self.own.layout.display = "flex" if self.pick.value == OWN else "none"
        self.drawn.layout.display = "flex" if self.pick.value == DRAWN else "none"
        decision = self.decision
        self.verdict.value = self._verdict(decision)
        self.line.value = status(tell(decision, self.best.value / 100))
        self.figure.value = self._figure(decision)

    def _verdict(self, decision: Decision) -> str:
        stop = decision.stop
        word, sign = ("Stop", "<") if stop else ("Continue", "≥")
        chance = f"P(beats the best) = {100 * decision.chance:.1f} %"
        return (
            f'<div class="coursekit-verdict" style="font-weight:bold;border-left:6px '
            f'{"double" if stop else "solid"} {STOP if stop else GO};padding:2px 8px">'
            f"{word}: {chance} {sign} {self.delta.value} %</div>"
        )

    def _figure(self, decision: Decision) -> str:
        best, truth = self.best.value / 100, self.curve if self.show.value else None

        def paint(axes: Any) -> str:
            forecast(decision, best, truth=truth, axes=axes)
            axes.set_ylim(self._floor(decision), 102)
            word = "stop" if decision.stop else "continue"
            axes.set_title(f"{self.name}: {word}")
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            return f"{word.capitalize()}. {tell(decision, best)}"

        return draw(paint, width=8.5, height=3.4)

    def _floor(self, decision: Decision) -> float:
        """Where the axis begins, in percent: a band near 100 % would be too thin on all of it."""
        band = decision.forecast.quantiles([0.025])[0]
        low = min([*self.curve, band, self.best.value / 100])
        return max(0.0, 20 * float(np.floor(5 * low)))

    def static(self) -> str:
        decision = self.decision
        words = status(tell(decision, self.best.value / 100))
        return self._verdict(decision) + words + self._figure(decision)

    def __repr__(self) -> str:
        word = "stop" if self.decision.stop else "continue"
        return f"ForecastPanel of {self.name}: {word}"


def _point(epoch: int, value: float) -> w.IntSlider:
    """One point of a drawn curve, above its epoch."""
    return w.IntSlider(
        value=round(value),
        min=0,
        max=100,
        orientation="vertical",
        description=str(epoch),
        layout=w.Layout(width="70px", height="150px"),
    )
