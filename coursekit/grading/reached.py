"""Notices code that reaches for the frames and objects of the process which grades it.

A probe runs in the process of the answer that it asks. Code that gets hold of the frames or objects
of the grader there can report what it likes; Python's audit events (PEP 578) name it before that.
That is evidence for a human, and its absence proves nothing: some ways into memory have no event.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

EVENTS = {
    *("sys._getframe", "sys._current_frames", "sys._current_exceptions", "sys.settrace"),
    *("sys.setprofile", "sys.addaudithook", "code.__new__"),
    *("gc.get_objects", "gc.get_referrers", "gc.get_referents"),
}
FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
# Installed functions that hand their caller's frames to whoever calls them.
GIVE = (
    ("/traceback.py", ("walk_tb", "walk_stack")),
    ("/logging/__init__.py", ("<lambda>", "currentframe")),
    ("/bdb.py", ("set_trace",)),
)
MOST = 20  # different events
# What reaches for frames, objects or signal handlers without an event, by its name in the code.
NAMED = {
    *("__closure__", "cell_contents", "__globals__", "__code__", "__subclasses__", "f_back"),
    *("f_locals", "f_globals", "f_builtins", "tb_frame", "gi_frame", "cr_frame", "ag_frame"),
    *("_getframe", "currentframe", "_current_frames", "raise_signal", "setitimer"),
}
MODULES = {"signal", "ctypes", "_ctypes", "faulthandler", "pdb", "bdb"}


def named(code: str) -> set[str]:
    """The names in a cell's code by which a learner may reach for the process that grades it."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Attribute):
            found |= {node.attr} & NAMED
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} & (NAMED | MODULES)
        elif isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").partition(".")[0]} & MODULES
            found |= {each.name for each in node.names} & NAMED
    return found


def watch(tell: Callable[[str], None], installed: Sequence[str]) -> None:
    """From now on names each event of code that is not installed, once, before it happens.

    installed: the folders of Python, the packages and the kit, which a learner cannot write to. The
    hook cannot be taken away; what it uses is held here, where no name leads to it.
    """
    ident, frame_at, folders, size = threading.get_ident, sys._getframe, tuple(installed), len
    busy: set[int] = set()
    told: set[str] = set()

    def foreign(frame: FrameType | None) -> bool:
        """Whether code of a learner asks, itself or through what gives frames to its caller."""
        while frame is not None and frame.f_code.co_filename.startswith(folders):
            name = frame.f_code.co_filename
            gives = name.endswith(("/inspect.py", "/ctypes/__init__.py")) or any(
                name.endswith(file) and frame.f_code.co_name in functions
                for file, functions in GIVE
            )
            if not gives:
                return False
            frame = frame.f_back
        return frame is not None

    def hook(event: str, given: tuple[Any, ...]) -> None:
        name = event
        if event == "object.__getattr__" and given[1] in FRAMES:
            name = given[1]
        elif event == "compile":
            # Under such a name its code would pass for installed.
            if type(given[1]) is not str or not given[1].startswith(folders):
                return
        elif event not in EVENTS and event[:7] != "ctypes.":
            return
        mine = ident()
        if mine in busy or name in told or size(told) >= MOST:
            return
        busy.add(mine)
        try:
            if foreign(frame_at(1)):
                told.add(name)
                tell(name)
        finally:
            busy.discard(mine)

    sys.addaudithook(hook)
