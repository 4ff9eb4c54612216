"""The labs that tests run over: a small sample, and every lab that is shipped."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.labs import exercises, source
from coursekit.shipped import shipped

SAMPLE = Path(__file__).parent / "lab" / "source" / "99_sample.py"
SHIPPED = exercises.sources(shipped("notebooks"))
# What a lab says of itself: "**It takes** about two minutes of computing".
STATED = re.compile(r"\*\*It takes\*\* about (a|\d+|one|two|three|four|five) (second|minute)")
WORDS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


def seconds(lab: Path) -> float:
    """How long all cells of a lab take, by what it says; 60 where it says nothing."""
    stated = STATED.search(lab.read_text(encoding="utf-8"))
    if stated is None:
        return 60.0
    number, unit = stated.groups()
    return float(WORDS.get(number) or number) * (60 if unit == "minute" else 1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`lab_source` is each lab; `lab_to_run` as well, marked with its seconds.

    `lab_to_measure` is each lab with claims that measure again, nightly.
    """
    labs = [SAMPLE, *SHIPPED]
    if "lab_source" in metafunc.fixturenames:
        metafunc.parametrize("lab_source", labs, ids=lambda path: path.stem)
    if "lab_to_run" in metafunc.fixturenames:
        runs = [pytest.param(path, marks=pytest.mark.slow(_takes(path))) for path in labs]
        metafunc.parametrize("lab_to_run", runs, ids=lambda path: path.stem)
    if "lab_to_measure" in metafunc.fixturenames:
        again = [path for path in labs if any(cell.nightly for cell in source.read(path))]
        runs = [pytest.param(path, marks=pytest.mark.nightly(_takes(path))) for path in again]
        metafunc.parametrize("lab_to_measure", runs, ids=lambda path: path.stem)


def _takes(path: Path) -> float:
    return 10 + (0 if path == SAMPLE else seconds(path))


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks run two at once: more threads than cores make both of them slower."""
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(name, "1")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work folder of its own, and the sample lab in place of the shipped ones."""
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))
    monkeypatch.setenv("COURSEKIT_DIR", str(tmp_path))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return tmp_path


@pytest.fixture
def run_notebook(
    tmp_path: Path, record_property: Callable[[str, object], None], one_thread: None
) -> Callable[[str, Path], None]:
    """Runs a notebook under nbval, in one kernel; fails with the cells that failed.

    text: the notebook. lab: the source it was built from.
    """

    def run(text: str, lab: Path) -> None:
        notebook = tmp_path / f"{lab.stem}.ipynb"
        notebook.write_text(text, encoding="utf-8")
        environment = {**os.environ, "COURSEKIT_DIR": str(tmp_path)}
        environment["COURSEKIT_NOTEBOOKS"] = str(lab.parent.parent)
        environment.pop("NBGRADER_EXECUTION", None)
        # Not for this run: the options and the worker's name of the outer pytest.
        environment = {key: value for key, value in environment.items() if "PYTEST" not in key}
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=900"]
        command += ["-p", "no:cacheprovider", "-q", "--rootdir", str(tmp_path), notebook.name]
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        record_property("seconds", round(time.monotonic() - started, 1))
        assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-2000:]}"

    return run
