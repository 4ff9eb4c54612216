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


@pytest.mark.parametrize(
    ("macos", "good"), [("11.7.10", False), ("12.0", True), ("26.1", True), ("10.16", True)]
)
def test_macos_is_new_enough_for_tensorflow(macos: str, good: bool):
    finding = preflight.check_platform("Darwin", "arm64", macos)
    assert finding.good is good
    assert good or finding.text == (
        f"platform: TensorFlow does not run on macOS {macos}: update to 12 or newer"
    )


@pytest.mark.parametrize(("system", "machine"), [("Linux", "x86_64"), ("Darwin", "arm64")])
def test_accepts_what_both_stacks_run_on(system: str, machine: str):
    assert preflight.check_platform(system, machine).good


@pytest.mark.parametrize(
    ("libc", "python", "good", "word"),
    [
        (("glibc", "2.36"), (3, 11), True, "2.36"),
        (("glibc", "2.36"), (3, 12), False, "make setup PYTHON=3.11"),
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
    assert not preflight.check_python((3, 11), None, may_download=False).good


@pytest.mark.parametrize(
    ("distribution", "cure"),
    [
        ("debian 12", "apt install python3.11 python3.11-dev"),
        ("debian 13", "apt install python3.13 python3.13-dev, then make setup PYTHON=3.13"),
        ("ubuntu 24.04", "apt install python3.12 python3.12-dev, then make setup PYTHON=3.12"),
        ("", "apt install python3.11 python3.11-dev"),
    ],
)
def test_the_cure_is_a_package_that_the_distribution_has(
    distribution: str, cure: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("UV_PYTHON_DOWNLOADS", raising=False)
    finding = preflight.check_python((3, 11), None, False, distribution)
    assert finding.text == f"Python 3.11: not found and not downloaded: {cure}"


def test_the_distribution_is_read(tmp_path: Path):
    release = tmp_path / "os-release"
    assert preflight.distribution(release) == ""
    release.write_text('PRETTY_NAME="Debian 13"\nID=debian\n\nVERSION_ID="13"\n')
    assert preflight.distribution(release) == "debian 13"


def test_without_uv_python_must_be_able_to_make_environments(commands: Path):
    crippled = str(script(commands, "python3", "exit 1"))
    finding = preflight.check_uv(None, crippled)
    assert not finding.good
    assert "apt install python3-venv" in finding.text
    assert preflight.check_uv(None, sys.executable).good
    assert preflight.check_uv("/somewhere/uv", crippled).good


def test_asks_uv_which_python_it_would_take(commands: Path):
    uv = str(script(commands, "uv", "echo /opt/python3.11"))
    assert preflight.find_python(uv, "3.11") == "/opt/python3.11"
    script(commands, "uv", "exit 2")
    assert preflight.find_python(uv, "3.11") is None


def test_a_python_of_the_modern_stack_is_taken_where_the_c_library_allows(commands: Path):
    uv = str(script(commands, "uv", 'test "$5" = 3.12 && echo /usr/bin/python3.12'))
    new, old = ("glibc", "2.41"), ("glibc", "2.36")
    assert preflight.instead(uv, "Linux", new, (3, 11)) == "/usr/bin/python3.12"
    assert preflight.instead(uv, "Linux", old, (3, 11)) is None
    script(commands, "uv", "exit 2")
    assert preflight.instead(uv, "Linux", new, (3, 11)) is None


@pytest.fixture
def modern(commands: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A machine as Debian 13 without access to GitHub: uv finds Python 3.13, downloads nothing."""
    for name in ("UV_PYTHON", "UV_PYTHON_DOWNLOADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(preflight.platform, "libc_ver", lambda: ("glibc", "2.41"))
    monkeypatch.setattr(preflight.platform, "system", lambda: "Linux")
    monkeypatch.setattr(preflight, "distribution", lambda: "debian 13")
    python = script(
        commands, "python3.13", f'case "$2" in *paths*) echo {commands};; *) echo 3.13;; esac'
    )
    return str(script(commands, "uv", f'test "$2 $5" = "find 3.13" && echo {python}'))


def test_the_system_s_python_stands_in_for_a_default_that_is_not_to_be_had(
    modern: str, commands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".python-version").write_text("3.11\n")
    assert preflight.choose(tmp_path, modern) == (
        None,
        f"Python headers: {commands}/python3.13 has no Python.h: apt install python3.13-dev",
    )
    (commands / "Python.h").touch()
    python, text = preflight.choose(tmp_path, modern)
    assert python == "3.13"
    assert text.startswith(
        "Python 3.11 is not here and could not be downloaded: taking Python 3.13"
    )
    # Somebody chose: nothing stands in for it.
    python, text = preflight.choose(tmp_path, modern, "3.12")
    assert python is None and text.startswith("Python 3.12: not found and not downloaded: ")
    monkeypatch.setenv("UV_PYTHON", "3.11")
    python, text = preflight.choose(tmp_path, modern)
    assert python is None and text.endswith("then make setup PYTHON=3.13")


def test_what_is_here_or_can_be_downloaded_is_taken(modern: str, tmp_path: Path, commands: Path):
    (tmp_path / ".python-version").write_text("3.11\n")
    assert preflight.choose(tmp_path, modern, "3.13") == ("3.13", "")
    script(commands, "uv", 'test "$2 $3" = "install 3.11"')
    assert preflight.choose(tmp_path, modern) == ("3.11", "")


def test_what_was_set_up_stays_until_another_python_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("UV_PYTHON", raising=False)
    (tmp_path / ".python-version").write_text("3.11\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".python").write_text("3.13")
    assert preflight.wanted_python(tmp_path) == "3.11"  # the set-up did not end
    (tmp_path / ".venv" / ".ready").write_text(str(tmp_path))
    assert preflight.wanted_python(tmp_path) == "3.13"
    assert preflight.wanted_python(tmp_path, "3.12") == "3.12"
    monkeypatch.setenv("UV_PYTHON", "3.11.7")
    assert preflight.wanted_python(tmp_path) == "3.11.7"
    monkeypatch.delenv("UV_PYTHON")
    later = (tmp_path / ".venv" / ".python").stat().st_mtime + 3600
    os.utime(tmp_path / ".python-version", (later, later))
    assert preflight.wanted_python(tmp_path) == "3.11"


def test_disk(tmp_path: Path):
    assert preflight.check_disk(tmp_path, needed=1).good
    finding = preflight.check_disk(tmp_path, needed=1e18)
    assert not finding.good
    assert str(tmp_path) in finding.text


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("3.11", (3, 11)),
        ("3.13.2", (3, 13)),
        ("cpython@3.12", (3, 12)),
        (sys.executable, sys.version_info[:2]),
    ],
)
def test_the_version_of_what_is_asked_for(asked: str, version: tuple[int, int]):
    assert preflight.version_of(asked) == version


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
