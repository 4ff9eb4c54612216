"""`coursekit cloud`: from a table to a score, killed, interrupted, found again, stopped."""

import http.client
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest

from coursekit.cloud.jobs import Register
from coursekit.cloud.simulated import process
from coursekit.cloud.vendor import JobState
from tests.cloud.tables import table
from tests.commands import coursekit

pytestmark = pytest.mark.slow(40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of a register, beside table.csv; its simulated services end with the tests."""
    made = tmp_path_factory.mktemp("cloud")
    table().to_csv(made / "table.csv", index=False)
    yield made
    process.end("sagemaker", made)


def words(folder: Path, command: str, *more: str) -> list[str]:
    """The command's words; `run` and its like have the table and its target."""
    about = [] if command in ("jobs", "stop") else [str(folder / "table.csv"), "--target", "won"]
    return ["cloud", command, *about, "--folder", str(folder), *more]


SIMULATED = ("--vendor", "sagemaker", "--simulated")


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    """`run` in a process of its own, when it has submitted its job."""
    made = subprocess.Popen(
        [sys.executable, "-u", "-m", "coursekit.cli", *words(folder, "run", *SIMULATED, *more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert made.stdout is not None
    for line in made.stdout:
        if line.startswith("job ") and "is submitted" in line:
            return made
    raise AssertionError(f"it ended with {made.wait()}")


def jobs_of_the_service(folder: Path) -> str:
    """The page of the simulated service."""
    url = process.address("sagemaker", folder)
    assert url is not None
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("GET", "/simulated")
    told = connection.getresponse().read().decode()
    connection.close()
    return told


def test_a_killed_run_finds_its_job_again(folder: Path):
    limits = ("--candidates", "4", "--pace", "0.2", "--name", "killed")
    run = started(folder, *limits)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    assert run.stdout is not None
    run.stdout.close()
    ended = coursekit(*words(folder, "run", *SIMULATED, *limits))
    assert ended.returncode == 0, ended.stderr
    assert "job killed is found again: submitted before" in ended.stdout
    assert "leaderboard of Amazon SageMaker Autopilot (simulated), the best of 4:" in ended.stdout
    assert "on 220 rows that stayed here: auc 0.9" in ended.stdout
    assert "left out: name (check says why)" in ended.stdout
    assert "nobody sends this bill" in ended.stdout
    assert jobs_of_the_service(folder).count(">killed: ") == 1
    (entry,) = Register(folder / "jobs.jsonl").entries()
    assert entry.state is JobState.COMPLETED and entry.spent > 0


def test_ctrl_c_stops_the_job_and_keeps_what_is_done(folder: Path):
    run = started(folder, "--candidates", "500", "--minutes", "3000", "--name", "interrupted")
    run.send_signal(signal.SIGINT)
    assert run.stdout is not None
    told = run.stdout.read()
    assert run.wait() == 130, told
    assert "asking the vendor to stop the job\n" in told and "was stopped" in told
    assert "Traceback" not in told
    listed = coursekit(*words(folder, "jobs")).stdout
    line = next(line for line in listed.splitlines() if " interrupted " in line)
    assert line.split()[:4] == ["sagemaker", "simulated", "interrupted", "stopped,"]
    run.stdout.close()


def test_stop_all_ends_jobs_and_services(folder: Path):
    run = started(folder, "--candidates", "500", "--minutes", "3000", "--name", "left")
    run.kill()
    run.wait()
    assert run.stdout is not None
    run.stdout.close()
    assert " left " in coursekit(*words(folder, "jobs")).stdout
    assert coursekit(*words(folder, "stop")).returncode == 1
    told = coursekit(*words(folder, "stop", "--all"))
    assert told.returncode == 0 and "sagemaker left: is" in told.stdout
    assert "the simulated sagemaker service has ended" in told.stdout
    entry = Register(folder / "jobs.jsonl").entries()[-1]
    assert (entry.name, entry.state) == ("left", JobState.STOPPED)


def test_local_needs_no_service(folder: Path):
    limits = ("--vendor", "local", "--candidates", "3", "--metric", "accuracy")
    ended = coursekit(*words(folder, "run", *limits, "--pipeline", str(folder / "rows")))
    assert ended.returncode == 0, ended.stderr
    assert "leaderboard of coursekit on this machine, the best of 3:" in ended.stdout
    score = re.search(r"accuracy (0\.\d{4}) ±", ended.stdout)
    command = f"pipeline run --data {folder / 'rows'} --label won --threshold"
    assert score and f"{command} {score[1]}" in ended.stdout
    splits = [
        pandas.read_csv(folder / "rows" / each / "rows.csv") for each in ("train", "eval", "test")
    ]
    assert [len(rows) for rows in splits] == [660, 220, 220]
    whole = pandas.read_csv(folder / "table.csv").age.dropna()
    assert sorted(pandas.concat(splits).age.dropna()) == pytest.approx(sorted(whole))
    again = coursekit(*words(folder, "run", *limits))
    assert again.returncode == 0 and "is found again" in again.stdout
    board = [line for line in ended.stdout.splitlines() if " accuracy  " in line]
    assert board and board == [line for line in again.stdout.splitlines() if " accuracy  " in line]
    other = coursekit(*words(folder, "run", *limits, "--pipeline", str(folder)))
    assert other.returncode == 1 and "give a new folder" in other.stderr


def test_check_and_estimate_send_nothing(folder: Path):
    told = coursekit(*words(folder, "check"))
    assert told.returncode == 1 and "vertex: 880 rows, where 1000" in told.stdout
    assert "  name: its name" in told.stdout and "Person 1" not in told.stdout
    told = coursekit(*words(folder, "check", "--metric", "accuracy", "--vendor", "vertex"))
    assert told.returncode == 1 and "cannot search for 'accuracy'" in told.stdout
    told = coursekit(*words(folder, "estimate"))
    assert told.returncode == 0, told.stderr
    prices = dict(line.split(maxsplit=1) for line in told.stdout.splitlines())
    assert all(" US dollars (" in prices[vendor] for vendor in ("sagemaker", "azure", "vertex"))
    assert "simulated" not in told.stdout and "prices of 20" in told.stdout


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--vendor", "azure"), "give --simulated, or the fields of a real account"),
        ((*SIMULATED, "--account", "region=x"), "one is never taken for the other"),
        (("--vendor", "azure", "--account", "subscription=x"), "needs --ceiling DOLLARS"),
        (("--vendor", "azure", "--ceiling", "1", "--account", "x"), "--account x: give NAME=VALUE"),
        (("--vendor", "azure", "--ceiling", "1", "--account", "subscripton=x"),
         "did you mean subscription"),
        (("--vendor", "vertex", "--ceiling", "1", "--account", "project=x"), "needs project, buck"),
        ((*SIMULATED, "--metric", "f2"), "cannot search for 'f2'"),
        ((*SIMULATED, "--ceiling", "0.001"), "ceiling=0.001"),
        ((*SIMULATED, "--hold-out", "0.6"), "sagemaker would refuse this table: 440 rows"),
        ((*SIMULATED, "--prices", "none.json"), "none.json: No such file"),
    ],
)  # fmt: skip
def test_misuse_is_told_before_anything_is_sent(folder: Path, more: tuple[str, ...], why: str):
    before = Register(folder / "jobs.jsonl").entries()
    os.environ.pop("COURSEKIT_PRICES", None)
    ended = coursekit(*words(folder, "run", *more))
    os.environ.pop("COURSEKIT_PRICES", None)
    assert ended.returncode == 1 and why in ended.stderr, ended
    assert Register(folder / "jobs.jsonl").entries() == before


def test_a_real_account_is_asked_before_the_table_leaves(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nobody is there to ask, so it ends; the project does not exist, and nothing is called."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    account = ("--account", "project=p", "--account", "bucket=b", "--hold-out", "0.05")
    ended = coursekit(*words(folder, "run", "--vendor", "vertex", *account, "--ceiling", "100"))
    assert ended.returncode == 1 and "nobody can be asked here" in ended.stderr
    assert "what would leave this machine for Google Vertex AI" in ended.stdout
    assert "  name: its name" in ended.stdout
