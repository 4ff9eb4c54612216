"""Isolation of a submission by Linux namespaces (Linux manual, namespaces(7)), without a container.

The fork server moves into a root of its own, which holds the Python installation, the package and
its data, all read-only; the labs' sources, the submissions, the gradebook and the homes of people
are not there. Each child then gets an empty network, processes, mounts, and shared memory of its
own, a folder in memory to write to, a user of its own (if the server is root), no capabilities,
limits, and no system call that it does not need. Needs Linux 5.12, for `mount_setattr`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.grading import system_calls

FOLDER = "/learner"  # in memory; all that a child can write to
FIRST_USER = 1_900_000_000  # the users of children; no system hands out such numbers
DEVICES = ("null", "zero", "full", "random", "urandom")
SYSTEM = (
    *("/bin", "/lib", "/lib64", "/sbin", "/usr"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/nsswitch.conf", "/etc/mime.types"),
)

_NEW_PROCESSES, _NEW_MOUNTS, _NEW_NETWORK = 0x20000000, 0x00020000, 0x40000000
_NEW_SHARED_MEMORY, _NEW_NAME, _NEW_USERS = 0x08000000, 0x04000000, 0x10000000
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_EXECUTION = 1, 2, 4, 8
_BIND, _RECURSIVE, _PRIVATE, _DETACH = 4096, 16384, 1 << 18, 2
_AT_RECURSIVE, _MOUNT_SETATTR = 0x8000, 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


@dataclass(frozen=True)
class Allowance:
    """What a submission may use.

    memory: bytes beyond what the server has, of all its processes (the system limits each of them,
    the server looks at the sum ten times a second). folder: bytes that it may write. processes: at
    a time, threads included. files: open at a time.
    """

    memory: int = 2 << 30
    folder: int = 256 << 20
    processes: int = 128
    files: int = 256


def enter(place: Path, visible: Iterable[Path], hidden: Iterable[Path], own_users: bool) -> None:
    """Moves this process (of one thread) into a root in which only some paths exist, read-only.

    place: an empty folder, on which the root is built; others see it empty still.
    visible: files and folders; links in their place lead to the same. hidden: folders within them
    that are empty there. own_users: without being root, by a namespace of users; this process is
    then another one. Raises OSError if the system does not allow it.
    """
    if sys.platform != "linux" or os.uname().machine not in _PIVOT_ROOT:
        raise OSError(f"there are no Linux namespaces on {sys.platform} {os.uname().machine}")
    if own_users:
        _become_root_of_new_users()
        _continue_in_processes_of_its_own()
    _unshare(_NEW_MOUNTS)
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    root = str(place.absolute())
    wanted = _with_their_targets(visible)
    _mount("tmpfs", root, "tmpfs", _NO_SETUID | _NO_DEVICES, "mode=755,size=1m")
    done: list[Path] = []
    for path in wanted:
        if any(path.is_relative_to(each) for each in done):
            continue
        target = Path(f"{root}{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            target.symlink_to(path.readlink())
            continue
        target.mkdir(exist_ok=True) if path.is_dir() else target.touch()
        _mount(str(path), str(target), None, _BIND | _RECURSIVE)
        _make_read_only(str(target), _AT_RECURSIVE)
        done.append(path)
    for path in hidden:
        if any(path.is_relative_to(each) for each in done) and path.is_dir():
            _mount("tmpfs", f"{root}{path}", "tmpfs", _READ_ONLY, "mode=000,size=4k")
    _devices(root)
    for folder in ("proc", FOLDER[1:]):
        Path(root, folder).mkdir(exist_ok=True)
    if own_users:  # whose numbers of processes are others than those that /proc has
        _mount("proc", f"{root}/proc", "proc", _NO_SETUID | _NO_DEVICES | _NO_EXECUTION)
    else:
        _mount("/proc", f"{root}/proc", None, _BIND | _RECURSIVE)
    _mount("tmpfs", f"{root}{FOLDER}", "tmpfs", _NO_SETUID | _NO_DEVICES, "mode=777,size=64m")
    if not Path(f"{root}/tmp").exists():
        Path(f"{root}/tmp").symlink_to(FOLDER)
    os.chdir(root)
    _checked(_library().syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root", root)
    _checked(_library().umount2(b".", _DETACH), "umount2", "the old root")
    os.chdir("/")
    _make_read_only("/", 0)


def fork() -> int:
    """As `os.fork`, but the child is process 1 of processes of its own."""
    here = os.open("/proc/self/ns/pid", os.O_RDONLY)
    try:
        _unshare(_NEW_PROCESSES)
        process = os.fork()
        if process:
            _checked(_library().setns(here, _NEW_PROCESSES), "setns", "the server's processes")
        return process
    finally:
        os.close(here)


def confine(number: int, limits: Allowance) -> None:
    """Isolates this process, a child by `fork` of a server that has entered its root.

    number: of the submission, from 0; no two that run have the same.
    """
    _end_first()
    _unshare(_NEW_MOUNTS | _NEW_NETWORK | _NEW_SHARED_MEMORY | _NEW_NAME)
    safe = _NO_SETUID | _NO_DEVICES
    _mount("proc", "/proc", "proc", safe | _NO_EXECUTION)
    options = f"mode=777,size={limits.folder},nr_inodes=20000"
    _mount("tmpfs", FOLDER, "tmpfs", safe, options)
    library = _library()
    for capability in range(64):
        if library.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            break
    library.prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, all cleared
    user = FIRST_USER + number % 100_000_000
    own_user = os.geteuid() == 0 and _maps(user)
    if own_user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _checked(library.capset(header, (ctypes.c_uint32 * 6)()), "capset", "no capabilities")
    _checked(library.prctl(38, 1, 0, 0, 0), "prctl", "no new privileges")
    if (
        own_user
    ):  # else the server, which is not the real root, could not see how much memory it has
        _checked(library.prctl(4, 0, 0, 0, 0), "prctl", "no core dump")
    _checked(library.prctl(1, signal.SIGKILL, 0, 0, 0), "prctl", "end with the server")
    restrict(limits)
    system_calls.refuse()


def restrict(limits: Allowance) -> None:
    """The limits alone, which every system with POSIX has."""
    _end_first()
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.folder),
        # Not the address space, of which TensorFlow reserves more than it uses.
        (resource.RLIMIT_DATA, _data() + limits.memory),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def state() -> dict[str, Any]:
    """How isolated this process is, as it sees it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        lines = []
    fields = {key: value.strip() for key, _, value in (each.partition(":") for each in lines)}
    return {
        "process": os.getpid(),
        "user": os.getuid(),
        "capabilities": int(fields.get("CapEff", "-1"), 16) | int(fields.get("CapBnd", "-1"), 16),
        "new privileges": fields.get("NoNewPrivs") != "1",
        "system calls": fields.get("Seccomp") != "2",
        "processes": sum(each.name.isdigit() for each in Path("/proc").glob("*")),
        "network": sorted(name for _, name in socket.if_nameindex()),
        "threads": int(fields.get("Threads", "0")),
    }


