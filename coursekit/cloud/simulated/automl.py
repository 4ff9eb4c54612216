"""What stands behind every simulated vendor: files, and jobs that search for real."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from coursekit.cloud.pipelines import Pipelines
from coursekit.cloud.table import read
from coursekit.cloud.table_search import TableSearch, Tried
from coursekit.lookup import find
from coursekit.search import Search
from coursekit.strategies import make

# The strategy of a simulated vendor and the minutes that a candidate costs in its bill. Both are
# choices of the kit: what the vendors search with, and how fast, is not known here.
HABITS = {"sagemaker": ("bayesian", 3.0), "azure": ("tpe", 2.0), "vertex": ("random", 6.0)}


class AlreadyThere(ValueError):
    """A job of this name was started before; `Service.get` has it."""


class ServiceJob(TableSearch):
    """A job of a simulated service: each candidate costs the same time on the simulated clock.

    started: UTC. wire: the router's own fields. fails: after how many candidates, and why.
    """

    def __init__(
        self, *given: Any, wire: dict[str, Any], fails: tuple[int, str] | None, **options: Any
    ) -> None:
        super().__init__(*given, words="simulated: ", **options)
        self.started = datetime.now(UTC).replace(microsecond=0)
        self.wire, self.fails = wire, fails

    @property
    def now(self) -> datetime:
        """The job's simulated time."""
        return self.started + timedelta(seconds=self.seconds)

    @property
    def ended(self) -> datetime | None:
        """When it ended, on the simulated clock."""
        return self.now if self.state.ended else None

    def _end_at_limits(self) -> None:
        if self.fails and len(self.candidates) >= self.fails[0]:
            self.fail(self.fails[1])
        super()._end_at_limits()

    def predict(self, rows: bytes) -> np.ndarray:
        """The same as `predictions`, for rows in CSV with a header."""
        return self.predictions(read(rows))


class Service:
    """Files and jobs of a simulated vendor; thread-safe.

    vendor: its name in HABITS. pace: seconds that a thread waits after each candidate; None trains
    a candidate at each `status` call, which makes tests repeatable. seed: of the searches.
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
        own = 1 + list(HABITS).index(self.vendor)  # vendors do not try the same candidates
        search = Search(make(self.strategy, world.space), seed=self.seed + own)
        with self._lock:
            if name in self.jobs:
                raise AlreadyThere(f"simulated: there is a job {name} already")
            job = self.jobs[name] = ServiceJob(
                name,
                world,
                search,
                each=60 * self.minutes,
                max_candidates=max_candidates,
                max_minutes=max_minutes,
                wire=dict(wire),
                fails=self.fails,
            )
            if self.pace is not None:
                job.start(self.pace, self._closing)
        return job

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


__all__ = ["HABITS", "AlreadyThere", "Service", "ServiceJob", "Tried"]
