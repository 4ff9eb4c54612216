"""The controller's side of the fork server: gives it jobs, reads what their children tell.

Nothing that a child sends is trusted: its size is limited, its form is checked, its time is watched
here.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from coursekit.grading import isolation, wire
from coursekit.guard import PATIENCE
from coursekit.processes import THREADS
from coursekit.shipped import shipped

RECORDS = 32 << 20  # bytes that a child may send
SLACK = 5.0  # seconds of computing beyond those in which a step ends by itself
SETUP = 120.0  # seconds of computing for the lab's set-up
STEPS = 1_000
LONGEST = 1 << 20  # bytes of a line that may still be a record of ours


@dataclass
class Ran:
    """What a child told, and how it ended.

    records: in order. at: the exercise that ran last, and its step. ended: "" (it came to its end),
    "timeout", "crashed", "too much" (it sent more than it may). status: exit code, negative for a
    signal. forged: whether something else in the child has written records. seconds: by the clock.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    at: str = ""
    step: str = ""
    ended: str = ""
    status: int = 0
    forged: bool = False
    seconds: float = 0.0


class Warm:
    """A fork server; use it in a `with` statement. Threads may call `run` at the same time.

    imports: statements that it executes first. isolated: whether it has to be. hidden: folders
    with answers. slack: seconds of computing that a step may take beyond its own limit.
    own_users: isolate by a namespace of users; by default where this process is not root.

    Raises OSError if it has to be isolated and cannot.
    """

    def __init__(
        self,
        imports: Sequence[str] = (),
        *,
        isolated: bool = True,
        limits: isolation.Allowance | None = None,
        slack: float = SLACK,
        own_users: bool | None = None,
        hidden: Sequence[Path] = (),
    ) -> None:
        self.limits = limits or isolation.Allowance()
        self.isolated, self.hidden, self.slack = isolated, hidden, slack
        self._lock = threading.Lock()
        self._place = Path(tempfile.mkdtemp(prefix="coursekit-grade-"))
        package = Path(__file__).resolve().parents[1]
        settings = {
            "imports": list(imports),
            "isolated": isolated,
            "own_users": bool(os.geteuid()) if own_users is None else own_users,
            "place": str(self._place),
            "limits": asdict(self.limits),
            "visible": [str(each) for each in _installation(package)],
            "hidden": [str(each) for each in (shipped("notebooks"), *hidden)],
        }
        self._control, theirs = socket.socketpair()
        environment = _environment(package, self._place, isolated)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "coursekit.grading.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=self._place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for the controller
            )
        finally:
            theirs.close()
        try:
            said = self._start(settings)
            if said["problem"]:
                raise OSError(said["problem"])
        except BaseException:
            self.close()
            raise
        self.unfit: str = said["unfit"]
        self.missing: list[str] = said["missing"]

    def run(self, job: dict[str, Any]) -> Ran:
        """Runs a job in a child; ends a step of an exercise that takes longer than it may."""
        started = time.monotonic()
        folder = isolation.FOLDER if self.isolated else tempfile.mkdtemp(dir=self._place)
        reader, writer = os.pipe()
        leash, theirs = socket.socketpair()
        try:
            with tempfile.TemporaryFile() as file:
                token = secrets.token_hex(16)
                file.write(wire.line(job | {"folder": folder, "token": token}))
                file.flush()
                given = [file.fileno(), writer, theirs.fileno()]
                try:
                    with self._lock:
                        socket.send_fds(self._control, [b"j"], given)
                except OSError as error:
                    raise OSError(f"the fork server has ended ({error.strerror})") from None
            os.close(writer)
            theirs.close()
            writer = -1
            ran = _watched(reader, leash, job, token, self.slack)
        finally:
            os.close(reader)
            leash.close()
            if writer >= 0:
                os.close(writer)
                theirs.close()
            if not self.isolated:
                shutil.rmtree(folder, ignore_errors=True)
        ran.seconds = time.monotonic() - started
        return ran

    def gaps(self) -> list[str]:
        """What the isolation of a child lacks, in words."""
        ran = self.run({"cells": [], "setup": [], "exercises": [], "without": []})
        if ran.ended or not ran.records:
            return [f"a child does not start (status {ran.status})"]
        return isolation.gaps(ran.records[0].get("state", {}), os.geteuid())

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        shutil.rmtree(self._place, ignore_errors=True)

    def __enter__(self) -> Warm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, settings: dict[str, Any]) -> dict[str, Any]:
        reader, writer = os.pipe()
        try:
            with tempfile.TemporaryFile() as file:
                file.write(wire.line(settings))
                file.flush()
                socket.send_fds(self._control, [b"s"], [file.fileno(), writer])
            os.close(writer)
            content = b""
            while not content.endswith(b"\n"):
                part = os.read(reader, 65536)
                if not part:
                    self._process.wait()
                    self._errors.seek(0)
                    said = self._errors.read().decode(errors="replace").strip()
                    raise OSError(f"the fork server does not start: {said.rpartition(chr(10))[2]}")
                content += part
        finally:
            os.close(reader)
        return wire.record(content)


