"""Leaderboards: jobs of several vendors side by side, what they cost, and buttons to stop them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from html import escape

import ipywidgets as w

from coursekit.cloud.connect import LOCAL
from coursekit.cloud.following import JobStanding, follow
from coursekit.cloud.prices import Estimate
from coursekit.cloud.vendor import CloudJob, Request, Vendor
from coursekit.widgets.panel import Markup, Panel, answer_while_busy, button, status, table

ROWS = 5  # candidates of a leaderboard that are shown
PATIENCE = 5  # questions without an answer, one after the other, before a job is given up


class Leaderboards(Panel):
    """One request, several vendors: each has a column with its leaderboard, meter and stop button.

    Before the submission a column shows the vendor's estimate. The bar is what has been spent, as
    a part of the ceiling, or else of the highest estimate; at the ceiling the job is stopped.
    Each vendor is asked in a thread of its own, so that none waits for another. What a vendor
    refuses stands in its column, and the other jobs are not affected.

    vendors: by the names that the columns get. request: the same for all. every: seconds between
        two questions to a vendor; by default 1 to a simulated one and 20 to a real one.
    """

    def __init__(
        self, vendors: Mapping[str, Vendor], request: Request, *, every: float | None = None
    ) -> None:
        self.submit_button = button("Submit to all", "cloud-upload", "Start a job at each vendor")
        self.stop_button = button("Stop all", "stop", "Stop all jobs; what is done is kept")
        self.stop_button.disabled = True
        self.line = w.HTML()
        self.columns = {
            name: JobColumn(name, each, request, every) for name, each in vendors.items()
        }
        self._threads: list[threading.Thread] = []
        self.submit_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        answer_while_busy(self.stop_button, *(each.button for each in self.columns.values()))
        boxes = [each.box for each in self.columns.values()]
        self.box = w.VBox([
            w.HBox([self.submit_button, self.stop_button], layout=w.Layout(flex_flow="row wrap")),
            self.line, w.HBox(boxes, layout=w.Layout(flex_flow="row wrap")),
        ])  # fmt: skip
        self.update()

    @property
    def jobs(self) -> dict[str, CloudJob]:
        """The jobs that the vendors have accepted, by column."""
        return {name: each.job for name, each in self.columns.items() if each.job is not None}

    @property
    def running(self) -> bool:
        """Whether a job is on its way."""
        return any(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Submit to all vendors, and follow the jobs beside the kernel; once only."""
        if self._threads:
            return
        self.submit_button.disabled, self.stop_button.disabled = True, False
        self._threads = [
            threading.Thread(target=self._follow, args=(each,), name=name, daemon=True)
            for name, each in self.columns.items()
        ]
        for thread in self._threads:
            thread.start()

    def run(self) -> dict[str, CloudJob]:
        """Submit, unless that is done, and wait until all jobs have ended; Ctrl-C stops them."""
        self.start()
        try:
            self._join()
        except KeyboardInterrupt:
            self.stop()
            self._join()
        return self.jobs

    def stop(self) -> None:
        """Ask all vendors to stop."""
        for each in self.columns.values():
            each.stop()

    def update(self) -> None:
        """Bring the line and the buttons up to date."""
        self.line.value = status(self.summary())
        if self._threads and all(each.ended for each in self.columns.values()):
            self.stop_button.disabled = True

    def summary(self) -> str:
        """The state of all jobs in a sentence."""
        columns = self.columns.values()
        high = sum(each.estimate.high for each in columns if each.estimate)
        if not self._threads:
            return f"Nothing is submitted. Together the jobs may cost up to ${high:,.2f}."
        ended = sum(each.ended for each in columns)
        spent = sum(each.spent for each in columns)
        bill = " (no real money)" if all(each.free for each in columns) else ""
        return (
            f"{ended} of {len(columns)} jobs have ended; ${spent:,.2f} spent, "
            f"at most ${high:,.2f} estimated{bill}."
        )

    def _follow(self, column: JobColumn) -> None:
        column.submit()
        self.update()
        for _ in column.follow():
            self.update()
        self.update()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def static(self) -> str:
        columns = "".join(
            f'<div style="margin-top:8px">{each.text()}</div>' for each in self.columns.values()
        )
        return status(self.summary()) + columns

    def __repr__(self) -> str:
        return f"Leaderboards: {self.summary()}"


