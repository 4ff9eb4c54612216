"""Spaces: points and configurations, conditions, one decision at a time, and how many there are."""

import json
import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coursekit.spaces import Boolean, Choice, Float, Integer, Space

seeds = st.integers(0, 2**32).map(np.random.default_rng)
small = st.sampled_from(
    [
        Integer(2, 4),
        Integer(3, 27, step=3, log=True),
        Float(0, 1, step=0.5),
        Choice([16, 32, 64], ordered=True),
        Choice(list("abc")),
        Choice(["only"]),
        Boolean(),
    ]
)
numbers = st.sampled_from([Integer(1, 500, log=True), Float(-1, 1), Float(1e-5, 1, log=True)])


@st.composite
def spaces(draw, domains=small, most=5):
    """Parameters of which some depend on earlier ones, and some share a name."""
    pairs = []
    for _ in range(draw(st.integers(1, most))):
        name, domain = draw(st.sampled_from("abcde")), draw(domains)
        earlier = {parent: d for parent, d, _ in pairs if d.items}
        asked = draw(st.lists(st.sampled_from(sorted(earlier)), max_size=2)) if earlier else []
        parents = {
            parent: draw(st.lists(st.sampled_from(list(earlier[parent].values(9))), min_size=1))
            for parent in asked
            if parent != name
        }
        pairs.append((name, domain, parents))
    return Space([(name, domain.when(parents)) for name, domain, parents in pairs])


finite = spaces()
mixed = spaces(small | numbers)


def depth_and_width():
    return Space(
        {
            "depth": Integer(1, 2),
            "kind": Choice(["plain", "wide"]).when(depth=2),
            "width": Integer(8, 10).when(kind="wide"),
            "rate": Float(0, 1),
        }
    )


# Points ------------------------------------------------------------------------------------------


@given(mixed, seeds)
def test_what_is_drawn_is_in_the_space_and_plain_data(space, rng):
    drawn = space.sample(rng)
    space.check(drawn)
    assert json.loads(json.dumps(drawn)) == drawn
    assert list(drawn) == [space.parameters[i].name for i in space.existing(drawn)]


@given(mixed, seeds)
def test_a_configuration_and_its_point_give_each_other_back(space, rng):
    drawn = space.sample(rng)
    point = space.encode(drawn)
    assert point.shape == (len(space),)
    exists = ~np.isnan(point)
    assert np.flatnonzero(exists).tolist() == space.existing(drawn)
    assert ((point[exists] >= 0) & (point[exists] <= 1)).all()
    again = space.decode(point)
    assert again == pytest.approx(drawn)
    assert space.decode(point.tolist()) == again
    assert space.encode(again) == pytest.approx(point, nan_ok=True)


@given(mixed, seeds)
def test_features_tell_encoded_points_apart(space, rng):
    points = np.array([space.encode(space.sample(rng)) for _ in range(8)])
    features = space.one_hot(points)
    assert features.shape[0] == 8
    assert ((features >= 0) & (features <= 1)).all()
    same_points = [[np.array_equal(a, b, equal_nan=True) for a in points] for b in points]
    same_features = [[np.array_equal(a, b) for a in features] for b in features]
    assert same_points == same_features


def test_features_have_a_column_for_each_choice_and_say_what_is_absent():
    space = depth_and_width()
    made = [{"depth": 1, "rate": 0.5}, {"depth": 2, "kind": "wide", "width": 9, "rate": 1.0}]
    features = space.one_hot(np.array([space.encode(c) for c in made]))
    # depth; plain, wide; width and whether there is one; rate
    assert features.tolist() == [[0.25, 0, 0, 0, 0, 0.5], [0.75, 0, 1, 0.5, 1, 1]]


def test_features_say_which_of_one_name_is_absent():
    space = Space([("a", Boolean()), ("x", Choice(list("bc")).when(a=True)), ("x", Float(0, 1))])
    made = [{"a": True, "x": "b"}, {"a": False, "x": 0.0}]
    features = space.one_hot(np.array([space.encode(c) for c in made]))
    # a: False, True; x: b, c; x as a number, and whether there is one
    assert features.tolist() == [[0, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 1]]


