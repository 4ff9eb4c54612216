"""`coursekit tables`: show the kit's tables, or build them again."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np

from coursekit.arguments import whole_number
from coursekit.shipped import shipped
from coursekit.worlds import building, trained_tables
from coursekit.worlds.recipes import FIDELITIES, RECIPES

TEXT = """\
A table holds the results of training every configuration of a space: validation accuracy after each
epoch, test accuracy, seconds and parameters, from several seeds and at several fidelities.
Strategies search it instead of training (`coursekit race --world cells`).
"""
EXAMPLES = """\
examples:
  coursekit tables                     list the tables and the distribution of their scores
  coursekit tables build mlps --only 5 train 5 entries again and compare them with the table
  coursekit tables build cells         train all of them again; Ctrl-C keeps finished entries, the
                                       same command resumes
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit tables` to its parser."""
    parser.description, parser.epilog = TEXT, EXAMPLES
    parser.set_defaults(run=show)
    commands = parser.add_subparsers(metavar="build")
    builder = commands.add_parser(
        "build",
        help="train a table again",
        description="Train a table again, every entry from every seed at every fidelity.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    builder.add_argument("name", choices=list(RECIPES), metavar="NAME", help=", ".join(RECIPES))
    builder.add_argument(
        "--only",
        type=int,
        metavar="N",
        help="train only N entries and compare them with the shipped table; nothing is written",
    )
    builder.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where to write the table (default: where the shipped one is)",
    )
    builder.add_argument(
        "--part",
        type=Path,
        metavar="FILE",
        help="keeps finished entries (build/tables/NAME.jsonl)",
    )
    builder.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one for each core)"
    )
    builder.set_defaults(run=build)


def show(options: argparse.Namespace) -> int:
    """Prints each table's size and the distribution of its scores."""
    for name, recipe in RECIPES.items():
        table, shared = trained_tables.read(name)
        about = table.about
        size = (shipped("data") / f"{name}.npz").stat().st_size
        print(
            f"{name}: {recipe.title}\n"
            f"  {about['entries']:,} entries for {len(shared):,} configurations, {about['epochs']} "
            f"epochs, {about['seeds']} seeds, {size / 1e6:.1f} MB, built {about['built']} with "
            + ", ".join(f"{key} {about[key]}" for key in ("numpy", "keras") if key in about)
        )
        for line in distribution(table):
            print(f"  {line}")
    return 0


def distribution(table: trained_tables.Table) -> list[str]:
    """Quantiles of the last epoch's accuracy, mean over seeds, in percent, for each fidelity."""
    points = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    lines = [
        f"{'accuracy, %':28}"
        + "".join(
            f"{head:>8}" for head in ("lowest", "5 %", "25 %", "50 %", "75 %", "95 %", "best")
        )
        + f"{'noise':>8}{'hours':>8}"
    ]
    for level, fidelity in enumerate(FIDELITIES):
        for kind, scores in (("validation", table.validation[:, level, :, -1]),
                             ("test", table.test[:, level])):  # fmt: skip
            ends = _means(scores)
            quantiles = np.quantile(ends[np.isfinite(ends)], points)
            # The typical standard deviation between trainings that differ only in the seed.
            noise = np.nanmedian(np.std(scores, axis=1, ddof=1))
            hours = table.seconds[:, level].sum() * np.prod(table.validation.shape[2:]) / 3600
            lines.append(
                f"{fidelity + ', ' + kind:28}"
                + "".join(f"{100 * value:8.1f}" for value in quantiles)
                + f"{100 * noise:8.2f}"
                + (f"{hours:8.2f}" if kind == "validation" else "")
            )
    return lines


def _means(scores: np.ndarray) -> np.ndarray:
    """The mean over seeds, shape (entries,), of trainings that did not fail; NaN if all did."""
    good = np.isfinite(scores)
    total = np.where(good, scores, 0).sum(axis=1, dtype=float)
    return np.where(good.any(axis=1), total / np.maximum(good.sum(axis=1), 1), np.nan)


def build(options: argparse.Namespace) -> int:
    """Builds a table, or a few entries of it: 0, or 130 if it was stopped."""
    if options.only is not None:
        return _compare(options.name, options.only)
    folder = options.folder or shipped("data")
    if not folder.is_dir():
        raise ValueError(f"--folder {folder}: there is no such folder")
    if options.workers is not None:
        whole_number("--workers", options.workers)
    part = options.part or Path("build/tables") / f"{options.name}.jsonl"
    tell = _line if sys.stderr.isatty() else print
    try:
        path = building.build(
            options.name,
            folder,
            part=part,
            workers=options.workers or os.cpu_count() or 1,
            tell=tell,
        )
    except KeyboardInterrupt:
        print(
            f"\nstopped; {part} keeps finished entries: the same command resumes", file=sys.stderr
        )
        return 130
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    pinned = digest == trained_tables.SHA256[options.name]
    print(f"\n{path}\nsha256 {digest} ({'as pinned' if pinned else 'not the pinned one'})")
    return 0


def _line(text: str) -> None:
    sys.stderr.write(f"\r{text} ")
    sys.stderr.flush()


def _compare(name: str, count: int) -> int:
    """Trains `count` entries again and prints them next to the table's; nothing is written."""
    whole_number("--only", count)
    table, _ = trained_tables.read(name)
    listed = trained_tables.entries(RECIPES[name].space)
    print(f"{'entry':>6}  {'table, %':16}{'now, %':16}{'s per epoch: table, now':>24}")
    for entry in building.sample(name, count):
        found = building.measure(name, listed[entry])
        now = np.array(found["validation"][0], dtype=float)[:, -1]
        kept = table.validation[entry, 0, :, -1]
        print(
            f"{entry:6}  {_scores(kept):16}{_scores(now):16}"
            f"{table.seconds[entry, 0]:15.4f}{found['seconds'][0]:9.4f}",
            flush=True,
        )
    return 0


def _scores(seeds: np.ndarray) -> str:
    return " ".join(f"{100 * score:.1f}" for score in seeds)
