import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit import preflight

SOURCE = Path(preflight.__file__)


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder of commands, for a PATH: as yet an empty one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def script(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_runs_under_old_pythons_with_the_standard_library_alone():
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 6))
    nodes = list(ast.walk(tree))
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    assert "__future__" not in imported  # annotations came with 3.7


@pytest.mark.parametrize(
    ("system", "machine", "cure"),
    [("Windows", "AMD64", "WSL2"), ("Linux", "aarch64", "x86_64"), ("Darwin", "x86_64", "silicon")],
)
def test_names_the_way_out_of_an_unsupported_platform(system: str, machine: str, cure: str):
    finding = preflight.check_platform(system, machine)
    assert not finding.good
    assert f"{system} {machine}" in finding.text
    assert cure in finding.text


@pytest.mark.parametrize(("system", "machine"), [("Linux", "x86_64"), ("Darwin", "arm64")])
def test_accepts_what_both_stacks_run_on(system: str, machine: str):
    assert preflight.check_platform(system, machine).good


@pytest.mark.parametrize(
    ("libc", "python", "good", "word"),
    [
        (("glibc", "2.36"), (3, 11), True, "2.36"),
        (("glibc", "2.36"), (3, 12), False, ".python-version"),
        (("glibc", "2.39"), (3, 13), True, "2.39"),
        (("glibc", "2.5"), (3, 11), False, "newer Linux"),
        (("", ""), (3, 11), False, "Alpine"),
    ],
)
def test_c_library(libc: tuple[str, str], python: tuple[int, int], good: bool, word: str):
    finding = preflight.check_c_library("Linux", libc, python)
    assert finding.good is good
    assert word in finding.text


@pytest.mark.parametrize(
    ("system", "cure"), [("Linux", "apt install g++"), ("Darwin", "xcode-select --install")]
)
def test_no_compiler(commands: Path, system: str, cure: str):
    finding = preflight.check_compiler(system, str(commands))
    assert not finding.good
    assert cure in finding.text


def test_a_compiler_that_cannot_compile_is_none(commands: Path):
    script(commands, "g++", "exit 1")
    assert not preflight.check_compiler("Linux", str(commands)).good


def test_a_later_compiler_is_taken_if_the_first_is_broken(commands: Path):
    script(commands, "c++", "exit 1")
    real = shutil.which("g++") or shutil.which("clang++")
    script(commands, "clang++", f'PATH=/usr/bin:/bin exec {real} "$@"')
    finding = preflight.check_compiler("Linux", str(commands))
    assert finding.good
    assert finding.text.endswith("clang++")


def test_headers_of_the_interpreter_that_will_be_used(commands: Path, tmp_path: Path):
    bare = str(script(commands, "python3.11", f"echo {tmp_path}"))
    finding = preflight.check_headers("Linux", bare, (3, 11))
    assert not finding.good
    assert "apt install python3.11-dev" in finding.text
    (tmp_path / "Python.h").touch()
    assert preflight.check_headers("Linux", bare, (3, 11)).good


def test_a_python_that_is_to_be_downloaded_brings_its_headers():
    assert preflight.check_headers("Linux", None, (3, 11)).good


def test_python_can_be_downloaded_unless_that_is_forbidden():
    assert preflight.check_python((3, 11), None, may_download=True).good
    finding = preflight.check_python((3, 11), None, may_download=False)
    assert not finding.good
    assert "apt install python3.11" in finding.text


def test_without_uv_python_must_be_able_to_make_environments(commands: Path):
    crippled = str(script(commands, "python3", "exit 1"))
    finding = preflight.check_uv(None, crippled)
    assert not finding.good
    assert "apt install python3-venv" in finding.text
    assert preflight.check_uv(None, sys.executable).good
    assert preflight.check_uv("/somewhere/uv", crippled).good


def test_asks_uv_which_python_it_would_take(commands: Path):
    uv = str(script(commands, "uv", "echo /opt/python3.11"))
    assert preflight.find_python(uv, (3, 11)) == "/opt/python3.11"
    script(commands, "uv", "exit 2")
    assert preflight.find_python(uv, (3, 11)) is None


def test_disk(tmp_path: Path):
    assert preflight.check_disk(tmp_path, needed=1).good
    finding = preflight.check_disk(tmp_path, needed=1e18)
    assert not finding.good
    assert str(tmp_path) in finding.text


@pytest.mark.parametrize(
    ("asked", "version"), [("3.11", (3, 11)), ("3.13.2", (3, 13)), ("/usr/bin/python3", (3, 11))]
)
def test_which_python_is_wanted(asked: str, version: tuple[int, int], tmp_path: Path, monkeypatch):
    monkeypatch.delenv("UV_PYTHON", raising=False)
    (tmp_path / ".python-version").write_text(asked + "\n")
    assert preflight.wanted_python(tmp_path) == version


def test_all_that_is_missing_is_listed_at_once_a_line_each(commands: Path, tmp_path: Path):
    # A checkout that wants a Python nobody has, on a machine without commands.
    checkout = tmp_path / "checkout"
    (checkout / "coursekit").mkdir(parents=True)
    shutil.copy(SOURCE, checkout / "coursekit")
    (checkout / ".python-version").write_text("3.99\n")
    environment = dict(os.environ, PATH=str(commands), UV_PYTHON_DOWNLOADS="never")
    environment.pop("UV_PYTHON", None)
    run = subprocess.run(
        [sys.executable, checkout / "coursekit" / "preflight.py"],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert any(line.startswith("Python 3.99: not found") for line in lines)
    assert any(line.startswith("C++ compiler: none") for line in lines)
    assert not any("Traceback" in line for line in lines)


def test_says_nothing_when_nothing_is_missing():
    run = subprocess.run([sys.executable, SOURCE], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
