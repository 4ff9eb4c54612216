"""The package as pip installs it: a wheel in an empty environment, NumPy and SciPy, no more."""

import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

import coursekit

CHECKOUT = Path(coursekit.__file__).parent.parent
pytestmark = pytest.mark.slow(30)


def command(*words: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command as a user would: nothing points it at this checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=500
    )


def done(*words: str | Path, folder: Path | None = None) -> str:
    finished = command(*words, folder=folder)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def has_network() -> bool:
    try:
        socket.create_connection(("pypi.org", 443), timeout=5).close()
    except OSError:
        return "HTTPS_PROXY" in os.environ or "https_proxy" in os.environ
    return True


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment: its bin folder."""
    folder = tmp_path_factory.mktemp("empty")
    done(sys.executable, "-m", "venv", folder)
    return folder / "bin"


@pytest.fixture(scope="module")
def wheel(
    empty: Path,
    tmp_path_factory: pytest.TempPathFactory,
    not_testable: Callable[[str], NoReturn],
) -> Path:
    if not has_network():
        not_testable("the installation with pip: there is no network")
    folder = tmp_path_factory.mktemp("wheel")
    done(empty / "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, CHECKOUT)
    (path,) = folder.glob("coursekit-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(empty: Path, wheel: Path) -> Path:
    """The bin folder of an environment that has the package and what pip brought along."""
    done(empty / "pip", "install", "--quiet", wheel)
    return empty


def test_the_wheel_holds_types_data_and_notebooks(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "coursekit/py.typed" in names
    for folder, pattern in (("data", "*"), ("notebooks", "*.ipynb")):
        for path in (CHECKOUT / folder).glob(pattern):
            if path.is_file():
                assert f"coursekit/shipped_files/{folder}/{path.name}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("tests/" in name or "__pycache__" in name for name in names)


def test_numpy_and_scipy_are_all_that_comes_along(installed: Path):
    packages = json.loads(done(installed / "pip", "list", "--format", "json"))
    names = {package["name"].lower() for package in packages}
    assert names - {"pip", "setuptools", "wheel"} == {"coursekit", "numpy", "scipy"}


def test_it_works_there(installed: Path, tmp_path: Path):
    script = """
import coursekit, coursekit.data
digits = coursekit.data.load("digits")
print(coursekit.__file__)
print(digits.train.x.shape[1:], digits.classes)
"""
    place, digits = done(installed / "python", "-c", script, folder=tmp_path).splitlines()
    assert Path(place).is_relative_to(installed.parent)
    assert digits == "(8, 8) 10"


def test_every_core_module_can_be_imported_there(installed: Path, tmp_path: Path):
    modules = "coursekit.trials coursekit.shipped coursekit.data coursekit.training coursekit.labs"
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    done(installed / "python", "-c", script, *modules.split(), folder=tmp_path)


def test_the_command_works_there(installed: Path, tmp_path: Path):
    assert done(installed / "coursekit", "--version", folder=tmp_path).startswith("coursekit ")


def test_doctor_notes_what_is_missing_with_its_cure(installed: Path, tmp_path: Path):
    finished = command(installed / "coursekit", "doctor", folder=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert 'note  keras is not installed: pip install "coursekit[keras]"' in finished.stdout
    assert "ok    data: digits" in finished.stdout


def test_an_index_page_would_say_who_made_it_and_break_no_link(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
        metadata = archive.read(name).decode()
    fields, _, description = metadata.partition("\n\n")
    assert "\nAuthor: " in fields and "\nKeywords: " in fields
    assert "Description-Content-Type: text/markdown" in fields
    assert description.startswith("# coursekit") and "### Search strategies" in description
    assert re.findall(r"\]\((?!https://|#)[^)]*\)", description) == []
