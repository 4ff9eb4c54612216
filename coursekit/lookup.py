"""Registries: a strategy, an estimator or a world by its name, with options if any.

regularized_evolution(population_size=10, sample_size=3)
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def find(kind: str, name: str, registry: Mapping[str, T]) -> T:
    """The entry of a registry under a name. kind: of its entries, such as "strategy".

    Raises ValueError for an unknown name; the message lists the names and the closest one.
    """
    if name not in registry:
        raise unknown(kind, name, registry)
    return registry[name]


def make(kind: str, text: str, registry: Mapping[str, Callable[..., T]], *given: Any,
         **options: Any) -> T:  # fmt: skip
    """The object of a text such as "tpe(initial=5)", built with `given`, its options and yours.

    Raises ValueError for an unknown name or option, and for a value that the class refuses.
    """
    name, told = parse(kind, text)
    cls = find(kind, name, registry)
    options = told | options
    check_options(name, cls, options)
    try:
        return cls(*given, **options)
    except TypeError as error:  # a value of the wrong type is misuse, not a bug
        raise ValueError(f"{text}: {error}") from error


def parse(kind: str, text: str) -> tuple[str, dict[str, Any]]:
    """Name and options of a text such as "random(repeats=True)"; ValueError for any other text."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if isinstance(tree, ast.Call) and not tree.args and isinstance(tree.func, ast.Name):
            options = {word.arg: ast.literal_eval(word.value) for word in tree.keywords}
            if None not in options:  # the name of `**`
                return tree.func.id, {str(name): value for name, value in options.items()}
        if isinstance(tree, ast.Name):
            return tree.id, {}
    except (SyntaxError, ValueError):
        pass
    raise ValueError(f"{text!r} describes no {kind}: write name or name(option=value)")


def text(name: str, options: Mapping[str, Any]) -> str:
    """The text that `parse` reads."""
    told = ", ".join(f"{option}={value!r}" for option, value in options.items())
    return f"{name}({told})" if told else name


def split(text: str) -> list[str]:
    """The parts between commas; commas inside brackets do not split."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


@cache
def options_of(cls: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class by name, without the first (the space or the world)."""
    return {p.name: p for p in list(inspect.signature(cls).parameters.values())[1:]}


def check_options(name: str, cls: Callable[..., object], options: Iterable[str],
                  more: Iterable[str] = ()) -> None:  # fmt: skip
    """Raises ValueError for an option that a class does not take.

    name: of the class, for the message. more: further accepted names.
    """
    known = options_of(cls)
    if any(each.kind is each.VAR_KEYWORD for each in known.values()):
        return
    names = [*known, *more]
    for option in options:
        if option not in names:
            raise unknown_option(name, option, names)


def unknown(kind: str, name: object, known: Iterable[str], more: str = "") -> ValueError:
    """The error for an unknown name: it lists the closest name and all others.

    more: further possibilities, in words.
    """
    names = list(known)
    return ValueError(f"no {kind} {name!r}{meant(name, names)}: there are {', '.join(names)}{more}")


def unknown_option(name: str, option: str, known: Sequence[str]) -> ValueError:
    """The error for an option that a class does not take: it lists the closest and all others."""
    listed = ", ".join(known) or "none"
    return ValueError(f"{name} has no option {option!r}{meant(option, known)}: it has {listed}")


def meant(name: object, known: Iterable[str]) -> str:
    """A question with the closest name; empty if none is close."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), list(known), 1, 0.6)
    return f" (did you mean {close[0]}?)" if close else ""
