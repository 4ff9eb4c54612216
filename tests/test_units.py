"""How tests are shared among workers: a lab is a unit of its own, any other file is one unit."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conftest import unit

CASES = """
import os, pytest
@pytest.mark.parametrize("lab", ["01_a", "02_b", "03_c", "04_d"])
def test_a_lab_runs(lab):
    print("seen", "{what}", os.environ["PYTEST_XDIST_WORKER"])
"""


def test_a_unit_is_a_lab_or_a_file():
    lab = "tests/labs/test_notebooks.py::test_a_lab_runs[01_keras_tuner]"
    assert (
        unit(lab) != unit(lab.replace("01", "02")) != unit("tests/labs/test_notebooks.py::test_x")
    )
    assert unit("tests/test_search.py::test_a[x]") == unit("tests/test_search.py::test_b")


@pytest.mark.slow(6)
def test_workers_get_the_units(tmp_path):
    for name, what in (("labs/test_notebooks", "lab"), ("test_other", "file")):
        path = tmp_path / "tests" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CASES.replace("{what}", what))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  nightly\n")
    command = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadscope"]
    command += ["--no-loadscope-reorder", "-rP", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    repository = str(Path(__file__).parents[1])
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": repository},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    workers = defaultdict(list)
    for line in done.stdout.splitlines():
        if line.startswith("seen "):
            workers[line.split()[1]].append(line.split()[2])
    assert len(workers["lab"]) == 4 and len(workers["file"]) == 4
    assert len(set(workers["file"])) == 1 and len(set(workers["lab"])) >= 2
