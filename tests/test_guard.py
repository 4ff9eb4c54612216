"""Running anything: loops that catch everything, exits, interrupts, endless output."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from coursekit.guard import OUTPUT, run

# ruff: noqa: SIM105 - what learners write

LIMIT = 0.2


@pytest.fixture(autouse=True)
def everything_is_put_back() -> Iterator[None]:
    before = sys.stdout, signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGINT)
    yield
    assert before == (
        sys.stdout,
        signal.getsignal(signal.SIGALRM),
        signal.getsignal(signal.SIGINT),
    )
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def loop() -> None:
    while True:
        pass


def catches_everything() -> None:
    while True:
        try:
            pass
        except BaseException:
            pass


def catches_everything_while_asleep() -> None:
    while True:
        try:
            time.sleep(10)
        except BaseException:
            continue


def catches_everything_twice() -> None:
    while True:
        try:
            while True:
                try:
                    time.sleep(10)
                except BaseException:
                    pass
        except BaseException:
            pass


def prints_for_ever() -> None:
    while True:
        print("x" * 1000)


def answers_late() -> str:
    try:
        loop()
    except BaseException:
        pass
    return "done"


def turns_the_alarm_into_an_error() -> None:
    try:
        loop()
    finally:
        raise ValueError


@pytest.mark.parametrize(
    "function",
    [
        loop,
        catches_everything,
        catches_everything_while_asleep,
        catches_everything_twice,
        prints_for_ever,
        answers_late,
        turns_the_alarm_into_an_error,
    ],
)
def test_stopped_after_the_limit(function: Callable[[], Any]) -> None:
    outcome = run(function, seconds=LIMIT)
    assert (outcome.stopped, outcome.value, outcome.failure) == ("time", None, None)
    assert len(outcome.output) <= OUTPUT + 1


def interrupts_itself() -> None:
    signal.raise_signal(signal.SIGINT)
    catches_everything()


def test_ctrl_c_stops_even_what_catches_everything() -> None:
    assert run(interrupts_itself, seconds=60).stopped == "interrupt"


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, ValueError])
def test_exceptions_of_the_code_are_its_failure(kind: type[BaseException]) -> None:
    def fails() -> None:
        raise kind("why")

    outcome = run(fails, namespace=globals())
    assert not outcome.stopped
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.message) == (kind.__name__, "why")
    assert outcome.failure.code == 'raise kind("why")'


def test_endless_recursion_is_a_failure() -> None:
    def deeper() -> None:
        deeper()

    outcome = run(deeper)
    assert outcome.failure is not None
    assert outcome.failure.kind == "RecursionError"


def test_an_exception_without_a_message_to_show() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise SystemExit

    def fails() -> None:
        raise Hostile

    failure = run(fails).failure
    assert failure is not None
    assert failure.message == "(its message cannot be shown)"


def test_an_endless_message_is_stopped() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            while True:
                pass

    def fails() -> None:
        raise Hostile

    assert run(fails, seconds=LIMIT).stopped == "time"


def test_output_is_kept_and_cut() -> None:
    def talks() -> int:
        print("seen")
        print("also seen", file=sys.stderr)
        print("x" * 100_000)
        return 1

    outcome = run(talks)
    assert outcome.value == 1
    assert outcome.output.startswith("seen\nalso seen\nx")
    assert outcome.output.endswith("…")


def test_alarm_of_before_goes_on() -> None:
    rings: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rings.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000, 500)
        assert run(loop, seconds=LIMIT).stopped == "time"
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 900 < left < 1000
        assert interval == 500
        signal.raise_signal(signal.SIGALRM)
        assert rings == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_runs_on_another_thread_without_a_limit() -> None:
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(run(lambda: 5, seconds=LIMIT)))
    thread.start()
    thread.join()
    assert outcomes[0].value == 5
