"""Isomorphism: when two graphs of operations are the same but for the order they are named in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, groupby, permutations, product

Reads = tuple[tuple[int, str], ...]


def canonical_form(units: Sequence[Reads], output: Iterable[int]) -> Hashable:
    """Equal for graphs that are the same but for numbering, and for those alone.

    units: what is computed, from 1 on in an order in which it can be: of each the (source, label)
        pairs that it reads, in any order; a source is an earlier unit, or an input, 0 or below.
    output: the units and inputs that come out, in any order. Units that it does not need are left
        out. Two units that read the same are two, each with weights of its own.
    """
    output = list(output)
    needed = set(output)
    for number in range(len(units), 0, -1):
        if number in needed:
            needed.update(source for source, _ in units[number - 1])
    # Written out in full, units can be put in an order that their numbers do not matter to.
    written: dict[int, str] = {}
    for number, reads in enumerate(units, start=1):
        if number in needed:
            terms = sorted(f"{label}({written.get(source, source)})" for source, label in reads)
            written[number] = "+".join(terms)
    order = sorted(written, key=written.__getitem__)
    # Those that read the same may still be read by different ones: the least of all orders.
    alike = [permutations(group) for _, group in groupby(order, key=written.__getitem__)]
    forms = []
    for groups in product(*alike):
        place = {number: at for at, number in enumerate(chain.from_iterable(groups), start=1)}
        listed = tuple(
            tuple(sorted((place.get(source, source), label) for source, label in units[number - 1]))
            for number in place
        )
        forms.append((listed, tuple(sorted(place.get(number, number) for number in output))))
    return min(forms)
