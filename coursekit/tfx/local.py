"""Run a plan on this machine: one component after the other, with metadata in SQLite."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import logging
import os
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from coursekit.log import locked
from coursekit.tfx.code import yours
from coursekit.tfx.components import pipeline
from coursekit.tfx.examples import Examples, prepare
from coursekit.tfx.metadata import Metadata
from coursekit.tfx.outcome import Outcome, outcome
from coursekit.tfx.plan import Plan
from coursekit.tfx.quiet import absl_logging, tfx
from coursekit.tuners.running import interrupt_calls

Tell = Callable[[str], None]
ours = logging.getLogger("coursekit.tfx")  # searches log here
PROGRESS = re.compile(r"Component (?P<name>\S+) is (?P<what>running|finished)\.")


class PipelineFailed(RuntimeError):
    """A component failed; the message says which one, why, and where the log is."""


def run(plan: Plan, *, tell: Tell | None = None) -> Outcome:
    """Run a plan's pipeline; returns the results.

    Finished results of an earlier run in the same folder are reused if they would be the same, also
    after a `kill -9`; a search within the Tuner resumes after its last finished trial.

    tell: takes each line of progress; prints it by default. TFX's own log goes to `run.log` in the
    plan's folder.

    Raises ValueError for data that no pipeline could use, before anything runs, and if another
    process runs in the folder; PipelineFailed if a component fails, AnomaliesFound among its
    causes, or if the folder is moved meanwhile.
    """
    tell = tell or partial(
        print, file=sys.stdout, flush=True
    )  # the present stdout, not the one while TFX runs
    with held(plan.folder) as log:
        check_place(plan)
        examples = prepare(plan.data, plan.folder / "data", label=plan.label, classes=plan.classes)
        tell(f"{examples.count:,} examples of {_classes(examples)} in {examples.folder}")
        made = pipeline(plan, examples)
        progress = Progress(tell, [component.id for component in made.components], log)
        with failing(progress), interrupt_calls(progress.interrupt):
            tfx.orchestration.LocalDagRunner().run(made)
        metadata = Metadata(plan.metadata)
        return outcome(metadata, metadata.plan(made.components))


def _classes(examples: Examples) -> str:
    """The number of classes and, where labels are not 0, 1, ..., the label of each."""
    first = ", ".join(map(str, (examples.labels or ())[:10]))
    more = ", ..." if len(examples.labels or ()) > 10 else ""
    return f"{examples.classes} classes" + (f" (labels {first}{more})" if first else "")


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold a pipeline's folder for one run; gives the path of its log.

    Two locks: of the log, which moves with the folder, and of the folder's path, since a run whose
    folder is moved may write there until it notices. The folder is made if it does not exist.
    Raises ValueError, which names the process, if another one holds it; nothing is changed then.
    """
    hold = partial(locked, user="run of this pipeline", instead="another folder", shown=folder)
    path = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    user = getattr(os, "getuid", getpass.getuser)()
    kept = Path(tempfile.gettempdir()) / f"coursekit-locks-{user}"
    kept.mkdir(exist_ok=True)
    log = folder / "run.log"
    with hold(kept / path):
        folder.mkdir(parents=True, exist_ok=True)
        with hold(log):
            yield log


def check_place(plan: Plan) -> None:
    """Check that the folder's earlier results were written there: they are recorded by their paths.

    Raises ValueError for a folder that was moved afterwards.
    """
    if not plan.metadata.exists():
        return
    here = plan.folder / "artifacts"
    for each in Metadata(plan.metadata).artifacts.values():
        written = Path(each.uri).parents
        if each.type != "Examples" or len(written) < 3 or here == written[2]:
            continue  # hyperparameters may be imported from elsewhere
        if not (here.exists() and written[2].exists() and written[2].samefile(here)):
            raise ValueError(
                f"{plan.folder} was moved: its results are recorded as those of "
                f"{written[2].parent}: move it back there, or give another folder"
            )


class FolderMoved(BaseException):
    """Ends a run whose folder was moved or deleted; an Exception would only make a trial failed."""


