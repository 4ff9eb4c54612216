"""Isomorphism: two graphs of operations that differ only in their numbering are the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, product
from typing import Any

Reads = tuple[tuple[int, str], ...]


def canonical_form(units: Sequence[Reads], output: Iterable[int]) -> Hashable:
    """Equal exactly for graphs that differ only in their numbering.

    units: numbered from 1 in topological order; each is the (source, label) pairs that it reads,
        in any order. A source is an earlier unit, or an input (0 or below).
    output: the units and inputs that form the output, in any order. Units that the output does
        not need are left out. Two units that read the same stay two: each has its own weights.
    """
    output = list(output)
    needed = set(output)
    for number in range(len(units), 0, -1):
        if number in needed:
            needed.update(source for source, _ in units[number - 1])
    # Written out in full, units can be sorted in an order that does not depend on their numbers.
    written: dict[int, str] = {}
    for number, reads in enumerate(units, start=1):
        if number in needed:
            terms = sorted(f"{label}({written.get(source, source)})" for source, label in reads)
            written[number] = "+".join(terms)
    readers: dict[int, list[tuple[int, str]]] = {number: [] for number in written}
    for number in written:
        for source, label in units[number - 1]:
            if source in readers:
                readers[source].append((number, label))
    ends = set(output)
    kind = _refined(written, readers, ends)
    order = sorted(written, key=kind.__getitem__)
    # Units of one kind may still differ in their partners: take the least of all orders. Twins,
    # which read the same and are read by the same units, need only one order.
    twins = {
        number: (sorted(units[number - 1]), sorted(readers[number]), number in ends)
        for number in written
    }
    alike = [_arrangements(list(group), twins) for _, group in groupby(order, key=kind.__getitem__)]
    forms = []
    for groups in product(*alike):
        place = {number: at for at, number in enumerate(chain.from_iterable(groups), start=1)}
        listed = tuple(
            tuple(sorted((place.get(source, source), label) for source, label in units[number - 1]))
            for number in place
        )
        forms.append((listed, tuple(sorted(place.get(number, number) for number in output))))
    return min(forms)


def _refined(
    written: Mapping[int, str], readers: Mapping[int, list[tuple[int, str]]], output: set[int]
) -> dict[int, int]:
    """Kinds of units, refined in rounds: by what each unit reads and by which units read it."""
    names: dict[int, Any] = {number: (text, number in output) for number, text in written.items()}
    while True:
        ranks = {name: rank for rank, name in enumerate(sorted(set(names.values())))}
        kind = {number: ranks[name] for number, name in names.items()}
        names = {
            number: (
                kind[number],
                tuple(sorted((kind[by], label) for by, label in readers[number])),
            )
            for number in kind
        }
        if len(set(names.values())) == len(ranks):
            return kind


def _arrangements(members: list[int], twins: Mapping[int, Any]) -> Iterator[list[int]]:
    """All orders of the members, without those that differ only in the order of twins."""
    if not members:
        yield []
    tried: list[Any] = []
    for member in members:
        if twins[member] not in tried:
            tried.append(twins[member])
            rest = [other for other in members if other != member]
            for following in _arrangements(rest, twins):
                yield [member, *following]
