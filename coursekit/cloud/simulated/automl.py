"""What stands behind every simulated vendor: files, and jobs that search for real."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

import numpy as np

from coursekit.cloud.pipelines import METRICS, Pipelines, predictions
from coursekit.cloud.vendor import State
from coursekit.extras import from_extras
from coursekit.lookup import find
from coursekit.search import Search
from coursekit.strategies import make
from coursekit.trials import Pause

# The strategy of a simulated vendor and the minutes that a candidate costs in its bill. Both are
# choices of the kit: what the vendors search with, and how fast, is not known here.
HABITS = {"sagemaker": ("bayesian", 3.0), "azure": ("tpe", 2.0), "vertex": ("random", 6.0)}


class AlreadyThere(ValueError):
    """A job of this name was started before; `Service.get` has it."""


class Tried(NamedTuple):
    """A candidate. score: of the common metric, with its usual sign; NaN if it failed.

    seconds: simulated. state: COMPLETED or FAILED.
    """

    name: str
    configuration: Mapping[str, Any]
    algorithm: str
    score: float
    seconds: float
    state: State


@dataclass(eq=False)
class ServiceJob:
    """A job of a simulated service: a search over pipelines by cross-validation on its table.

    started: UTC. seconds: since then, on the simulated clock: each candidate costs the same time.
    wire: the router's own fields.
    """

    name: str
    world: Pipelines
    search: Search
    each: float  # simulated seconds of a candidate
    max_candidates: int | None
    max_minutes: float
    wire: dict[str, Any]
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    state: State = State.WAITING
    message: str = ""
    seconds: float = 0.0
    candidates: list[Tried] = field(default_factory=list)
    fails: tuple[int, str] | None = None  # after so many candidates, and why
    stepwise: bool = False

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._stepping = threading.Lock()
        self._model: Any = None
        self.thread: threading.Thread | None = None

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
        return self.world.classes.tolist()

    @property
    def now(self) -> datetime:
        """The job's simulated time."""
        return self.started + timedelta(seconds=self.seconds)

    @property
    def ended(self) -> datetime | None:
        """When it ended, on the simulated clock."""
        return self.now if self.state.ended else None

    @property
    def best(self) -> Tried | None:
        """The best candidate so far."""
        sign = 1 if METRICS[self.metric].higher else -1
        good = [each for each in self.candidates if each.state is State.COMPLETED]
        return max(good, key=lambda each: sign * each.score, default=None)

    def stop(self) -> None:
        """Stop; what has ended stays as it is."""
        self._end(State.STOPPED, "simulated: stopped by the user")

    def fail(self, reason: str) -> None:
        """Let the job fail for this reason."""
        self._end(State.FAILED, f"simulated: {reason}")

    def _end(self, state: State, message: str) -> None:
        with self._changed:
            if not self.state.ended:
                self.state, self.message = state, message
            self._changed.notify_all()

    def step(self) -> None:
        """Train one candidate, unless the job has ended; the last one ends the job."""
        with self._stepping:
            if self.state.ended:
                return
            with self._changed:
                self.state = State.RUNNING
            trial = self.search.ask()
            if isinstance(trial, Pause):
                return self._end(State.COMPLETED, "simulated: nothing is left to try")
            try:
                evaluation = self.world.evaluate(trial, self.search.history)
                told = self.search.tell(trial, evaluation)
            except ValueError as error:  # a pipeline that cannot be fitted to this table
                told = self.search.tell(trial, math.nan)
                self.message = f"simulated: a candidate failed: {error}"
            self._take(told)

    def _take(self, trial: Any) -> None:
        with self._changed:
            if self.state.ended:  # while the candidate was trained
                return
            sign = 1 if METRICS[self.metric].higher else -1
            failed = math.isnan(trial.score)
            self.seconds += self.each
            self.candidates.append(
                Tried(
                    f"{self.name}-{trial.number + 1}",
                    dict(trial.configuration),
                    trial.configuration["algorithm"],
                    sign * trial.score,
                    self.each,
                    State.FAILED if failed else State.COMPLETED,
                )
            )
            done = len(self.candidates)
            if self.fails and done >= self.fails[0]:
                self._end(State.FAILED, f"simulated: {self.fails[1]}")
            elif self.max_candidates is not None and done >= self.max_candidates:
                self._end(State.COMPLETED, "simulated: all candidates are trained")
            elif self.seconds + self.each > 60 * self.max_minutes:
                self._end(State.COMPLETED, "simulated: the time is used up")
            self._changed.notify_all()

    def wait(self, candidates: int | None = None, *, seconds: float = 120.0) -> Self:
        """Wait until it has so many candidates or has ended; TimeoutError after `seconds`.

        A job that takes a step at each status call takes them here.
        """

        def there() -> bool:
            return self.state.ended or (
                candidates is not None and len(self.candidates) >= candidates
            )

        while self.stepwise and not there():
            self.step()
        with self._changed:
            if not self._changed.wait_for(there, seconds):
                raise TimeoutError(f"{self.name} has {len(self.candidates)} candidates only")
        return self

    def predict(self, rows: bytes) -> np.ndarray:
        """Predictions of the best candidate, fitted on the whole table; see `predictions`.

        rows: CSV with a header; a column of the target is not read. Raises ValueError without a
        candidate.
        """
        best = self.best
        if best is None:
            raise ValueError(f"{self.name} has no candidate yet")
        with self._stepping:
            if self._model is None or self._model[0] != best.name:
                self._model = best.name, self.world.fit(best.configuration)
        table = read(rows)
        asked = table.reindex(columns=self.world.features.columns)
        return predictions(self._model[1], asked)


