"""A learner's progress in all labs, as a table: `progress()`, and `coursekit progress`."""

import argparse
import html
from dataclasses import dataclass
from pathlib import Path

from coursekit.labs import exercises, record
from coursekit.labs.cards import show

# state: (sign, word)
STATES = {
    "solved": ("✓", "solved"),
    "shown": ("=", "solution shown"),
    "tried": ("…", "tried"),
    "open": ("○", "open"),
}


@dataclass(frozen=True)
class Row:
    """One exercise: its lab's title, key, own title, points, state (a key of STATES)."""

    lab: str
    key: str
    title: str
    points: int
    state: str


def rows(work: Path | None = None) -> tuple[list[Row], str]:
    """All exercises of all labs, and a note if the record has a problem."""
    kept, note = record.read(work)
    found = []
    for path in exercises.sources():
        lab = exercises.load(path)
        for key, exercise in lab.exercises.items():
            entry = kept["exercises"].get(key, {})
            # A solved exercise stays solved if its solution is shown afterwards.
            marks = (("solved", "solved"), ("shown", "shown"), ("attempts", "tried"))
            state = next((state for mark, state in marks if entry.get(mark)), "open")
            found.append(Row(lab.title, key, exercise.title(), exercise.points, state))
    return found, note


def progress() -> None:
    """Shows all labs and exercises: which are solved, and the points."""
    try:
        found, note = rows()
        show(_text(found, note), _html(found, note))
    except (ValueError, OSError, TypeError, ImportError) as error:
        print(f"progress: {error}")


def progress_text(work: Path | None = None) -> str:
    """The same as text, for a terminal; `work` is the work folder (default: as in a notebook)."""
    return _text(*rows(work))


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


def _summary(found: list[Row]) -> str:
    solved = [row for row in found if row.state == "solved"]
    points, total = sum(row.points for row in solved), sum(row.points for row in found)
    return f"{len(solved)} of {len(found)} exercises solved, {points} of {total} points"


def _text(found: list[Row], note: str) -> str:
    lines = []
    for lab in dict.fromkeys(row.lab for row in found):
        own = [row for row in found if row.lab == lab]
        lines.append(f"{lab}: {_summary(own)}")
        width = max(len(row.title) for row in own)
        for row in own:
            sign, word = STATES[row.state]
            points = f"{row.points} point{'s' * (row.points != 1)}"
            lines.append(f"  {sign} {row.key:<5} {row.title:{width}}  {points:<9} {word}")
    lines.append(f"All labs: {_summary(found)}")
    return "\n".join([*lines, *([f"Note: {note}"] if note else [])])


def _html(found: list[Row], note: str) -> str:
    left = 'style="text-align:left;padding:2px 14px 2px 0"'
    body = ""
    for lab in dict.fromkeys(row.lab for row in found):
        own = [row for row in found if row.lab == lab]
        body += f'<tr><th colspan="4" scope="rowgroup" {left}>{html.escape(lab)}'
        body += f' <span style="font-weight:normal">· {_summary(own)}</span></th></tr>'
        for row in own:
            sign, word = STATES[row.state]
            done = ";color:var(--jp-success-color1,#2e7d32)" if row.state == "solved" else ""
            body += (
                f"<tr><td {left}>{row.key}</td><td {left}>{html.escape(row.title)}</td>"
                f'<td style="text-align:right;padding:2px 14px 2px 0">{row.points}</td>'
                f'<td style="text-align:left;padding:2px 0{done}">'
                f'<span aria-hidden="true">{sign}</span> {word}</td></tr>'
            )
    remark = f"<div><em>{html.escape(note)}</em></div>" if note else ""
    return (
        '<table style="font-size:inherit;color:var(--jp-content-font-color1,inherit)">'
        f'<caption style="text-align:left;font-weight:600">All labs: {_summary(found)}</caption>'
        f'<thead><tr><th scope="col" {left}>exercise</th><th scope="col" {left}>title</th>'
        f'<th scope="col" {left}>points</th><th scope="col" {left}>state</th></tr></thead>'
        f"<tbody>{body}</tbody></table>{remark}"
    )
