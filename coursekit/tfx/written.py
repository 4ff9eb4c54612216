"""Notebook functions as a module file, because TFX calls functions by import path."""

from __future__ import annotations

import dis
import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

PLAIN = (bool, int, float, str, bytes, tuple, list, dict, set, type(None))


def write_module(path: str | Path, *functions: Callable[..., Any]) -> Path:
    """Write functions to a Python file, with all that they use from the notebook.

    The notebook's functions and classes are written as source, imports as imports, plain values
    with their present value. Returns the path.

    Raises ValueError for a path that is not a Python module's, for a global of any other kind, for
    a function inside another or without a name, and for a function whose source is unknown.
    """
    path = Path(path)
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise ValueError(f"path={str(path)!r}: give a module's file, such as 'my_functions.py'")
    lines: dict[str, str] = {}  # by name, the code that defines it in the module
    sources: dict[str, str] = {}
    aliases: list[str] = []
    waiting: list[Any] = list(functions)
    while waiting:
        found = waiting.pop(0)
        if found.__name__ in sources:
            continue
        sources[found.__name__] = _source(found)
        for name, value in _needs(found):
            if _of_the_notebook(value, functions):
                waiting.append(value)
                if name != value.__name__:
                    aliases.append(f"{name} = {value.__name__}")
            else:
                lines[name] = _line(name, value, found.__name__)
    imports = sorted(line for line in lines.values() if line.startswith(("import ", "from ")))
    values = [line for line in lines.values() if line not in imports]
    head = "\n".join([*imports, *values])
    path.write_text("\n\n".join([head, *sources.values(), *aliases]).strip() + "\n")
    importlib.invalidate_caches()
    return path


def _source(function: Any) -> str:
    around = getattr(getattr(function, "__code__", None), "co_freevars", ())
    if around or not function.__name__.isidentifier():
        raise ValueError(
            f"{function.__name__}: only a cell's own `def` or `class` can be written"
            + (f", but this uses {around[0]} of a function around it" if around else "")
        )
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise ValueError(
            f"{function.__name__}: its source is unknown; define it in a cell"
        ) from None


def _of_the_notebook(value: Any, functions: tuple[Callable[..., Any], ...]) -> bool:
    homes = {each.__module__ for each in functions}
    return isinstance(value, FunctionType | type) and value.__module__ in homes


def _line(name: str, value: Any, user: str) -> str:
    if isinstance(value, ModuleType):
        return f"import {value.__name__}" + ("" if value.__name__ == name else f" as {name}")
    home = sys.modules.get(getattr(value, "__module__", None) or "")
    own = getattr(value, "__name__", "")
    if home is not None and own and getattr(home, own, None) is value:
        return f"from {home.__name__} import {own}" + ("" if own == name else f" as {name}")
    if isinstance(value, PLAIN):
        return f"{name} = {value!r}"
    raise ValueError(
        f"{user} uses {name}, a {type(value).__name__} of the notebook, which a file cannot "
        "contain: make it inside the function"
    )


def _needs(function: Any) -> Iterator[tuple[str, Any]]:
    """The globals that a function, or the methods of a class, use."""
    members = vars(function).values() if isinstance(function, type) else [function]
    for member in members:
        if isinstance(member, FunctionType):
            for name in _globals(member.__code__):
                if name in member.__globals__:
                    yield name, member.__globals__[name]


def _globals(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)
