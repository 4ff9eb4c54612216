"""System calls that no submission needs, refused by the kernel (Linux manual, seccomp(2)).

They look into other processes, make namespaces (in which a process would have capabilities again),
mount, load code into the kernel, or keep memory that no limit counts.
"""

from __future__ import annotations

import ctypes
import os
import struct

# The number on x86_64 and on aarch64, from the kernel's tables.
REFUSED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "perf_event_open": (298, 241),
    "unshare": (272, 97), "setns": (308, 268),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432),
    "bpf": (321, 280), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
}  # fmt: skip
SOCKET = (41, 198)
# Of UNIX, IPv4, IPv6, and netlink: these stay in the network of a namespace, unlike vsock.
FAMILIES = (1, 2, 10, 16)
CLONE, CLONE3 = (56, 220), (435, 435)
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_OLDER = 0x40000000  # from here on x86_64's numbers are those of its 32-bit form
_NAMESPACES = 0x7E020080  # of all kinds, in the flags of clone(2)
_LOAD, _RETURN, _EQUAL, _AT_LEAST, _ANY_BIT = 0x20, 0x06, 0x15, 0x35, 0x45
_ALLOW, _NOT_PERMITTED, _NOT_THERE = 0x7FFF0000, 0x00050001, 0x00050026
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they stand in what a filter reads


def refuse() -> None:
    """From now on this process, which can gain no privileges, and its children get EPERM.

    Raises OSError if the system does not allow it.
    """
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        raise OSError(f"no filter of system calls is known for {machine}")
    column = list(ARCHITECTURES).index(machine)
    # A jump skips one number of instructions if it holds, another if not.
    no = (_RETURN, 0, 0, _NOT_PERMITTED)
    program = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, ARCHITECTURES[machine]), no]
    program += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _OLDER), no]
    for numbers in REFUSED.values():
        program += [(_EQUAL, 0, 1, numbers[column]), no]
    program += [(_EQUAL, 0, len(FAMILIES) + 2, SOCKET[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    program += [(_EQUAL, len(FAMILIES) - place, 0, each) for place, each in enumerate(FAMILIES)]
    program += [no, (_LOAD, 0, 0, _NUMBER)]
    # Its flags are in memory, which a filter cannot read: the C library then takes clone(2).
    program += [(_EQUAL, 0, 1, CLONE3[column]), (_RETURN, 0, 0, _NOT_THERE)]
    program += [(_EQUAL, 0, 3, CLONE[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    program += [(_ANY_BIT, 0, 1, _NAMESPACES), no, (_RETURN, 0, 0, _ALLOW)]
    code = b"".join(struct.pack("HBBI", *each) for each in program)
    text = ctypes.create_string_buffer(code, len(code))
    filters = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(text)))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(22, 2, filters, 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        number = ctypes.get_errno()
        raise OSError(number, f"prctl (a filter of system calls): {os.strerror(number)}")
