"""Following a job to its end, with a ceiling on its bill."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from coursekit.cloud.prices import Estimate
from coursekit.cloud.vendor import CloudJob, JobProgress, LeaderboardRow, Vendor


class JobStanding(NamedTuple):
    """Where a job stands. candidates: the leaderboard, best first.

    stopped: why it was stopped from here, "" if it was not.
    """

    progress: JobProgress
    candidates: Sequence[LeaderboardRow]
    spent: Estimate
    stopped: str = ""

    @property
    def best(self) -> LeaderboardRow | None:
        """The first of the leaderboard; None while the vendor shows no candidate."""
        return next(iter(self.candidates), None)


def standing(vendor: Vendor, job: CloudJob) -> JobStanding:
    """Where a job stands now."""
    progress = vendor.status(job)
    return JobStanding(progress, vendor.leaderboard(job), vendor.spent(job))


def follow(
    vendor: Vendor,
    job: CloudJob,
    *,
    ceiling: float | None = None,
    pause: Callable[[], object] | None = None,
) -> Iterator[JobStanding]:
    """Where a job stands, again and again until it has ended.

    ceiling: US dollars; the job is stopped as soon as `spent` has reached them. What the vendor
        reports late is billed in spite of it. pause: called between two looks; by default it waits
        a fifth of a second for a simulated job and twenty seconds for a real one.
    """
    seconds = 0.2 if job.simulated or job.vendor == "local" else 20.0
    pause = pause or (lambda: threading.Event().wait(seconds))
    stopped = ""
    while True:
        found = standing(vendor, job)._replace(stopped=stopped)
        yield found
        if found.progress.state.ended:
            return
        if ceiling is not None and found.spent.high >= ceiling and not stopped:
            stopped = f"the ceiling of {ceiling:g} dollars is reached"
            vendor.stop(job)
        else:
            pause()
