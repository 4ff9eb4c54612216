"""`coursekit race`: strategies and estimators against each other on benchmarks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from coursekit.estimators import ESTIMATORS, SHORT
from coursekit.extras import from_extras
from coursekit.lookup import split
from coursekit.race import report
from coursekit.race.contest import Race, races
from coursekit.strategies import STRATEGIES
from coursekit.worlds import WORLDS, World, make

USUAL = ("random", "regularized_evolution", "local_search", "tpe", "bayesian")
TEXT = """\
Every strategy searches with every estimator in every world, from the same seeds and with the same
budget. A replayed benchmark answers at once with recorded results of real trainings, so a race over
thousands of trainings takes seconds. The output: the worth of the incumbents, mean and standard
deviation over the seeds; the mean rank (1 is the best); the milliseconds per trial of strategy and
estimator, without trainings; and which differences are significant (Wilcoxon's signed-rank test
over paired seeds, Holm's correction for the number of pairs).

A search chooses its incumbent by its own scores. An estimator's scores may be forecasts, or come
from less data, so they are not compared: each incumbent is judged by its full training (from a
table: the mean). That training is charged to no contestant. Estimators save seconds, not trials:
give --seconds when they race. Pairs that cannot race in a world are left out with a note.
"""
EXAMPLES = """\
examples:
  coursekit race                                  the usual strategies on NAS-Bench-201, CIFAR-10
  coursekit race --dataset cifar100 --out race.png
  coursekit race --strategies random,regularized_evolution --trials 500 --seeds 50
  coursekit race --strategies "regularized_evolution,regularized_evolution(population_size=10)"
  coursekit race --seconds 200000                 equal training time in place of equal trials
  coursekit race --world mlps --estimators "full,extrapolation,lower_fidelity(epochs=10)" \\
      --strategies random,tpe --seconds 5
  coursekit race --world mlps,cells --estimators full,extrapolation,lower_fidelity \\
      --strategies random,tpe --seconds 5,50 --out race.png   two worlds, one figure

strategies: {strategies}
estimators: {estimators}
worlds: {worlds}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit race` to its parser."""
    worlds = "; ".join(f"{name} ({', '.join(cls.datasets)})" for name, cls in WORLDS.items())
    usual = ",".join(name for name in USUAL if name in STRATEGIES)
    short = {name: f"{text} ({name})" for text, name in SHORT.items()}
    estimators = ", ".join(short.get(name, name) for name in ESTIMATORS)
    parser.description = TEXT
    parser.epilog = EXAMPLES.format(
        strategies=", ".join(STRATEGIES), estimators=estimators, worlds=worlds
    )
    parser.add_argument(
        "--world", default="nasbench201", metavar="A,B,...", help="where to search; nasbench201"
    )
    parser.add_argument("--dataset", metavar="NAME", help="of one world; its first by default")
    parser.add_argument(
        "--strategies",
        default=usual,
        metavar="A,B,...",
        help=f"what races, options in brackets; {usual} by default",
    )
    parser.add_argument(
        "--estimators",
        metavar="A,B,...",
        help="how candidates are judged, options in brackets; full trainings by default",
    )
    parser.add_argument(
        "--trials", type=int, metavar="N", help="trials of each search; 200 by default"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        metavar="S,...",
        help="training time of each search, simulated: one number, or one for each world",
    )
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="20 by default")
    parser.add_argument(
        "--noisy",
        action="store_true",
        help="each search sees one training of a candidate, not the mean of the table's",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one a core by default")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the anytime figure: png, svg, pdf"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="every trial of every search")
    parser.set_defaults(run=run)


def _seconds(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        message = f"{text!r}: give a number, or one for each world, such as 5,50"
        raise argparse.ArgumentTypeError(message) from None


def run(options: argparse.Namespace) -> int:
    """Races and reports: 0, or 130 if it was stopped."""
    _check_files(options)
    worlds = _worlds(options)
    trials = 200 if options.trials is None and options.seconds is None else options.trials
    seconds = options.seconds
    found = races(
        worlds,
        split(options.strategies),
        None if options.estimators is None else split(options.estimators),
        trials=trials,
        seconds=seconds * len(worlds) if seconds and len(seconds) == 1 else seconds,
        seeds=options.seeds,
        noisy=options.noisy,
        workers=options.workers,
    )
    if stopped := found[-1].stopped:
        last = found[-1]
        where = f" in {last.world}" if len(worlds) > 1 else ""
        print(
            f"stopped after {last.done} of {len(last.names) * last.seeds} searches{where}",
            file=sys.stderr,
        )
    if options.csv:
        report.write_csv(found, options.csv)
    found = [each for each in found if each.paired()]
    for each in found:
        print(report.table(each))
        print()
        print(report.statement(each))
        print()
    if len(found) > 1:
        print(report.matrix(found))
    if options.out and found:
        _draw(found, options.out)
    return 130 if stopped else 0


def _worlds(options: argparse.Namespace) -> list[World]:
    names = split(options.world)
    if len(names) > 1 and options.dataset is not None:
        raise ValueError(f"--dataset {options.dataset}: give it with one world; {len(names)} race")
    if len(set(names)) < len(names):
        raise ValueError(f"--world {options.world}: each of the worlds races once")
    return [make(name, options.dataset) for name in names]


def _check_files(options: argparse.Namespace) -> None:
    """Check before the race that its files can be written."""
    for path in filter(None, (options.out, options.csv)):
        if not path.absolute().parent.is_dir():
            raise ValueError(f"{path}: there is no folder {path.parent} to write to")
    if options.out:
        with from_extras():
            from matplotlib.backend_bases import FigureCanvasBase

        known = FigureCanvasBase.get_supported_filetypes()
        if options.out.suffix.lstrip(".").lower() not in known:
            raise ValueError(f"{options.out}: unknown kind of figure: end in .png, .svg or .pdf")


def _draw(found: Sequence[Race], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from coursekit.theme import STYLE

    with mpl.rc_context(STYLE):
        drawn = report.panels(found) if len(found) > 1 else report.figure(found[0]).figure
        drawn.savefig(path, dpi=150)
