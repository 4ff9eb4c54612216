"""The search monitor: watch a Keras Tuner search as it runs, stop it, and resume it."""

from __future__ import annotations

import threading
import time
from typing import Any

import ipywidgets as w

from coursekit import plots
from coursekit.tuners.watch import Watch
from coursekit.widgets.panel import Panel, answer_while_busy, draw, status, table

EVERY = 1.0  # seconds between two drawings while trials arrive


class SearchMonitor(Panel):
    """Attach it to a tuner, then call the tuner's `search` as always.

    Shows the best score so far, every trial's hyperparameters as parallel coordinates, the budget
    spent in epochs and the remaining time. Stop ends the search after the present batch; when it
    resumes, by the button or by another `search`, the interrupted trial runs first. Buttons work
    while a cell runs if the front end and the kernel have subshells (JupyterLab 4.4, ipykernel 7);
    otherwise interrupt the kernel: its cell stops as cleanly.

    tuner: any `keras_tuner` tuner.
    """

    def __init__(self, tuner: Any) -> None:
        self.watch = Watch.of(tuner)
        self._updating = threading.RLock()  # the threads of a button and of the search both update
        self.title = f"{type(tuner).__name__}"
        self.stop_button = w.Button(description="Stop", icon="stop", disabled=True,
                                    tooltip="Stop after the present batch")  # fmt: skip
        self.resume_button = w.Button(description="Resume", icon="play", disabled=True,
                                      tooltip="Resume the interrupted trial")  # fmt: skip
        self.bar = w.FloatProgress(min=0.0, max=1.0, layout=w.Layout(width="240px"))
        self.line, self.figure, self.board = w.HTML(), w.HTML(), w.HTML()
        self.stop_button.on_click(lambda _: self.watch.stop())
        self.resume_button.on_click(lambda _: self.watch.resume())
        self.box = w.VBox(
            [w.HBox([self.stop_button, self.resume_button, self.bar]), self.line, self.figure,
             self.board]
        )  # fmt: skip
        answer_while_busy(self.stop_button, self.resume_button)
        self._drawn = 0.0
        self._shown = False
        self._state = ""
        self.watch.listeners.append(self.update)
        self.update()

    def update(self) -> None:
        """Bring the widgets up to date; the figure at most once a second while a search runs."""
        with self._updating:
            self._update(self.watch.state)

    def _update(self, state: str) -> None:
        self._show_once(state in ("running", "stopping"))
        self.stop_button.disabled = state != "running"
        self.resume_button.disabled = state not in ("stopped", "failed")
        self.line.value = status(self.summary())
        self.bar.value = self.watch.progress()
        now = time.monotonic()
        if now - self._drawn < EVERY and state == self._state:
            return
        self._drawn, self._state = now, state
        if self.watch.completed:
            self.figure.value, self.board.value = self._figure(), self._board()

    def summary(self) -> str:
        """The state of the search in a sentence."""
        watch, best = self.watch, self.watch.best
        trials, epochs = watch.planned()
        parts = [f"{self.title}: {watch.state}",
                 f"trials {_of(len(watch.completed), trials)}"]  # fmt: skip
        if epochs or watch.epochs:
            counted = all(trial.epochs for trial in watch.completed)  # not trials from disk
            parts.append(f"epochs {_of(watch.epochs, epochs if counted else None)}")
        trials_seen = list(watch.trials.values())
        failed = sum(trial.status in ("failed", "invalid") for trial in trials_seen)
        if failed:
            parts.append(f"failed {failed}")
        if best is not None:
            parts.append(f"best {watch.objective} {best.score:.4g}")
        left = watch.remaining_seconds()
        if left is not None and watch.state == "running":
            parts.append(f"about {_duration(left)} left")
        if watch.error is not None:
            message = str(watch.error).strip().splitlines() or [""]
            parts.append(f"{type(watch.error).__name__}: {message[0]}")
        return " · ".join(parts)

    def _show_once(self, running: bool) -> None:
        """The cell that starts the search shows the monitor, unless an earlier one did."""
        if self._shown or not running:
            return
        self._shown = True
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError:
            return
        if get_ipython() is not None:
            display(self)

    def _figure(self) -> str:
        watch = self.watch
        scores = [trial.score or 0.0 for trial in watch.completed]

        def paint(left: Any, right: Any) -> str:
            plots.best_so_far(scores, maximise=watch.maximise, name=watch.objective, axes=left)
            plots.parallel_coordinates(
                [trial.configuration for trial in watch.completed], scores,
                maximise=watch.maximise, name=watch.objective, axes=right,
            )  # fmt: skip
            left.set_title("Best so far")
            right.set_title("Every trial (best: thick; best quarter: blue)")
            return self.summary()

        return draw(paint, width=9.5, height=3.0, columns=(1, 1.6))

    def _board(self, most: int = 3) -> str:
        ranked = sorted(self.watch.completed, key=lambda trial: trial.score or 0.0,
                        reverse=self.watch.maximise)[:most]  # fmt: skip
        rows = [
            (f"{trial.score:.4g}", trial.identifier, trial.epochs or "", _seconds(trial.seconds),
             ", ".join(f"{key} {_value(value)}" for key, value in trial.configuration.items()))
            for trial in ranked
        ]  # fmt: skip
        headings = (self.watch.objective, "trial", "epochs", "time", "configuration")
        return table(headings, rows, caption="Best trials")

    def static(self) -> str:
        body = self._figure() + self._board() if self.watch.completed else ""
        return status(self.summary()) + body

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        self._shown = True
        return super()._repr_mimebundle_(include, exclude)

    def __repr__(self) -> str:
        return f"SearchMonitor: {self.summary()}"


def _of(done: int, planned: int | None) -> str:
    return f"{done} of {planned}" if planned else str(done)


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _seconds(seconds: float | None) -> str:
    return "from disk" if seconds is None else f"{seconds:.1f} s"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