class Service:
    """Files and jobs of a simulated vendor; thread-safe.

    vendor: its name in HABITS. pace: the least seconds that a candidate takes here; None trains one
    at each `status` call, which makes tests repeatable. seed: of the searches.
    """

    def __init__(self, vendor: str, *, pace: float | None = 0.0, seed: int = 0) -> None:
        self.vendor, self.pace, self.seed = vendor, pace, seed
        self.strategy, self.minutes = find("simulated vendor", vendor, HABITS)
        self.url = ""  # of the server, set by it
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, ServiceJob] = {}
        self.fails: tuple[int, str] | None = None  # of the next jobs: see ServiceJob
        self._closing = threading.Event()
        self._lock = threading.RLock()

    def start(
        self,
        name: str,
        table: bytes,
        target: str,
        metric: str,
        *,
        max_candidates: int | None,
        max_minutes: float,
        **wire: Any,
    ) -> ServiceJob:
        """Start a job.

        table: CSV with a header. metric: a common name. wire: what the router keeps with the job.
        Raises AlreadyThere for a name that is taken, ValueError for a metric or a target that does
        not fit the table.
        """
        rows = read(table)
        if target in rows:
            rows = rows.dropna(subset=[target])
        world = Pipelines(rows, target, metric, seed=self.seed)
        search = Search(make(self.strategy, world.space), seed=self.seed)
        with self._lock:
            if name in self.jobs:
                raise AlreadyThere(f"simulated: there is a job {name} already")
            job = self.jobs[name] = ServiceJob(
                name, world, search, 60 * self.minutes, max_candidates, max_minutes, dict(wire),
                fails=self.fails, stepwise=self.pace is None,
            )  # fmt: skip
        if self.pace is not None:
            job.thread = threading.Thread(target=self._train, args=(job,), name=name, daemon=True)
            job.thread.start()
        return job

    def _train(self, job: ServiceJob) -> None:
        try:
            while not (job.state.ended or self._closing.is_set()):
                job.step()
                self._closing.wait(self.pace)
        except Exception as error:  # shown to the client; a thread would end in silence
            job.fail(f"{type(error).__name__}: {error}")

    def get(self, name: str) -> ServiceJob:
        """The job of this name; KeyError if there is none."""
        with self._lock:
            return self.jobs[name]

    def status(self, name: str) -> ServiceJob:
        """The same, for a client that asks for its status: with pace None it trains a candidate."""
        job = self.get(name)
        if self.pace is None:
            job.step()
        return job

    def close(self) -> None:
        """Stop all jobs, and wait until their candidates are done."""
        self._closing.set()
        for job in list(self.jobs.values()):
            job.stop()
            if job.thread is not None:
                job.thread.join()


def read(table: bytes) -> Any:
    """The DataFrame of a CSV."""
    with from_extras():
        import pandas

    return pandas.read_csv(io.BytesIO(table))
