"""A command's view of the vendors: its folder, simulated services, accounts, and one run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coursekit import atomic
from coursekit.cloud.connect import LOCAL, account_class, connect
from coursekit.cloud.following import JobStanding, follow, standing
from coursekit.cloud.jobs import Register, RegisteredJob
from coursekit.cloud.pipelines import METRICS, measure
from coursekit.cloud.simulated import process
from coursekit.cloud.table import hold_out
from coursekit.cloud.vendor import CloudError, CloudJob, Request, Vendor
from coursekit.lookup import unknown_option

HOME = Path("~/.coursekit/cloud")


class Session:
    """What commands share: a register of jobs, and the vendors that they have asked for.

    folder: of the register, of `Local` and of the addresses of simulated services.
    pace: seconds that a simulated service waits after each candidate.
    """

    def __init__(self, folder: Path, *, pace: float = 0.0) -> None:
        self.folder, self.pace = folder.expanduser(), pace
        self.register = Register(self.folder / "jobs.jsonl")
        self._vendors: dict[str, Vendor] = {}

    def vendor(
        self, name: str, *, simulated: bool, account: Mapping[str, Any] | None = None
    ) -> Vendor:
        """A vendor; a simulated one gets a service if none runs, a real one its account alone."""
        key = json.dumps([name, simulated, dict(account or {})], sort_keys=True)
        if key not in self._vendors:
            if name == LOCAL:
                made = connect(name, folder=self.folder / LOCAL)
            elif simulated:
                made = connect(name, simulated=process.begin(name, self.folder, pace=self.pace))
            else:
                made = connect(name, account=account_of(name, account or {}))
            self._vendors[key] = made
        return self._vendors[key]

    def of(self, entry: RegisteredJob) -> Vendor | None:
        """The vendor of a job; None for a simulated job whose service has ended."""
        if entry.simulated and process.address(entry.vendor, self.folder) is None:
            return None
        return self.vendor(entry.vendor, simulated=entry.simulated, account=entry.account)

    def close(self) -> None:
        """End what runs in this process."""
        for vendor in self._vendors.values():
            getattr(vendor, "close", lambda: None)()

    def submit(
        self, vendor: Vendor, request: Request, account: Mapping[str, Any] | None = None
    ) -> tuple[CloudJob, bool]:
        """The job of a request, and whether it is new; what was submitted before is found again.

        Raises CloudError for a job of a real account that its vendor no longer knows: it is not
        submitted a second time.
        """
        asked = {
            "target": request.target,
            "metric": request.metric,
            "max_candidates": request.max_candidates,
            "max_minutes": request.max_minutes,
        }
        wanted = RegisteredJob(
            vendor.name,
            request.name,
            vendor.simulated,
            fingerprint(request),
            dict(account or {}),
            asked,
        )
        entry = self.register.intend(wanted)
        known = vendor.find(request.name)
        if known is not None and entry.job is not None:
            return entry.job, False
        if entry.job is not None and entry.simulated:  # with a service that has ended
            self.register.lost(entry)
            self.register.intend(wanted)
        elif entry.job is not None:
            raise CloudError(
                f"{vendor.title} does not know the job {request.name} any more, which it accepted: "
                "look in its console, and give another --name to submit again"
            )
        job = known or vendor.submit(request)
        self.register.accepted(job)
        return job, known is None

    def follow(
        self,
        vendor: Vendor,
        job: CloudJob,
        *,
        ceiling: float | None = None,
        pause: Callable[[], object] | None = None,
    ) -> Any:
        """`following.follow`, and its end in the register."""
        for found in follow(vendor, job, ceiling=ceiling, pause=pause):
            if found.progress.state.ended:
                self.note(job, found)
            yield found

    def note(self, job: CloudJob, found: JobStanding) -> None:
        """Write how a job has ended, once."""
        for entry in self.register.entries():
            if entry.key == (job.vendor, job.name, job.simulated) and entry.state is None:
                self.register.ended(entry, found.progress.state, found.spent.high)


class ListedJob(NamedTuple):
    """A job as `coursekit cloud jobs` lists it. standing: None if it cannot be asked."""

    entry: RegisteredJob
    standing: JobStanding | None
    why: str = ""


def look(session: Session, entry: RegisteredJob) -> ListedJob:
    """A job of the register as it stands now; one that has ended is not asked again."""
    if entry.state is not None:
        return ListedJob(entry, None, "")
    if entry.vendor == LOCAL:  # to ask it would continue it
        return ListedJob(entry, None, "not finished; the command that began it continues it")
    try:
        vendor = session.of(entry)
        if vendor is None:
            return ListedJob(entry, None, "its simulated service has ended, and the job with it")
        job = entry.job or vendor.find(entry.name)
        if job is None:
            return ListedJob(entry, None, "it was never accepted")
        if entry.job is None:
            session.register.accepted(job)
        found = standing(vendor, job)
    except (OSError, ImportError, ValueError) as error:
        return ListedJob(entry, None, f"it cannot be asked: {error}")
    if found.progress.state.ended:
        session.note(job, found)
    return ListedJob(entry, found)


def stop(session: Session, entry: RegisteredJob) -> str:
    """Stop a job of the register; what happened, in words."""
    found = look(session, entry)
    if entry.state is not None or found.standing is None:
        if entry.simulated and entry.state is None and found.why.startswith("its simulated"):
            session.register.lost(entry)
        return found.why or f"has ended before: {entry.state}"
    if found.standing.progress.state.ended:
        return f"has ended before: {found.standing.progress.state}"
    vendor = session.of(entry)
    assert vendor is not None
    job = entry.job or vendor.find(entry.name)
    assert job is not None
    vendor.stop(job)
    after = standing(vendor, job)
    if after.progress.state.ended:
        session.note(job, after)
        return f"is {after.progress.state}"
    return "is told to stop; the vendor has not done so yet"


def account_of(name: str, told: Mapping[str, Any]) -> Any:
    """The account of plain fields; ValueError for a field that it does not have or that lacks."""
    cls = account_class(name)
    if not is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is not a dataclass")
    known = {each.name: each for each in fields(cls) if each.name != "credential"}
    for field in told:
        if field not in known:
            raise unknown_option(f"--account of {name}", field, list(known))
    try:
        return cls(**told)
    except TypeError as error:
        raise ValueError(
            f"an account of {name} needs {', '.join(known)}: give each as --account NAME=VALUE "
            f"({error})"
        ) from error


def fingerprint(request: Request) -> str:
    """What tells requests apart: the table and what was asked, without name and ceiling."""
    asked = [request.target, request.metric, request.max_candidates, request.max_minutes]
    content = request.table.to_csv(index=False).encode() + json.dumps(asked).encode()
    return hashlib.sha256(content).hexdigest()


def usual_name(stem: str, request: Request) -> str:
    """A job's name from the table's file name and the fingerprint, at most 32 characters."""
    word = re.sub("[^a-z0-9]+", "-", stem.lower()).strip("-")[:20].strip("-")
    word = word if word[:1].isalpha() else f"table-{word}".strip("-")
    return f"{word}-{fingerprint(request)[:8]}"


class HeldOutScore(NamedTuple):
    """The best model on rows that were never sent.

    half: of the 95 % interval of the score. accuracy: of classes; NaN for numbers.
    """

    metric: str
    score: float
    half: float
    accuracy: float


def held_out_score(
    vendor: Vendor, job: CloudJob, request: Request, rows: Any
) -> HeldOutScore | None:
    """The metric of the best model on rows that were never sent; None for no rows.

    The interval is that of a bootstrap over the rows (200 draws). The metric is accuracy or r2
    where the request's own name is the vendor's.
    """
    if not len(rows):
        return None
    metric = request.metric
    if metric not in METRICS:
        metric = "accuracy" if request.classes else "r2"
    truth = rows[request.target].to_numpy()
    predicted = vendor.predict(job, rows.drop(columns=request.target))
    classes = np.unique(request.table[request.target].to_numpy())
    rng, draws = np.random.default_rng(0), list[float]()
    for _ in range(200):
        drawn = rng.integers(0, len(truth), len(truth))
        if metric != "auc" or len(np.unique(truth[drawn])) == len(classes):
            draws.append(measure(metric, truth[drawn], predicted[drawn], classes))
    low, high = np.quantile(draws, [0.025, 0.975]) if draws else (np.nan, np.nan)
    score = measure(metric, truth, predicted, classes)
    accuracy = measure("accuracy", truth, predicted, classes) if request.classes else np.nan
    return HeldOutScore(metric, score, float(high - low) / 2, float(accuracy))


def hand_on(folder: Path, request: Request, kept: Any) -> None:
    """Write a table as the splits of a pipeline, whose test split are the rows that stayed here.

    Of the rows that were sent, a quarter is the eval split. Raises ValueError for numbers to
    predict, for no rows that stayed here, and for a folder that holds something else.
    """
    if not request.classes or not len(kept):
        raise ValueError(
            "a pipeline compares accuracies on rows that stayed here: its target must be classes, "
            "and --hold-out above 0"
        )
    train, held = hold_out(request.table, 0.25)
    files = {
        folder / split / "rows.csv": rows.to_csv(index=False)
        for split, rows in (("train", train), ("eval", held), ("test", kept))
    }
    for path in folder.rglob("*") if folder.exists() else ():
        if path.is_file() and path.read_bytes() != files.get(path, "").encode():
            raise ValueError(f"{folder} holds {path.relative_to(folder)}: give a new folder")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, text)


__all__ = [
    "HOME",
    "Session",
    "account_of",
    "fingerprint",
    "hand_on",
    "held_out_score",
    "look",
    "stop",
    "usual_name",
]
