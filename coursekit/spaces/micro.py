"""Micro search spaces: a cell, copies of which a skeleton stacks into a network.

`EdgeCells`: NAS-Bench-201 (Dong and Yang, 2020, ICLR, arXiv:2001.00326; `dong2020nasbench201`).
`BlockCells`: NASNet (Zoph et al., 2018, CVPR, arXiv:1707.07012; `zoph2018learning`) and PNAS (Liu
et al., 2018, ECCV, arXiv:1712.00559; `liu2018progressive`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from coursekit.arguments import whole_number
from coursekit.spaces.domains import Choice
from coursekit.spaces.incremental import Incremental, check_bounds, from_size
from coursekit.spaces.isomorphism import Reads, canonical_form
from coursekit.spaces.skeleton import Skeleton
from coursekit.spaces.space import Configuration

NAS_BENCH_201 = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
PNAS = (
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
    "conv_1x7_7x1",
    "skip_connect",
    "avg_pool_3x3",
    "max_pool_3x3",
    "dil_conv_3x3",
)


# Progressive search asks for the same forms round after round; all of NAS-Bench-201 fit in here.
_remembered = lru_cache(maxsize=2**15)(canonical_form)


class Edge(NamedTuple):
    """An operation from one node to another; "" where an output concatenates."""

    source: str
    target: str
    operation: str


class Graph(NamedTuple):
    """A cell: its nodes from the inputs to the output (the last), and the edges between them."""

    inputs: tuple[str, ...]
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]

    def used(self) -> tuple[Edge, ...]:
        """The edges on a path from an input to the output, without "none" edges."""
        edges = [edge for edge in self.edges if edge.operation != "none"]
        reached, needed = set(self.inputs), {self.nodes[-1]}
        for node in self.nodes:
            if any(edge.target == node and edge.source in reached for edge in edges):
                reached.add(node)
        for node in reversed(self.nodes):
            if any(edge.source == node and edge.target in needed for edge in edges):
                needed.add(node)
        return tuple(edge for edge in edges if edge.source in reached and edge.target in needed)


class CellSpace(Incremental):
    """Cells of one kind, and the skeleton that stacks them."""

    operations: tuple[str, ...]
    skeleton: Skeleton

    @abstractmethod
    def graph(self, configuration: Mapping[str, Any]) -> Graph:
        """The cell's nodes, and its edges with operations; the configuration is checked."""


class EdgeCells(CellSpace):
    """An operation on every edge between ordered nodes; a node adds up what its edges bring.

    operations: to choose from; "none" leaves an edge out, "skip_connect" is the identity.
    nodes: their number, with the input (0) and the output (the last).

    A configuration has an operation for each edge, such as "0-1" from node 0 to node 1, sorted by
    target. The defaults give the 15,625 cells of NAS-Bench-201. `grow` adds the next node between
    input and output: complexity 1 has only the edge from input to output; at b + 1, node b has an
    edge and later nodes have none.
    """

    def __init__(
        self,
        operations: Sequence[str] = NAS_BENCH_201,
        nodes: int = 4,
        *,
        skeleton: Skeleton | None = None,
    ) -> None:
        whole_number("nodes", nodes, 2)  # an input and an output
        self.operations = tuple(operations)
        self.nodes = nodes
        self.skeleton = skeleton or Skeleton()
        self.ends = [(source, target) for target in range(nodes) for source in range(target)]
        self.edges = [f"{source}-{target}" for source, target in self.ends]
        super().__init__("nodes", nodes - 1, [(edge, Choice(operations)) for edge in self.edges])
        if "none" in self.operations:  # without it, every cell has the full size
            self.smallest = 1

    def graph(self, configuration: Mapping[str, Any]) -> Graph:
        self.check(configuration)
        names = tuple(str(node) for node in range(self.nodes))
        edges = [
            Edge(str(source), str(target), configuration[edge])
            for edge, (source, target) in zip(self.edges, self.ends, strict=True)
        ]
        return Graph(("0",), names, tuple(edges))

    def canonical(self, configuration: Mapping[str, Any]) -> Hashable:
        """Equal for isomorphic cells: "none" vanishes, skips are identities, dead ends go."""
        units: list[Reads] = []
        sums: list[tuple[int, ...]] = [(0,)]  # what each node adds up: units, or the input
        for target in range(1, self.nodes):
            terms: tuple[int, ...] = ()
            for source, read in enumerate(sums):
                operation = configuration[f"{source}-{target}"]
                if operation == "skip_connect":
                    terms += read
                elif operation != "none" and read:
                    units.append(tuple([(term, operation) for term in read]))
                    terms += (len(units),)
            sums.append(terms)
        return _remembered(tuple(units), sums[-1])

    def string(self, configuration: Mapping[str, Any]) -> str:
        """A cell in NAS-Bench-201's form: |nor_conv_3x3~0|+|none~0|skip_connect~1|+|...|."""
        self.check(configuration)
        return "+".join(
            "".join(f"|{configuration[f'{s}-{target}']}~{s}" for s in range(target)) + "|"
            for target in range(1, self.nodes)
        )

    def parse(self, text: str) -> Configuration:
        """The configuration of a cell in NAS-Bench-201's form; ValueError for other texts."""
        found: Configuration = {}
        for target, node in enumerate(text.split("+"), start=1):
            for term in node.strip("|").split("|"):
                operation, _, source = term.partition("~")
                found[f"{source}-{target}"] = operation
        self.check(found)
        if self.string(found) != text:
            raise ValueError(f"{text!r} is not a cell: one reads like {self.string(found)!r}")
        return found

    def _of_node(self, node: int) -> list[str]:
        """A node's edges: from every earlier node, and to the output."""
        return [f"{source}-{node}" for source in range(node)] + [f"{node}-{self.nodes - 1}"]

    def complexity(self, configuration: Mapping[str, Any]) -> int:
        if self.smallest == self.largest:
            return self.largest
        for node in range(self.nodes - 2, 0, -1):
            if any(configuration[edge] != "none" for edge in self._of_node(node)):
                return node + 1
        return 1

    def grow(
        self, configuration: Mapping[str, Any] | None = None, *, resolution: int = 3
    ) -> Iterator[Configuration]:
        if self.smallest == self.largest:
            yield from super().grow(configuration, resolution=resolution)
            return
        if configuration is None:
            node, edges = 0, [f"0-{self.nodes - 1}"]
            configuration = dict.fromkeys(self.edges, "none")
        else:
            node = self.complexity(configuration)
            edges = self._of_node(node) if node < self.largest else []
        for drawn in product(self.operations, repeat=len(edges)):
            if node == 0 or any(operation != "none" for operation in drawn):
                yield {**configuration, **dict(zip(edges, drawn, strict=True))}


