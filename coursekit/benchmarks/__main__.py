"""Benchmarks of coursekit against its peers, all contestants in one run on one machine.

Seconds depend on the machine and the day: compare the ratios.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    # One thread for every contestant; NumPy and TensorFlow read this when they are loaded.
    for _library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{_library}_NUM_THREADS"] = "1"
    for _kind in ("INTRAOP", "INTEROP"):
        os.environ[f"TF_NUM_{_kind}_THREADS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from coursekit.benchmarks import (
    beforehand,
    estimators,
    grading,
    importance,
    labs,
    perceptrons,
    reference_cma,
    spaces,
    strategies,
    tfx,
    tuners,
    worlds,
)
from coursekit.extras import MissingExtra, from_extras


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: a list of the benchmarks, or one of them."""
    parser = argparse.ArgumentParser(prog="python -m coursekit.benchmarks", description=__doc__)
    commands = parser.add_subparsers(title="benchmarks", metavar="NAME")
    measured = (
        *(perceptrons, labs, grading, strategies, spaces, beforehand, reference_cma),
        *(tuners, worlds),
        *(estimators, importance, tfx),
    )
    for benchmark in measured:
        name = benchmark.__name__.rpartition(".")[2]
        summary = (benchmark.__doc__ or "").partition("\n")[0]
        command = commands.add_parser(
            name,
            help=summary,
            description=benchmark.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        benchmark.add_arguments(command)
        command.set_defaults(run=benchmark.run)
    options = parser.parse_args(arguments)
    if "run" not in options:
        parser.print_help()
        return 0
    try:
        with from_extras():
            options.run(options)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except MissingExtra as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