class Cold:
    """A new process for each submission: slower, for a server whose children would hang."""

    def __init__(self, **options: Any) -> None:
        self._options = options

    def run(self, job: dict[str, Any]) -> Ran:
        """As `Warm.run`."""
        with Warm((), **self._options) as one:
            return one.run(job)


def _watched(
    reader: int, leash: socket.socket, job: dict[str, Any], token: str, slack: float
) -> Ran:
    """Reads what a child tells until it has ended; ends it if a step takes too long."""
    secret = token.encode()
    seconds = {each["key"]: each["seconds"] + slack for each in job["exercises"]}
    steps: set[tuple[str, str]] = set()
    ran, received, rest, process = Ran(ended="crashed"), 0, b"", 0
    status: int | None = None
    told = True  # whether the pipe is open
    begun, computed, most = time.monotonic(), 0.0, SETUP
    with selectors.DefaultSelector() as waiting:
        waiting.register(reader, selectors.EVENT_READ)
        waiting.register(leash, selectors.EVENT_READ)
        while status is None or told:
            events = waiting.select(0.25)
            for key, _ in events:
                if key.fileobj is leash:
                    for said in leash.recv(4096).splitlines() or [b'{"status":-9}']:
                        from_server = wire.record(said)
                        process = from_server.get("process", process)
                        status = from_server.get("status", status)
                    if status is not None:
                        waiting.unregister(leash)
                    continue
                part = os.read(reader, 1 << 20)
                if not part:
                    waiting.unregister(reader)
                    told = False
                    continue
                received += len(part)
                if ran.forged and secret not in rest + part:  # not from here, and dear to read
                    rest = (rest + part)[-LONGEST:].rpartition(b"\n")[2]
                    continue
                *lines, rest = (rest + part).split(b"\n")
                for each in lines:
                    if not ran.forged or secret in each:
                        _note(ran, each, token)
                # A step counts once: a child that repeats itself gains no time.
                if ran.at in seconds and (ran.at, ran.step) not in steps and len(steps) < STEPS:
                    steps.add((ran.at, ran.step))
                    begun, computed, most = time.monotonic(), _computed(process), seconds[ran.at]
            if status is not None:
                if not events:
                    break  # something that was left behind holds the pipe
                continue
            late = time.monotonic() - begun > PATIENCE * most
            if late or _computed(process) - computed > most:
                ran.ended = "timeout"
            if received > RECORDS:
                ran.ended = "too much"
            if ran.ended in ("timeout", "too much"):
                with contextlib.suppress(OSError):
                    leash.shutdown(socket.SHUT_WR)
                begun, most = math.inf, math.inf
    ran.status = status or 0
    return ran


def _note(ran: Ran, content: bytes, token: str) -> None:
    try:
        record = wire.record(content)
    except ValueError:
        record = {}
    if record.pop("token", None) != token:
        ran.forged = True
        return
    if "at" in record:
        ran.at, ran.step = wire.text(record["at"]), wire.text(record.get("step"))
    elif record.get("end") is True:
        ran.ended = ""
    else:
        ran.records.append(record)


def _computed(process: int) -> float:
    """Seconds of computing of a process and its threads; 0 if the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)


def _installation(package: Path) -> list[Path]:
    """What a child has to read: Python, the installed packages, the kit and its data."""
    found = [Path(sys.prefix), Path(sys.base_prefix), package, shipped("data")]
    return [*found, package.parent / "pyproject.toml"]  # by which `shipped` knows a checkout


def _environment(package: Path, place: Path, isolated: bool) -> dict[str, str]:
    """None of the controller's own variables: they may hold secrets."""
    home = isolation.FOLDER if isolated else str(place)
    given = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "USER": "learner",
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "COURSEKIT_DIR": home,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        # Arrow's allocator would start a thread, which no fork survives.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MALLOC_CONF": "background_thread:false",
        **dict.fromkeys(THREADS, "1"),
    }
    if not package.is_relative_to(sys.prefix):
        given["PYTHONPATH"] = str(package.parent)
    return given
