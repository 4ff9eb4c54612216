"""`coursekit race`: strategies against each other on a benchmark."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from coursekit.lookup import split
from coursekit.race import report
from coursekit.race.contest import Race, race
from coursekit.strategies import STRATEGIES
from coursekit.worlds import WORLDS, make

USUAL = ("random", "regularized_evolution", "local_search", "tpe", "bayesian")
TEXT = """\
Every strategy searches from the same seeds and with the same budget. A replayed benchmark answers
at once with what was once trained for real, so that a race over thousands of trainings takes
seconds. What is printed: the best score found, mean and standard deviation over the seeds; the
mean rank (1 is the best); a strategy's own milliseconds a trial; and which differences are more
than luck (Wilcoxon's signed-rank test over paired seeds, Holm's correction for the many pairs).
"""
EXAMPLES = """\
examples:
  coursekit race                                  the usual strategies on NAS-Bench-201, CIFAR-10
  coursekit race --dataset cifar100 --out race.png
  coursekit race --strategies random,regularized_evolution --trials 500 --seeds 50
  coursekit race --strategies "regularized_evolution,regularized_evolution(population_size=10)"
  coursekit race --seconds 200000                 equal training time in place of equal trials

strategies: {strategies}
worlds: {worlds}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit race` to its parser."""
    worlds = "; ".join(f"{name} ({', '.join(cls.datasets)})" for name, cls in WORLDS.items())
    usual = ",".join(name for name in USUAL if name in STRATEGIES)
    parser.description = TEXT
    parser.epilog = EXAMPLES.format(strategies=", ".join(STRATEGIES), worlds=worlds)
    parser.add_argument("--world", default="nasbench201", metavar="NAME", help="where to search")
    parser.add_argument("--dataset", metavar="NAME", help="the world's first by default")
    parser.add_argument(
        "--strategies",
        default=usual,
        metavar="A,B,...",
        help=f"who races, options in brackets; {usual} by default",
    )
    parser.add_argument(
        "--trials", type=int, metavar="N", help="trials of each search; 200 by default"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="training time of each search, simulated"
    )
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="20 by default")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; one a core by default")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the anytime figure: png, svg, pdf"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="every trial of every search")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Races and reports: 0, or 130 if it was stopped."""
    _check_files(options)
    trials = 200 if options.trials is None and options.seconds is None else options.trials
    result = race(
        make(options.world, options.dataset),
        split(options.strategies),
        trials=trials,
        seconds=options.seconds,
        seeds=options.seeds,
        workers=options.workers,
    )
    if result.stopped:
        print(
            f"stopped after {result.done} of {len(result.names) * result.seeds} searches",
            file=sys.stderr,
        )
    if options.csv:
        report.write_csv(result, options.csv)
    if result.stopped and not result.paired():
        return 130
    print(report.table(result))
    print()
    print(report.statement(result))
    if options.out:
        _draw(result, options.out)
    return 130 if result.stopped else 0


def _check_files(options: argparse.Namespace) -> None:
    """Before the race rather than after it: whether its files can be written."""
    for path in filter(None, (options.out, options.csv)):
        if not path.absolute().parent.is_dir():
            raise ValueError(f"{path}: there is no folder {path.parent} to write to")
    if options.out:
        from matplotlib.backend_bases import FigureCanvasBase

        known = FigureCanvasBase.get_supported_filetypes()
        if options.out.suffix.lstrip(".").lower() not in known:
            raise ValueError(f"{options.out}: no kind of figure: end in .png, .svg or .pdf")


def _draw(result: Race, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from coursekit.theme import STYLE

    with mpl.rc_context(STYLE):
        axes = report.figure(result)
        axes.figure.savefig(path, dpi=150)
