"""A session over a real SDK and a simulated service: found again, never twice, ceilings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coursekit.cloud.connect import VENDORS, account_class, connect
from coursekit.cloud.following import follow
from coursekit.cloud.session import Session, look, stop, usual_name
from coursekit.cloud.simulated.server import Server
from coursekit.cloud.vendor import CloudError, JobState, Request, Simulated, Vendor
from tests.cloud.tables import table

TABLE = table(600).drop(columns="name")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("sagemaker", pace=None) as made:
        yield made


@pytest.fixture(scope="module")
def vendor(server: Server) -> Vendor:
    return connect("sagemaker", simulated=server.url)


def request(name: str, **more: object) -> Request:
    return Request(TABLE, "won", name, **{"max_candidates": 3, **more})  # type: ignore[arg-type]


def creations(server: Server) -> int:
    """Calls that started a job."""
    told = [call.headers.get("X-Amz-Target", "") for call in server.calls]
    return sum("CreateAutoMLJob" in each for each in told)


def test_a_job_is_submitted_once(server: Server, vendor: Vendor, tmp_path: Path):
    before = creations(server)
    job, new = Session(tmp_path).submit(vendor, request("once"))
    assert new and creations(server) == before + 1
    again, new = Session(tmp_path).submit(vendor, request("once"))
    assert (again, new) == (job, False) and creations(server) == before + 1
    with pytest.raises(ValueError, match="once is the name of another job"):
        Session(tmp_path).submit(vendor, request("once", max_candidates=4))
    (entry,) = Session(tmp_path).register.entries()
    assert entry.job == job and entry.state is None
    states = [found.progress.state for found in Session(tmp_path).follow(vendor, job, pause=int)]
    assert states[0] is JobState.RUNNING and states[-1] is JobState.COMPLETED
    (entry,) = Session(tmp_path).register.entries()
    assert entry.state is JobState.COMPLETED and entry.spent > 0


def test_a_crash_before_the_reply_was_noted_costs_no_second_job(
    server: Server, vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before, first = creations(server), Session(tmp_path)

    def crash(job: object) -> None:
        raise SystemExit(9)

    monkeypatch.setattr(first.register, "accepted", crash)
    with pytest.raises(SystemExit):
        first.submit(vendor, request("crashed"))
    assert creations(server) == before + 1
    (entry,) = Session(tmp_path).register.entries()
    assert entry.job is None  # intended, and nothing more is known
    job, new = Session(tmp_path).submit(vendor, request("crashed"))
    assert not new and creations(server) == before + 1
    (entry,) = Session(tmp_path).register.entries()
    assert entry.job == job


def test_the_ceiling_stops_a_job(server: Server, vendor: Vendor, tmp_path: Path):
    long = request("dear", max_candidates=200, max_minutes=6000.0)
    job = vendor.submit(long)
    one = 3 / 60 * 0.922  # a candidate of three minutes
    found = list(follow(vendor, job, ceiling=3.5 * one, pause=int))
    assert found[-1].progress.state is JobState.STOPPED
    assert found[-1].stopped == f"the ceiling of {3.5 * one:g} dollars is reached"
    assert 3.5 * one <= found[-1].spent.high < 6 * one
    assert len(server.service.get("dear").candidates) < 6
    assert not any(each.stopped for each in found[:-1])


def test_jobs_are_stopped_by_the_register(server: Server, vendor: Vendor, tmp_path: Path):
    session = Session(tmp_path)
    session._vendors['["sagemaker", true, {}]'] = vendor
    session.of = lambda entry: vendor  # type: ignore[method-assign]
    session.submit(vendor, request("stopped", max_candidates=50))
    (entry,) = session.register.entries()
    assert look(session, entry).standing is not None
    assert stop(session, entry) == "is stopped"
    (entry,) = session.register.entries()
    assert entry.state is JobState.STOPPED and look(session, entry).standing is None
    assert stop(session, entry).startswith("has ended before")


def test_a_real_job_that_its_vendor_has_lost_is_not_submitted_again(
    server: Server, vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The same service, which for once is taken for a real account."""
    monkeypatch.setattr(type(vendor), "simulated", property(lambda self: False))
    session = Session(tmp_path)
    session.submit(vendor, request("lost"))
    before = creations(server)
    del server.service.jobs["lost"]
    with pytest.raises(CloudError, match="does not know the job lost any more"):
        session.submit(vendor, request("lost"))
    assert creations(server) == before


@pytest.mark.parametrize("name", [name for name in VENDORS if name != "local"])
def test_neither_mode_is_taken_for_the_other(name: str):
    with pytest.raises(TypeError, match="never taken for the other"):
        connect(name)
    with pytest.raises(TypeError, match="never taken for the other"):
        connect(name, simulated="http://127.0.0.1:9", account=object())
    for account in ("http://127.0.0.1:9", Simulated("http://127.0.0.1:9"), {}):
        with pytest.raises(TypeError, match=f"give an {account_class(name).__name__}"):
            connect(name, account=account)
    with pytest.raises(ValueError, match="not on this machine"):
        connect(name, simulated="https://sagemaker.eu-west-1.amazonaws.com")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1", "https://127.0.0.1:80", "http://localhost:80", "http://0.0.0.0:80",
        "http://127.0.0.1@example.org:80", "http://127.0.0.1.example.org:80", "127.0.0.1:80",
        "http://[::1]:80", "http://example.org:80/127.0.0.1", "http://example.org#@127.0.0.1:80",
    ],
)  # fmt: skip
def test_a_simulated_service_is_on_this_machine(url: str):
    with pytest.raises(ValueError, match="not on this machine"):
        Simulated(url)


def test_a_usual_name_suits_all_vendors_and_changes_with_what_is_asked():
    made = {
        usual_name("My table (2026) with a long name", request("")),
        usual_name("My table (2026) with a long name", request("", max_candidates=9)),
        usual_name("My table (2026) with a long name", replace(request(""), table=TABLE.head(599))),
        usual_name("2026", request("")),
        usual_name("---", request("")),
    }
    assert len(made) == 5
    assert all(len(name) <= 32 and name[0].isalpha() for name in made)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in made)
    unlike = replace(request("other"), ceiling=3.0)  # neither is part of it
    assert usual_name("a", unlike) == usual_name("a", request(""))
