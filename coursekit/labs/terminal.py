"""`coursekit progress`: how far the learner has come, in a terminal."""

import argparse
from pathlib import Path

from coursekit.labs.overview import progress_text


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit progress` to its parser."""
    parser.add_argument(
        "--dir", type=Path, default=Path("my-labs"), help="your work folder (default: my-labs)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints the table; OSError if there is no such folder."""
    folder = options.dir.expanduser().absolute()
    if not folder.is_dir():
        raise OSError(f"no work folder {folder}: begin with `coursekit lab`, or name it with --dir")
    print(progress_text(folder))
    return 0
