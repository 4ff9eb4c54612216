"""Work spread over processes: each gets the shared data once, then one task at a time."""

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
STOP_CHECK_SECONDS = 0.1  # between two calls of `stop`
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
    """Calls `work(shared, task)` for each task, in order, in `workers` processes; yields results.

    work: a function at the top level of a module. Results come as they finish, in any order. One
    worker means this process. The processes end with the iterator, also when it is closed or
    interrupted; each runs one thread, and only this process handles Ctrl-C.
    stop: called regularly (with one worker, before each task); True ends all work.

    Raises RuntimeError if no process can be started, or if one has died.
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
    # In a file: with a pipe, this process would wait for ever if a worker dies at its start.
    given = Path(tempfile.mkdtemp(prefix="coursekit-")) / "given"
    given.write_bytes(pickle.dumps((work, shared)))
    # spawn: the same on every system, and safe with the threads of a notebook.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (given,))
    futures, ended = dict[Future[Result], Task](), False
    try:
        with _inherited():  # the workers start with the first task
            futures = {pool.submit(_run, task): task for task in tasks}
        for future in _as_done(set(futures), stop):
            yield futures.pop(future), future.result()
        ended = not futures
    except BrokenProcessPool:
        raise RuntimeError(f"a worker process died, see above; in a script, {GUARD}") from None
    finally:
        if not ended:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()  # its task has no reader
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(given.parent, ignore_errors=True)


def _as_done(
    futures: set[Future[Result]], stop: Callable[[], bool] | None
) -> Iterator[Future[Result]]:
    """Each future when it is done, until all are, or until `stop` returns True."""
    if stop is None:
        yield from as_completed(futures)  # does not scan the remaining futures each time
        return
    while futures and not stop():
        done, futures = wait(futures, STOP_CHECK_SECONDS, FIRST_COMPLETED)
        yield from done


@contextmanager
def _inherited() -> Iterator[None]:
    """Processes started inside run one thread each, and leave Ctrl-C to this process."""
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


_given: tuple[Any, ...] = ()  # in a worker: the function and the shared data


def _begin(given: Path) -> None:
    global _given
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _given = pickle.loads(given.read_bytes())


def _end_with_parent() -> None:
    """End when the parent dies: a killed parent cannot stop its workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(task: Any) -> Any:
    work, shared = _given
    return work(shared, task)
