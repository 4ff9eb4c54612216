"""A process that has imported what a lab needs, holds no answers, and forks for each submission.

TensorFlow works after a fork only while no operation has run before it: `unfit` looks, and then
each submission gets a new process instead. Started by `warm.Warm`, as `python -m`.

On the control socket comes one byte with descriptors. "s": a file with the settings, and a pipe
for the reply. "j": a file with the job, a pipe for the child's records, and a leash: the server
writes the child's number to it, then the status with which it ended; if the other side closes it,
the child is killed. The end of the control socket is the end of the server and all children.
"""

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from coursekit.grading import child, isolation, memory
from coursekit.grading.wire import line

LOOK = 0.1  # seconds between two looks at the memory of submissions


@dataclass
class _Running:
    process: int
    leash: socket.socket


def main() -> int:
    control = socket.socket(fileno=int(sys.argv[1]))
    _, (given, reply), _, _ = socket.recv_fds(control, 1, 2)
    settings = _read(given)
    said, isolated = _prepare(settings)
    os.write(reply, line(said))
    os.close(reply)
    if said["problem"]:
        return 1
    known = not (isolated and settings["own_users"])  # by what number the controller knows a child
    limits = isolation.Allowance(**settings["limits"])
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    return _serve(control, limits, isolated, known)


def unfit() -> str:
    """Why children of this process would hang, or "".

    A thread does not survive a fork; TensorFlow's first operation starts some.
    """
    if sys.platform == "darwin":
        return "macOS promises nothing for a process after a fork"
    context = sys.modules.get("tensorflow.python.eager.context")
    made = context.context_safe() if context is not None else None
    if made is not None and made._initialized:
        return "a TensorFlow operation has run in the server"
    threads = int(isolation.state()["threads"])
    return f"{threads} threads run in the server" if threads > 1 else ""


def _prepare(settings: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    said: dict[str, Any] = {"problem": "", "unfit": "", "missing": []}
    isolated = bool(settings["isolated"])
    if isolated:
        try:
            visible, hidden = (list(map(Path, settings[kind])) for kind in ("visible", "hidden"))
            isolation.enter(Path(settings["place"]), visible, hidden, settings["own_users"])
            os.chdir(isolation.FOLDER)
        except OSError as error:
            return said | {"problem": str(error) or type(error).__name__}, isolated
    child.prepare()
    for statement in settings["imports"]:
        try:
            exec(statement, {})
        except Exception as error:  # the cell that needs it will say so
            said["missing"].append(f"{statement}: {type(error).__name__}: {error}"[:500])
    child.remember()
    return said | {"unfit": unfit()}, isolated


def _serve(control: socket.socket, limits: isolation.Allowance, isolated: bool, known: bool) -> int:
    wake, bell = socket.socketpair()
    bell.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
    waiting = selectors.DefaultSelector()
    waiting.register(control, selectors.EVENT_READ)
    waiting.register(wake, selectors.EVENT_READ)
    running: dict[int, _Running] = {}
    count, most = 0, limits.memory + memory.held(os.getpid())
    while True:
        for key, _ in waiting.select(LOOK if running else None):
            if key.fileobj is wake:
                wake.recv(4096)
            elif key.fileobj is control:
                kind, given, _, _ = socket.recv_fds(control, 1, 3)
                if not kind:
                    for each in running.values():
                        _kill(each.process)
                    return 0
                job, records, leash = given
                try:
                    process = isolation.fork() if isolated else os.fork()
                except OSError:  # no memory now: the closed leash says that nothing has run
                    for each_given in given:
                        os.close(each_given)
                    continue
                if process == 0:
                    _child(job, records, isolated, count, limits)
                count += 1
                os.close(job)
                os.close(records)
                each = _Running(process, socket.socket(fileno=leash))
                running[process] = each
                waiting.register(each.leash, selectors.EVENT_READ, each)
                with contextlib.suppress(OSError):  # the controller has given it up
                    each.leash.send(line({"process": process if known else 0}))
            elif key.data is not None and key.data.process in running:
                _kill(key.data.process)
                waiting.unregister(key.data.leash)
        _collect(running, waiting, isolated)
        for each in running.values():
            if memory.exceeds(each.process, most):
                _kill(each.process)  # whose end by this signal the controller knows as such


def _collect(running: dict[int, _Running], waiting: selectors.BaseSelector, isolated: bool) -> None:
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not process:
            return
        if each := running.pop(process, None):
            if not isolated:
                _kill_group(process)
            with contextlib.suppress(OSError):
                each.leash.send(line({"status": os.waitstatus_to_exitcode(status)}))
            if each.leash in waiting.get_map():
                waiting.unregister(each.leash)
            each.leash.close()


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _kill_group(process: int) -> None:
    """What a child without processes of its own has left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


def _child(
    job: int, records: int, isolated: bool, number: int, limits: isolation.Allowance
) -> NoReturn:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        content = _read(job)
        # Only this one is left: no way to the controller, or to another submission.
        if records != 3:
            os.dup2(records, 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.close(null)
        if isolated:
            isolation.confine(number, limits)
        else:
            isolation.restrict(limits)
        os.chdir(content["folder"])
        child.grade(content, 3)
        status = 0
    finally:
        os._exit(status)


def _read(descriptor: int) -> Any:
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return json.loads(file.read())


if __name__ == "__main__":
    raise SystemExit(main())
