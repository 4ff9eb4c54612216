"""The command `coursekit`: each subcommand is one line in COMMANDS."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

import coursekit
from coursekit.extras import MissingExtra, from_extras

# name: (module, purpose). A module has `arguments(parser)`, which adds its options and sets `run`,
# a function from the parsed options to the exit code. Modules are imported only when needed.
COMMANDS = {
    "lab": ("coursekit.labs.serve", "open the labs in JupyterLab"),
    "progress": ("coursekit.labs.progress", "show which exercises are solved"),
    "race": ("coursekit.race.command", "compare search strategies on a benchmark"),
    "tables": (
        "coursekit.worlds.command",
        "show the tables of real trainings, or build them again",
    ),
    "pipeline": (
        "coursekit.tfx.command",
        "run a TFX pipeline with a strategy in its Tuner, or compile it for a cluster",
    ),
    "cloud": (
        "coursekit.cloud.command",
        "run AutoML of three vendors, simulated or with your account, and compare",
    ),
    "doctor": ("coursekit.doctor", "check what works on this machine, with a cure for the rest"),
}
EXAMPLES = """\
examples:
  coursekit lab               open the labs; your work is kept in ./my-labs
  coursekit lab --reset 01    start lab 01 again; a dated copy of yours is kept
  coursekit progress          show what you have solved so far
  coursekit race              find the best search strategy, and check that it is not luck
  coursekit pipeline run      from data to a tuned and pushed model, with TFX
  coursekit doctor            something does not work? start here

`coursekit COMMAND --help` shows the options of a command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand: 0 for success, 1 for an error (in one line), 2 for misuse."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with from_extras():
            options = _parser(words).parse_args(words)
            return int(options.run(options))
    except (MissingExtra, OSError, ValueError) as error:
        message = str(error)
    except KeyboardInterrupt:
        return 130
    print(f"coursekit {words[0]}: {message}", file=sys.stderr)
    return 1


def _parser(words: list[str]) -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="coursekit", description=coursekit.__doc__, epilog=EXAMPLES, formatter_class=shape
    )
    parser.add_argument("--version", action="version", version=f"coursekit {coursekit.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=purpose,
            description=purpose[0].upper() + purpose[1:] + ".",
            formatter_class=shape,
        )
        if words[:1] == [name]:
            import_module(module).arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