class JobColumn:
    """One vendor's job: what is known of it, and the widgets that show it."""

    def __init__(self, name: str, vendor: Vendor, request: Request, every: float | None) -> None:
        self.name, self.vendor, self.request = name, vendor, request
        self.free = vendor.simulated or vendor.name == LOCAL
        self.every = every if every is not None else (1.0 if self.free else 20.0)
        self.job: CloudJob | None = None
        self.estimate: Estimate | None = None
        self.found: JobStanding | None = None
        self.sending = False  # whether the submission is on its way
        self.problem = ""  # why there is no job, or no more news of it
        self.stopping = threading.Event()  # set by Stop until the vendor knows it
        self.button = button("Stop", "stop", f"Stop the job of {name}")
        self.button.disabled = True
        self.button.on_click(lambda _: self.stop())
        self.meter = w.FloatProgress(
            min=0.0, max=1.0, layout=w.Layout(width="140px"), tooltip=f"Spent at {name}"
        )
        self.heading, self.money, self.board = w.HTML(), w.HTML(), w.HTML()
        controls = w.HBox([self.button, self.meter], layout=w.Layout(flex_flow="row wrap"))
        self.box = w.VBox(
            [self.heading, controls, self.money, self.board],
            layout=w.Layout(flex="1 1 250px", min_width="250px", padding="6px 12px 6px 0"),
        )
        try:
            self.estimate = vendor.estimate_cost(request)
        except (OSError, ValueError) as error:
            self.problem = str(error)
        self.show()

    @property
    def ended(self) -> bool:
        """Whether nothing more is going to happen."""
        return bool(self.problem) or (self.found is not None and self.found.progress.state.ended)

    @property
    def spent(self) -> float:
        """US dollars, as far as the vendor has reported."""
        return self.found.spent.high if self.found else 0.0

    @property
    def limit(self) -> float:
        """Where the meter is full, in US dollars: the ceiling, or else the highest estimate."""
        high = self.estimate.high if self.estimate else 0.0
        return self.request.ceiling if self.request.ceiling is not None else high

    def submit(self) -> None:
        """Submit the request; what the vendor says to a refusal becomes the problem."""
        if not self.problem:
            self.sending = True
            self.show()
            try:
                self.job = self.vendor.submit(self.request)
            except Exception as error:  # a thread's exception would be lost
                self.problem = _said(error)
        self.show()

    def follow(self) -> Iterator[JobStanding]:
        """Where the job stands, until it has ended or the vendor is silent for too long."""
        silences = 0
        while self.job is not None and not self.ended:
            try:
                ceiling, pause = self.request.ceiling, self._pause
                for found in follow(self.vendor, self.job, ceiling=ceiling, pause=pause):
                    self.found, silences = found, 0
                    self.show()
                    yield found
            except Exception as error:  # a job that nobody watches costs as much
                silences += 1
                if silences == PATIENCE:
                    self.problem = f"{_said(error)}; the job may still run: `coursekit cloud jobs`"
                    self.show()
                self.stopping.wait(self.every)

    def _pause(self) -> None:
        if self.job is not None and self.stopping.wait(self.every):
            self.vendor.stop(self.job)
            self.stopping.clear()

    def stop(self) -> None:
        """Ask the vendor to stop, at once."""
        self.stopping.set()

    def show(self) -> None:
        """Bring the widgets up to date."""
        self.button.disabled = self.job is None or self.ended
        full = self.limit
        self.meter.value = min(1.0, self.spent / full) if full else 0.0
        self.meter.bar_style = "warning" if self.meter.value >= 1.0 else "info"
        self.heading.value, self.money.value = self._heading(), self._money()
        self.board.value = self._board()

    def text(self) -> str:
        """The column as HTML without widgets."""
        return self._heading() + self._money() + self._board()

    def _heading(self) -> str:
        kind = "simulated service" if self.vendor.simulated else self.vendor.title
        name = f"<b>{escape(self.name)}</b> {escape(kind)}"
        return f'<div style="line-height:1.5">{name}</div>{status(self._state())}'

    def _state(self) -> str:
        if self.problem:
            return f"{'lost' if self.job else 'refused'}: {self.problem}"
        if self.job is None:
            return "being submitted" if self.sending else "not submitted"
        if self.found is None:
            return "submitted"
        progress = self.found.progress
        told = f"{progress.state}, {progress.done} candidate{'s' * (progress.done != 1)}"
        message = self.found.stopped or progress.message
        return told if message.lower() in ("", progress.state) else f"{told}: {message}"

    def _money(self) -> str:
        if self.estimate is None:
            return ""
        spent = f"${self.spent:,.2f} spent" if self.found else "nothing spent"
        low, high = (f"${each:,.2f}" for each in self.estimate[:2])
        ends = low if low == high else f"{low} to {high}"
        return (
            f'<div style="line-height:1.5">{spent}, estimate {ends}; prices of '
            f"{escape(self.estimate.date)}</div>"
        )

    def _board(self) -> str:
        candidates = self.found.candidates if self.found else ()
        if not candidates:
            return ""
        shown = candidates[:ROWS]
        rows = [
            (place, Markup(f"{each.score:.4f}"), each.algorithm)
            for place, each in enumerate(shown, start=1)
        ]
        caption = f"The best of {len(candidates)}" if len(candidates) > 1 else "One candidate"
        return table(("", shown[0].metric, "algorithm"), rows, caption=caption)


def _said(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
