"""Context managers around a Keras Tuner search: a clean stop, and less garbage collection."""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class SearchStopped(BaseException):
    """Ends a training run on request; an Exception would make the trial failed."""


@contextlib.contextmanager
def older_objects_spared() -> Iterator[None]:
    """Exclude existing objects from garbage collection.

    Keras Tuner collects twice in each trial, and scans all of TensorFlow each time: about a quarter
    of the CPU time of a short trial.
    """
    before = gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        if not before:  # otherwise the caller has frozen them
            gc.unfreeze()


@contextlib.contextmanager
def interrupt_calls(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C (or the kernel's interrupt) requests a clean stop; a second one interrupts at once."""
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or previous is signal.SIG_IGN:
        yield
        return

    def handle(*_: Any) -> None:
        signal.signal(signal.SIGINT, previous)
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
