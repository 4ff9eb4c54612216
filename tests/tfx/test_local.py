"""What is around a run on this machine, and around the model that it leaves."""

import contextlib
import logging
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("tfx")

from absl import logging as absl_logging

from coursekit.tfx import Plan
from coursekit.tfx.cluster import compile
from coursekit.tfx.interactive import Interactive
from coursekit.tfx.local import (
    FolderMoved,
    Progress,
    held,
    logged,
    ours,
    reason,
    run,
)
from coursekit.tfx.serving import ServedModel
from coursekit.tuners.running import interrupt_calls

LOGGERS = (logging.root, absl_logging.get_absl_logger(), logging.getLogger("tensorflow"))


def test_all_that_is_said_meanwhile_is_in_the_log_which_is_then_left_as_it_was(tmp_path, capfd):
    before = [list(each.handlers) for each in LOGGERS]
    with logged(tmp_path / "run.log"):
        print("printed")
        absl_logging.info("told by TFX")
        subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('a worker')"])
    text = (tmp_path / "run.log").read_text()
    assert all(said in text for said in ("printed", "told by TFX", "a worker"))
    assert [list(each.handlers) for each in LOGGERS] == before
    assert capfd.readouterr() == ("", "")
    print("afterwards")
    assert capfd.readouterr().out == "afterwards\n"


OWN = """
import json

def tuner_fn(arguments):
    return {"epochs": arguments["max_epoch"]}

def read(text):
    return json.loads(text)
"""


def test_why_a_component_failed_names_the_line_of_your_own_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_failing.py").write_text(OWN)
    import own_failing

    told = []
    for call in (lambda: own_failing.tuner_fn({}), lambda: own_failing.read("{")):
        try:
            call()
        except Exception as error:
            told.append(reason(error).splitlines())
    assert told[0] == [
        "KeyError: 'max_epoch'",
        f'{tmp_path / "own_failing.py"}, line 5: return {{"epochs": arguments["max_epoch"]}}',
    ]
    # Raised in Python's own code, by a line of yours; a ValueError speaks for itself.
    assert told[1][0].startswith("Expecting property name") and "line 8: return json" in told[1][1]
    assert reason(KeyError("'rate'")) == "KeyError: \"'rate'\"" and reason(OSError()) == "OSError"


def test_nothing_is_served_from_a_folder_without_a_model(tmp_path):
    with pytest.raises(ValueError, match="no model was pushed there"):
        ServedModel(tmp_path)


def refusals(plan, path):
    """What each way into a pipeline's folder says."""
    ways = (
        lambda: run(plan),
        lambda: Interactive(plan),
        lambda: compile(plan, path, root="gs://bucket/digits", image="me/coursekit:1"),
    )
    for way in ways:
        with pytest.raises(ValueError) as caught:
            way()
        yield str(caught.value)


@pytest.mark.slow(40)
def test_a_second_process_is_refused_and_a_moved_folder_ends_the_first(tmp_path):
    """Two real processes. At the place of a moved folder nothing begins before the first ends."""
    folder, away = tmp_path / "digits", tmp_path / "away"
    command = [sys.executable, "-c", "import sys; from coursekit.cli import main; sys.exit(main())"]
    words = ["pipeline", "run", "--data=digits", f"--folder={folder}", "--trials=2"]
    plan = Plan(data="digits", folder=folder)
    with subprocess.Popen(
        [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        line = next((each for each in first.stdout if each.startswith(" 1 of 11")), "")
        assert line, first.stderr.read()
        first.send_signal(signal.SIGSTOP)
        unfinished = folder / "data" / "digits.unfinished"
        unfinished.mkdir()  # as if the first were writing it
        told = list(refusals(plan, tmp_path / "digits.yaml"))
        assert unfinished.is_dir()
        folder.rename(away)
        told += refusals(plan, tmp_path / "digits.yaml")
        assert not folder.exists()
        told += refusals(replace(plan, folder=away), tmp_path / "digits.yaml")
        first.send_signal(signal.SIGCONT)
        said = first.communicate()[1]
    for each, where in zip(told, [folder] * 6 + [away] * 3, strict=True):
        assert f"{where} is open in another run of this pipeline" in each
        assert "stop that one, or give another folder" in each
        if Path("/proc/locks").exists():
            assert f"(process {first.pid}, running since 2" in each
    assert first.returncode == 1
    assert f"was stopped: {folder} was moved or deleted while the pipeline ran: move it" in said
    for each in (folder, away):
        with held(each):  # the locks are free
            pass


def test_a_run_whose_log_is_elsewhere_is_stopped_at_its_next_line(tmp_path):
    told = []
    with held(tmp_path / "a") as log:
        progress = Progress(told.append, ["Tuner"], log)
        record = logging.LogRecord(ours.name, logging.INFO, "", 0, "trial 1 of 2", (), None)
        progress.emit(record)
        (tmp_path / "a").rename(tmp_path / "b")
        with pytest.raises(FolderMoved):
            progress.emit(record)
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "run.log").touch()
        with pytest.raises(FolderMoved):
            progress.emit(record)
        (tmp_path / "b" / "run.log").replace(tmp_path / "a" / "run.log")
        progress.emit(record)
    assert told == ["    trial 1 of 2"] * 2


def test_ctrl_c_that_a_library_swallows_ends_the_run_at_the_next_line(tmp_path):
    log = tmp_path / "run.log"
    log.touch()
    progress = Progress(print, ["Tuner"], log)
    with (
        pytest.raises(KeyboardInterrupt),
        logged(log, progress),
        interrupt_calls(progress.interrupt),
    ):
        ours.info("trial 1 of 3")
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        ours.info("trial 2 of 3")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
