"""Work spread over processes: each gets what all tasks share once, then one task at a time."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
STOP_CHECK_SECONDS = 0.1  # between two questions whether to stop
GUARD = "put the call under `if __name__ == '__main__':`, or give workers=1"

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(
    work: Callable[[Any, Task], Result],
    shared: Any,
    tasks: Sequence[Task],
    workers: int,
    stop: Callable[[], bool] | None = None,
) -> Generator[tuple[Task, Result], None, None]:
    """Calls `work(shared, task)` for each task, in order, in so many processes; yields as it goes.

    work: a function at the top of a module. Results come as they are done, in any order. With one
    worker all is done in this process. The processes end with the iterator, also when it is closed
    or interrupted half-way; they run one thread each, and Ctrl-C is left to this process.
    stop: asked now and then (with one worker before each task); True ends it all.

    Raises RuntimeError where no process can be started, or one has died.
    """
    if workers == 1:
        for task in tasks:
            if stop and stop():
                return
            yield task, work(shared, task)
        return
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(f"this process was started to import the script: {GUARD}")
    others = set(multiprocessing.active_children())
    # In a file: a process that dies at its start would leave this one waiting to hand it over.
    given = Path(tempfile.mkdtemp(prefix="coursekit-")) / "given"
    given.write_bytes(pickle.dumps((work, shared)))
    # spawn: the same on every system, and safe beside the threads of a notebook.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (given,))
    futures, ended = dict[Future[Result], Task](), False
    try:
        with _inherited():  # by the workers, which start with the first task
            futures = {pool.submit(_run, task): task for task in tasks}
        for future in _as_done(set(futures), stop):
            yield futures.pop(future), future.result()
        ended = not futures
    except BrokenProcessPool:
        raise RuntimeError(f"a worker process died, see above; in a script, {GUARD}") from None
    finally:
        if not ended:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()  # in the middle of a task that nobody waits for
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(given.parent, ignore_errors=True)


def _as_done(
    futures: set[Future[Result]], stop: Callable[[], bool] | None
) -> Iterator[Future[Result]]:
    """Each as it is done, until all are or `stop` says so."""
    if stop is None:
        yield from as_completed(futures)  # which does not look at all that are left each time
        return
    while futures and not stop():
        done, futures = wait(futures, STOP_CHECK_SECONDS, FIRST_COMPLETED)
        yield from done


@contextmanager
def _inherited() -> Iterator[None]:
    """What processes started within inherit: one thread each, and Ctrl-C left to this process."""
    kept = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


_given: tuple[Any, ...] = ()  # the work and what its tasks share, in a worker


def _begin(given: Path) -> None:
    global _given
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _given = pickle.loads(given.read_bytes())


def _end_with_parent() -> None:
    """A parent that is killed tells nobody: what it has started would work for nobody, for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(task: Any) -> Any:
    work, shared = _given
    return work(shared, task)
