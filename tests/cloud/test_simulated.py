"""The simulated services without a vendor's SDK: jobs, faults, the HTTP frame."""

import http.client
import json
import math
from collections.abc import Iterator

import numpy as np
import pandas
import pytest

from coursekit.cloud.simulated.automl import AlreadyThere, Service
from coursekit.cloud.simulated.faults import Fault
from coursekit.cloud.simulated.server import Call, Reply, Server
from coursekit.cloud.vendor import JobState


def table(rows: int = 120) -> pandas.DataFrame:
    """Numbers, words, gaps, and a target that depends on both."""
    rng = np.random.default_rng(0)
    made = pandas.DataFrame({"age": rng.normal(size=rows), "port": rng.choice(["a", "b"], rows)})
    made["won"] = np.where(made.age + (made.port == "a") > 0.5, "yes", "no")
    made.loc[::7, "age"] = np.nan
    made.loc[::5, "port"] = None
    return made


CSV = table().to_csv(index=False).encode()


class Echo:
    """A wire format that answers what it was asked."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def answer(self, call: Call) -> Reply:
        told = {"method": call.method, "path": call.path, "query": call.query}
        return Reply.json({**told, "body": call.body.decode()})

    def refuse(self, fault: Fault, call: Call) -> Reply:
        if fault.kind == "throttle":
            return Reply(429, b"{}", {"Retry-After": str(fault.retry_after)})
        return Reply(401)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("sagemaker", pace=None, router=Echo) as made:
        yield made


def ask(server: Server, method: str, path: str, **more: object) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    connection.request(method, path, **more)  # type: ignore[arg-type]
    return connection.getresponse()


def test_a_job_searches_for_real_and_charges_simulated_time():
    service = Service("sagemaker", pace=None)
    job = service.start("a", CSV, "won", "auc", max_candidates=4, max_minutes=60, arn="x")
    assert job.state is JobState.WAITING and job.wire == {"arn": "x"}
    assert service.get("a") is job and not job.candidates
    assert len(service.status("a").candidates) == 1 and job.state is JobState.RUNNING
    job.wait()
    assert job.state is JobState.COMPLETED and "simulated" in job.message
    assert len(job.candidates) == 4 and job.seconds == 4 * 180
    assert (job.ended - job.started).total_seconds() == 720
    assert job.best.score == max(each.score for each in job.candidates) > 0.8
    found = job.predict(table().drop(columns="won").head(9).to_csv(index=False).encode())
    assert found.shape == (9, 2) and np.allclose(found.sum(axis=1), 1)
    assert job.classes == ["no", "yes"]
    service.close()


def test_limits_stops_and_failures_end_a_job():
    service = Service("azure", pace=None)

    def start(name: str, **limits: object):
        limits = {"max_candidates": None, "max_minutes": 60.0} | limits
        return service.start(name, CSV, "won", "log_loss", **limits)

    assert len(start("time", max_minutes=5).wait().candidates) == 2  # of 2 minutes each
    stopped = start("stop").wait(candidates=1)
    stopped.stop()
    assert service.status("stop").state is JobState.STOPPED and len(stopped.candidates) == 1
    stopped.fail("too late")
    assert stopped.state is JobState.STOPPED
    service.fails = (2, "no capacity")
    failed = start("fail").wait()
    assert failed.state is JobState.FAILED and failed.message == "simulated: no capacity"
    assert len(failed.candidates) == 2
    assert failed.best.score == min(each.score for each in failed.candidates)
    with pytest.raises(AlreadyThere, match="fail"):
        start("fail")
    with pytest.raises(KeyError):
        service.get("none")
    with pytest.raises(ValueError, match="no column 'lost'"):
        service.start("x", CSV, "lost", "auc", max_candidates=1, max_minutes=1)
    with pytest.raises(ValueError, match="no metric 'f1'"):
        service.start("x", CSV, "won", "f1", max_candidates=1, max_minutes=1)


def test_jobs_run_in_threads_and_end_with_the_service():
    service = Service("vertex")
    jobs = [
        service.start(name, CSV, "age", "rmse", max_candidates=None, max_minutes=math.inf)
        for name in "ab"
    ]
    for job in jobs:
        job.wait(candidates=2)
        assert job.state is JobState.RUNNING
        assert job.predict(CSV).shape == (120,)
    service.close()
    assert [job.state for job in jobs] == [JobState.STOPPED] * 2
    assert not any(job.thread.is_alive() for job in jobs)


def test_the_server_hands_over_calls_and_adds_faults(server: Server):
    told = json.load(ask(server, "POST", "/a%20b?x=1&y=", body=b"hello"))
    assert told == {
        "method": "POST", "path": "/a b", "query": {"x": "1", "y": ""}, "body": "hello",
    }  # fmt: skip
    chunks = iter([b"one ", b"two"])
    assert json.load(ask(server, "PUT", "/", body=chunks))["body"] == "one two"
    assert ask(server, "HEAD", "/").read() == b""

    server.faults.add("throttle", "POST /jobs", retry_after=3)
    assert ask(server, "GET", "/jobs").status == 200
    refused = ask(server, "POST", "/jobs")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "3")
    assert ask(server, "POST", "/jobs").status == 200
    server.faults.add("expire", times=2)
    assert [ask(server, "GET", "/").status for _ in range(3)] == [401, 401, 200]
    for kind in ("drop", "lose"):
        server.faults.add(kind)
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server, "GET", "/")
    assert [fault.kind for fault in server.faults.met] == [
        "throttle", "expire", "expire", "drop", "lose",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="melt"):
        server.faults.add("melt")


def test_a_slow_reply_waits(server: Server):
    server.faults.add("slow")
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=0.05)
    connection.request("GET", "/")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    server.faults.hurry.set()
    server.faults.add("slow")
    assert ask(server, "GET", "/").status == 200


def test_the_page_says_that_all_is_simulated(server: Server):
    server.service.start("<b>", CSV, "won", "auc", max_candidates=1, max_minutes=60).wait()
    shown = ask(server, "GET", "/simulated").read().decode()
    assert "nobody sends a bill" in shown and "&lt;b&gt;" in shown and "<b>" not in shown