class Block(NamedTuple):
    """Two inputs, each through an operation; the results are added."""

    inputs: tuple[int, int]
    operations: tuple[str, str]


class BlockCells(CellSpace):
    """Blocks of two (input, operation) pairs; the output joins the blocks that none reads.

    operations: to choose from; "none" leaves an input out.
    blocks: the fewest and the most (B in the papers), or one number for both.

    A configuration has "blocks" (if it varies) and for each block, from 1 on, "block1_input1",
    "block1_operation1", "block1_input2" and "block1_operation2". An input is the output of the
    cell before the last (-2), of the last cell (-1) or of an earlier block (1, 2, ...). The
    defaults give the cells of PNAS (5.6e14 with five blocks). `grow` adds a block.
    """

    def __init__(
        self,
        operations: Sequence[str] = PNAS,
        blocks: int | tuple[int, int] = (1, 5),
        *,
        skeleton: Skeleton | None = None,
    ) -> None:
        self.operations = tuple(operations)
        self.skeleton = skeleton or Skeleton(stem=24, cells=2, reduction="cell")
        bounds = check_bounds("blocks", blocks)
        pairs = []
        for block in range(1, bounds[1] + 1):
            inputs = Choice([-2, -1, *range(1, block)])
            for side in (1, 2):
                for name, domain in (("input", inputs), ("operation", Choice(operations))):
                    condition = from_size(domain, "blocks", block, bounds)
                    pairs.append((f"block{block}_{name}{side}", condition))
        super().__init__("blocks", bounds, pairs)

    def blocks(self, configuration: Mapping[str, Any]) -> list[Block]:
        """The cell's blocks in order; the configuration is checked."""
        self.check(configuration)
        return self._blocks(configuration)

    def _blocks(self, chosen: Mapping[str, Any]) -> list[Block]:
        return [
            Block(
                (chosen[f"block{b}_input1"], chosen[f"block{b}_input2"]),
                (chosen[f"block{b}_operation1"], chosen[f"block{b}_operation2"]),
            )
            for b in range(1, self.complexity(chosen) + 1)
        ]

    def graph(self, configuration: Mapping[str, Any]) -> Graph:
        blocks = self.blocks(configuration)
        edges = [
            Edge(str(source), str(b), operation)
            for b, block in enumerate(blocks, start=1)
            for source, operation in zip(*block, strict=True)
        ]
        read = {edge.source for edge in edges if edge.operation != "none"}
        names = [str(b) for b in range(1, len(blocks) + 1)]
        edges += [Edge(name, "output", "") for name in names if name not in read]
        return Graph(("-2", "-1"), ("-2", "-1", *names, "output"), tuple(edges))

    def canonical(self, configuration: Mapping[str, Any]) -> Hashable:
        """Equal for cells that differ only in the order of blocks, or of pairs in a block."""
        blocks = [
            tuple(pair for pair in zip(*block, strict=True) if pair[1] != "none")
            for block in self._blocks(configuration)
        ]
        return canonical_form(blocks, range(1, len(blocks) + 1))
