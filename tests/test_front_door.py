"""The commands that people type, as processes: `make`, `coursekit` and `coursekit lab`."""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import coursekit
from coursekit import doctor
from coursekit.cli import COMMANDS
from coursekit.labs import serve
from tests.commands import coursekit as command

CHECKOUT = Path(coursekit.__file__).parent.parent


def process(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coursekit.cli", *words], capture_output=True, text=True, timeout=120
    )


def refused(*words: str | Path, code: int = 1, folder: Path | None = None) -> str:
    """Runs a command that must fail with one line; returns that line."""
    finished = command(*words, folder=folder)
    assert finished.returncode == code
    assert "Traceback" not in finished.stderr
    lines = finished.stderr.splitlines()
    assert code == 2 or len(lines) == 1, finished.stderr
    return lines[-1]


def loaded_by(*words: str) -> set[str]:
    """The modules that a command loads."""
    script = """
import sys
from coursekit.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sorted(sys.modules), file=sys.stderr)
"""
    finished = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=120
    )
    return set(finished.stderr.split())


def test_version():
    assert process("--version").stdout == f"coursekit {coursekit.__version__}\n"


def test_help_lists_every_command_with_examples():
    text = command("--help").stdout
    assert all(re.search(rf"^    {name} +\w", text, re.MULTILINE) for name in COMMANDS)
    assert "coursekit lab --reset 01" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str):
    finished = command(name, "--help")
    assert finished.returncode == 0
    assert f"usage: coursekit {name}" in finished.stdout


def test_help_loads_nothing_that_is_slow():
    slow = {"numpy", "jupyterlab", "IPython", "tensorflow", "coursekit.labs", "coursekit.data"}
    assert not slow & loaded_by("--help")


def test_doctor_reads_versions_without_importing():
    assert not {"tensorflow", "jupyterlab", "ipywidgets", "IPython"} & loaded_by("doctor")


def test_doctor_is_content_here():
    finished = command("doctor")
    assert finished.returncode == 0, finished.stdout
    assert "FAIL" not in finished.stdout
    assert "ok    data: digits" in finished.stdout


def lab_extension(prefix: Path, content: str) -> Path:
    path = prefix / doctor.LAB_EXTENSION
    path.parent.mkdir(parents=True)
    path.write_text(content)
    return prefix


@pytest.mark.parametrize("content", ["{", "{}", '{"version": "3.1.0"}'])
def test_doctor_sees_widgets_that_cannot_render(tmp_path: Path, content: str):
    assert doctor.widgets(Path(sys.prefix)).good
    assert not doctor.widgets(lab_extension(tmp_path, content)).good
    assert "pip install" in doctor.widgets(tmp_path / "nothing").text


@pytest.mark.parametrize(
    ("tfx", "words"), [("1.16.0", "portable"), ("1.21.0", "modern"), (None, "without TFX")]
)
def test_doctor_names_the_stack(tfx: str | None, words: str):
    assert words in doctor.stack((3, 11), tfx)


