"""Contestants: strategies told by a text, so that a command line and another process can read it.

regularized_evolution(population_size=10, sample_size=3)
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

from coursekit.spaces import Space
from coursekit.strategies import STRATEGIES, Strategy
from coursekit.worlds import World

Build = Callable[[Space], Strategy]


def build(contestant: str | Build, space: Space) -> Strategy:
    """The strategy that a text tells, or that a class or function makes of a space.

    Raises ValueError for an unknown name or option, and for a space that it cannot search.
    """
    if not isinstance(contestant, str):
        return contestant(space)
    name, options = parse(contestant)
    if name not in STRATEGIES:
        raise ValueError(f"no strategy {name!r}: there are {', '.join(STRATEGIES)}")
    cls = STRATEGIES[name]
    known = [each for each in inspect.signature(cls).parameters if each != "space"]
    for option in options:
        if option not in known:
            raise ValueError(
                f"{name} has no option {option!r}: it has {', '.join(known) or 'none'}"
            )
    try:
        return cls(space, **options)
    except TypeError as error:  # a value of the wrong kind is misuse here, not a fault
        raise ValueError(f"{contestant}: {error}") from error


def fitted(contestant: str | Build, world: World) -> str | Build:
    """A text that names a strategy with budgets and no `max_budget`, with the world's epochs."""
    if not isinstance(contestant, str) or not world.early:
        return contestant
    name, options = parse(contestant)
    known = inspect.signature(STRATEGIES[name]).parameters if name in STRATEGIES else {}
    if "max_budget" not in known or "max_budget" in options:
        return contestant
    options["max_budget"] = world.epochs
    texts = [f"{option}={value!r}" for option, value in options.items()]
    return f"{name}({', '.join(texts)})"


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Name and options of a text such as "random(repeats=True)"."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if isinstance(tree, ast.Call) and not tree.args and isinstance(tree.func, ast.Name):
            options = {word.arg: ast.literal_eval(word.value) for word in tree.keywords}
            if None not in options:  # which `**` would be
                return tree.func.id, {str(name): value for name, value in options.items()}
        if isinstance(tree, ast.Name):
            return tree.id, {}
    except (SyntaxError, ValueError):
        pass
    raise ValueError(f"{text!r} tells no strategy: write random or random(repeats=True)")


def split(text: str) -> list[str]:
    """The texts between commas, those within brackets left alone."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