def test_a_sample_is_even_over_values():
    space = Space({"a": Choice(list("abcd")), "b": Integer(1, 4)})
    rng = np.random.default_rng(1)
    drawn = [tuple(space.sample(rng).values()) for _ in range(16_000)]
    # Each of 16 pairs 1000 +- 30.6: 200 is 6.5 sigma, 1e-9 for all.
    assert all(abs(drawn.count((a, b)) - 1000) < 200 for a in "abcd" for b in range(1, 5))


# Conditions --------------------------------------------------------------------------------------


def test_nested_conditions_hold_together():
    space = depth_and_width()
    made = list(space.enumerate(2))
    assert [tuple(c)[:-1] for c in made[::2]] == [
        ("depth",), ("depth", "kind"), ("depth", "kind", "width"), ("depth", "kind", "width"),
    ]  # fmt: skip


def test_of_one_name_the_first_that_exists_counts():
    space = Space(
        [
            ("optimizer", Choice(["sgd", "adam"])),
            ("rate", Choice([0.1, 0.2]).when(optimizer="sgd")),
            ("rate", Choice([0.001, 0.002, 0.003])),
        ]
    )
    assert space.count == 5
    assert [c["rate"] for c in space.enumerate()] == [0.1, 0.2, 0.001, 0.002, 0.003]
    assert space.existing({"optimizer": "sgd", "rate": 0.1}) == [0, 1]
    with pytest.raises(ValueError, match=r"rate=0.1 is not one of \[0.001, 0.002, 0.003\]"):
        space.check({"optimizer": "adam", "rate": 0.1})


def test_true_is_no_one():
    space = Space({"a": Choice([0, 1]), "b": Boolean(), "c": Integer(1, 2).when(a=1, b=True)})
    assert space.count == 5
    with pytest.raises(ValueError, match="a=True is not one of"):
        space.check({"a": True, "b": False})
    with pytest.raises(ValueError, match="d depends on a=True, which is not one of"):
        Space({"a": Choice([0, 1]), "d": Boolean().when(a=True)})
    with pytest.raises(ValueError, match="d depends on b=1, which is not one of"):
        Space({"b": Boolean(), "d": Boolean().when(b=1)})


def test_conditions_compare_as_python_does_and_counting_knows():
    space = Space(
        [
            ("a", Boolean()),
            ("b", Boolean().when(a=True)),
            ("b", Float(0, 1, step=0.5)),
            ("c", Integer(2, 4).when(b=0.0)),  # of a number or of a boolean: False is 0.0
        ]
    )
    assert space.count == len(list(space.enumerate())) == 1 + 3 + 2 + 3


# One decision ------------------------------------------------------------------------------------


def differing(space, one, other):
    """The names that differ and could have stayed: not those that came or went with a parent."""
    here = {space.parameters[i].name: i for i in space.existing(one)}
    there = {space.parameters[i].name: i for i in space.existing(other)}
    kept = [name for name in here if here[name] == there.get(name)]
    return [name for name in kept if one[name] != other[name]]


@given(mixed, seeds)
def test_a_mutation_changes_one_decision_and_what_depends_on_it(space, rng):
    parent = space.sample(rng)
    before = dict(parent)
    free = [space.parameters[i] for i in space.existing(parent)]
    if all(parameter.domain.count == 1 for parameter in free):
        with pytest.raises(ValueError, match="nothing to mutate"):
            space.mutate(parent, rng)
        return
    child = space.mutate(parent, rng)
    space.check(child)
    assert len(differing(space, parent, child)) == 1
    assert parent == before


@given(finite, seeds)
def test_neighbours_are_one_step_apart(space, rng):
    here = space.sample(rng)
    found = list(space.neighbours(here))
    for other in found:
        space.check(other)
        (name,) = differing(space, here, other)
        domain = next(
            space.parameters[i].domain
            for i in space.existing(here)
            if space.parameters[i].name == name
        )
        assert other[name] in list(domain.near(here[name]))
    keys = [space.key(other) for other in found]
    assert len(set(keys)) == len(keys)


