"""`coursekit grade`: a folder of submissions in, a gradebook and feedback pages out."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.extras import from_extras
from coursekit.grading import (
    alike,
    exports,
    gradebook,
    gradescope,
    hand_marks,
    isolation,
    release,
)
from coursekit.grading.grader import STATUSES, Grade, Grader, grade_all
from coursekit.grading.results import ClassResults
from coursekit.grading.submissions import Roster, Submission, find
from coursekit.grading.warm import Cold, Warm
from coursekit.labs import exercises
from coursekit.labs.exercises import Lab
from coursekit.log import Log
from coursekit.status_line import counted

TEXT = """\
SUBMISSIONS is a folder of notebooks, a folder with a folder for each learner, a zip file as Moodle
and Canvas give it out, or the inbound folder of nbgrader's exchange. OUT gets gradebook.csv, with
a row for each submission, feedback/NAME.html, class.html, and misconceptions.csv: which wrong idea
is how frequent. What you write into OUT/marks.csv (points, comments, the written conclusion) is
taken in. The same command continues after an interruption: what is graded already is not run again.
One notebook without --out is explained on the terminal.

A submission runs where it can read no answers and no files of yours, has no network, and cannot
outlive its time. Where the system does not allow that, nothing is graded: see --unisolated.

Points are empty where an exercise could not be judged. A status says why: {statuses}.
"""
GRADESCOPE = "gradescope"
SHOWN = 20  # differences on the terminal
GIVES_UP = (
    "grade with limits of time and memory alone: a submission then runs as you, can read and "
    "change your files, the answers and these grades, and can use the network"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit grade` to its parser."""
    parser.description = TEXT.format(statuses=", ".join(STATUSES))
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    parser.add_argument("--lab", required=True, metavar="NN", help="the lab's number, like 06")
    parser.add_argument("--out", type=Path, metavar="OUT", help="folder of the results")
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="CSV",
        help="who takes the course: a heading, then a row a learner, the first column the name to "
        "use, the others what else identifies one",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="submissions at a time (default: one a core)"
    )
    parser.add_argument(
        "--for",
        dest="system",
        choices=sorted([*exports.EXPORTS, GRADESCOPE]),
        help="also write OUT/SYSTEM.csv, which this system imports; canvas and moodle need the "
        "table that they export as --roster; gradescope gets OUT/gradescope.zip, to upload as the "
        "assignment's autograder",
    )
    parser.add_argument(
        "--due",
        type=_time,
        metavar="TIME",
        help="when it was due, like 2026-01-31T23:59+01:00 (without a zone: this machine's); the "
        "gradebook then has the days late, where the exchange's folders say when it was handed in",
    )
    parser.add_argument(
        "--alike",
        action="store_true",
        help="also write OUT/alike.html: submissions that share more than the lab explains",
    )
    parser.add_argument(
        "--take",
        action="store_true",
        help="take points that differ from those taken before, after you have changed the lab",
    )
    parser.add_argument("--unisolated", action="store_true", help=GIVES_UP)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Grades; ValueError or OSError for what cannot be graded at all. 130 after Ctrl-C."""
    jobs = options.jobs if options.jobs is not None else os.cpu_count() or 1
    if jobs < 1:
        raise ValueError(f"--jobs {jobs}: give 1 or more")
    source = release.source(options.lab)
    roster = Roster.read(options.roster) if options.roster else None
    others = {path.stem for path in exercises.sources()} - {source.stem}
    found = find(options.submissions, source.stem, roster, others)
    if options.out is None and not options.submissions.is_file():
        raise ValueError("say where the results go: --out FOLDER")
    with from_extras(), contextlib.ExitStack() as stack:
        grader = Grader(source)
        log = None
        if options.out is not None:
            log = stack.enter_context(_opened(options.out, source))
            # What is wrong in these files is said before anything runs.
            ClassResults.read(options.out, grader.lab)
            hand_marks.read(options.out / "marks.csv", grader.lab, found)
        known, older = _known(log, grader)
        left = list({each.digest: each for each in found if each.digest not in known}.values())
        print(
            f"{grader.lab.title}: {len(found)} submissions, {len(found) - len(left)} graded before"
        )
        # None of these is where a submission can look, unless it is within the installation.
        hidden = [each for each in (options.submissions, options.out) if each and each.is_dir()]
        hidden = [exercises.folder(), *(each.resolve() for each in hidden)]
        ended = True
        if left:
            with _server(grader, not options.unisolated, hidden) as server:
                ended = _grade(grader, left, known, older, log, jobs, server)
    rows = [
        (each, known[each.digest].doubted(each.doubts)) for each in found if each.digest in known
    ]
    if options.out is None:
        for _, grade in rows:
            _explain(grade)
    elif not _taken(options, grader.lab, rows):
        return 1
    else:
        _write(options, grader, rows, roster)
    if ended:
        return 0
    print(f"interrupted; {len(rows)} of {len(found)} are graded: the same command continues")
    return 130


def _grade(
    grader: Grader,
    left: Sequence[Submission],
    known: dict[str, Grade],
    older: dict[str, Grade],
    log: Log | None,
    jobs: int,
    server: Warm,
) -> bool:
    """Adds the outcomes to `known`; whether it came to its end. older: parts that still hold."""
    run = server.run
    if server.unfit:
        print(f"A new process for each submission, which is slower: {server.unfit}")
        run = Cold(isolated=server.isolated, hidden=server.hidden).run
    print(_isolation(server), flush=True)
    outcomes = grade_all(grader, left, run, jobs, older)
    try:
        for submission, grade in counted(outcomes, "submissions", len(left)):
            known[submission.digest] = grade
            if log is not None and not grade.again:
                record = {"notebook": submission.digest, "versions": grader.versions}
                log.append(record | {"grade": grade.record()}, sync=True)
    except KeyboardInterrupt:
        server.close()  # its children end with it, so nobody waits for them
        outcomes.close()
        return False
    return True


def _server(grader: Grader, isolated: bool, hidden: Sequence[Path]) -> Warm:
    import IPython  # noqa: F401 - the server needs it; if it is missing, this says the cure

    print("The server imports what the lab needs ...", flush=True)
    try:
        server = Warm(grader.imports(), isolated=isolated, hidden=hidden)
    except OSError as error:
        if not isolated:
            raise
        raise OSError(f"submissions cannot be isolated here ({error}). {_CURE}") from None
    gaps = server.gaps()
    if gaps and isolated:
        server.close()
        raise OSError(f"submissions are not isolated here: {'; '.join(gaps)}. {_CURE}")
    return server


_CURE = (
    "Run it as root, or on a Linux that lets you make user namespaces (Ubuntu 24.04: sudo sysctl "
    "kernel.apparmor_restrict_unprivileged_userns=0). Or give --unisolated, to " + GIVES_UP
)


def _isolation(server: Warm) -> str:
    if not server.isolated:
        return f"NOT ISOLATED, as you asked: {GIVES_UP.partition(': ')[2]}."
    user = "a user" if os.geteuid() == 0 else "namespaces of users"
    return (
        f"Isolation: each submission has processes, files, a network without exits and {user} of "
        f"its own, no capabilities, no system calls that lead out, {server.limits.memory >> 20} MB "
        f"of memory for all its processes, and writes to {isolation.FOLDER} in memory alone."
    )


def _opened(out: Path, source: Path) -> Any:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{source.stem}.jsonl"
    cure = "give another folder"
    return contextlib.closing(Log(path, first="notebook", cure=cure, user="grading"))


def _known(log: Log | None, grader: Grader) -> tuple[dict[str, Grade], dict[str, Grade]]:
    """The grades by this version of the lab, and the parts of older ones that still hold.

    Both by the submission's digest.
    """
    known, older = dict[str, Grade](), dict[str, Grade]()
    if log is None:
        return known, older
    for number, record in log.records:
        try:
            grade, versions = Grade.of(record["grade"]), record["versions"]
            if versions == grader.versions:
                known[record["notebook"]] = grade
            else:
                older[record["notebook"]] = grader.still(grade, versions)
        except (KeyError, TypeError, AttributeError) as error:
            raise log.damaged(number, f"{type(error).__name__}: {error}") from None
    return known, older


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2026-01-31T23:59") from None


def _taken(options: argparse.Namespace, lab: Lab, rows: Sequence[gradebook.Row]) -> bool:
    """Whether the points may be taken: none differs from those taken before, or it is wanted."""
    before = ClassResults.read(options.out, lab)
    if before is None:
        return True
    found = gradebook.changes(before.rows, rows)
    if not found:
        return True
    gradebook.write_changes(options.out / "changes.csv", found)
    print(f"{len(found)} points differ from those taken before: changes.csv")
    for change in found[:SHOWN]:
        print(_plain(f"  {change}"))
    if len(found) > SHOWN:
        print(f"  and {len(found) - SHOWN} more")
    if not options.take:
        print("Nothing else is written. Give the same command with --take to take them.")
    return bool(options.take)


def _write(
    options: argparse.Namespace,
    grader: Grader,
    graded: Sequence[gradebook.Row],
    roster: Roster | None,
) -> None:
    out, lab = options.out, grader.lab
    results = ClassResults(out, lab, graded, options.due)
    results.keep()
    rows = results.write()
    given = [submission for submission, _ in rows]
    count = Counter(grade.status for _, grade in rows)
    said = ", ".join(f"{count[status]} {status}" for status in STATUSES if count[status])
    print(f"{said or 'nothing is graded yet'}. Wrote {out / 'gradebook.csv'}, class.html, feedback")
    if options.alike:
        pairs = alike.pairs(lab, grader.given, given)
        atomic.write(out / "alike.html", alike.page(lab, pairs))
        print(f"Wrote {out / 'alike.html'}: {len(pairs)} pairs")
    if absent := (set(roster.lines) if roster else set()) - {each.learner for each in given}:
        print(_plain(f"Nothing from {len(absent)} of the roster: {', '.join(sorted(absent))}"))
    if options.system == GRADESCOPE:
        number = gradescope.write(out / "gradescope.zip", lab, rows)
        print(f"Wrote {out / 'gradescope.zip'} with the marks of {number} submissions")
    elif options.system:
        table = out / f"{options.system}.csv"
        exports.write(table, options.system, lab, rows, roster)
        print(f"Wrote {table}, without what needs a human")
    unmarked = sum(exports.is_settled(*row) and gradebook.to_be_marked(row[1]) for row in rows)
    if options.system and unmarked:
        print(
            f"In it {unmarked} conclusions are not marked yet, and count 0: mark, and export again"
        )


def _explain(outcome: Grade) -> None:
    points = "not judged" if outcome.points is None else f"{outcome.points} points"
    notes = [f"  {note}" for note in outcome.notes]
    print(_plain("\n".join([f"{outcome.status}: {points}", *notes])))
    for mark in outcome.marks.values():
        given = "-" if mark.points is None else mark.points
        print(_plain(f"[{given} of {mark.most}] {mark.card.plain()}"))


def _plain(text: str) -> str:
    """Without characters that move a terminal's cursor or change its colours."""
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)
    return text.encode("utf-8", "replace").decode()
