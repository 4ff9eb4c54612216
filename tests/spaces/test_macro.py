"""Chains of layers: how deep, of which types, how wide, and what reads what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.spaces import Boolean, Chain, Choice, Float, Integer, Layer

WIDTH = Choice([16, 32, 64], ordered=True)
seeds = st.integers(0, 2**32).map(np.random.default_rng)


@st.composite
def chains(draw):
    types = {
        "dense": {"units": WIDTH, "activation": Choice(["relu", "tanh"])},
        "convolution": {"units": draw(st.sampled_from([WIDTH, Integer(3, 6)]))},
        "dropout": {"rate": Float(0, 0.5)},
        "normalisation": {},
    }
    names = draw(st.lists(st.sampled_from(sorted(types)), min_size=1, unique=True))
    fewest, extra = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    depth = (fewest, fewest + extra) if draw(st.booleans()) else fewest
    return Chain({name: types[name] for name in names}, depth, skips=draw(st.booleans()))


@given(chains(), seeds)
def test_layers_say_what_was_chosen_and_all_of_it(space, rng):
    drawn = space.sample(rng)
    layers = space.layers(drawn)
    assert space.smallest <= len(layers) == space.complexity(drawn) <= space.largest
    said = 0
    for i, layer in enumerate(layers, start=1):
        assert layer.type == drawn[f"layer{i}_type"]
        assert set(layer.parameters) == set(space.types[layer.type])
        assert all(drawn[f"layer{i}_{key}"] == value for key, value in layer.parameters.items())
        read = [j for j in range(i - 1) if drawn.get(f"layer{i}_from{j}")]
        assert layer.inputs == (*read, i - 1)
        said += 1 + len(layer.parameters) + ((i - 1) if space.skips else 0)
    assert said + ("depth" in drawn) == len(drawn)


@given(chains(), seeds)
def test_mutation_gives_another_chain_of_the_space(space, rng):
    parent = space.sample(rng)
    if len(space.types) == 1 and "depth" not in parent and not space.types.popitem()[1]:
        return  # there may be one chain alone
    child = space.mutate(parent, rng)
    space.check(child)
    assert space.key(child) != space.key(parent)


def test_the_count_is_exact():
    types = {"dense": {"units": WIDTH}, "normalisation": {}}
    assert Chain(types, 3).count == 4**3
    assert Chain(types, (2, 4)).count == 4**2 + 4**3 + 4**4
    # Layer i chooses among i - 1 outputs besides the one before it, each or not.
    assert Chain(types, (1, 4), skips=True).count == sum(
        4**d * 2 ** (d * (d - 1) // 2) for d in (1, 2, 3, 4)
    )
    assert Chain(types, (1, 3), skips=True).count == len(
        list(Chain(types, (1, 3), skips=True).enumerate())
    )
    assert Chain({"a": {}, "b": {}}, 200).count == 2**200


def test_a_chain_reads_in_order():
    types = {"dense": {"units": WIDTH}, "flat": {}}
    space = Chain(types, (1, 3), skips=True)
    chosen = {
        "depth": 3,
        "layer1_type": "dense", "layer1_units": 32,
        "layer2_type": "flat", "layer2_from0": False,
        "layer3_type": "dense", "layer3_units": 64, "layer3_from0": True, "layer3_from1": False,
    }  # fmt: skip
    space.check(chosen)
    assert space.layers(chosen) == [
        Layer("dense", {"units": 32}, (0,)),
        Layer("flat", {}, (1,)),
        Layer("dense", {"units": 64}, (0, 2)),
    ]


def test_what_types_share_is_kept_when_the_type_changes():
    shared = Chain({"relu": {"units": WIDTH}, "tanh": {"units": WIDTH}}, 1)
    assert len(shared) == 2
    changed = {
        c["layer1_type"]: c for c in shared.neighbours({"layer1_type": "relu", "layer1_units": 64})
    }
    assert changed["tanh"] == {"layer1_type": "tanh", "layer1_units": 64}
    apart = Chain({"dense": {"units": WIDTH}, "convolution": {"units": Integer(3, 6)}}, 1)
    assert [c["layer1_units"] for c in apart.enumerate()] == [16, 32, 64, 3, 4, 5, 6]


@given(chains(), seeds)
def test_a_chain_grows_by_a_layer_and_keeps_the_others(space, rng):
    drawn = space.sample(rng)
    before = space.layers(drawn)
    grown = [c for c, _ in zip(space.grow(drawn), range(50), strict=False)]
    assert bool(grown) == (len(before) < space.largest)
    for configuration in grown:
        layers = space.layers(configuration)
        assert layers[:-1] == before
    assert len({space.key(c) for c in grown}) == len(grown)


def test_growing_reaches_every_chain_once():
    space = Chain({"dense": {"units": WIDTH}, "flat": {}}, (1, 3), skips=True)
    generation, found = list(space.grow()), []
    for _ in range(space.smallest, space.largest + 1):
        found += generation
        generation = [after for before in generation for after in space.grow(before)]
    assert generation == []
    keys = [space.key(c) for c in found]
    assert len(keys) == len(set(keys)) == space.count


def test_growing_takes_a_few_values_of_a_number():
    space = Chain({"dropout": {"rate": Float(0, 1)}}, (1, 2))
    assert [c["layer1_rate"] for c in space.grow(resolution=3)] == [0.0, 0.5, 1.0]
    last = list(space.grow(space.decode([0.0] + [0.3] * 4), resolution=2))
    assert [c["layer2_rate"] for c in last] == [0.0, 1.0]
    assert {c["layer1_rate"] for c in last} == {0.3}


def test_a_chain_of_one_depth_grows_at_once_and_no_further():
    space = Chain({"dense": {"units": WIDTH}}, 2)
    assert (space.smallest, space.largest) == (2, 2)
    assert [list(c.values())[1::2] for c in space.grow()][:2] == [[16, 16], [16, 32]]
    assert list(space.grow(next(space.grow()))) == []


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Chain({}), ValueError, "at least one type"),
        (lambda: Chain({"a": {}}, 0), ValueError, "depth=0"),
        (
            lambda: Chain({"a": {}}, (3, 2)),
            ValueError,
            r"depth=\(3, 2\): give the smaller number first",
        ),
        (lambda: Chain({"a": {}}, 2.0), TypeError, "depth=2.0: give a whole number"),
        (lambda: Chain({"a": {}}, True), TypeError, "depth=True: give a whole number"),
        (lambda: Chain({"a": {"n": 3}}), TypeError, "a: n=3 is not an unconditional domain"),
        (lambda: Chain({"a": {"n": Boolean().when(x=1)}}), TypeError, "a: n=Conditional.* is no"),
        (lambda: Chain({"a": {"type": Boolean()}}), ValueError, "cannot be called 'type'"),
        (lambda: Chain({"a": {}}).layers({"depth": 9}), ValueError, "depth=9 is not a whole"),
    ],
)
def test_what_makes_no_chain_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