@given(finite, seeds)
def test_neighbours_without_conditions_are_mutual(space, rng):
    assume(not any(parameter.conditions for parameter in space.parameters))
    here = space.sample(rng)
    assert all(here in list(space.neighbours(other)) for other in space.neighbours(here))


def test_every_decision_is_mutated_alike():
    space = Space({name: Boolean() for name in "abcd"})
    rng = np.random.default_rng(0)
    start = dict.fromkeys("abcd", False)
    changed = [differing(space, start, space.mutate(start, rng))[0] for _ in range(4000)]
    # Each 1000 +- 27.4: 200 is 7.3 sigma, 1e-12.
    assert all(abs(changed.count(name) - 1000) < 200 for name in "abcd")


def test_a_parameter_that_comes_to_exist_is_drawn_from_its_whole_domain():
    space = Space({"on": Boolean(), "value": Choice(list("abcd")).when(on=True)})
    rng = np.random.default_rng(0)
    drawn = [space.mutate({"on": False}, rng)["value"] for _ in range(4000)]
    # Each 1000 +- 27.4: 200 is 7.3 sigma, 1e-12.
    assert all(abs(drawn.count(value) - 1000) < 200 for value in "abcd")


def test_values_that_still_fit_are_kept():
    space = Space(
        [
            ("kind", Choice(["relu", "tanh", "none"])),
            ("units", Integer(1, 64).when(kind=["relu", "tanh"])),
        ]
    )
    rng = np.random.default_rng(0)
    children = [space.mutate({"kind": "relu", "units": 7}, rng) for _ in range(50)]
    assert {c.get("units") for c in children if c["kind"] != "relu"} == {7, None}
    assert space.complete({"units": 9, "kind": "tanh", "other": 1}) == {"kind": "tanh", "units": 9}
    assert space.complete({"units": 65, "kind": "tanh"}, [0.0, 1.0])["units"] == 64


# All of them -------------------------------------------------------------------------------------


@given(finite)
def test_enumeration_is_lazy_complete_and_without_repeats(space):
    first = next(space.enumerate())
    space.check(first)
    assume(space.count <= 500)
    listed = list(space.enumerate())
    assert listed[0] == first
    assert len(listed) == len({space.key(c) for c in listed}) == space.count
    for configuration in listed:
        space.check(configuration)
    places = [[-1 if math.isnan(u) else u for u in space.encode(c)] for c in listed]
    orders = [p.domain for p in space.parameters]
    if all(domain.ordered or domain.items == (False, True) for domain in orders):
        assert places == sorted(places)


@given(finite, seeds)
def test_enumeration_holds_what_is_drawn(space, rng):
    assume(space.count <= 500)
    assert space.sample(rng) in list(space.enumerate())


@given(mixed, st.integers(1, 3))
def test_a_resolution_bounds_the_values_of_a_number(space, resolution):
    listed = list(islice(space.enumerate(resolution), 500))
    keys = [space.key(c) for c in listed]
    assert len(set(keys)) == len(keys)
    for configuration in listed:
        space.check(configuration)
    for index, parameter in enumerate(space.parameters):
        having = [c for c in listed if index in space.existing(c)]
        if parameter.domain.ordered:
            assert len({c[parameter.name] for c in having}) <= resolution


def test_a_resolution_by_name():
    space = Space({"a": Float(0, 1), "b": Float(0, 1)})
    assert len(list(space.enumerate({"a": 2, "b": 5}))) == 10
    with pytest.raises(ValueError, match="resolution for 'c', which is not a parameter"):
        next(space.enumerate({"c": 2}))
    with pytest.raises(ValueError, match="is a continuum: give a resolution"):
        next(space.enumerate())


@given(finite, seeds)
def test_given_values_stand_fast(space, rng):
    assume(space.count <= 500)
    drawn = space.sample(rng)
    names = [name for name in drawn if rng.random() < 0.5]
    given_values = {name: drawn[name] for name in names}
    listed = list(space.enumerate(given=given_values))
    assert drawn in listed
    wanted = [
        c
        for c in space.enumerate()
        if all(c[n] == v for n, v in given_values.items() if fits(space, c, n, v))
    ]
    assert listed == wanted


