"""Rungs: candidates that are promoted or stopped, and the workers that train them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as w
import numpy as np

from coursekit.plots.ladders import ladder, timeline
from coursekit.search import Search
from coursekit.strategies.asha import ASHA
from coursekit.strategies.base import Strategy
from coursekit.strategies.rungs import Halving, Rung, bracket_table
from coursekit.trials import History, Judge
from coursekit.widgets.panel import button, draw, status
from coursekit.widgets.played import Played
from coursekit.widgets.sliders import slider
from coursekit.worlds import World
from coursekit.worlds.clock import Continued, Job, Stragglers, simulate, waiting

ALL, ASYNCHRONOUS = "Hyperband: all brackets", "ASHA"
PACE = 500  # milliseconds an event while it plays: drawing one takes a part of it


class Rungs(Played):
    """A budgeted search on several workers, event by event, on a simulated clock.

    The menu has each bracket of Hyperband alone, all of them, and ASHA, which gets as much time as
    the first bracket takes. Sliders set eta and the number of workers; with stragglers, one trial
    in ten takes eight times as long. Above: each candidate's curve, cut or promoted at the rungs.
    Below: what each worker trains, and how long it waits.

    world: one that answers at once, with curves. seed: of the search.
    """

    _setting = False  # whether the menu is being filled

    def __init__(self, world: World, *, factor: int = 3, workers: int = 4, seed: int = 0) -> None:
        if not world.early:
            raise ValueError(f"{world} has only the end of each training: rungs need the curve")
        self.world, self.seed = world, seed
        self.judge: Judge = Continued(world)
        self.factor = slider("eta", factor, 2, 4)
        self.workers = slider("workers", workers, 1, 8)
        moments = self.moments("event", 1, pace=PACE)
        self.pick = w.Dropdown(description="search", style={"description_width": "80px"},
                               layout=w.Layout(width="420px"))  # fmt: skip
        self.stragglers = w.Checkbox(False, description="stragglers", indent=False)
        self.end_button = button("To the end", "fast-forward", "All of it")
        self.line, self.figure = w.HTML(), w.HTML()
        self._offer()
        self.factor.observe(lambda _: self._offer(), names="value")
        for control in (self.pick, self.factor, self.workers, self.stragglers):
            control.observe(lambda _: self.search(), names="value")
        self.end_button.on_click(lambda _: self.to_the_end())
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([
            w.HBox([self.pick, self.stragglers], layout=wrap),
            w.HBox([self.factor, self.workers], layout=wrap),
            w.HBox([moments, self.end_button], layout=wrap),
            self.line, self.figure,
        ])  # fmt: skip
        self.search()

    def _offer(self) -> None:
        """The brackets that this eta has, in the menu; the present choice stays if it is there."""
        table, place = bracket_table(self.world.epochs, self.factor.value), self.pick.index
        self.brackets: Mapping[str, list[Rung]] = {}
        for s in sorted({rung.bracket for rung in table}, reverse=True):
            rungs = [rung for rung in table if rung.bracket == s]
            label = f"bracket {s}: {rungs[0].trials} start with {_epochs(rungs[0].stop)}"
            self.brackets = {**self.brackets, label: rungs}
        self.brackets = {**self.brackets, ALL: table, ASYNCHRONOUS: table[: table[0].bracket + 1]}
        kept = place if place is not None and place < len(self.brackets) else 0
        self._setting = True
        self.pick.options = list(self.brackets)
        self.pick.index = kept
        self._setting = False

    def search(self) -> None:
        """Search with the present values; then show the beginning."""
        if self._setting:
            return
        rungs, workers = self.brackets[self.pick.value], self.workers.value
        judge = Stragglers(self.judge, self.seed) if self.stragglers.value else self.judge
        made = Search(Halving(self.world.space, rungs, 1), seed=self.seed)
        jobs = simulate(made, judge, workers=workers, seconds=1e9)
        if self.pick.value == ASYNCHRONOUS:
            strategy: Strategy = ASHA(
                self.world.space, max_budget=self.world.epochs, factor=self.factor.value
            )
            made, seconds = Search(strategy, seed=self.seed), max(job.end for job in jobs)
            jobs = simulate(made, judge, workers=workers, seconds=2 * seconds)
            jobs = [job for job in jobs if job.start < seconds]
        else:
            seconds = max(job.end for job in jobs)
        self.history: History = made.history
        self.jobs: list[Job] = jobs
        self.events = [0.0, *sorted({min(job.end, seconds) for job in jobs})]
        self.moment.max = self.clock.max = len(self.events) - 1
        self.moment.value = 0
        self.update()

    def to_the_end(self) -> None:
        """Show all of it."""
        self.moment.value = self.moment.max

    def update(self) -> None:
        """Show the present moment in the line and the figure."""
        at = self.moment.value
        self.end_button.disabled = at >= self.moment.max
        self.line.value = status(self.tell(self.events[at]))
        self.figure.value = self._figure(self.events[at])

    def tell(self, now: float) -> str:
        """The search at that moment in words."""
        rungs = self.brackets[self.pick.value]
        if now == 0:
            plan = ", ".join(f"{rung.trials} to epoch {rung.stop}" for rung in rungs)
            if self.pick.value == ASYNCHRONOUS:
                return f"One in {self.factor.value} is promoted, at epochs " + ", ".join(
                    str(rung.stop) for rung in rungs[:-1]
                )
            return f"Planned: {plan}. That is {sum(rung.cost for rung in rungs):,} epochs."
        begun = [job for job in self.jobs if job.start < now]
        ended = [self.history[job.trial] for job in begun if job.end <= now]
        parents = {self.history[job.trial].suggestion.parent for job in begun}
        new = sum(self.history[job.trial].suggestion.parent is None for job in begun)
        stopped = [trial for trial in ended if trial.number not in parents]
        full = [t for t in stopped if t.suggestion.budget == self.world.epochs]
        best = max(ended, key=lambda t: (t.suggestion.budget or 0, np.nan_to_num(t.score)))
        waited = waiting(self.jobs, self.workers.value, now).mean()
        digits = 3 if self.events[-1] < 10 else 1
        return (
            f"After {now:.{digits}f} s: {new} candidates have started, "
            f"{len(begun) - len(ended)} train, "
            f"{len(stopped) - len(full)} are stopped at a rung, {len(full)} are trained in full. "
            f"The best of the highest rung: {self.world.shown(best.score)} after "
            f"{_epochs(best.suggestion.budget or 0)}. The workers have waited "
            f"{100 * waited:.0f} % of the time."
        )

    def _figure(self, now: float) -> str:
        budgets = sorted({rung.stop for rung in self.brackets[self.pick.value]})

        def paint(above: Any, below: Any) -> str:
            # The picture is cropped to its content; a layout as well would take half as long again.
            above.figure.set_layout_engine(None)
            above.figure.subplots_adjust(left=0.08, right=0.89, bottom=0, top=1, hspace=0.3)
            ladder(self.history, self.jobs, budgets, now=now, axes=above)
            above.set(title=f"{self.world}: {self.pick.value}", ylabel=self.world.measure)
            timeline(self.history, self.jobs, self.workers.value, now=now, end=self.events[-1],
                     axes=below)  # fmt: skip
            return f"Rungs and workers. {self.tell(now)}"

        height = 0.9 + 0.26 * self.workers.value
        return draw(paint, width=9.0, height=3.3 + height, rows=(3.3, height))

    def static(self) -> str:
        now = self.events[self.moment.value or len(self.events) // 2]
        return status(self.tell(now)) + self._figure(now)

    def __repr__(self) -> str:
        return f"Rungs of {self.pick.value}: {self.tell(self.events[self.moment.value])}"


def _epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}"
