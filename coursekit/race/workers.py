"""Searches spread over processes: a worker gets the world once, then one search at a time."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coursekit.race.contestants import Build, build
from coursekit.search import Search
from coursekit.worlds import World

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

GUARD = "put the race under `if __name__ == '__main__':`, or give workers=1"


class Task(NamedTuple):
    """One search: a contestant under its name, and a seed."""

    name: str
    contestant: str | Build
    seed: int


class Limits(NamedTuple):
    """When a search ends; seconds are simulated."""

    trials: int | None
    seconds: float | None


class Run(NamedTuple):
    """What a search brought.

    scores: shape (trials,), in order of completion, NaN for failed trials.
    costs: simulated seconds of each, shape (trials,).
    overhead: CPU seconds of the whole search: the strategy's own, as replays take none.
    """

    scores: np.ndarray
    costs: np.ndarray
    overhead: float


def run(world: World, task: Task, limits: Limits) -> Run:
    """One search from its first trial to its end."""
    strategy = build(task.contestant, world.space)
    begun = time.process_time()
    history = Search(strategy, seed=task.seed).run(
        world.estimate, **limits._asdict(), progress=False
    )
    overhead = time.process_time() - begun
    trials = history.finished
    scores, costs = [trial.score for trial in trials], [trial.cost for trial in trials]
    return Run(np.array(scores, dtype=float), np.array(costs, dtype=float), overhead)


def spread(
    world: World, tasks: Sequence[Task], limits: Limits, workers: int
) -> Generator[tuple[Task, Run], None, None]:
    """Runs the tasks, in order, in so many processes; yields each as it is done.

    The processes end with the iterator, also when it is closed or interrupted half-way.
    """
    if workers == 1:
        for task in tasks:
            yield task, run(world, task, limits)
        return
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(f"this process was started to import the script: {GUARD}")
    others = set(multiprocessing.active_children())
    # In a file: a process that dies at its start would leave this one waiting to hand it over.
    given = Path(tempfile.mkdtemp(prefix="race-")) / "given"
    given.write_bytes(pickle.dumps((world, limits)))
    # spawn: the same on every system, and safe beside the threads of a notebook.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (given,))
    try:
        with _inherited():  # by the workers, which start with the first task
            futures = {pool.submit(_run, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    except BrokenProcessPool:
        raise RuntimeError(f"a process of the race died, see above; in a script, {GUARD}") from None
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()  # in the middle of a search that nobody waits for
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(given.parent, ignore_errors=True)


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


_given: tuple[Any, ...] = ()  # the world and the limits, in a worker


def _begin(given: Path) -> None:
    global _given
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _given = pickle.loads(given.read_bytes())


def _run(task: Task) -> Run:
    world, limits = _given
    return run(world, task, limits)
