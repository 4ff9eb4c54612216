"""Where the files are that come with the package: `data/` and `notebooks/`."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(folder: str) -> Path:
    """The folder `data` or `notebooks`: the repository's in a checkout, the package's copy in a wheel.

    Raises FileNotFoundError if the installation lacks it.
    """
    for root in (_PACKAGE.parent, _PACKAGE / "shipped_files"):
        # A neighbour in site-packages may well be called "data": only a checkout has our pyproject.toml.
        if (root / folder).is_dir() and (root.name == "shipped_files" or (root / "pyproject.toml").is_file()):
            return root / folder
    raise FileNotFoundError(f"coursekit's folder {folder!r} is missing: install the package again")
