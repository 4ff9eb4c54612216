"""Faults on demand: a simulated service throttles, expires tokens, drops replies, is slow."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can go wrong with a call."""

    THROTTLE = "throttle"  # 429 with Retry-After, by the router's `refuse`
    EXPIRE = "expire"  # the token has expired, by the router's `refuse`
    DROP = "drop"  # the connection closes before the call is answered; nothing has happened
    LOSE = "lose"  # the call is carried out, and its reply is lost
    SLOW = "slow"  # the reply waits for `Faults.hurry`, or for the end of the server


@dataclass(frozen=True)
class Fault:
    """A fault of the next calls that it matches.

    match: a part of "METHOD /path?query", or of the header X-Amz-Target; "" matches any call.
    times: how many calls. retry_after: seconds that a throttled client is told to wait.
    """

    kind: Kind
    match: str = ""
    times: int = 1
    retry_after: int = 0


class Faults:
    """The faults that wait for their calls; thread-safe."""

    def __init__(self) -> None:
        self.hurry = threading.Event()  # set it, and slow replies leave
        self.met: list[Fault] = []  # those that calls have met, in order
        self._waiting: list[list] = []  # pairs of a fault and the times that are left
        self._lock = threading.Lock()

    def add(
        self, kind: str, match: str = "", *, times: int = 1, retry_after: int = 0
    ) -> None:  # fmt: skip
        """Let the next calls that match go wrong; ValueError for an unknown kind."""
        fault = Fault(Kind(kind), match, times, retry_after)
        with self._lock:
            self._waiting.append([fault, times])

    def take(self, shown: str) -> Fault | None:
        """The fault of a call, if one waits for it. shown: what `Fault.match` is a part of."""
        with self._lock:
            for entry in self._waiting:
                fault, left = entry
                if left and fault.match in shown:
                    entry[1] -= 1
                    self.met.append(fault)
                    return fault
        return None
