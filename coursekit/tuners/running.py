"""What a Keras Tuner search needs around it to be stopped cleanly and to run cheaply."""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class SearchStopped(BaseException):
    """Leaves a training run on request; an Exception would make it a failed trial."""


@contextlib.contextmanager
def older_objects_spared() -> Iterator[None]:
    """Keep the garbage collector off what exists already.

    Keras Tuner collects twice a trial, and each time looks at all of TensorFlow: about a quarter of
    the CPU time of a short trial.
    """
    before = gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        if not before:  # else the caller has frozen them
            gc.unfreeze()


@contextlib.contextmanager
def interrupt_calls(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C (or the kernel's interrupt) asks for a clean stop; a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.getsignal(signal.SIGINT)

    def handle(*_: Any) -> None:
        signal.signal(signal.SIGINT, previous)
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
