"""Names of a package that are loaded when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazily(package: str, homes: Mapping[str, str], names: Sequence[str]) -> Callable[[str], Any]:
    """A package's `__getattr__`.

    names: all there are. homes: by name, the module of the package that holds it; a name without a
    home is itself a module of the package. Another name is an AttributeError that lists them.
    """

    def load(name: str) -> Any:
        if name not in names:
            from coursekit.lookup import meant

            close, listed = meant(name, names), ", ".join(names)
            raise AttributeError(f"{package} has no {name!r}{close}; it has {listed}")
        if name not in homes:
            return import_module(f"{package}.{name}")
        found = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, found)  # so that it is looked up once
        return found

    return load
