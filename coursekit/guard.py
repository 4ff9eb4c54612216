"""Runs a learner's code safely: a time limit, bounded output, every exception caught."""

import _thread
import contextlib
import functools
import io
import linecache
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from coursekit.notebook import shell

OUTPUT = 2_000
_AGAIN = 0.0005  # seconds between two attempts to stop code that catches everything
PATIENCE = 4  # times the limit that code may take by the clock, waiting included


@dataclass(frozen=True)
class Failure:
    """An exception of the learner's code: type, message, and the line of that code."""

    kind: str
    message: str
    line: int | None = None
    code: str = ""


@dataclass(frozen=True)
class CallOutcome:
    """The result of a call: a value, or a failure, or why it was stopped ("time", "interrupt").

    output: the first 2,000 characters that the call wrote to standard output and error.
    """

    value: Any = None
    failure: Failure | None = None
    stopped: str = ""
    output: str = ""


class _Stopped(BaseException):
    """Raised in the middle of the learner's code."""

    # An except block that swallows this exception frees it at its end. A new alarm at that moment
    # raises the next exception just outside of that block, and so on outwards. It is a partial of a
    # C function, since a Python function would receive the alarm itself.
    __del__ = functools.partial(_thread.interrupt_main, signal.SIGALRM)


def run(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float = 10.0,
    namespace: dict[str, Any] | None = None,
) -> CallOutcome:
    """Calls the function and returns the outcome; exceptions of its code do not propagate.

    seconds: the limit, of this thread's computing, so that right code does not fail on a busy
        machine; waiting code is stopped after four times as many seconds by the clock. On the main
        thread an alarm then stops the call. The alarm repeats until the call ends, so that a loop
        which catches every exception ends too; Ctrl-C stops it the same way. The previous alarm and
        handlers are restored. On other threads there is no limit. Code inside one call of a C
        function (such as `sum(itertools.count())`) gets the alarm only when that returns: restart
        the kernel.
    namespace: the globals of the learner's code, to find its lines in a traceback.
    """

    def attempt() -> tuple[Any, Failure | None]:
        try:
            return function(*arguments), None
        except _Stopped:
            raise
        except BaseException as error:
            return None, _describe(error, namespace)

    output = _Bounded()
    with _captured(output):
        result, stopped = _limited(attempt, seconds)
    value, failure = result or (None, None)
    if stopped:
        value = failure = None
    return CallOutcome(value, failure, stopped, output.text())


def _limited(function: Callable[[], Any], seconds: float) -> tuple[Any, str]:
    if threading.current_thread() is not threading.main_thread():
        try:
            return function(), ""
        except KeyboardInterrupt:
            return None, "interrupt"
    here: FrameType | None = sys._getframe()
    armed, stopped, result = False, "", None

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if frame is not None and frame.f_code is stop.__code__:
            return
        if not stopped and number == signal.SIGALRM:
            left = seconds - (time.thread_time() - computed)
            if left > 0 and time.monotonic() < started + PATIENCE * seconds:
                signal.setitimer(signal.ITIMER_REAL, max(left, _AGAIN))
                return
        if not stopped:
            stopped = "interrupt" if number == signal.SIGINT else "time"
            signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)
        # Never in this function's own frame: its clean-up must finish.
        if armed and frame is not here:
            raise _Stopped

    started, computed = time.monotonic(), time.thread_time()
    alarm = signal.signal(signal.SIGALRM, stop)
    interrupt = signal.getsignal(signal.SIGINT)
    if callable(interrupt):
        signal.signal(signal.SIGINT, stop)
    delay, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        armed = True
        result = function()
    except _Stopped:
        pass
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm if alarm is not None else signal.SIG_DFL)
        if callable(interrupt):
            signal.signal(signal.SIGINT, interrupt)
        if delay:
            left = delay - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)
        here = None
    return result, stopped


class _Bounded(io.TextIOBase):
    """A text file that keeps its beginning."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = OUTPUT
        self._lost = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        if self._room > 0 and text:
            self._kept.append(text[: self._room])
            self._room -= len(self._kept[-1])
        self._lost = self._lost or (self._room <= 0 and bool(text))
        return len(text)

    def text(self) -> str:
        return "".join(self._kept) + ("…" if self._lost else "")


@contextlib.contextmanager
def _captured(output: _Bounded) -> Iterator[None]:
    """Output goes to the file; what the code displays in the notebook is dropped."""
    streams = sys.stdout, sys.stderr
    display = getattr(shell(), "display_pub", None)
    sys.stdout = sys.stderr = output
    if display is not None:
        display.publish = lambda *arguments, **options: None
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        if display is not None:
            del display.publish


def _describe(error: BaseException, namespace: dict[str, Any] | None) -> Failure:
    try:
        message = str(error)[:500]
    except _Stopped:
        raise
    except BaseException:
        message = "(its message cannot be shown)"
    line, code = None, ""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is namespace:
            line = trace.tb_lineno
            code = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
        trace = trace.tb_next
    return Failure(type(error).__name__, message, line, code[:200])