@pytest.mark.slow(15)
def test_the_readme_s_examples_run(tmp_path: Path):
    blocks = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    own = ("coursekit.tuners", "coursekit.tfx")  # have tests of their own
    examples = [block for block in blocks if not any(name in block for name in own)]
    finished = subprocess.run(
        [sys.executable, "-c", "".join(examples)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr
    found, *asked = finished.stdout.splitlines()[6:]
    assert re.match(r"9\d\.\d% with {'units': \d+", found)
    names, _, failed, completed, tested, *kept = asked
    assert names.split() == ["status", "score", "parameters", "message"]
    assert failed.split() == ["0", "failed", "NaN", "NaN", "out", "of", "memory"]
    assert completed.split() == ["1", "completed", "0.31", "4810.0"]
    assert re.match(r"9\d\.\d% on validation images, 9\d\.\d% on test images", tested)
    trained, saved, kept = kept[:3], kept[3], kept[4:]
    assert all(line.startswith("trained now: ") for line in trained)
    assert re.match(r"\d\d% of the epochs saved, 9\d\.\d% found", saved)
    table, cloud, kept = kept[:7], kept[7], kept[8:]
    assert table[0].startswith("perceptrons on digits: incumbent's validation accuracy, fully")
    assert any(line.startswith("grid + lower_fidelity(epochs=10) ") for line in table)
    assert re.match(r"accuracy (9\d|100)\.\d% with \w+, 0\.0 dollars", cloud)
    assert kept[0].startswith("NearTheBest keeps its promises on mixed, conditional")
    assert (tmp_path / "search.jsonl").exists()


def test_the_readme_lists_every_lab():
    readme = (CHECKOUT / "README.md").read_text()
    for path in (CHECKOUT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
        assert f"\n| {path.stem[:2]} " in readme


def test_a_word_that_is_no_command():
    assert "'labs'" in refused("labs", code=2)
    finished = process("labs")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "'labs'" in finished.stderr.splitlines()[-1]


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_a_port_that_is_none(port: str):
    assert "1 to 65535" in refused("lab", f"--port={port}", code=2)


def test_a_busy_port_is_named(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused("lab", "--no-browser", "--port", str(port), "--dir", tmp_path / "work")
    assert line == f"coursekit lab: port {port} is busy: choose another one, or leave --port out"
    assert not (tmp_path / "work").exists()


def test_a_file_where_the_work_folder_should_be(tmp_path: Path):
    (tmp_path / "work").touch()
    assert "not a folder" in refused("lab", "--no-browser", "--dir", tmp_path / "work")


def test_reset_of_an_unknown_lab(tmp_path: Path):
    line = refused("lab", "--no-browser", "--dir", tmp_path / "work", "--reset", "99")
    assert "no lab '99'" in line


def test_progress_without_a_work_folder(tmp_path: Path):
    assert "begin with `coursekit lab`" in refused("progress", folder=tmp_path)


def test_progress_of_a_new_work_folder(tmp_path: Path):
    finished = command("progress", "--dir", tmp_path)
    assert finished.returncode == 0
    assert "exercises solved" in finished.stdout


@pytest.mark.slow(10)
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_lab_prints_its_address_and_stops_cleanly(tmp_path: Path, stop: signal.Signals):
    command = [sys.executable, "-m", "coursekit.cli", "lab", "--no-browser", "--dir", "work"]
    server = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(server.stdout.readline())
            assert lines[-1], server.communicate()[1]
        server.send_signal(stop)
        rest, errors = server.communicate(timeout=60)
    finally:
        server.kill()
    assert server.returncode == 0
    assert rest == f"Stopped. Your work is in {tmp_path / 'work'}\n"
    assert errors == ""
    assert re.search(r"http://localhost:\d+/lab\S*\?token=\w{48}$", "".join(lines), re.MULTILINE)


# --- make ---------------------------------------------------------------------------------------


def make(
    words: Sequence[str], folder: Path, path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        [shutil.which("make") or "make", *words],
        cwd=folder, env=environment | {"PATH": path}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is set up, as far as the Makefile can see; its commands print themselves."""
    folder = tmp_path / "a checkout"
    (folder / "coursekit").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "uv.lock", ".python-version"):
        shutil.copy(CHECKOUT / name, folder)
    shutil.copy(CHECKOUT / "coursekit" / "preflight.py", folder / "coursekit")
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("coursekit", "python"):
        command = folder / ".venv" / "bin" / name
        command.write_text(f'#!/bin/sh\n[ "$1" = -ISc ] || echo {name} "$@"\n')
        command.chmod(0o755)
    (folder / ".venv" / ".ready").write_text(str(folder))
    return folder


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A PATH with what make needs and no more: no uv that works, no compiler."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "rm", "env"):
        (folder / name).symlink_to(shutil.which(name) or name)
    (folder / "python3").symlink_to(sys.executable)
    return folder


def test_make_alone_prints_every_target(checkout: Path):
    finished = make([], checkout)
    assert finished.returncode == 0
    for target in (
        "lab",
        "test",
        "test-fast",
        "test-nightly",
        "setup",
        "check",
        "notebooks",
        "clean",
    ):
        assert re.search(rf"^make {target} +\w", finished.stdout, re.MULTILINE)


def test_a_second_run_sets_nothing_up_and_passes_arguments_on(checkout: Path, commands: Path):
    finished = make(["lab", "ARGS=--port 9999 --reset 01"], checkout, str(commands))
    assert (finished.stdout, finished.stderr) == ("coursekit lab --port 9999 --reset 01\n", "")


def moved(checkout: Path) -> None:
    (checkout / ".venv" / ".ready").write_text("/where/it/was")


def half_made(checkout: Path) -> None:
    (checkout / ".venv" / ".ready").unlink()


def without_its_python(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to("/where/it/was")


def outdated(checkout: Path) -> None:
    old = (checkout / "uv.lock").stat().st_mtime - 3600
    os.utime(checkout / ".venv" / ".ready", (old, old))


@pytest.mark.parametrize("happened", [moved, half_made, without_its_python, outdated])
def test_set_up_runs_again_when_it_must_and_begins_with_the_preflight(
    checkout: Path, commands: Path, happened
):
    happened(checkout)
    finished = make(["lab"], checkout, str(commands))
    assert finished.returncode != 0
    assert "C++ compiler: none that works: " in finished.stderr
    assert "coursekit lab" not in finished.stdout


@pytest.fixture
def recorder(tmp_path: Path) -> str:
    """A PATH on which uv finds every Python and prints what it would install, and with which."""
    uv = tmp_path / "uv"
    uv.write_text(
        '#!/bin/sh\n[ "$1 $2" = "python find" ] && command -v python3 && exit\n'
        'echo uv "$@" compile=$UV_COMPILE_BYTECODE python=$UV_PYTHON\nls -d .venv 2>/dev/null\n'
        "mkdir -p .venv; exit ${UV_FAILS:-0}\n"
    )
    uv.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


def test_set_up_compiles_and_leaves_its_mark_only_at_the_end(checkout: Path, recorder: str):
    half_made(checkout)
    failed = make(["setup", "UV_FAILS=1"], checkout, recorder)
    assert failed.returncode != 0
    assert not (checkout / ".venv" / ".ready").exists()
    finished = make(["setup"], checkout, recorder)
    assert finished.returncode == 0, finished.stderr
    assert "uv sync --all-extras --frozen compile=1 python=3.11\n" in finished.stdout
    assert ".venv\n" not in finished.stdout  # what was half-made is gone
    assert (checkout / ".venv" / ".ready").read_text() == str(checkout)


def test_another_python_is_set_up_when_it_is_asked_for_and_stays(
    checkout: Path, recorder: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("UV_PYTHON", raising=False)
    words = ["setup", "PYTHON3=./python3"]
    # The C library of this machine may be too old for the modern stack.
    (checkout / "new.py").write_text(
        "import platform, runpy, sys\n"
        "platform.libc_ver = lambda: ('glibc', '2.41')\n"
        "sys.argv.pop(0)\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    (checkout / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} new.py "$@"\n')
    (checkout / "python3").chmod(0o755)
    assert "sync" not in make(words, checkout, recorder).stdout
    for asked in (["PYTHON=3.13"], ["UV_PYTHON=3.12"]):
        finished = make([*words, *asked], checkout, recorder)
        assert f"compile=1 python={asked[0].split('=')[1]}\n" in finished.stdout, finished.stderr
        again = make([*words, *asked], checkout, recorder)
        assert "sync" not in again.stdout
    (checkout / "uv.lock").touch()  # an update
    ready = checkout / ".venv" / ".ready"
    os.utime(ready, (ready.stat().st_mtime - 3600,) * 2)
    assert "python=3.12\n" in make(words, checkout, recorder).stdout


def test_a_closed_tab_is_no_news_and_anything_else_is():
    pytest.importorskip("tornado")
    from tornado.websocket import WebSocketClosedError

    for error, news in ((WebSocketClosedError(), False), (OSError("disk full"), True)):
        record = logging.LogRecord("asyncio", 40, "", 0, "never retrieved", (), (None, error, None))
        assert serve._is_news(record) is news
    assert serve._is_news(logging.LogRecord("asyncio", 40, "", 0, "plain", (), None))
