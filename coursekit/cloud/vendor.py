"""What every vendor of AutoML answers: the protocol, its records and its errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

from coursekit.lookup import meant

if TYPE_CHECKING:
    import numpy as np
    import pandas

    from coursekit.cloud.prices import Estimate

LOOPBACK = "127.0.0.1"


class CloudError(OSError):
    """A service could not be reached or refused a call; the message says what to do."""


class UnsupportedMetric(ValueError):
    """A vendor cannot search for this metric; the message lists those that it can."""


class UnsupportedOperation(ValueError):
    """A vendor cannot do this; the message says what it offers instead."""


class JobState(StrEnum):
    """The state of a job, the same words for all vendors."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.STOPPED)


@dataclass(frozen=True)
class Request:
    """What a vendor is asked to do: find a good model for one column of a table.

    table: the rows to learn from, with the target. target: the name of its column.
    metric: what to search for: auc, accuracy, log_loss, rmse, r2, or a vendor's own name.
    max_candidates: models to try; a vendor without such a limit ignores it and says so.
    max_minutes: of the whole job, as the vendor counts them.
    ceiling: US dollars at which the job is stopped; None leaves the vendor's own limits.
    name: at most 32 characters of a-z, 0-9 and "-", unique for the user: a second submission under
        the same name finds the first one.
    """

    table: pandas.DataFrame
    target: str
    name: str
    metric: str = "auc"
    max_candidates: int | None = 20
    max_minutes: float = 60.0
    ceiling: float | None = None

    @property
    def classes(self) -> int:
        """Different values of the target; 0 if it is a number to predict (regression)."""
        column = self.table[self.target]
        values = int(column.nunique())
        numeric = column.dtype.kind in "iuf"
        return 0 if numeric and values > 20 else values


@dataclass(frozen=True)
class CloudJob:
    """A job that a vendor has accepted; plain data, so that it is found again after a crash.

    vendor: as in VENDORS. name: the request's. identifier: the vendor's own (ARN, resource name).
    simulated: whether a loopback server answers. details: what the vendor needs to find its parts
    again (bucket, target, metric), plain values, never a credential.
    """

    vendor: str
    name: str
    identifier: str
    simulated: bool
    details: Mapping[str, Any] = field(default_factory=dict)


class JobProgress(NamedTuple):
    """Where a job stands.

    done: candidates that are finished. seconds: since it started, as the vendor reports them.
    message: the vendor's own words, such as a reason of failure.
    """

    state: JobState
    done: int = 0
    seconds: float = 0.0
    message: str = ""


class LeaderboardRow(NamedTuple):
    """One row of a leaderboard.

    score: in the vendor's own metric and sign; NaN if it failed or is not told.
    metric: the vendor's own name. higher: whether more of it is better.
    algorithm: what the vendor discloses. details: the rest of that, plain values.
    """

    name: str
    score: float
    metric: str
    higher: bool
    algorithm: str = ""
    seconds: float = 0.0
    details: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Simulated:
    """The address of a loopback server; anything but http://127.0.0.1:PORT is a ValueError."""

    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname != LOOPBACK or not parts.port:
            raise ValueError(f"{self.url!r} is not on this machine: give http://{LOOPBACK}:PORT")


class Vendor(ABC):
    """AutoML of one vendor; real accounts and loopback servers are never mixed.

    where: `Simulated(url)`, or the vendor's own account class, which alone makes the SDK read
        credentials.
    """

    name: ClassVar[str]  # in commands, files and tables
    title: ClassVar[str]  # for people
    metrics: ClassVar[Mapping[str, str]]  # common name: the vendor's own
    higher: ClassVar[Mapping[str, bool]]  # the vendor's own name: whether more is better

    @property
    @abstractmethod
    def simulated(self) -> bool:
        """Whether a loopback server answers."""

    @abstractmethod
    def submit(self, request: Request) -> CloudJob:
        """Upload the table and start the job, or find the one of this name that exists already.

        Raises UnsupportedMetric, UnsupportedOperation, ValueError for a table that the vendor
        would refuse, CloudError.
        """

    @abstractmethod
    def find(self, name: str) -> CloudJob | None:
        """The job that was submitted under this name, or None."""

    @abstractmethod
    def status(self, job: CloudJob) -> JobProgress:
        """Where the job stands."""

    @abstractmethod
    def leaderboard(self, job: CloudJob) -> Sequence[LeaderboardRow]:
        """The candidates that the vendor shows, best first."""

    def best(self, job: CloudJob) -> LeaderboardRow:
        """The candidate that the vendor calls the best; ValueError while there is none."""
        for candidate in self.leaderboard(job):
            return candidate
        raise ValueError(f"job {job.name} has no finished candidate yet: ask again later")

    @abstractmethod
    def stop(self, job: CloudJob) -> None:
        """Ask the vendor to stop; a job that has ended stays as it is."""

    @abstractmethod
    def predict(self, job: CloudJob, rows: pandas.DataFrame) -> np.ndarray:
        """Predictions of the best model for rows without the target.

        float64: of classification, shape (rows, classes), probabilities in the order of the sorted
        classes; of regression, shape (rows,). It may cost money: see `estimate_cost`.
        """

    @abstractmethod
    def disclosed(self, job: CloudJob) -> Mapping[str, Any]:
        """What the vendor shows of how the best model was made: texts and plain values by name."""

    @abstractmethod
    def estimate_cost(self, request: Request) -> Estimate:
        """What the job may cost, before it is submitted."""

    @abstractmethod
    def spent(self, job: CloudJob) -> Estimate:
        """What the job has cost up to now, by its reported time and the price table."""

    @abstractmethod
    def console_url(self, job: CloudJob) -> str:
        """Where a browser shows the job; of a simulated job, a page of the loopback server."""

    def _own(self, job: CloudJob) -> None:
        """Raise ValueError for a job of another vendor, or a real one where all is simulated."""
        if (job.vendor, job.simulated) != (self.name, self.simulated):
            kinds = {True: "simulated", False: "real"}
            raise ValueError(
                f"{job.name} is a {kinds[job.simulated]} job of {job.vendor}: this is "
                f"{self.title}, {kinds[self.simulated]}"
            )

    @classmethod
    def own_metric(cls, metric: str) -> str:
        """The vendor's own name of a metric; UnsupportedMetric if it cannot search for it."""
        if metric in cls.higher:
            return metric
        if metric in cls.metrics:
            return cls.metrics[metric]
        offered = [*cls.metrics, *(own for own in cls.higher if own not in cls.metrics.values())]
        raise UnsupportedMetric(
            f"{cls.title} cannot search for {metric!r}{meant(metric, offered)}; "
            f"it offers {', '.join(offered)}"
        )