@contextlib.contextmanager
def failing(progress: Progress) -> Iterator[None]:
    """Logs a component's run; its error becomes a PipelineFailed, which names the component."""
    try:
        with logged(progress.log, progress):
            yield
    except (Exception, FolderMoved) as error:
        said = f"{progress.running} failed: {reason(error)}\nthe whole log: {progress.log}"
        if progress.moved():
            folder = progress.log.parent
            said = (
                f"{progress.running} was stopped: {folder} was moved or deleted while the pipeline "
                "ran: move it back, and the same command resumes"
            )
        raise PipelineFailed(said) from error


def reason(error: BaseException) -> str:
    """Why a component failed: the error, and its line if it was in your own code."""
    words = str(error)
    if not isinstance(error, ValueError):  # "'rate'" alone says nothing
        words = f"{type(error).__name__}: {words}" if words else type(error).__name__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if yours(Path(frame.filename)):
            return f"{words}\n{frame.filename}, line {frame.lineno}: {frame.line}"
    return words


class Progress(logging.Handler):
    """Turns the log of TFX and the searches into one line for each component and trial.

    log: the file that the run holds. A run whose folder was moved is stopped at the next line, with
    FolderMoved: it would go on to write at the old place, where another run may have begun.
    """

    def __init__(self, tell: Tell, names: list[str], log: Path) -> None:
        super().__init__()
        self.tell, self.names, self.log = tell, names, log
        self.running, self.began = "the pipeline", 0.0
        self.identity = log.stat().st_ino
        self.interrupted = False  # whether Ctrl-C was pressed

    def moved(self) -> bool:
        """Whether the log is not where it was."""
        try:
            return self.log.stat().st_ino != self.identity
        except OSError:
            return True

    def interrupt(self) -> None:
        """End the run now, or at the next line if a library swallows this KeyboardInterrupt."""
        self.interrupted = True
        raise KeyboardInterrupt

    def emit(self, record: logging.LogRecord) -> None:
        """Handle one record of the log."""
        if self.interrupted:
            raise KeyboardInterrupt
        if (record.name == ours.name or PROGRESS.fullmatch(record.getMessage())) and self.moved():
            raise FolderMoved(str(self.log.parent))
        text = record.getMessage()
        if record.name == ours.name:
            self.tell(f"    {text}")
        elif found := PROGRESS.fullmatch(text):
            name, now = found["name"], time.monotonic()
            if found["what"] == "running":
                self.running, self.began = name, now
                number = self.names.index(name) + 1
                self.tell(f"{number:2} of {len(self.names)}  {name} ...")
            else:
                self.tell(f"          {name}: {now - self.began:.1f} s")


@contextlib.contextmanager
def logged(log: Path, *handlers: logging.Handler) -> Iterator[None]:
    """Sends logged and printed text to the file, and logged text also to the handlers."""
    verbosity = absl_logging.get_verbosity()
    loggers = (logging.root, absl_logging.get_absl_logger(), logging.getLogger("tensorflow"), ours)
    before = [(each, list(each.handlers), each.propagate, each.level) for each in loggers]
    with log.open("a") as file:
        to_file = logging.StreamHandler(file)
        to_file.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        for each in loggers:
            each.handlers[:] = [to_file] if each is logging.root else [to_file, *handlers]
            each.propagate = False
        # Not the logger's level, which TensorFlow resets when it saves a model.
        absl_logging.set_verbosity(absl_logging.INFO)
        ours.setLevel(logging.INFO)
        try:
            with (
                contextlib.redirect_stdout(file),
                contextlib.redirect_stderr(file),
                _descriptor_to(file),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                yield
        finally:
            absl_logging.set_verbosity(verbosity)
            for each, its_handlers, propagate, level in before:
                each.handlers[:] = its_handlers
                each.propagate = propagate
                each.setLevel(level)


@contextlib.contextmanager
def _descriptor_to(file: TextIO) -> Iterator[None]:
    """Sends the output of processes started meanwhile (Beam's workers) to the file, too."""
    before = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