def gaps(found: dict[str, Any], uid: int) -> list[str]:
    """What a child's state lacks, in words; uid: of the controller."""
    checks = {
        "its processes are not its own": found.get("process") != 1 or found.get("processes") != 1,
        "it runs as root": uid == 0 and found.get("user") == 0,
        "it has capabilities": found.get("capabilities") != 0,
        "it can gain privileges": found.get("new privileges") is not False,
        "no system call is refused": found.get("system calls") is not False,
        "it has a network": found.get("network") not in ([], ["lo"]),
    }
    return [what for what, wrong in checks.items() if wrong]


def _end_first() -> None:
    """If the machine has no memory left, the system ends this process before all others."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _become_root_of_new_users() -> None:
    user, group = os.geteuid(), os.getegid()
    _unshare(_NEW_USERS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _continue_in_processes_of_its_own() -> None:
    """Those of the root of new users alone can make others (setns(2)); the old process waits."""
    _unshare(_NEW_PROCESSES)
    if process := os.fork():
        _, status = os.waitpid(process, 0)
        os._exit(abs(os.waitstatus_to_exitcode(status)))


def _maps(user: int) -> bool:
    """Whether this user exists where this process runs."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= user < first + count:
            return True
    return False


def _with_their_targets(paths: Iterable[Path]) -> list[Path]:
    found = {Path(each) for each in SYSTEM}
    for path in paths:
        found |= {path.absolute(), path.resolve()}
    return sorted(each for each in found if each.exists())


def _devices(root: str) -> None:
    Path(root, "dev").mkdir(exist_ok=True)
    for name in DEVICES:
        Path(root, "dev", name).touch()
        _mount(f"/dev/{name}", f"{root}/dev/{name}", None, _BIND)
    links = {"shm": FOLDER, "fd": "/proc/self/fd"}
    links |= {name: f"/proc/self/fd/{n}" for n, name in enumerate(("stdin", "stdout", "stderr"))}
    for name, target in links.items():
        Path(root, "dev", name).symlink_to(target)


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{call} ({what}): {os.strerror(number)}")


def _unshare(kinds: int) -> None:
    _checked(_library().unshare(kinds), "unshare", f"{kinds:#x}")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str = ""
) -> None:
    given = [each.encode() if each is not None else None for each in (source, target, kind)]
    result = _library().mount(*given, ctypes.c_ulong(flags), options.encode() or None)
    _checked(result, "mount", target)


def _make_read_only(path: str, recursive: int) -> None:
    attributes = (ctypes.c_uint64 * 4)(_READ_ONLY | _NO_SETUID, 0, 0, 0)
    result = _library().syscall(
        _MOUNT_SETATTR, -100, path.encode(), recursive, attributes, ctypes.c_size_t(32)
    )
    _checked(result, "mount_setattr", path)


def _data() -> int:
    """Bytes of data that this process has."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))
