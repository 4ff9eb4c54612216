"""The register of jobs: what was submitted is found again after a crash, and never sent twice.

An intention is on the disk before a submission is sent. It holds no table and no credential.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from coursekit.arguments import as_path
from coursekit.cloud.vendor import CloudJob, JobState
from coursekit.log import Log

VERSION = 1
PATIENCE = 10.0  # seconds to wait for another process that writes


@dataclass(frozen=True)
class RegisteredJob:
    """A job of the register.

    simulated: whether it was meant for a loopback server. fingerprint: of the table and of what was
    asked; another request under the same name is an error. account: plain fields of the account
    class of a real job. asked: target, metric and limits. job: None until the vendor has accepted
    it. state: how it ended, None before. spent: US dollars at the end.
    """

    vendor: str
    name: str
    simulated: bool
    fingerprint: str
    account: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    job: CloudJob | None = None
    state: JobState | None = None
    spent: float = 0.0

    @property
    def key(self) -> tuple[str, str, bool]:
        """What tells jobs apart: a simulated job is never taken for a real one."""
        return self.vendor, self.name, self.simulated


class Register:
    """A file of jobs that several processes share; each holds it only while it reads or writes.

    path: made if it does not exist, with its folder. Raises ValueError for a file of another kind,
    a damaged one, or one that another process holds for ten seconds.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = as_path("path", path)

    @contextmanager
    def _open(self) -> Iterator[tuple[Log, dict[tuple[str, str, bool], RegisteredJob]]]:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                log = Log(self.path, first="cloud", user="register of jobs", cure="give another")
                break
            except ValueError as error:
                if "is open in another" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.05)
        try:
            if not log.records:
                log.append({"cloud": VERSION}, sync=True)
            yield log, self._entries(log)
        finally:
            log.close()

    def _entries(self, log: Log) -> dict[tuple[str, str, bool], RegisteredJob]:
        found: dict[tuple[str, str, bool], RegisteredJob] = {}
        for number, record in log.records[1:]:
            try:
                event, told = record.pop("event"), record
                if event == "intended":
                    entry = RegisteredJob(**told)
                    found[entry.key] = entry
                    continue
                key = told["vendor"], told["name"], told["simulated"]
                entry = found[key]
                if event == "accepted":
                    found[key] = replace(entry, job=CloudJob(**told))
                elif event == "ended":
                    state = JobState(told["state"])
                    found[key] = replace(entry, state=state, spent=float(told["spent"]))
                elif event == "lost":
                    del found[key]
                else:
                    raise ValueError(f"unknown event {event!r}")
            except (KeyError, TypeError, ValueError) as error:
                raise log.damaged(number, f"{type(error).__name__}: {error}") from None
        return found

    def entries(self) -> list[RegisteredJob]:
        """All jobs, the oldest first."""
        if not self.path.exists():
            return []
        with self._open() as (_, found):
            return list(found.values())

    def intend(self, entry: RegisteredJob) -> RegisteredJob:
        """Write that a job is going to be submitted, or find the one that was.

        Raises ValueError if the name belongs to another request.
        """
        with self._open() as (log, found):
            known = found.get(entry.key)
            if known is None:
                told = asdict(entry)
                for later in ("job", "state", "spent"):
                    del told[later]
                log.append({"event": "intended", **told}, sync=True)
                return entry
        if known.fingerprint != entry.fingerprint:
            raise ValueError(
                f"{entry.name} is the name of another job of {entry.vendor} (its table, target or "
                f"limits differ: {dict(known.asked)}): give another name"
            )
        return known

    def accepted(self, job: CloudJob) -> None:
        """Write that the vendor has accepted a job."""
        self._append("accepted", asdict(job))

    def ended(self, entry: RegisteredJob, state: JobState, spent: float) -> None:
        """Write how a job has ended, and what it has cost."""
        self._append("ended", {**_key(entry), "state": state.value, "spent": spent})

    def lost(self, entry: RegisteredJob) -> None:
        """Forget a job whose simulated service has ended; a real one is never forgotten."""
        if not entry.simulated:
            raise ValueError(f"{entry.name} is a job of a real account: it may still cost money")
        self._append("lost", _key(entry))

    def _append(self, event: str, told: Mapping[str, Any]) -> None:
        with self._open() as (log, _):
            log.append({"event": event, **told}, sync=True)


def _key(entry: RegisteredJob) -> dict[str, Any]:
    return dict(zip(("vendor", "name", "simulated"), entry.key, strict=True))
