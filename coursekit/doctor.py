"""`coursekit doctor`: check what works on this machine, with a cure for what does not."""

import argparse
import json
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import coursekit
from coursekit import preflight
from coursekit.preflight import Prerequisite

DISK_FOR_WORK = 0.5 * preflight.GIGABYTE
MAIN_PACKAGES = {
    "numpy": "",
    "scipy": "",
    "ipykernel": "widgets",
    "ipywidgets": "widgets",
    "jupyterlab": "widgets",
    "matplotlib": "widgets",
    "keras": "keras",
    "keras-tuner": "keras",
    "tensorflow": "keras",
    "tfx": "tfx",
}  # package: the extra that installs it, "" for required packages
LAB_EXTENSION = Path("share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OFFLINE_DATA = ("digits", "mnist-5k")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Sets up the parser of `coursekit doctor`, which has no options."""
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints one line for each check; 1 if a required one fails."""
    print(f"coursekit {coursekit.__version__} in {Path(coursekit.__file__).parent}")
    print(stack(sys.version_info[:2], installed("tfx")))
    needed = [*machine(), *packages(), *data_sets(), widgets(Path(sys.prefix)), kernel()]
    for finding in needed:
        print(f"  {'ok  ' if finding.good else 'FAIL'}  {finding.text}")
    for line in optional():
        print(f"  note  {line}")
    broken = sum(not finding.good for finding in needed)
    print(f"{broken} of {len(needed)} need attention" if broken else "Everything needed works.")
    return 1 if broken else 0


def installed(package: str) -> str | None:
    """The version of an installed package, None if it is not installed; imports nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def stack(python: tuple[int, ...], tfx: str | None) -> str:
    """The name of this stack (one of two), in one line."""
    name = f"Python {python[0]}.{python[1]}"
    if tfx is None:
        return f"{name}, without TFX"
    return f"{name}, {'portable' if tfx.startswith('1.16.') else 'modern'} stack (TFX {tfx})"


def machine() -> list[Prerequisite]:
    """Checks of the machine itself, once everything is installed."""
    system, python = platform.system(), sys.version_info[:2]
    return [
        preflight.check_platform(system, platform.machine()),
        preflight.check_c_library(system, platform.libc_ver(), python),
        preflight.check_disk(Path.cwd(), DISK_FOR_WORK),
    ]


def packages() -> list[Prerequisite]:
    """The main packages and their versions."""
    found = []
    for package, extra in MAIN_PACKAGES.items():
        number = installed(package)
        cure = f'pip install "coursekit[{extra}]"' if extra else f"pip install {package}"
        if extra == "tfx":
            cure = "run make setup in a checkout (pip alone cannot install TFX)"
        found.append(
            Prerequisite(True, f"{package} {number}")
            if number
            else Prerequisite(False, f"{package} is not installed: {cure}")
        )
    return found


def data_sets() -> list[Prerequisite]:
    """Whether the data sets and tables that need no network are present and undamaged."""
    from coursekit.data import load
    from coursekit.worlds import trained_tables
    from coursekit.worlds.recipes import RECIPES

    found = []
    for name in OFFLINE_DATA:
        try:
            load(name)
        except OSError as error:
            found.append(Prerequisite(False, str(error)))
        else:
            found.append(Prerequisite(True, f"data: {name}"))
    for name in RECIPES:
        try:
            trained_tables.read(name)
        except OSError as error:
            found.append(Prerequisite(False, str(error)))
        else:
            found.append(Prerequisite(True, f"table: {name}"))
    return found


def widgets(prefix: Path) -> Prerequisite:
    """Whether JupyterLab's part of the widgets is installed and fits Python's part.

    prefix: the environment that holds share/jupyter.
    """
    cure = (
        'pip install --force-reinstall "ipywidgets>=8.1" jupyterlab_widgets, then reload the page'
    )
    python_half = installed("ipywidgets")
    if python_half is None:
        return Prerequisite(
            False, 'widgets: ipywidgets is not installed: pip install "coursekit[widgets]"'
        )
    try:
        found = json.loads((prefix / LAB_EXTENSION).read_bytes())
        javascript_half = str(found["version"])
    except (OSError, ValueError, KeyError):
        return Prerequisite(
            False, f"widgets: JupyterLab cannot show them, its part is missing: {cure}"
        )
    # ipywidgets 8 needs version 5 of the manager, ipywidgets 7 needs version 3.
    partner = {"8": "5", "7": "3"}.get(python_half.split(".")[0])
    if javascript_half.split(".")[0] != partner:
        text = f"widgets: ipywidgets {python_half} and JupyterLab part {javascript_half} do not fit"
        return Prerequisite(False, f"{text}: {cure}")
    return Prerequisite(
        True, f"widgets: ipywidgets {python_half}, JupyterLab part {javascript_half}"
    )


def kernel() -> Prerequisite:
    """Whether the kernel answers a button while a cell is running."""
    number = installed("ipykernel")
    if number and int(number.split(".")[0]) >= 7:
        return Prerequisite(True, "buttons work while a cell runs")
    cure = 'pip install "ipykernel>=7", then restart the kernel'
    return Prerequisite(False, f"buttons wait until a cell ends with ipykernel {number}: {cure}")


def optional() -> list[str]:
    """Programs that only some users need."""
    compiler = preflight.check_compiler(platform.system(), os.environ.get("PATH", ""))
    cure = "none: `make test` skips the browser tests (apt install chromium)"
    return [f"{compiler.text} (used by `make setup` only)", f"Chromium: {chromium() or cure}"]


def chromium() -> str | None:
    """The path of the tests' browser, None if there is none on PATH."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)