def fits(space, configuration, name, value):
    existing = [space.parameters[i] for i in space.existing(configuration)]
    return any(p.name == name and value in p.domain for p in existing)


def test_large_spaces_are_counted_without_listing_them():
    layers = range(1, 41)
    kinds = [(f"kind{i}", Choice(list("abc")).when(depth=range(i, 41))) for i in layers]
    units = [(f"units{i}", Integer(1, 1000).when({f"kind{i}": "a"})) for i in layers]
    pairs = [pair for layer in zip(kinds, units, strict=True) for pair in layer]
    assert Space([("depth", Integer(1, 40)), *pairs]).count == sum(1002**depth for depth in layers)
    assert Space({"a": Float(0, 1), "b": Boolean()}).count == math.inf
    space = Space({"seed": Integer(0, 2**40 - 1), "b": Boolean().when(seed=[0, 7])})
    assert space.count == 2**40 + 2


# Errors ------------------------------------------------------------------------------------------

GOOD = {"depth": 2, "kind": "wide", "width": 9, "rate": 0.5}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": 3}, "depth=3 is not a whole number from 1 to 2"),
        ({"rate": "fast"}, "rate='fast' is not a number from 0 to 1"),
        ({"rate": math.nan}, "rate=nan is not"),
        ({"kind": "plain"}, r"width=9 exists only when {'kind': \('wide',\)}"),
        ({"units": 3}, r"units=3 is not a parameter of this space, which has \['depth', 'kind'"),
        ({"width": None}, "width=None is not a whole number from 8 to 10"),
    ],
)
def test_a_bad_configuration_is_told_what_is_wrong(change, message):
    space = depth_and_width()
    space.check(GOOD)
    with pytest.raises(ValueError, match=message):
        space.check(GOOD | change)


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_value_is_named(name):
    space = depth_and_width()
    rest = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(ValueError, match=r"is missing: it needs|exists only when"):
        space.check(rest)
    if name != "depth":
        with pytest.raises(ValueError, match=f"{name} is missing|exists only when"):
            space.encode(rest)


def test_a_value_that_cannot_be_encoded_is_named():
    with pytest.raises(ValueError, match="kind='round' is not one of"):
        depth_and_width().encode({"depth": 2, "kind": "round", "rate": 0.5})


@pytest.mark.parametrize(
    ("pairs", "error", "message"),
    [
        ([], ValueError, "at least one parameter"),
        ([("a", 3)], TypeError, "a=3 is not a domain"),
        ([(3, Boolean())], TypeError, "a parameter's name is a string, not 3"),
        ([("a", Boolean().when(b=True)), ("b", Boolean())], ValueError, "a depends on 'b', which"),
        ([("a", Integer(1, 3)), ("b", Boolean().when(a=[3, 4]))], ValueError, "b depends on a=4"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(pairs, error, message):
    with pytest.raises(error, match=message):
        Space(pairs)


def test_numpy_scalars_are_taken_as_values():
    space = Space({"a": Integer(1, 9), "b": Choice([1, 2]), "c": Float(0, 1).when(b=2)})
    made = {"a": np.int64(3), "b": np.int32(2), "c": np.float64(0.25)}
    space.check(made)
    assert space.decode(space.encode(made)) == {"a": 3, "b": 2, "c": 0.25}
    assert space.key(made) == space.key({"c": 0.25, "b": 2, "a": 3})


def test_counting_takes_no_time_when_children_come_last():
    # Each child adds two values to half of what its parent is part of: 3 ways for each pair.
    parents = {f"p{i}": Boolean() for i in range(40)}
    children = {f"c{i}": Boolean().when({f"p{i}": True}) for i in range(40)}
    assert Space({**parents, **children}).count == 3**40
    both = {f"c{i}": Boolean().when({f"p{i}": True, f"p{i + 1}": True}) for i in range(39)}
    small = Space({**dict(list(parents.items())[:6]), **dict(list(both.items())[:5])})
    assert small.count == len(list(small.enumerate()))
    assert Space({**parents, **both}).count > 3**20
