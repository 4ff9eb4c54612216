"""What a Keras Tuner search needs around it to be stopped cleanly and to run cheaply."""

from __future__ import annotations

import contextlib
import functools
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class SearchStopped(BaseException):
    """Leaves a training run on request; an Exception would make it a failed trial."""


def unlock(oracle: Any) -> None:
    """Give back the oracle's lock, which Keras Tuner keeps when the call that it guards raises."""
    from keras_tuner.src.engine import oracle as locks

    if locks.THREADS[oracle] == threading.current_thread().name:
        locks.THREADS[oracle] = None
        locks.LOCKS[oracle].release()


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """`keras_tuner.synchronized`, but the oracle's lock is given back if the method raises.

    An interrupt or a full disk may come between the journal and what the oracle remembers, which
    therefore abandons it, and reads it again when it goes on.
    """
    import keras_tuner

    locked = keras_tuner.synchronized(method)

    @functools.wraps(method)
    def call(oracle: Any, *args: Any, **options: Any) -> Any:
        try:
            return locked(oracle, *args, **options)
        except BaseException as error:
            if isinstance(error, OSError) or not isinstance(error, Exception):
                oracle.abandon()
            unlock(oracle)
            raise

    return call


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
        if not before:  # else somebody wants it so
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
