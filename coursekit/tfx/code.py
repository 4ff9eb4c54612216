"""A digest of the code behind an import path, which TFX's cache ignores."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Iterator
from importlib.util import find_spec, resolve_name
from pathlib import Path

KIT = "coursekit"
INSTALLED = ("site-packages", "dist-packages")
_seen: dict[str, str] = {}  # by module, the digest when this process last looked


class NoModule(ValueError):
    """The module of an import path cannot be found."""


def digest(path: str) -> str:
    """The digest of the code behind a function's or class's import path, e.g. "my_module.run_fn".

    For the kit's own code, it covers the folder of the module. For yours, it covers the module and
    all that it imports, directly or not, from the folder that it was found in. It leaves out
    installed packages (unless the path leads to one) and files that are not Python.

    If a file has changed since this process last looked, its modules are removed from
    `sys.modules` and so imported again: a notebook then runs the code of the digest.

    Raises ValueError if the module does not exist (NoModule), if a package around it cannot be
    imported, or if a file is not valid Python.
    """
    module, file = _found(path)
    if _top(module) == KIT:
        modules, files = {}, sorted(file.parent.glob("*.py"))
    else:
        modules = _own(module, file)
        files = [modules[each] for each in sorted(modules)]
    content = b"".join(each.read_bytes() for each in files)
    made = hashlib.sha256(content).hexdigest()[:12]
    if _seen.get(module, made) != made:
        for each in list(sys.modules):
            if any(_within(each, known) for known in modules):
                del sys.modules[each]
                package, _, name = each.rpartition(".")
                if package in sys.modules:  # a package without __init__.py remembers the module
                    vars(sys.modules[package]).pop(name, None)
        importlib.invalidate_caches()
    _seen[module] = made
    return made


def check_function(path: str) -> None:
    """Raises ValueError if the module does not contain the name; TFX would fail later.

    The module is read, not imported, because an import may take long.
    """
    _, file = _found(path)
    name, text = path.rpartition(".")[2], file.read_text(errors="replace")
    if name not in text and "import *" not in text:
        raise ValueError(f"{path!r}: there is no {name} in {file}")


def yours(file: Path) -> bool:
    """Whether a file is code that is not installed, not Python's and not the kit's."""
    known = Path(sys.base_prefix), Path(__file__).parents[1]
    return file.is_file() and not (
        set(INSTALLED) & set(file.parts) or any(file.is_relative_to(each) for each in known)
    )


def _found(path: str) -> tuple[str, Path]:
    """The module in an import path, and its file."""
    module = path.rpartition(".")[0]
    try:
        found = find_spec(module) if module else None  # imports the packages around it
    except SyntaxError as error:
        raise ValueError(f"{error.filename}, line {error.lineno}: {error.msg}") from None
    except Exception as error:
        package = module.rpartition(".")[0]
        nowhere = isinstance(error, ModuleNotFoundError) and _within(module, error.name or "")
        if package and not nowhere:
            raise ValueError(
                f"{path!r}: {package} cannot be imported ({type(error).__name__}: {error})"
            ) from error
        found = None  # __main__ has no package and cannot be found
    if found is None or found.origin is None or not found.has_location:
        raise NoModule(f"{path!r}: no such module; give a path such as 'my_module.run_fn'")
    return module, Path(found.origin)


def _within(module: str, package: str) -> bool:
    """Whether a module is this package, or inside it."""
    return f"{module}.".startswith(f"{package}.")


def _top(module: str) -> str:
    return module.partition(".")[0]


def _own(module: str, file: Path) -> dict[str, Path]:
    """A module and all that it imports from the folder that it was found in, by name."""
    root = file.parents[module.count(".") + (file.name == "__init__.py")]
    found: dict[str, Path] = {}
    waiting = [(module, file), *_files(module, root)]
    while waiting:
        name, path = waiting.pop()
        foreign = _top(name) != _top(module) if root.name in INSTALLED else _top(name) == KIT
        if name in found or foreign:
            continue
        found[name] = path
        for each in _imports(name, path):
            waiting += _files(each, root)
    return found


def _files(module: str, root: Path) -> Iterator[tuple[str, Path]]:
    """The files in a folder that run when a module is imported: its packages' and its own."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:count])
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                yield ".".join(parts[:count]), file
                break


def _imports(module: str, file: Path) -> Iterator[str]:
    """The names of all imports in a file; some may be functions, not modules."""
    if file.suffix != ".py":  # compiled
        return
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError as error:
        raise ValueError(f"{file}, line {error.lineno}: {error.msg}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level > len(package.split(".")) or (node.level and not package):
                continue  # leaves the folder, and fails on import
            if node.level:
                base = resolve_name("." * node.level + base, package)
            yield base
            yield from (f"{base}.{each.name}" for each in node.names)
