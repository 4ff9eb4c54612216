"""Where the files are that come with the package: `data/` and `notebooks/`."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(folder: str) -> Path:
    """The folder `data` or `notebooks`: a checkout's own, or the copy inside the wheel.

    Raises FileNotFoundError if the installation lacks it.
    """
    for root in (_PACKAGE.parent, _PACKAGE / "shipped_files"):
        # Site-packages may well hold a "data" too: only a checkout has a pyproject.toml.
        if (root / folder).is_dir() and (
            root.name == "shipped_files" or (root / "pyproject.toml").is_file()
        ):
            return root / folder
    raise FileNotFoundError(f"coursekit's folder {folder!r} is missing: install the package again")
