"""The register of jobs: crashes, two processes, and never a second submission."""

import dataclasses
from pathlib import Path

import pytest

from coursekit.cloud.jobs import Register, RegisteredJob
from coursekit.cloud.vendor import CloudJob, JobState

ENTRY = RegisteredJob("sagemaker", "a", True, "f00d", {}, {"target": "y"})
JOB = CloudJob("sagemaker", "a", "arn:a", True, {"bucket": "b"})


def test_what_is_written_is_found_by_another_process(tmp_path: Path):
    register = Register(tmp_path / "deep" / "jobs.jsonl")
    assert register.entries() == [] and not register.path.parent.exists()
    assert register.intend(ENTRY) == ENTRY
    register.accepted(JOB)
    again = Register(register.path)
    (found,) = again.entries()
    assert found == dataclasses.replace(ENTRY, job=JOB)
    assert again.intend(ENTRY) == found  # not a second one
    again.ended(found, JobState.STOPPED, 1.5)
    (found,) = register.entries()
    assert (found.state, found.spent, found.job) == (JobState.STOPPED, 1.5, JOB)


def test_a_name_belongs_to_one_request_and_a_mode_to_itself(tmp_path: Path):
    register = Register(tmp_path / "jobs.jsonl")
    register.intend(ENTRY)
    with pytest.raises(ValueError, match="a is the name of another job of sagemaker"):
        register.intend(dataclasses.replace(ENTRY, fingerprint="other"))
    real = dataclasses.replace(ENTRY, simulated=False, account={"region": "eu-west-1"})
    assert register.intend(real).job is None
    register.accepted(JOB)
    assert [each.job for each in register.entries()] == [JOB, None]
    register.lost(ENTRY)
    assert register.entries() == [real]
    with pytest.raises(ValueError, match="may still cost money"):
        register.lost(real)


def test_a_torn_line_is_dropped_and_a_damaged_one_is_named(tmp_path: Path):
    register = Register(tmp_path / "jobs.jsonl")
    register.intend(ENTRY)
    with register.path.open("a") as file:
        file.write('{"event":"acc')
    with pytest.warns(UserWarning, match="torn"):
        assert register.entries() == [ENTRY]
    lines = register.path.read_text()
    for bad in ('{"event":"melted"}', '{"event":"ended","vendor":"x"}', '{"event":"intended"}'):
        register.path.write_text(f"{lines}{bad}\n")
        with pytest.raises(ValueError, match="line 3 is damaged"):
            register.entries()
    other = tmp_path / "other.jsonl"
    other.write_text('{"journal": 2}\n')
    with pytest.raises(ValueError, match="is not a journal, and is left as it is"):
        Register(other).entries()
