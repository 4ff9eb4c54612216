"""Leaderboards, without a browser, over small vendors that answer at once."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas
import pytest

from coursekit.cloud.prices import Estimate
from coursekit.cloud.vendor import (
    CloudError,
    CloudJob,
    JobProgress,
    JobState,
    LeaderboardRow,
    Request,
    Vendor,
)
from coursekit.widgets import Leaderboards

LAST = 4  # candidates of a job


@dataclass
class Paper(Vendor):
    """A vendor whose job gets one candidate, for a dollar, with each question."""

    patient: bool = False  # whether the job waits for the request to stop
    silent: int = 0  # questions to leave without an answer
    done: int = 0
    submitted: list[str] = field(default_factory=list)
    stops: int = 0
    state: JobState = JobState.RUNNING

    name: ClassVar = "paper"
    title: ClassVar = "Paper"
    metrics: ClassVar = {"auc": "AUC"}
    higher: ClassVar = {"AUC": True}
    simulated: ClassVar = True

    def submit(self, request: Request) -> CloudJob:
        self.submitted.append(self.own_metric(request.metric))
        return CloudJob(self.name, request.name, "paper:1", True)

    def find(self, name: str) -> CloudJob | None:
        return None

    def status(self, job: CloudJob) -> JobProgress:
        if self.silent:
            self.silent -= 1
            raise CloudError("nobody answers at 127.0.0.1")
        if self.state is JobState.RUNNING:
            self.done += 1
        if self.done >= LAST and not self.patient:
            self.state = JobState.COMPLETED
        return JobProgress(self.state, self.done, 60.0 * self.done, "<in its own words>")

    def leaderboard(self, job: CloudJob) -> list[LeaderboardRow]:
        return [
            LeaderboardRow(f"c{place}", 0.8 + place / 100, "AUC", True, "boosting")
            for place in reversed(range(self.done))
        ]

    def stop(self, job: CloudJob) -> None:
        self.stops += 1
        self.state = JobState.STOPPED

    def predict(self, job: CloudJob, rows: pandas.DataFrame) -> np.ndarray:
        return np.zeros((len(rows), 2))

    def disclosed(self, job: CloudJob) -> dict[str, str]:
        return {}

    def estimate_cost(self, request: Request) -> Estimate:
        return Estimate(2.0, 8.0, "8 candidates x $1", "2026-11-01", True)

    def spent(self, job: CloudJob) -> Estimate:
        return Estimate(self.done, self.done, "candidates x $1", "2026-11-01", True)

    def console_url(self, job: CloudJob) -> str:
        return "http://127.0.0.1:1/"


def request(**options: object) -> Request:
    return Request(pandas.DataFrame({"x": [1, 2], "y": [0, 1]}), "y", "one", **options)


@pytest.fixture
def vendors() -> dict[str, Paper]:
    return {"left": Paper(), "right": Paper()}


def test_the_estimate_stands_there_before_anything_is_submitted(vendors):
    boards = Leaderboards(vendors, request(), every=0)
    assert "Nothing is submitted. Together the jobs may cost up to $16.00" in boards.line.value
    column = boards.columns["left"]
    assert "estimate $2.00 to $8.00; prices of 2026-11-01" in column.money.value
    assert "simulated service" in column.heading.value and "not submitted" in column.heading.value
    assert column.button.disabled and boards.stop_button.disabled
    assert vendors["left"].submitted == [] and boards.jobs == {}


def test_jobs_run_side_by_side_until_all_have_ended(vendors):
    boards = Leaderboards(vendors, request(), every=0)
    jobs = boards.run()
    assert list(jobs) == ["left", "right"] and not boards.running
    assert "2 of 2 jobs have ended; $8.00 spent, at most $16.00 estimated" in boards.line.value
    assert "(no real money)" in boards.line.value
    column = boards.columns["right"]
    assert "completed, 4 candidates: &lt;in its own words&gt;" in column.heading.value
    assert column.meter.value == 0.5  # $4 of $8
    assert column.board.value.index("0.8300") < column.board.value.index("0.8000")
    assert "AUC" in column.board.value and "boosting" in column.board.value
    assert column.button.disabled and boards.stop_button.disabled and boards.submit_button.disabled
    boards.run()
    assert vendors["left"].submitted == ["AUC"]  # never twice


def test_one_job_is_stopped_and_the_other_is_not(vendors):
    vendors["left"].patient = True
    boards = Leaderboards(vendors, request(), every=60)  # Stop does not wait for the next question
    boards.start()
    boards.columns["left"].button.click()
    boards._threads[0].join(timeout=30)
    assert vendors["left"].state is JobState.STOPPED and vendors["left"].stops == 1
    assert vendors["right"].stops == 0
    boards.stop_button.click()
    boards._threads[1].join(timeout=30)
    assert vendors["right"].state is JobState.STOPPED


def test_the_ceiling_stops_a_job(vendors):
    vendors["left"].patient = True
    boards = Leaderboards(vendors, request(ceiling=3.0), every=0)
    boards.run()
    column = boards.columns["left"]
    assert column.spent == 3.0 and column.meter.value == 1.0
    assert "stopped, 3 candidates: the ceiling of 3 dollars is reached" in column.heading.value


def test_a_refusal_stands_in_its_column_and_the_others_run(vendors):
    class Numbers(Paper):
        metrics: ClassVar = {"rmse": "RMSE"}
        higher: ClassVar = {"RMSE": False}

    boards = Leaderboards({**vendors, "numbers": Numbers()}, request(), every=0)
    assert list(boards.run()) == ["left", "right"]
    assert "refused: Paper cannot search for" in boards.columns["numbers"].heading.value
    assert "3 of 3 jobs have ended" in boards.line.value


def test_silence_is_waited_out_and_a_lost_job_is_told():
    vendors = {"short": Paper(silent=3), "long": Paper(silent=1000)}
    boards = Leaderboards(vendors, request(), every=0)
    boards.run()
    assert "completed" in boards.columns["short"].heading.value
    lost = boards.columns["long"].heading.value
    assert "lost: nobody answers" in lost and "the job may still run" in lost


def test_the_stand_in_needs_no_widgets(vendors):
    boards = Leaderboards(vendors, request(), every=0)
    boards.run()
    html = boards._repr_mimebundle_()["text/html"]
    assert html.count("simulated service") == 2 and "0.8300" in html and "$4.00 spent" in html
    assert "2 of 2 jobs have ended" in repr(boards)
