"""A search over pipelines for a table, candidate by candidate, in a thread or step by step.

`Local` and the simulated services stand on it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from coursekit.cloud.pipelines import Pipelines, predictions
from coursekit.cloud.vendor import JobState
from coursekit.search import Search
from coursekit.trials import Judge, Pause, Trial

if TYPE_CHECKING:
    import numpy as np
    import pandas


class Tried(NamedTuple):
    """A candidate. score: of the common metric, with its usual sign; NaN if it failed.

    seconds: on the search's clock. state: COMPLETED or FAILED. early: whether its training was
    stopped before its end, so that its score is an estimate.
    """

    name: str
    configuration: Mapping[str, Any]
    algorithm: str
    score: float
    seconds: float
    state: JobState
    early: bool = False


class TableSearch:
    """A search in `world` by `search`; thread-safe.

    judge: an estimator around the world; the world itself by default. each: seconds that a
        candidate costs on the search's clock; None takes those that were measured.
    max_candidates, max_minutes: limits, None for none; minutes on the search's clock.
    words: what every message begins with.

    candidates: those that are finished, in order. seconds: the sum of theirs.
    """

    def __init__(
        self,
        name: str,
        world: Pipelines,
        search: Search,
        *,
        judge: Judge | None = None,
        each: float | None = None,
        max_candidates: int | None = None,
        max_minutes: float = math.inf,
        words: str = "",
    ) -> None:
        self.name, self.world, self.search, self.judge = name, world, search, judge or world
        self.each, self.max_candidates, self.max_minutes = each, max_candidates, max_minutes
        self.words = words
        self.state, self.message, self.seconds = JobState.WAITING, "", 0.0
        self.candidates: list[Tried] = []
        self.thread: threading.Thread | None = None
        self._changed, self._stepping = threading.Condition(), threading.Lock()
        self._model: tuple[str, Any] | None = None
        for trial in search.history.finished:  # of a journal
            self._take(trial)

    @property
    def metric(self) -> str:
        """The common name of its metric."""
        return self.world.metric

    @property
    def target(self) -> str:
        """The name of the target's column."""
        return self.world.target

    @property
    def classes(self) -> list[Any]:
        """The sorted classes as plain values; empty for regression."""
        return list(self.world.classes.tolist())

    @property
    def ranked(self) -> list[Tried]:
        """The candidates, best first; those that failed come last."""
        sign = -1 if self.world.rule.higher else 1

        def place(tried: Tried) -> tuple[bool, float]:
            failed = tried.state is JobState.FAILED
            return failed, 0.0 if failed else sign * tried.score

        return sorted(self.candidates, key=place)

    @property
    def best(self) -> Tried | None:
        """The best candidate so far."""
        first = next(iter(self.ranked), None)
        return first if first and first.state is JobState.COMPLETED else None

    def start(self, pace: float = 0.0, closing: threading.Event | None = None) -> None:
        """Train candidates in a thread until the end.

        pace: seconds to wait after each. closing: ends the thread early when it is set.
        """
        closing = closing or threading.Event()

        def train() -> None:
            try:
                while not (self.state.ended or closing.is_set()):
                    self.step()
                    closing.wait(pace)
            except Exception as error:  # told to the user; a thread would end in silence
                self.fail(f"{type(error).__name__}: {error}")

        self.thread = threading.Thread(target=train, name=self.name, daemon=True)
        self.thread.start()

    def step(self) -> None:
        """Train one candidate, unless the search has ended; the last one ends it."""
        with self._stepping:
            if self.state.ended:
                return
            with self._changed:
                self.state = JobState.RUNNING
            trial = self.search.ask()
            if isinstance(trial, Pause):
                return self._end(JobState.COMPLETED, "nothing is left to try")
            try:
                evaluation = self.judge.evaluate(trial, self.search.history)
            except ValueError as error:  # a pipeline that cannot be fitted to this table
                told = self.search.tell(trial, math.nan)
                self.message = f"{self.words}a candidate failed: {error}"
            else:
                told = self.search.tell(trial, evaluation)
            self._take(told)

    def _take(self, trial: Trial) -> None:
        with self._changed:
            if self.state.ended:  # while the candidate was trained
                return
            seconds = trial.cost if self.each is None else self.each
            self.seconds += seconds
            failed = math.isnan(trial.score)
            self.candidates.append(
                Tried(
                    f"{self.name}-{trial.number + 1}",
                    dict(trial.configuration),
                    trial.configuration["algorithm"],
                    trial.score if self.world.rule.higher else -trial.score,
                    seconds,
                    JobState.FAILED if failed else JobState.COMPLETED,
                    trial.spread > 0,
                )
            )
            self._end_at_limits()
            self._changed.notify_all()

    def _end_at_limits(self) -> None:
        if self.max_candidates is not None and len(self.candidates) >= self.max_candidates:
            self._end(JobState.COMPLETED, "all candidates are trained")
        elif self.seconds + (self.each or 0.0) > 60 * self.max_minutes:
            self._end(JobState.COMPLETED, "the time is used up")

    def stop(self) -> None:
        """Stop; what has ended stays as it is."""
        self._end(JobState.STOPPED, "stopped by the user")

    def fail(self, reason: str) -> None:
        """Let it fail for this reason, unless it has ended."""
        self._end(JobState.FAILED, reason)

    def _end(self, state: JobState, message: str) -> None:
        with self._changed:
            if not self.state.ended:
                self.state, self.message = state, f"{self.words}{message}"
            self._changed.notify_all()

    def wait(self, candidates: int | None = None, *, seconds: float = 120.0) -> Self:
        """Wait until it has that many candidates or has ended; TimeoutError after `seconds`.

        Without a thread the candidates are trained here.
        """

        def there() -> bool:
            many = candidates is not None and len(self.candidates) >= candidates
            return many or self.state.ended

        while self.thread is None and not there():
            self.step()
        with self._changed:
            if not self._changed.wait_for(there, seconds):
                raise TimeoutError(f"{self.name} has only {len(self.candidates)} candidates")
        return self

    def predictions(self, rows: pandas.DataFrame) -> np.ndarray:
        """Predictions of the best candidate, fitted on the whole table; see `predictions`.

        rows: with the table's columns; others are not read. Raises ValueError without a candidate,
        and for a column that is missing.
        """
        best = self.best
        if best is None:
            raise ValueError(f"{self.name} has no candidate yet: ask again later")
        with self._stepping:
            if self._model is None or self._model[0] != best.name:
                self._model = best.name, self.world.fit(best.configuration)
        missing = [name for name in self.world.features if name not in rows]
        if missing:
            raise ValueError(f"the rows to predict lack the columns {', '.join(missing)}")
        return predictions(self._model[1], rows[list(self.world.features)])
