"""What the checks of lab 03 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake, Sampled


class Count(Exercise):
    """Count a conditional space"""

    key = "3.1"
    cases = {
        "one depth": ({"convolution": 6, "pooling": 1}, 2, 2),
        "several depths": ({"convolution": 6, "pooling": 1}, 1, 3),
        "more than two types": ({"dense": 4, "dropout": 3, "normalisation": 1}, 2, 4),
    }
    hidden = [({"dense": 2}, 1, 10), ({"a": 1, "b": 1}, 3, 7)]
    hints = (
        "First one layer: the settings of all types together.",
        "A chain of two layers has that number of settings twice, multiplied.",
        "Sum over the depths from `fewest` to `most`, both included.",
    )
    mistakes = (
        Mistake("most + 1", "most", "The deepest chains are missing: the upper end is included."),
        Mistake("layer**depth", "layer * depth",
                "Layers multiply: a chain of two has layer times layer settings."),
        Mistake("sum(settings.values())", "len(settings)",
                "A type has several settings: count them, not the types."),
        Mistake("sum(settings.values())", "__import__('math').prod(settings.values())",
                "A layer is of one type: its settings add up, they do not multiply."),
        Mistake("sum(layer**depth for depth in range(fewest, most + 1))", "layer**most",
                "That counts only the deepest chains: sum over the depths."),
    )  # fmt: skip
    otherwise = "Sum, over the depths, the settings of a layer to the power of the depth."


class Paths(Exercise):
    """Live paths"""

    key = "3.2"
    points = 2
    cases = {
        "one path": ({"0-1": "conv", "0-2": "none", "1-2": "skip"}, 3),
        "a dead end and an edge from nowhere": (
            {"0-1": "conv", "0-2": "none", "1-2": "none", "0-3": "pool", "1-3": "none",
             "2-3": "conv"}, 4),
        "several paths share edges": (
            {"0-1": "conv", "0-2": "skip", "1-2": "pool", "0-3": "none", "1-3": "conv",
             "2-3": "skip"}, 4),
        "no path": ({"0-1": "conv", "0-2": "none", "1-2": "none"}, 3),
        "two nodes": ({"0-1": "pool"}, 2),
    }  # fmt: skip
    hidden = [
        (dict.fromkeys(("0-1", "0-2", "1-2", "0-3", "1-3", "2-3"), "conv"), 4),
        ({"0-1": "none", "0-2": "conv", "1-2": "conv", "0-3": "none", "1-3": "conv",
          "2-3": "skip"}, 4),
        ({f"{source}-{target}": "conv" if target < source + 3 else "none"
          for target in range(5) for source in range(target)}, 5),
    ]  # fmt: skip
    hints = (
        "Grow paths: begin with `[0]`, and add every node that an edge leads to.",
        "From node `n` look at the targets `n + 1` to `nodes - 1`.",
        "A path that has reached `nodes - 1` is complete.",
    )
    mistakes = (
        Mistake('!= "none"', '!= "skip"', "An edge that skips is live: only `none` carries nothing."),
        Mistake("if path[-1] == nodes - 1:", "if path[-1] == nodes - 1 or path[-1] == nodes - 2:",
                "A path ends at the last node only."),
        Mistake("            continue\n", "            break\n",
                "There may be more paths: it stops at the first one."),
        Mistake("found.append(path)", "found.append(path[1:-1])",
                "A path has its first and its last node, too."),
        Mistake('if cell[f"{path[-1]}-{target}"] != "none":', "if True:",
                "It goes along edges that are `none`."),
        Mistake("found.append(path)", "found.append(len(path))",
                "Return the nodes of each path, not their number."),
    )  # fmt: skip
    otherwise = "Follow every edge that is not `none` from node 0 to the last node."

    @staticmethod
    def probe(paths: Any, cell: dict[str, str], nodes: int) -> Any:
        found = paths(dict(cell), nodes)
        if found is None:
            return None
        return sorted([list(path) if isinstance(path, tuple) else path for path in found], key=str)


C, P, S, N = "conv", "pool", "skip_connect", "none"
THREE = ("0-1", "0-2", "1-2")
FOUR = ("0-1", "0-2", "1-2", "0-3", "1-3", "2-3")


def _cells(edges: tuple[str, ...], *rows: str) -> list[dict[str, str]]:
    """Cells from letters, such as "csn": conv, skip_connect, none."""
    named = {"c": C, "p": P, "s": S, "n": N}
    return [dict(zip(edges, map(named.get, row), strict=True)) for row in rows]  # type: ignore[arg-type]


class Formula(Exercise):
    """A canonical form"""

    key = "3.3"
    points = 3
    call = "which of {0} get equal texts? ({1} nodes)"
    cases = {
        "different operations differ": (_cells(THREE, "ncn", "npn", "nsn"), 3),
        "`none` brings nothing, nor does an edge from a node that holds nothing": (
            _cells(THREE, "ncn", "ncc", "pcn", "nnc", "nnn"), 3),
        "a skip brings what its source holds": (_cells(THREE, "ncn", "cns", "snc", "cnc"), 3),
        "the order of a sum does not matter": (_cells(THREE, "spc", "scp", "pcs", "cps", "ssp"), 3),
        "`x` twice is not `x`": (_cells(THREE, "nsn", "sss", "sns"), 3),
        "an operation reads the whole sum of its source": (
            _cells(FOUR, "cpsnnc", "pcsnnc", "cpsnnp", "cpnnsc", "csnncn"), 4),
        "a skip of a sum brings all its terms": (
            _cells(FOUR, "csnpss", "pcnsss", "scnpss", "ccpnns", "ncnnns"), 4),
        "nodes may change places": (_cells(FOUR, "cnnnpn", "ncnnnp", "pnnncn", "npnnnc"), 4),
    }  # fmt: skip
    hidden = [
        ([dict(zip(THREE, (a, b, c), strict=True)) for a in (C, P, S, N) for b in (C, P, S, N)
          for c in (C, P, S, N)], 3),
        (_cells(FOUR, "cppnsc", "pcpncs", "sspnns", "nncncs", "csscnn", "scscnn"), 4),
        ([{"0-1": each} for each in (C, P, S, N)], 2),
    ]  # fmt: skip
    hints = (
        "Keep for each node the list of its terms; node 0 holds `['x']`.",
        "A skip extends the list by the terms of its source; another operation appends one text.",
        "Sort the terms before you join them, also inside the brackets of an operation.",
        "`if not terms`: a node that holds nothing brings nothing.",
    )
    mistakes = (
        Mistake(" and terms", "", "An operation on nothing is there as a term: it brings nothing."),
        Mistake("{' + '.join(sorted(terms))}", "{' + '.join(terms)}",
                "Inside an operation the order of the terms still matters: sort them there, too."),
        Mistake('" + ".join(sorted(sums[-1]))', '" + ".join(sums[-1])',
                "The order of the last sum still matters: sort its terms."),
        Mistake("brought += terms", "brought += terms[:1]",
                "A skip brings all terms of its source, not only the first."),
        Mistake('" + ".join(sorted(sums[-1]))', '" + ".join(sorted(set(sums[-1])))',
                "A term that is there twice counts twice: x + x is not x."),
        Mistake("brought += terms", "brought.append(f\"skip({' + '.join(sorted(terms))})\")",
                "A skip is the identity: it leaves no trace in the text."),
        Mistake('!= "none"', '!= "nothing"', "An edge that is `none` brings nothing."),
        Mistake('" + ".join(sorted(sums[-1]))', "str(sorted(cell.values()))",
                "That lists the operations: where they are matters, too."),
    )  # fmt: skip
    otherwise = "Two cells get equal texts exactly if their last nodes hold the same sum."

    @staticmethod
    def probe(formula: Any, cells: list[dict[str, str]], nodes: int) -> Any:
        texts = [formula(dict(cell), nodes) for cell in cells]
        if all(text is None for text in texts):
            return None
        return [texts.index(text) for text in texts]  # for each cell the first that is equal


class Mutate(Sampled):
    """Mutate without making the impossible"""

    key = "3.4"
    points = 3
    call = "2,000 times mutate({0}, {1}, {2}, rng)"
    cases = {
        "a decision and its values are all as likely": (
            {"depth": 1, "units1": 16}, [1, 2], [8, 16, 32]),
        "a shallower network loses widths, a deeper one gets them": (
            {"depth": 2, "units1": 8, "units2": 32}, [1, 2, 3], [8, 32]),
    }  # fmt: skip
    hidden = [
        ({"depth": 3, "units1": 8, "units2": 16, "units3": 8}, [1, 3], [8, 16]),
        ({"depth": 1, "units1": 4}, [1, 2, 4], [4, 8, 16]),
    ]
    hints = (
        "`list(network)[rng.integers(len(network))]` is a decision at random.",
        "If it is the depth, the child has the layers 1 to the new depth, and no others.",
        "Take over each width that the parent has, and draw the missing ones from `widths`.",
    )
    mistakes = (
        Mistake(" if value != network[name]", "",
                "Some children are twins of their parent: draw another value."),
        Mistake('    child = {"depth": changed["depth"]}\n'
                '    for layer in range(1, changed["depth"] + 1):\n'
                "        fresh = widths[rng.integers(len(widths))]\n"
                '        child[f"units{layer}"] = changed.get(f"units{layer}", fresh)\n'
                "    return child", "    return changed",
                "A network of one depth has the widths of another: widths come and go with it."),
        Mistake("rng.integers(len(widths))", "0", "A new layer always has the same width."),
        Mistake('changed.get(f"units{layer}", fresh)', "fresh",
                "All widths are drawn again: those that stay keep their values."),
        Mistake("list(network)[rng.integers(len(network))]", '"depth"',
                "Only the depth ever changes."),
        Mistake("list(network)[rng.integers(len(network))]", "list(network)[1:]"
                "[rng.integers(len(network) - 1)]", "The depth never changes."),
        Mistake("    return child", "    network.clear()\n    network.update(child)\n"
                "    return network", "The parent has changed: return a new dictionary."),
        Mistake("{**network, name: others[rng.integers(len(others))]}",
                "{**network, name: others[0]}",
                "One value follows each time: each other value is as likely as any."),
        Mistake("rng.integers(len(others))", "np.random.default_rng().integers(len(others))",
                "The same seed gave other children: draw only from `rng`."),
    )  # fmt: skip
    reasons = {
        "widths that do not fit the depth": "A child has the widths of its layers, no others.",
        "twins of their parent": "A child is a twin of its parent: draw another value.",
        "more than one decision changed": "One decision changes; all other widths stay.",
        "the same children from the same seed": "Draw only from `rng`.",
    }
    otherwise = "Each decision, each other value and each new width is as likely as any other."

    @staticmethod
    def probe(mutate: Any, network: dict[str, int], depths: list[int], widths: list[int]) -> Any:
        import numpy as np

        def children(count: int) -> list[Any]:
            rng = np.random.default_rng(7)
            return [mutate(dict(network), list(depths), list(widths), rng) for _ in range(count)]

        made, again = children(2000), children(20)
        misfits = twins = several = False
        found: dict[str, int] = {}
        for depth in depths:
            if depth != network["depth"]:
                found[f"depth {depth}"] = 0
                for layer in range(network["depth"] + 1, depth + 1):
                    found |= {f"new units{layer} {width}": 0 for width in widths}
        for name in network:
            if name != "depth":
                found |= {f"{name} {width}": 0 for width in widths if width != network[name]}
        for child in made:
            wanted = {"depth", *(f"units{layer}" for layer in range(1, child["depth"] + 1))}
            if set(child) != wanted:
                misfits = True
                continue
            changed = [n for n in network if n in child and child[n] != network[n]]
            twins |= not changed
            several |= len(changed) > 1
            for name in changed:
                key = f"{name} {child[name]}"
                found[key] = found.get(key, 0) + 1
            for name in child:
                if name not in network:
                    key = f"new {name} {child[name]}"
                    found[key] = found.get(key, 0) + 1
        return {
            "widths that do not fit the depth": misfits,
            "twins of their parent": twins,
            "more than one decision changed": several,
            "the same children from the same seed": made[:20] == again,
            **found,
        }


class Correlation(Exercise):
    """Correlation along a walk"""

    key = "3.5"
    cases = {
        "one step": ([0.1, 0.4, 0.3, 0.9, 0.7, 0.8], 1),
        "two steps": ([0.1, 0.4, 0.3, 0.9, 0.7, 0.8], 2),
        "no step": ([0.2, 0.1, 0.5], 0),
    }
    hidden = [([1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 1.0], 3), ([0.5, -0.5, 0.6, -0.4, 0.7], 1)]
    hints = (
        "Two lists of one length: the scores without the last `steps`, and without the first.",
        "`np.corrcoef(one, other)[0, 1]` is Pearson's correlation.",
        "`scores[:-0]` is empty: `scores[: len(scores) - steps]` works for 0 as well.",
    )
    mistakes = (
        Mistake("scores[: len(scores) - steps], scores[steps:]",
                "scores, np.roll(scores, -steps)",
                "The end is compared with the beginning: leave out places without a later one."),
        Mistake("scores[: len(scores) - steps]", "scores[:-steps]",
                "With `steps` 0 nothing is left: `scores[:-0]` is empty."),
        Mistake("[0, 1]", "[0, 0]", "That is the correlation of a list with itself."),
        Mistake("np.corrcoef(", "np.cov(", "That is the covariance: divide by both deviations."),
        Mistake("scores[steps:]", "scores[steps:][::-1]",
                "The second list is reversed: keep the order of the walk."),
    )  # fmt: skip
    otherwise = "Compare each score with the one `steps` places later."


class Encode(Exercise):
    """Find the bug: choices in an order"""

    key = "3.6"
    points = 2
    call = "encode(cell, {1}) for the cells {0}: how far apart are they?"
    cases = {
        "any two operations are equally far apart": (["aa", "ab", "ac", "ad"], "abcd"),
        "on any edge": (["aa", "ba", "ab", "da", "ad"], "abcd"),
        "more edges are farther": (["aaa", "aab", "abb", "bbb", "cab", "dcb"], "abcd"),
        "another list of operations": (["xy", "yx", "xz", "zz"], "xyz"),
    }
    hidden = [(["a", "b"], "ab"), (["abca", "bbca", "cbca", "abcb", "aaaa", "bcab"], "abc")]
    hints = (
        "One number for each operation of each edge: 1 for the one that is there, 0 for the others.",
        "`for operation in cell.values() for each in operations` lists them all.",
    )
    mistakes = (
        Mistake("return [float(operation == each) for operation in cell.values() for each in "
                "operations]",
                "return [float(operations.index(operation)) for operation in cell.values()]",
                "The operations are still in an order: the first and the last are farthest apart."),
        Mistake("float(operation == each)", "float(operation == each and each != operations[0])",
                "One operation is all zeros, so it is nearer to each of the others than they are."),
        Mistake("return [float(operation == each) for operation in cell.values() for each in "
                "operations]",
                "return [float(sum(operation == each for operation in cell.values())) for each in "
                "operations]",
                "It counts operations: cells that differ in where these are get one code."),
        Mistake("float(operation == each)", "float(operation == each) * (1 + operations.index(each))",
                "The ones have different sizes: each operation weighs as much as any other."),
        Mistake("for operation in cell.values() for", "for operation in [*cell.values()][:1] for",
                "Only the first edge is encoded."),
    )  # fmt: skip
    reasons = {
        "codes of one length": "All cells have codes of one length.",
        "equally far apart on one edge": "Two cells that differ on one edge are not equally far "
        "apart: some operations are nearer to each other than others.",
        "farther apart on more edges": "Cells that differ on more edges must be farther apart.",
    }
    otherwise = "Give each operation of each edge a number of its own."

    @staticmethod
    def probe(encode: Any, cells: list[str], operations: str) -> Any:
        import numpy as np

        edges = [{f"edge{i}": letter for i, letter in enumerate(cell)} for cell in cells]
        made = [encode(dict(cell), list(operations)) for cell in edges]
        if any(code is None for code in made):
            return None
        if len({len(code) for code in made}) > 1:
            return {"codes of one length": False}
        codes = np.array(made, dtype=float)
        apart: dict[int, set[float]] = {}
        for i, one in enumerate(cells):
            for j in range(i):
                edges_apart = sum(a != b for a, b in zip(one, cells[j], strict=True))
                distance = float(np.round(np.linalg.norm(codes[i] - codes[j]), 6))
                apart.setdefault(edges_apart, set()).add(distance)
        farthest = [max(apart[number]) for number in sorted(apart)]
        nearest = [min(apart[number]) for number in sorted(apart)]
        alone = [np.array(encode({"edge": each}, list(operations)), float) for each in operations]
        far, near = (float(np.linalg.norm(alone[0] - alone[place])) for place in (-1, 1))
        return {
            "codes of one length": True,
            "equally far apart on one edge": len(apart.get(1, {0.0})) == 1,
            "farther apart on more edges": min(nearest) > 0
            and all(a < b for a, b in zip(farthest, nearest[1:], strict=False)),
            "from the first operation to the last, over that to the second": round(far / near, 4)
            if near
            else 0.0,
        }
