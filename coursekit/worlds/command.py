"""`coursekit tables`: what the kit's tables hold, and how they are built again."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np

from coursekit.arguments import whole_number
from coursekit.shipped import shipped
from coursekit.worlds import building, tables
from coursekit.worlds.recipes import FIDELITIES, RECIPES

TEXT = """\
A table holds what came out when every configuration of a space was trained for real: validation
accuracy after each epoch, test accuracy, seconds and parameters, from several seeds and at several
fidelities. Strategies search it in place of training (`coursekit race --world cells`).
"""
EXAMPLES = """\
examples:
  coursekit tables                     what there is, and how the scores are spread
  coursekit tables build mlps --only 5 train 5 entries again and compare them with the table
  coursekit tables build cells         train all of them again; Ctrl-C keeps what is done, and the
                                       same command goes on
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
        help="so many entries, compared with the shipped table; nothing is written",
    )
    builder.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the table goes; the shipped one's place"
    )
    builder.add_argument(
        "--part",
        type=Path,
        metavar="FILE",
        help="keeps what is done (build/tables/NAME.jsonl)",
    )
    builder.add_argument(
        "--workers", type=int, metavar="N", help="processes; one a core by default"
    )
    builder.set_defaults(run=build)


def show(options: argparse.Namespace) -> int:
    """Prints each table's size and the distribution of its scores."""
    for name, recipe in RECIPES.items():
        table, shared = tables.read(name)
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


def distribution(table: tables.Table) -> list[str]:
    """Quantiles of the last epoch's accuracy, mean over seeds, in percent, for each fidelity."""
    points = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    lines = [
        f"{'accuracy, %':28}"
        + "".join(f"{head:>8}" for head in ("least", "5 %", "25 %", "50 %", "75 %", "95 %", "best"))
        + f"{'noise':>8}{'hours':>8}"
    ]
    for level, fidelity in enumerate(FIDELITIES):
        for kind, scores in (("validation", table.validation[:, level, :, -1]),
                             ("test", table.test[:, level])):  # fmt: skip
            ends = _means(scores)
            quantiles = np.quantile(ends[np.isfinite(ends)], points)
            # The standard deviation between trainings that differ in the seed alone, typically.
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
    """Over seeds, shape (entries,), of the trainings that did not fail; NaN if all did."""
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
        print(f"\nstopped; {part} keeps what is done: the same command goes on", file=sys.stderr)
        return 130
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    pinned = digest == tables.SHA256[options.name]
    print(f"\n{path}\nsha256 {digest} ({'as pinned' if pinned else 'not the pinned one'})")
    return 0


def _line(text: str) -> None:
    sys.stderr.write(f"\r{text} ")
    sys.stderr.flush()


def _compare(name: str, count: int) -> int:
    """Trains so many entries again and prints them beside the table's; nothing is written."""
    whole_number("--only", count)
    table, _ = tables.read(name)
    listed = tables.entries(RECIPES[name].space)
    print(f"{'entry':>6}  {'table, %':16}{'now, %':16}{'s an epoch: table, now':>24}")
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
