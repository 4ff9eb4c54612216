"""Cells: what is counted, what is the same, what reaches the output, what they grow into."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.spaces import Block, BlockCells, Edge, EdgeCells, Part, Skeleton
from coursekit.spaces.isomorphism import canonical_form

seeds = st.integers(0, 2**32).map(np.random.default_rng)

# The cell with the best validation accuracy on CIFAR-10, in the benchmark's own form.
BEST = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
)


@pytest.fixture(scope="module")
def edges():
    return EdgeCells()


@pytest.fixture(scope="module")
def all_cells(edges):
    return list(edges.enumerate())


# Edges -------------------------------------------------------------------------------------------


def test_nas_bench_201_has_15625_cells_6466_by_its_own_counting(edges, all_cells):
    assert edges.count == len(all_cells) == 15_625
    assert len({unique_string(c) for c in all_cells}) == 6_466  # Dong and Yang (2020)


def unique_string(cell):
    """What NAS-Bench-201's authors tell cells apart by: each node is the sorted sum of what comes
    in, skips pass through, zero is "#". Isomorphic cells may differ: zeros are counted."""
    written = ["0"]
    for target in range(1, 4):
        terms = []
        for source, text in enumerate(written):
            operation = cell[f"{source}-{target}"]
            if operation == "none" or text == "#":
                terms.append("#")
            else:
                terms.append(text if operation == "skip_connect" else f"({text})@{operation}")
        written.append("+".join(sorted(terms)))
    return written[-1]


def test_cells_without_a_way_to_the_output_are_told(edges, all_cells):
    def reaches(c):
        on = {edge for edge, operation in c.items() if operation != "none"}
        ways = [{"0-3"}, {"0-1", "1-3"}, {"0-2", "2-3"}, {"0-1", "1-2", "2-3"}]
        return any(way <= on for way in ways)

    valid = [bool(edges.graph(c).used()) for c in all_cells]
    assert valid == [reaches(c) for c in all_cells]
    assert valid.count(False) == 341
    nothing = edges.canonical(dict.fromkeys(edges.edges, "none"))
    assert [edges.canonical(c) != nothing for c in all_cells] == valid


def test_isomorphic_cells_have_one_form_and_others_do_not(edges, all_cells):
    forms = {}
    for c in all_cells:
        forms.setdefault(edges.canonical(c), []).append(c)
    assert len(forms) == 5_425  # golden: computed, not published
    for c in all_cells:
        if c["1-2"] == "none":  # then 1 and 2 can change places
            swapped = {e: c[e.translate(str.maketrans("12", "21"))] for e in c if e != "1-2"}
            assert edges.canonical(swapped | {"1-2": "none"}) == edges.canonical(c)
    for alike in forms.values():  # what is the same has the same operations on its used edges
        if len(alike) > 1:
            used = [edges.graph(c).used() for c in alike]
            costly = [sorted(e.operation for e in u if e.operation != "skip_connect") for u in used]
            assert all(each == costly[0] for each in costly)


def test_the_benchmarks_own_form_goes_both_ways(edges, all_cells):
    assert edges.string(edges.parse(BEST)) == BEST
    assert edges.parse(BEST) == {
        "0-1": "nor_conv_3x3", "0-2": "nor_conv_3x3", "1-2": "nor_conv_3x3",
        "0-3": "skip_connect", "1-3": "nor_conv_3x3", "2-3": "nor_conv_1x1",
    }  # fmt: skip
    assert all(edges.parse(edges.string(c)) == c for c in all_cells[::97])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a parameter of this space|is missing"),
        ("|conv~0|", "0-1='conv' is not one of"),
        ("|none~0|+|none~0|none~1|", "0-3 is missing"),
        (BEST + "+|none~0|", "0-4='none' is not a parameter"),
        (BEST.replace("~1", "~2"), "is missing"),
        ("|none~0|+|none~1|none~0|+|none~0|none~1|none~2|", "is not a cell: one reads like"),
        (BEST[:-1], "is not a cell: one reads like"),
    ],
)
def test_a_string_that_is_no_cell_is_refused(edges, text, message):
    with pytest.raises(ValueError, match=message):
        edges.parse(text)


C1, C3, POOL, SKIP = "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "skip_connect"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # By way of 1 or of 2.
        ({"0-1": C3, "1-3": C1}, {"0-2": C3, "2-3": C1}, True),
        ({"0-1": C3, "1-3": C1}, {"0-1": C1, "1-3": C3}, False),
        # A skip passes through, wherever it stands; a dead end does not count.
        ({"0-1": C3, "1-3": SKIP}, {"0-3": C3}, True),
        ({"0-1": SKIP, "1-2": C3, "2-3": SKIP}, {"0-3": C3, "0-1": C1, "1-2": C1}, True),
        ({"0-3": C1}, {"0-3": C3}, False),
        # The same twice: one convolution read by two, or two convolutions.
        (
            {"0-1": C3, "1-3": SKIP, "1-2": SKIP, "2-3": POOL},
            {"0-1": C3, "1-3": SKIP, "0-2": C3, "2-3": POOL},
            False,
        ),
        # Added once, or twice.
        ({"0-3": SKIP}, {"0-3": SKIP, "0-1": SKIP, "1-3": SKIP}, False),
    ],
)
def test_which_cells_are_the_same(edges, one, other, same):
    nothing = dict.fromkeys(edges.edges, "none")
    assert (edges.canonical(nothing | one) == edges.canonical(nothing | other)) is same


def test_a_graph_has_all_edges_and_knows_the_used_ones(edges):
    chosen = edges.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|")
    graph = edges.graph(chosen)
    assert graph.inputs == ("0",)
    assert graph.nodes == ("0", "1", "2", "3")
    assert [f"{e.source}-{e.target}" for e in graph.edges] == list(chosen)
    assert graph.used() == (
        Edge("0", "3", "skip_connect"),
    )  # 1 leads nowhere, 2 comes from nowhere
    assert len(edges.graph(edges.parse(BEST)).used()) == 6


# Incremental --------------------------------------------------------------------------------


def grown(space):
    generations = [list(space.grow())]
    for _ in range(space.smallest, space.largest):
        generations.append([after for before in generations[-1] for after in space.grow(before)])
    assert not any(list(space.grow(last)) for last in generations[-1][:100])
    return generations


def test_cells_of_edges_grow_by_a_node_until_all_are_there(edges):
    generations = grown(edges)
    assert [len(generation) for generation in generations] == [5, 5 * 24, 5 * 24 * 124]
    for complexity, generation in enumerate(generations, start=1):
        assert {edges.complexity(c) for c in generation} == {complexity}
    found = [c for generation in generations for c in generation]
    assert len({edges.key(c) for c in found}) == len(found)
    # What is left out has a node 2 but no node 1: the same cell has been found with 1 for 2.
    assert len({edges.canonical(c) for c in found}) == 5_425


def test_a_cell_keeps_what_it_has_when_it_grows(edges):
    before = edges.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    assert edges.complexity(before) == 2
    for after in edges.grow(before):
        edges.check(after)
        assert all(after[edge] == before[edge] for edge in ("0-1", "0-3", "1-3"))
    assert list(edges.grow(edges.parse(BEST))) == []


def test_cells_of_edges_without_none_are_all_of_one_size():
    space = EdgeCells(["a", "b"], nodes=3)
    assert [len(generation) for generation in grown(space)] == [space.count] == [8]
    assert space.complexity(next(space.grow())) == space.largest == 2


def test_cells_of_blocks_grow_by_a_block():
    space = BlockCells(["conv", "pool"], (1, 3))
    generations = grown(BlockCells(["conv"], (1, 3)))
    assert [len(generation) for generation in generations] == [4, 4 * 9, 4 * 9 * 16]
    first = next(space.grow())
    for after in space.grow(first):
        assert space.blocks(after)[:-1] == space.blocks(first)
        assert space.complexity(after) == 2
    found = [c for generation in generations for c in generation]
    assert (
        len({tuple(c.items()) for c in found}) == len(found) == BlockCells(["conv"], (1, 3)).count
    )


# Blocks ------------------------------------------------------------------------------------------


def test_blocks_are_counted_as_in_pnas():
    # Liu et al. (2018), section 3.1: 256 cells of one block, 136 of them unique; 5.6e14 of five.
    one = BlockCells(blocks=1)
    assert one.count == 256
    assert len({one.canonical(c) for c in one.enumerate()}) == 136
    assert BlockCells(blocks=5).count == 556_627_761_561_600
    assert BlockCells(blocks=(1, 2)).count == 256 + 256 * 576
    assert "blocks" in next(BlockCells(blocks=(1, 2)).grow())
    assert "blocks" not in next(one.grow())


@given(seeds)
def test_the_order_of_blocks_and_pairs_does_not_matter(rng):
    space = BlockCells(["conv", "pool"], (1, 4))
    drawn = space.sample(rng)
    blocks = space.blocks(drawn)
    for order in permutations(range(1, len(blocks) + 1)):
        place = {-2: -2, -1: -1} | {b: order.index(b) + 1 for b in order}
        moved = {"blocks": len(blocks)} if "blocks" in drawn else {}
        for b in order:
            pairs = list(zip(*blocks[b - 1], strict=True))
            rng.shuffle(pairs)
            for side, (source, operation) in enumerate(pairs, start=1):
                moved[f"block{place[b]}_input{side}"] = place[int(source)]
                moved[f"block{place[b]}_operation{side}"] = str(operation)
        if all(place[s] < place[b] for b in order for s in blocks[b - 1].inputs):
            space.check(moved)
            assert space.canonical(moved) == space.canonical(drawn)


def cell(space, *blocks):
    return {
        f"block{b}_{name}{side + 1}": value
        for b, block in enumerate(blocks, start=1)
        for side in (0, 1)
        for name, value in (("input", block[side][0]), ("operation", block[side][1]))
    }


def test_equal_branches_that_are_read_by_others_are_told_apart():
    space = BlockCells(["conv"], 4)
    twin = [(-1, "conv"), (-1, "conv")]
    # Each of the last two reads both twins; or one reads a twin twice. Written out they are equal.
    both = cell(space, twin, twin, [(1, "conv"), (2, "conv")], [(1, "conv"), (2, "conv")])
    once = cell(space, twin, twin, [(1, "conv"), (2, "conv")], [(1, "conv"), (1, "conv")])
    other = cell(space, twin, twin, [(1, "conv"), (2, "conv")], [(2, "conv"), (2, "conv")])
    assert space.canonical(both) != space.canonical(once)
    assert space.canonical(other) == space.canonical(once)


def test_what_no_block_reads_is_the_output():
    space = BlockCells(["conv", "none"], 3)
    chosen = cell(
        space,
        [(-2, "conv"), (-1, "conv")],
        [(1, "conv"), (1, "none")],
        [(-1, "none"), (2, "none")],
    )
    assert space.blocks(chosen)[1] == Block((1, 1), ("conv", "none"))
    graph = space.graph(chosen)
    assert graph.nodes == ("-2", "-1", "1", "2", "3", "output")
    assert [e for e in graph.edges if e.target == "output"] == [
        Edge("2", "output", ""),
        Edge("3", "output", ""),
    ]
    assert [f"{e.source}>{e.target}" for e in graph.used()] == ["-2>1", "-1>1", "1>2", "2>output"]
    nothing = cell(space, *[[(-1, "none"), (-2, "none")]] * 3)
    assert space.graph(nothing).used() == ()


@given(seeds)
def test_a_mutated_cell_is_a_cell(rng):
    space = BlockCells()
    parent = space.sample(rng)
    child = space.mutate(parent, rng)
    space.check(child)
    shared = [name for name in parent if name in child]
    changed = [name for name in shared if parent[name] != child[name]]
    assert len(changed) == 1


# Skeletons ---------------------------------------------------------------------------------------


def test_a_skeleton_stacks_cells_in_stages():
    assert EdgeCells().skeleton == Skeleton(16, 5, 3, "residual")
    assert Skeleton(stem=8, cells=2, stages=3).parts() == [
        Part("stem", 8), Part("cell", 8), Part("cell", 8),
        Part("reduction", 16), Part("cell", 16), Part("cell", 16),
        Part("reduction", 32), Part("cell", 32), Part("cell", 32),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: EdgeCells(nodes=1), ValueError, "nodes=1: give a whole number"),
        (lambda: EdgeCells(nodes=3.0), TypeError, "nodes=3.0: give a whole number"),
        (lambda: EdgeCells([]), ValueError, "at least one value"),
        (lambda: EdgeCells(["a", "a"]), ValueError, "each value once"),
        (lambda: BlockCells(blocks=(0, 2)), ValueError, r"blocks=0: give a whole number"),
        (lambda: Skeleton(cells=0), ValueError, "cells=0: give a whole number"),
        (lambda: Skeleton(reduction="pool"), ValueError, "reduction='pool'"),
        (lambda: EdgeCells().graph({"0-1": "none"}), ValueError, "0-2 is missing"),
        (lambda: BlockCells(blocks=1).blocks({}), ValueError, "block1_input1 is missing"),
    ],
)
def test_what_makes_no_cell_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def brute_force(units, output):
    """The least way to write the needed units down, over all their orders."""
    needed = set(output)
    for number in range(len(units), 0, -1):
        if number in needed:
            needed.update(source for source, _ in units[number - 1])
    kept = [number for number in range(1, len(units) + 1) if number in needed]
    forms = []
    for order in permutations(kept):
        place = {number: at for at, number in enumerate(order, start=1)}
        listed = [sorted((place.get(s, s), label) for s, label in units[n - 1]) for n in order]
        forms.append((listed, sorted(place.get(number, number) for number in output)))
    return repr(min(forms))


def test_canonical_forms_are_equal_where_brute_force_finds_them_equal():
    rng = np.random.default_rng(0)
    forms, brute = {}, {}
    for _ in range(2000):
        units = [
            tuple(
                (int(rng.integers(-1, i)), "ab"[rng.integers(2)]) for _ in range(rng.integers(1, 3))
            )
            for i in range(1, int(rng.integers(2, 6)))
        ]
        output = sorted({int(rng.integers(1, len(units) + 1)) for _ in range(2)})
        form, other = canonical_form(units, output), brute_force(units, output)
        assert forms.setdefault(other, form) == form
        assert brute.setdefault(form, other) == other
    assert len(forms) > 500


def test_large_cells_have_a_canonical_form_too():  # of 10! orders one is enough
    space = BlockCells(("conv", "pool"), blocks=10)
    cell = {name: -1 if "input" in name else "conv" for name in space.complete({})}
    swapped = {**cell, "block3_operation1": "pool"}
    assert space.canonical(swapped) == space.canonical({**cell, "block7_operation2": "pool"})
    assert space.canonical(swapped) != space.canonical(cell)


def test_what_none_leaves_out_makes_no_difference():
    space = BlockCells(("none", "conv"), blocks=1)
    one = {"block1_operation1": "none", "block1_input2": -1, "block1_operation2": "conv"}
    assert space.canonical({**one, "block1_input1": -2}) == space.canonical(
        {**one, "block1_input1": -1}
    )
