"""Counting the configurations of a space without listing them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from coursekit.spaces.domains import Domain, Parameter


def count(parameters: Sequence[Parameter]) -> int | float:
    """The number of configurations of these parameters, in order; math.inf for a continuum."""
    if any(math.isinf(p.domain.count) for p in parameters):
        return math.inf
    # Dynamic programming: a state holds only the decisions that later parameters ask about. A
    # value that no condition names is None.
    last: dict[str, int] = {}
    asked: dict[str, set[Any]] = {}
    parameters = _families(parameters)
    for index, parameter in enumerate(parameters):
        for name, values in {parameter.name: (), **parameter.conditions}.items():
            last[name] = index
            asked.setdefault(name, set()).update(values)
    states: dict[tuple[tuple[str, Any], ...], int] = {(): 1}
    for index, parameter in enumerate(parameters):
        following: Counter[tuple[tuple[str, Any], ...]] = Counter()
        told = [v for v in asked[parameter.name] if _has(parameter.domain, v)]
        choices = [*((v, 1) for v in told), (None, int(parameter.domain.count) - len(told))]
        for state, ways in states.items():
            made = dict(state)
            absent = parameter.name in made or not parameter.exists(made)
            for value, times in [(None, 1)] if absent else choices:
                after = made if absent else {**made, parameter.name: value}
                left = tuple((name, v) for name, v in after.items() if last[name] > index)
                following[left] += ways * times
        states = following
    return sum(states.values())


def _families(parameters: Sequence[Parameter]) -> list[Parameter]:
    """The parameters, each child directly after its last parent: this keeps the states few.
    Parameters of one name keep their order."""
    waits: list[set[int]] = []  # for each parameter, the indices that must come before it
    for index, parameter in enumerate(parameters):
        needed = {*parameter.conditions, parameter.name}
        waits.append({i for i in range(index) if parameters[i].name in needed})
    order: list[int] = []
    placed: set[int] = set()
    for first in range(len(waits)):
        due = [first]
        while due:
            index = due.pop()
            if index in placed or not waits[index] <= placed:
                continue
            order.append(index)
            placed.add(index)
            due += [i for i in reversed(range(len(waits))) if index in waits[i]]
    return [parameters[index] for index in order]


def _has(domain: Domain, value: Any) -> bool:
    """Whether the domain has an equal value, as conditions compare: 0 == 0.0 == False."""
    return value in domain or (value in (0, 1) and (bool(value) in domain or int(value) in domain))
