"""The labs that tests run over: a small sample, and every lab that is shipped (slow)."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.labs import build, exercises
from coursekit.shipped import shipped

SAMPLE = Path(__file__).parent / "lab" / "source" / "99_sample.py"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "lab_source" in metafunc.fixturenames:
        shipped_labs = exercises.sources(shipped("notebooks"))
        metafunc.parametrize(
            "lab_source",
            [SAMPLE, *(pytest.param(path, marks=pytest.mark.slow) for path in shipped_labs)],
            ids=lambda path: path.stem,
        )


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
) -> Callable[..., None]:
    """Builds a lab's notebook and runs it under nbval; fails with the cells that failed."""

    def run(source: Path, solved: bool) -> None:
        notebook = tmp_path / f"{source.stem}.ipynb"
        notebook.write_text(build.build(source, solved), encoding="utf-8")
        environment = {**os.environ, "COURSEKIT_DIR": str(tmp_path)}
        environment["COURSEKIT_NOTEBOOKS"] = str(source.parent.parent)
        environment.pop("NBGRADER_EXECUTION", None)
        if solved:
            environment["NBGRADER_EXECUTION"] = "validate"  # a failed check raises
        # Not for this run: the options and the worker's name of the outer pytest.
        environment = {key: value for key, value in environment.items() if "PYTEST" not in key}
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=300"]
        command += ["-p", "no:cacheprovider", "-q", "--rootdir", str(tmp_path), notebook.name]
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        seconds = round(time.monotonic() - started, 1)
        record_property("seconds", seconds)
        print(f"{notebook.name}, {'solved' if solved else 'learner'}: {seconds} s")
        assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-2000:]}"

    return run
