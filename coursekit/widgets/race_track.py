"""The race track: strategies and estimators search a world; a slider moves through the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as w

from coursekit.race import Race, race, report
from coursekit.race.contestants import Build, JudgeIn, contestants
from coursekit.widgets.entries import WRAPPED, Entries
from coursekit.widgets.film import Film
from coursekit.widgets.panel import Panel, answer_while_busy, status
from coursekit.widgets.scene import leaderboard, picture
from coursekit.worlds import Live, World

EVERY = 0.5  # seconds between two drawings while searches come in, at least
FRAMES, PACE = 100, 150  # of a replay, and milliseconds for each
GLIMPSE, PATIENCE = 3, 2.0  # seeds, and seconds for them, of a picture before any race
USUAL = ("random", "grid", "local_search", "regularized_evolution", "tpe")


class RaceTrack(Panel):
    """Start a race, watch its results arrive, then play it or drag the slider through its time.

    The searches run beside the kernel, in their own processes. Curves and leaderboard show the
    seeds that every contestant has run; the strip shows what one search has tried. The leaderboard
    is ordered by the median over the seeds, which the curves show too.

    world: a name, such as "cells", or a World. strategies, estimators: as for
    `coursekit.race.race`, which defines the comparison.
    trials: of each search, seeds: of the race; the first values, which the controls can change.
    workers: processes, by default one per core.
    """

    def __init__(
        self,
        world: str | World = "cells",
        strategies: Sequence[str] | Mapping[str, str | Build] = USUAL,
        estimators: Sequence[str] | Mapping[str, str | JudgeIn] = ("full",),
        *,
        trials: int = 200,
        seeds: int = 20,
        workers: int | None = None,
    ) -> None:
        self.entries = Entries(world, strategies, estimators, trials, seeds)
        self.workers = workers
        self.race: Race | None = None  # the race shown: a snapshot
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._drawing, self._updating = threading.RLock(), threading.RLock()
        self._film, self._adapting = Film(""), False
        self._swatches: dict[str, str] = {}
        self._drawn = self._begun = 0.0
        self._took = EVERY
        self._make_controls()
        self._arrange()
        self.update()

    def start(self) -> None:
        """Race with the present settings, beside the kernel."""
        if self.running:
            return
        entries = self.entries
        world, seeds, limits = entries.world, entries.seeds.value, entries.limits()
        strategies, estimators = entries.strategies(), entries.estimators()
        self._stop.clear()
        self.play_clock.playing = False
        self.moment.value = self.moment.max
        self.stop_button.disabled, self.start_button.disabled = False, True
        self.bar.value, self.bar.layout.display = 0.0, ""
        self._begun = time.monotonic()
        self._say("The first searches are on their way …")

        def work() -> None:
            try:
                found = race(world, strategies, estimators, seeds=seeds, workers=self.workers,
                             progress=False, watch=self._watch, stop=self._stop.is_set,
                             **limits)  # type: ignore[arg-type]  # fmt: skip
                self._show(found)
                self._say(self._summary(found))
            except Exception as error:  # a thread's exception would be lost
                self._say(f"No race: {str(error).strip() or type(error).__name__}")
            finally:
                self.stop_button.disabled, self.start_button.disabled = True, False

        # Not a daemon: at exit, Python waits until this thread has closed its pool. The race is
        # told to stop before that wait, since Jupyter kills a kernel that takes long to exit.
        self._thread = threading.Thread(target=work, name="race")
        threading._register_atexit(self._stop.set)  # type: ignore[attr-defined]
        self._thread.start()

    def run(self) -> Race | None:
        """Race and wait for the end; Stop and Ctrl-C end it early. The race; None if it failed."""
        self.start()
        try:
            self._join()
        except KeyboardInterrupt:
            self.stop()
            self._join()
        return self.race

    def stop(self) -> None:
        """End the race; finished searches are kept."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether a race is running."""
        return self._thread is not None and self._thread.is_alive()

    def step(self) -> None:
        """One trial on, or a two-hundredth of the seconds."""
        self.play_clock.playing = False
        self.moment.value = min(self.moment.max, self.moment.value + self.moment.step)

    def play(self) -> None:
        """Play from the present moment, at the end from the start; a second call pauses."""
        playing = not self.play_clock.playing
        if playing:
            if self.moment.value >= self.moment.max:
                self.moment.value = 0
            self.play_clock.value = int(FRAMES * self.moment.value / self.moment.max)
        self.play_clock.playing = playing

    def reset(self) -> None:
        """Back to the start of all searches."""
        self.play_clock.playing = False
        self.moment.value = 0

    def update(self) -> None:
        """Show the present moment in line, figure and leaderboard."""
        with self._updating:
            shown, at = self.race, self.moment.value
            ready = shown is not None and bool(shown.paired())
            for control in (self.moment, self.play_button, self.reset_button, self.step_button,
                            self.shown, self.seed):  # fmt: skip
                control.disabled = not ready
            if shown is None or not ready:
                return
            self.step_button.disabled = at >= self.moment.max
            told = report.tell(shown, at)
            self.told.value = status(told)
            self.figure.value = self._film.frame(at / shown.end(), told)
            self.board.value = leaderboard(shown, at, self._swatches)

    def _make_controls(self) -> None:
        self.start_button = _button("Start", "flag-checkered", "Race with these settings")
        self.stop_button = _button("Stop", "stop", "End the race; what is done is kept")
        self.step_button = _button("Step", "step-forward", "One trial on")
        self.play_button = _button("Play", "play", "Through all of the time")
        self.reset_button = _button("Reset", "fast-backward", "Back to the start")
        self.stop_button.disabled = True
        self.bar = w.FloatProgress(min=0.0, max=1.0, layout=w.Layout(width="160px", display="none"))
        # Ticks in the browser, which delays the next tick until the last has been answered.
        self.play_clock = w.Play(value=0, min=0, max=FRAMES, interval=PACE,
                                 layout=w.Layout(display="none"))  # fmt: skip
        self.moment = w.FloatSlider(0, min=0, max=1, description="after trials",
                                    style={"description_width": "initial"},
                                    layout=w.Layout(width="420px"))  # fmt: skip
        self.shown = w.ToggleButtons(options=[*self._names()],
                                     style={"button_width": "auto"})  # fmt: skip
        self.seed = w.BoundedIntText(0, min=0, max=0, description="seed",
                                     style={"description_width": "initial"},
                                     layout=w.Layout(width="110px"))  # fmt: skip
        self.line, self.told, self.figure, self.board = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        for button, act in ((self.start_button, self.start), (self.stop_button, self.stop),
                            (self.step_button, self.step), (self.play_button, self.play),
                            (self.reset_button, self.reset)):  # fmt: skip
            button.on_click(lambda _, act=act: act())
        self.moment.observe(lambda _: self.update(), names="value")
        for choice in (self.shown, self.seed):
            choice.observe(lambda _: None if self._adapting else self._show(), names="value")
        self.play_clock.observe(self._tick, names="value")
        self.play_clock.observe(lambda _: self._name_play_button(), names="playing")
        answer_while_busy(self.stop_button, self.step_button, self.play_button, self.reset_button,
                          self.play_clock, self.moment, self.shown, self.seed)  # fmt: skip

    def _arrange(self) -> None:
        def row(*widgets: w.Widget) -> w.HBox:
            return w.HBox(widgets, layout=WRAPPED)

        left = w.VBox([self.figure], layout=w.Layout(flex="3 1 420px", min_width="0"))
        right = w.VBox([self.board], layout=w.Layout(flex="1 0 auto"))
        both = w.HBox([left, right], layout=w.Layout(flex_flow="row wrap"))
        self.box = w.VBox([
            self.entries.box, row(self.start_button, self.stop_button, self.bar, self.line),
            row(self.play_button, self.step_button, self.reset_button, self.moment,
                self.play_clock), self.told, both,
            row(w.HTML("What has been tried by"), self.shown, self.seed)])  # fmt: skip

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _watch(self, going: Race) -> None:
        """Called by the race after each search."""
        total = len(going.names) * going.seeds
        self.bar.value = going.done / total
        now = time.monotonic()
        # Drawing blocks everything else in this process, so it gets at most a fifth of the time.
        if going.paired() and now - self._drawn >= max(EVERY, 4 * self._took):
            self._say(f"{going.done} of {total} searches, {now - self._begun:.0f} s")
            self._show(going.snapshot())
            self._drawn, self._took = time.monotonic(), time.monotonic() - now

    def _show(self, shown: Race | None = None) -> None:
        """Draw another race, or another search of the present one."""
        with self._drawing:
            if shown is not None:
                self._adapt(shown)
            if self.race is not None and self.race.paired():
                svg, self._swatches = picture(self.race, self.shown.value, self.seed.value)
                self._film = Film(svg)
            self.update()

    def _adapt(self, shown: Race) -> None:
        """Fit slider and choices to a race with other strategies, seeds or limits than the last."""
        former, self.race, self._adapting = self.race, shown, True
        if [*self.shown.options] != shown.names:
            self.shown.options = shown.names
        self.seed.max = shown.seeds - 1
        self._adapting = False
        if former is not None and (former.end(), former.seconds) == (shown.end(), shown.seconds):
            return
        end, by_trials = shown.end(), shown.seconds is None
        self.moment.max, self.moment.step = end, 1 if by_trials else end / 200
        self.moment.description = "after trials" if by_trials else "after seconds"
        self.moment.readout_format = ",.0f" if by_trials or end > 200 else ".2f"
        self.moment.value = end

    def _summary(self, found: Race) -> str:
        total = len(found.names) * found.seeds
        text = f"Stopped: {found.done} of {total}" if found.stopped else f"Done: {total}"
        trials = sum(len(run.scores) for runs in found.runs.values() for run in runs.values())
        text += f" searches, {trials:,} trials in {time.monotonic() - self._begun:.1f} s"
        left_out = "; ".join(f"{name}: {reason}" for name, reason in found.left_out.items())
        return f"{text}. Left out: {left_out}" if left_out else text

    def _names(self) -> list[str]:
        """The contestants' names, with the present settings."""
        strategies, estimators = self.entries.strategies(), self.entries.estimators()
        return [*contestants(strategies, estimators)] if strategies and estimators else []

    def _say(self, text: str) -> None:
        self.line.value = status(text)

    def _tick(self, change: Any) -> None:
        if self.play_clock.playing:
            share = self.moment.max * change["new"] / FRAMES
            self.moment.value = round(share) if self.moment.step == 1 else share
        if self.play_clock.value >= FRAMES:
            self.play_clock.playing = False

    def _name_play_button(self) -> None:
        playing = self.play_clock.playing
        self.play_button.description, self.play_button.icon = (
            ("Pause", "pause") if playing else ("Play", "play")
        )

    def glimpse(self) -> None:
        """Race the first seeds at once in this process, so that the panel is not empty."""
        world, until = self.entries.world, time.monotonic() + PATIENCE
        if isinstance(world, Live) or self.running:
            return
        try:
            found = race(world, self.entries.strategies(), self.entries.estimators(),
                         workers=1, progress=False, seeds=min(GLIMPSE, self.entries.seeds.value),
                         stop=lambda: time.monotonic() > until,
                         **self.entries.limits())  # type: ignore[arg-type]  # fmt: skip
        except ValueError as error:
            self._say(f"No race: {error}")
            return
        self._show(found)
        seeds = len(found.paired())
        if not seeds:
            self._say("Start races all seeds.")
            return
        some = f"{seeds} seeds" if seeds != 1 else "One seed"
        self._say(f"{some} to begin with, of {self.entries.seeds.value}: Start races them all.")

    def static(self) -> str:
        if self.race is None:
            self.glimpse()
        shown, at = self.race, self.moment.value or self.moment.max
        if shown is None or not shown.paired():
            return self.line.value + status("Nothing to show yet: `run()` races and waits.")
        told = report.tell(shown, at)
        return (
            status(told)
            + self._film.frame(at / shown.end(), told)
            + leaderboard(shown, at, self._swatches)
        )

    def __repr__(self) -> str:
        shown = self.race
        told = report.tell(shown) if shown is not None and shown.paired() else "not run yet"
        return f"RaceTrack in {self.entries.world}: {told}"


def _button(description: str, icon: str, tooltip: str) -> w.Button:
    return w.Button(description=description, icon=icon, tooltip=tooltip,
                    layout=w.Layout(width="90px"))  # fmt: skip
