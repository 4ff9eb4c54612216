"""`coursekit cloud`: AutoML of three vendors, simulated or with a real account, and Local."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.arguments import count
from coursekit.cloud.connect import LOCAL, VENDORS, vendor_class
from coursekit.cloud.following import JobStanding
from coursekit.cloud.prices import OVERRIDE
from coursekit.cloud.session import (
    HOME,
    Session,
    account_of,
    hand_on,
    held_out_score,
    look,
    stop,
    usual_name,
)  # fmt: skip
from coursekit.cloud.vendor import CloudJob, JobState, LeaderboardRow, Request, Vendor
from coursekit.status_line import Line

if TYPE_CHECKING:
    import pandas

TEXT = """\
One table, one column to predict, and a vendor who searches for a good model: Amazon SageMaker
Autopilot, Azure automated machine learning, Google Vertex AI, or the kit itself on this machine.
With --simulated the vendor's own SDK talks to a small server on this machine, which searches for
real and sends no bill. A real account is used only if --account names one, and never in place of
a simulated service.
"""
EXAMPLES = """\
examples:
  coursekit cloud check table.csv --target y          what vendors would refuse; what would leave
  coursekit cloud estimate table.csv --target y       what it may cost, by vendor
  coursekit cloud run table.csv --target y --vendor sagemaker --simulated
      submit, follow, and score the best model on rows that stayed here; the same command finds the
      job again after a crash
  coursekit cloud run table.csv --target y --vendor local
  coursekit cloud run table.csv --target y --vendor azure --simulated --pipeline rows
      and the command of a TFX pipeline that has to beat its model on the same rows
  coursekit cloud run table.csv --target y --vendor vertex --ceiling 30 \\
      --account project=my-project --account bucket=my-bucket
      a real account, which pays; the job is stopped at 30 US dollars
  coursekit cloud jobs                                what runs, and what it has cost
  coursekit cloud stop --all
  coursekit cloud serve --vendor azure                a simulated service, for your own programs
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit cloud` to its parser."""
    parser.description, parser.epilog = TEXT, EXAMPLES
    commands = parser.add_subparsers(
        metavar="run | jobs | stop | estimate | check | serve", required=True
    )

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.add_argument("--folder", type=Path, default=HOME, metavar="DIR",
                          help=f"of the register of jobs ({HOME})")  # fmt: skip
        return made

    runner = command("run", "submit a table, follow the job, and score its best model")
    _request_options(runner)
    runner.add_argument("--vendor", required=True, choices=list(VENDORS))
    runner.add_argument("--simulated", action="store_true",
                        help="a server on this machine in place of the vendor's")  # fmt: skip
    runner.add_argument("--account", action="append", default=[], metavar="NAME=VALUE",
                        help="a field of the real account that pays; repeatable")  # fmt: skip
    runner.add_argument("--ceiling", type=float, metavar="DOLLARS",
                        help="the job is stopped when it has cost so much; needed with a real "
                        "account")  # fmt: skip
    runner.add_argument("--name", help="of the job; by default from the table, so that the same "
                        "command finds the same job")  # fmt: skip
    runner.add_argument("--score", action="store_true", help="score rows that stayed here with a "
                        "real account too, where predictions cost more")  # fmt: skip
    runner.add_argument("--pipeline", type=Path, metavar="DIR", help="write the rows there for "
                        "`coursekit pipeline run`, whose model then has to beat this one on the "
                        "rows that stayed here")  # fmt: skip
    runner.add_argument("--yes", action="store_true", help="send without asking")
    runner.add_argument("--pace", type=float, default=0.0, metavar="SECONDS",
                        help="a simulated service waits so long after a candidate (0)")  # fmt: skip
    runner.set_defaults(run=_run)

    command("jobs", "list the jobs with their state and cost").set_defaults(run=_jobs)

    stopper = command("stop", "stop a job, or all")
    stopper.add_argument("name", nargs="?")
    stopper.add_argument("--all", action="store_true", help="all jobs and simulated services")
    stopper.set_defaults(run=_stop)

    estimator = command("estimate", "say what a job may cost, by vendor; nothing is sent")
    _request_options(estimator)
    estimator.set_defaults(run=_estimate)

    checker = command("check", "show what each vendor would refuse, and what would leave")
    _request_options(checker)
    checker.add_argument("--vendor", choices=list(VENDORS), help="this one only")
    checker.set_defaults(run=_check)

    server = command("serve", "serve a simulated vendor on this machine until Ctrl-C")
    server.add_argument("--vendor", required=True, choices=[n for n in VENDORS if n != LOCAL])
    server.add_argument("--port", type=int, default=0, metavar="N", help="a free one by default")
    server.add_argument("--pace", type=float, default=0.0, metavar="SECONDS",
                        help="to wait after each candidate (0)")  # fmt: skip
    server.add_argument("--seed", type=int, default=0, metavar="N", help="of the searches (0)")
    server.add_argument("--idle", type=float, metavar="MINUTES",
                        help="end after so long without a call and a job")  # fmt: skip
    server.add_argument("--announce", type=Path, help=argparse.SUPPRESS)
    server.set_defaults(run=_serve)


def _request_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", type=Path, help="a CSV file with a header")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="what to predict")
    parser.add_argument("--metric", default=None, help="auc, accuracy, log_loss, rmse, r2, or the "
                        "vendor's own name; auc for classes and rmse for numbers")  # fmt: skip
    parser.add_argument("--candidates", type=count, default=20, metavar="N",
                        help="most models to try (20; Google has no such limit)")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M",
                        help="most minutes, as the vendor counts them (60)")  # fmt: skip
    parser.add_argument("--keep", action="append", default=[], metavar="COLUMN",
                        help="send it although it may point at persons; repeatable")  # fmt: skip
    parser.add_argument("--drop", action="append", default=[], metavar="COLUMN",
                        help="leave it out; repeatable")  # fmt: skip
    parser.add_argument("--hold-out", type=float, default=0.2, metavar="SHARE",
                        help="of the rows stays here, to score the best model (0.2)")  # fmt: skip
    parser.add_argument("--prices", type=Path, metavar="FILE",
                        help="your own prices: see coursekit.cloud.prices")  # fmt: skip


def _asked(options: argparse.Namespace) -> tuple[Request, pandas.DataFrame, Any]:
    """The request without a name, the rows that stay here, and what would leave."""
    import os

    from coursekit.cloud.table import hold_out, outgoing, read

    if options.prices:
        os.environ[OVERRIDE] = str(options.prices)  # of this process
    table = read(options.table.read_bytes())
    found = outgoing(table, options.target, keep=options.keep, drop=options.drop)
    known = found.table[found.table[options.target].notna()]
    if len(known) < len(table):
        print(f"{len(table) - len(known)} rows have no {options.target}: left out")
    sent, kept = hold_out(known, options.hold_out)
    request = Request(sent, options.target, "", max_candidates=options.candidates,
                      max_minutes=options.minutes)  # fmt: skip
    metric = options.metric or ("auc" if request.classes else "rmse")
    return replace(request, metric=metric), kept, found._replace(table=sent)


def _run(options: argparse.Namespace) -> int:
    """0 if the job has completed, 1 if it failed, 130 if it was stopped."""
    from coursekit.cloud.table import check

    name, real = options.vendor, bool(options.account)
    if name != LOCAL and options.simulated == real:
        raise ValueError(
            f"--vendor {name}: give --simulated, or the fields of a real account as --account "
            "NAME=VALUE; one is never taken for the other"
        )
    if real and options.ceiling is None:
        raise ValueError("a real account needs --ceiling DOLLARS, at which the job is stopped")
    account = dict(_pair(text) for text in options.account)
    if real:
        account_of(name, account)
    request, kept, leaving = _asked(options)
    request = replace(request, ceiling=options.ceiling)
    request = replace(request, name=options.name or usual_name(options.table.stem, request))
    vendor_class(name).own_metric(request.metric)
    check(request, name)
    if options.pipeline:
        hand_on(options.pipeline, request, kept)
    session = Session(options.folder, pace=options.pace)
    try:
        if name != LOCAL and options.simulated:
            print(f"simulated {name}: a server on this machine; nothing leaves it, nobody pays")
        vendor = session.vendor(name, simulated=options.simulated, account=account)
        estimated = vendor.estimate_cost(request)
        if name != LOCAL:
            print(f"estimate: {estimated}")
        if options.ceiling is not None and estimated.low > options.ceiling:
            raise ValueError(
                f"it costs at least {estimated.low:.2f} dollars, above --ceiling "
                f"{options.ceiling:g}: ask for fewer candidates or minutes"
            )
        if leaving.left_out:
            print(f"left out: {', '.join(leaving.left_out)} (check says why)")
        if real and not options.yes and not _agreed(leaving, vendor):
            print("nothing was sent")
            return 1
        return _submitted(session, vendor, request, kept, options, account)
    finally:
        session.close()


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"--account {text}: give NAME=VALUE, such as region=eu-west-1")
    return name, value


def _agreed(leaving: Any, vendor: Vendor) -> bool:
    print(f"what would leave this machine for {vendor.title}:\n{leaving}")
    if not sys.stdin.isatty():
        raise ValueError("nobody can be asked here: read the above, and give --yes")
    return input("send it? [y/N] ").strip().lower() in ("y", "yes")


def _submitted(
    session: Session,
    vendor: Vendor,
    request: Request,
    kept: pandas.DataFrame,
    options: argparse.Namespace,
    account: dict[str, str],
) -> int:
    job, last, line = None, None, Line(None)
    try:
        job, new = session.submit(vendor, request, account)
        print(f"job {job.name} {'is submitted' if new else 'is found again: submitted before'}")
        for found in session.follow(vendor, job, ceiling=options.ceiling):
            last = found
            line.show(lambda seconds, found=found: _told(found, seconds))  # type: ignore[misc]
    except KeyboardInterrupt:
        line.end()
        return _interrupted(session, vendor, job or vendor.find(request.name))
    line.end()
    assert job is not None and last is not None
    _show(vendor, job, last)
    if last.best is not None and last.progress.state is not JobState.FAILED:
        if account and not options.score:
            print("predictions cost more: --score scores the rows that stayed here")
        else:
            _score(vendor, job, request, kept, options.pipeline)
    return {JobState.COMPLETED: 0, JobState.STOPPED: 130}.get(last.progress.state, 1)


def _interrupted(session: Session, vendor: Vendor, job: CloudJob | None) -> int:
    """Ctrl-C ends what costs money; a search on this machine continues with the next command."""
    if job is None:
        print("interrupted before the vendor had the job: nothing runs")
        return 130
    if vendor.name == LOCAL:
        print("interrupted: finished candidates are kept, the same command continues")
        return 130
    print("interrupted: asking the vendor to stop the job", flush=True)
    vendor.stop(job)
    last = None
    for found in session.follow(vendor, job):
        last = found
    assert last is not None
    _show(vendor, job, last)
    return 130


def _told(found: JobStanding, seconds: float) -> str:
    best = f", best {found.best.metric} {found.best.score:.4f}" if found.best else ""
    progress = found.progress
    return (
        f"{progress.state}: {progress.done} candidates{best}, {found.spent.high:.2f} dollars, "
        f"{seconds:.0f} s"
    )


def _show(vendor: Vendor, job: CloudJob, last: JobStanding) -> None:
    progress = last.progress
    said = f" ({progress.message})" if progress.message else ""
    print(f"job {job.name} has {progress.state}{said}" if progress.state is not JobState.STOPPED
          else f"job {job.name} was stopped{said}")  # fmt: skip
    if last.stopped:
        print(f"it was stopped from here: {last.stopped}")
    print(f"spent: {last.spent}")
    board = last.candidates
    if board:
        shown = " (simulated)" if job.simulated else ""
        print(f"leaderboard of {vendor.title}{shown}, the best of {len(board)}:")
        print("\n".join(_row(candidate) for candidate in board[:10]))


def _row(candidate: LeaderboardRow) -> str:
    return f"  {candidate.score:9.4f} {candidate.metric}  {candidate.algorithm:20} {candidate.name}"


def _score(
    vendor: Vendor,
    job: CloudJob,
    request: Request,
    kept: pandas.DataFrame,
    pipeline: Path | None,
) -> None:
    try:
        found = held_out_score(vendor, job, request, kept)
    except (OSError, ValueError) as error:
        print(f"the rows that stayed here are not scored: {error}")
        return
    if found is None:
        return
    print(f"on {len(kept)} rows that stayed here: {found.metric} {found.score:.4f} ± "
          f"{found.half:.4f} (95 %, bootstrap)")  # fmt: skip
    if pipeline is not None:
        print(
            f"its accuracy there is {found.accuracy:.4f}; a pipeline pushes its model if it is no "
            "worse on the same rows:\n"
            f"  coursekit pipeline run --data {shlex.quote(str(pipeline))} "
            f"--label {shlex.quote(request.target)} --threshold {found.accuracy:.4f}"
        )


def _jobs(options: argparse.Namespace) -> int:
    session = Session(options.folder)
    try:
        entries = session.register.entries()
        total = 0.0
        for entry in entries:
            found = look(session, entry)
            real = "simulated" if entry.simulated else "real" if entry.vendor != LOCAL else "here"
            if found.standing is not None:
                progress, spent = found.standing.progress, found.standing.spent.high
                told = f"{progress.state}, {progress.done} candidates, {spent:.2f} dollars"
                total += spent if not (entry.simulated or progress.state.ended) else 0.0
            elif entry.state is not None:
                told = f"{entry.state}, {entry.spent:.2f} dollars"
            else:
                told = found.why
            print(f"{entry.vendor:10} {real:10} {entry.name:32} {told}")
        if not entries:
            print("no jobs")
        elif total:
            print(f"running jobs of real accounts have cost {total:.2f} dollars up to now")
        return 0
    finally:
        session.close()


def _stop(options: argparse.Namespace) -> int:
    """0 if all that was asked has stopped, 1 if not."""
    from coursekit.cloud.simulated import process

    if bool(options.name) == options.all:
        raise ValueError("give the name of one job (coursekit cloud jobs lists them), or --all")
    session = Session(options.folder)
    try:
        entries = session.register.entries()
        chosen = [e for e in entries if options.all or e.name == options.name]
        if options.name and not chosen:
            raise ValueError(f"no job {options.name}: coursekit cloud jobs lists them")
        bad = False
        for entry in chosen:
            if entry.state is None or options.name:
                told = stop(session, entry)
                bad = bad or told.startswith("it cannot be asked")
                print(f"{entry.vendor} {entry.name}: {told}")
        if options.all:
            for name in VENDORS:
                if name != LOCAL and process.end(name, session.folder):
                    print(f"the simulated {name} service has ended")
        return int(bad)
    finally:
        session.close()


def _estimate(options: argparse.Namespace) -> int:
    from coursekit.cloud.connect import connect

    request, _, _ = _asked(options)
    for name in VENDORS:
        try:
            # No service is asked: the address stands for none.
            where = {} if name == LOCAL else {"simulated": "http://127.0.0.1:9"}
            vendor = connect(name, **where)  # type: ignore[arg-type]
            made = vendor.estimate_cost(request)._replace(simulated=False)
        except (ValueError, ImportError) as error:  # what it cannot do, or is not installed
            print(f"{name:10} {error}")
        else:
            print(f"{name:10} {made}")
    return 0


def _check(options: argparse.Namespace) -> int:
    """0 if the vendor (or every vendor) would take the table, 1 if not."""
    from coursekit.cloud.table import problems
    from coursekit.cloud.vendor import UnsupportedMetric

    request, kept, leaving = _asked(options)
    print(f"what would leave this machine: {leaving}")
    print(f"{len(kept)} rows stay here to score the best model")
    names: Sequence[str] = [options.vendor] if options.vendor else list(VENDORS)
    refused = False
    for name in names:
        found = [each.text for each in problems(request, [name])]
        try:
            vendor_class(name).own_metric(request.metric)
        except UnsupportedMetric as error:
            found.append(str(error))
        refused = refused or bool(found)
        print(f"{name}: {'; '.join(found) or 'would take it'}")
    return int(refused)


def _serve(options: argparse.Namespace) -> int:
    from coursekit.cloud.simulated import process

    process.serve(options.vendor, port=options.port, pace=options.pace, seed=options.seed,
                  idle=options.idle, announce=options.announce)  # fmt: skip
    return 0
