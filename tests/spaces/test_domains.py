"""Domains: every value has a place in the unit interval, and every place a value."""

import math
from enum import Enum, IntEnum, StrEnum
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coursekit.spaces import Boolean, Choice, Float, Integer

Colour = StrEnum("Colour", {"RED": "red"})
Size = IntEnum("Size", {"BIG": 9})
Plain = Enum("Plain", {"ONE": 1})

units = st.floats(0, 1)
scalars = st.one_of(st.text(max_size=3), st.integers(-5, 5), st.floats(allow_nan=False))


@st.composite
def integers(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1, 2**36) if log else st.integers(-(2**62), 2**62))
    high = low + draw(st.integers(0, 40) | st.integers(0, 2**38))
    step = draw(st.none() | st.integers(2, 9) if log else st.none() | st.integers(1, 9))
    return Integer(low, high, step, log)


@st.composite
def floats(draw):
    log = draw(st.booleans())
    if log:
        low, high = sorted(10 ** draw(st.floats(-299, 299)) for _ in range(2))
        step = draw(st.none() | st.floats(1.01, 100))
    else:
        low, high = sorted(draw(st.floats(-1e300, 1e300)) for _ in range(2))
        step = draw(st.none() | st.integers(1, 1000).map(lambda n: (high - low) / n))
        assume(step is None or (step > 1e-300 and step > 1e-9 * max(abs(low), abs(high))))
    return Float(low, high, step, log)


choices = st.lists(scalars, min_size=1, max_size=9, unique=True).flatmap(
    lambda items: st.booleans().map(lambda ordered: Choice(items, ordered))
)
countable = integers() | choices | st.just(Boolean())
domains = countable | floats()


@given(domains, units)
def test_every_place_has_a_value_of_pythons_own_types(domain, u):
    value = domain.at(u)
    assert value in domain
    assert type(value) in (bool, int, float, str)


@given(domains, units)
def test_a_value_has_a_place_that_gives_it_back(domain, u):
    value = domain.at(u)
    where = domain.where(value)
    assert 0 <= where <= 1
    if domain.items:
        assert domain.at(where) == value
    else:
        assert math.isclose(
            domain.at(where),
            value,
            rel_tol=1e-9,
            abs_tol=1e-9 * max(abs(domain.low), abs(domain.high)),
        )


@given(floats(), units)
def test_a_continuum_keeps_its_places(domain, u):
    assume(not domain.items and domain.high > 1.001 * domain.low)
    assume(domain.log or domain.high - domain.low > 1e-6 * max(abs(domain.low), abs(domain.high)))
    assert domain.where(domain.at(u)) == pytest.approx(u, abs=1e-6)


@given(domains)
def test_both_ends_are_in_reach(domain):
    listed = list(domain.values(2)) if domain.count > 50 else list(domain.values())
    assert domain.at(0.0) == listed[0]
    assert domain.at(1.0) == listed[-1]


@given(domains, st.integers(1, 12))
def test_values_are_distinct_in_order_and_no_more_than_asked_for(domain, resolution):
    values = list(domain.values(resolution))
    assert len(set(values)) == len(values) or not domain.items  # a range of two floats has no ten
    assert all(value in domain for value in values)
    if isinstance(domain, Choice) and not domain.ordered:
        assert values == list(domain.items)
    else:
        assert 1 <= len(values) <= resolution
        if not (isinstance(domain, Integer) and domain.log):  # few values where log is dense
            assert len(values) == min(resolution, domain.count)
        assert [domain.where(value) for value in values] == sorted(map(domain.where, values))


@given(countable)
def test_count_is_how_many_there_are(domain):
    assume(domain.count <= 1000)
    listed = list(domain.values())
    assert len(listed) == len(set(listed)) == domain.count


@given(domains, units, st.integers(0, 2**32))
def test_another_value_is_another_one(domain, u, seed):
    assume(domain.count > 1)
    value = domain.at(u)
    other = domain.other(value, np.random.default_rng(seed))
    assert other in domain
    assert other != value


@given(countable, units)
def test_neighbours_are_one_step_apart_and_mutual(domain, u):
    value = domain.at(u)
    near = list(domain.near(value))
    assert all(value in list(domain.near(other)) for other in near)
    assert len(set(near)) == len(near)
    if isinstance(domain, Choice) and not domain.ordered:
        assert len(near) == domain.count - 1
    else:
        positions = [domain.position(other) - domain.position(value) for other in near]
        close = [s for s in (1, -1) if 0 <= domain.position(value) + s < domain.count]
        assert positions[: len(close)] == close
        assert len(near) == len(close) or domain.count > 32


def test_many_values_have_neighbours_further_off():
    assert list(Integer(1, 512).near(100)) == [101, 99, 151, 49]
    assert list(Integer(1, 512, log=True).near(100)) == [101, 99, 200, 50]
    assert list(Integer(1, 512, log=True).near(511)) == [512, 510]
    assert list(Integer(1, 32).near(10)) == [11, 9]


def test_neighbours_in_a_continuum_are_a_tenth_of_its_scale_apart():
    assert list(Float(0, 10).near(5.0)) == pytest.approx([6, 4])
    assert list(Float(0, 10).near(9.5)) == pytest.approx([8.5])
    assert list(Float(1e-5, 1e5, log=True).near(1.0)) == pytest.approx([10, 0.1])


@pytest.mark.parametrize(
    ("domain", "good", "bad"),
    [
        (Integer(1, 10, step=3), [1, 10, np.int64(7)], [2, 13, 4.0, True, "4", None, math.nan]),
        (Integer(1, 100, step=10, log=True), [1, 10, 100], [20, 1000]),
        (Float(0, 1, step=0.1), [0.3, 0.1 + 0.2, np.float32(0.5), 1, 0], [0.35, 1.1, True, "0.3"]),
        (Float(-0.3, 0.3, step=0.1), [-0.3 + 0.1 + 0.1 + 0.1], [1e-6]),
        (Float(1e-4, 1, step=10, log=True), [0.001, 0.01], [0.002]),
        (Float(0, 1), [0, 1, 0.5, np.float64(0.25)], [-0.1, math.nan, math.inf, False, None]),
        (Choice([0, 1]), [0, np.int64(1)], [True, 1.0, "0", None, [0]]),
        (Choice(["a", "b"]), ["a", np.str_("b")], ["c", 0]),
        (Boolean(), [True, np.bool_(False)], [1, 0, "True"]),
    ],
)  # fmt: skip
def test_what_is_in_a_domain_and_what_is_not(domain, good, bad):
    for value in good:
        assert value in domain
        assert domain.at(domain.where(value)) == pytest.approx(value)
    for value in bad:
        assert value not in domain


def test_steps_are_meant_in_decimals():
    tenths = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert list(Float(0, 1, step=0.1).values()) == tenths
    assert list(Float(1e-12, 5e-12, step=2e-12).values()) == [1e-12, 3e-12, 5e-12]
    assert list(Float(0.123456789012345, 2, step=1).values()) == [
        0.123456789012345,
        1.123456789012345,
    ]
    assert list(Float(1e-5, 1, step=10, log=True).values()) == [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert list(Float(1e-5, 0.99, step=10, log=True).values())[-1] == 0.1
    assert list(Float(1, math.nextafter(10, 0), step=10, log=True).values()) == [1.0]


def test_a_log_scale_gives_each_factor_its_share():
    domain = Integer(1, 999, log=True)
    drawn = np.array([domain.at(u) for u in np.linspace(0, 1, 3001)])
    shares = [np.mean((drawn >= low) & (drawn < 10 * low)) for low in (1, 10, 100)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.01)


def test_of_a_log_scale_a_few_values_are_spread_as_factors():
    listed = list(Integer(1, 1000, log=True).values(4))
    assert (listed[0], listed[-1]) == (1, 1000)
    assert all(8 < b / a < 12 for a, b in pairwise(listed))


@given(units)
def test_a_number_changes_to_one_near_by(u):
    domain = Float(0, 1)
    rng = np.random.default_rng(0)
    moves = np.array([domain.other(u, rng) - u for _ in range(100)])
    # Folding at the borders only shortens a move. Mean |move| <= 0.2 * sqrt(2 / pi) = 0.16, with a
    # standard error of 0.012: 0.24 is 6.6 sigma, 1e-10, for each u.
    assert np.abs(moves).mean() < 0.24
    assert len(set(moves)) > 90


def test_an_unordered_choice_changes_to_any_other_value_alike():
    domain = Choice(list("abcd"))
    rng = np.random.default_rng(0)
    drawn = [domain.other("b", rng) for _ in range(3000)]
    # Each 1000 +- 25.8: 200 is 7.7 sigma, 1e-14.
    assert all(abs(drawn.count(value) - 1000) < 200 for value in "acd")
    assert "b" not in drawn


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Integer(2, 1), "low <= high within .*, not 2 to 1"),
        (lambda: Integer(0, 9, log=True), "a log range starts above 0, not at 0"),
        (lambda: Integer(0, 9, step=0), "step=0 with log=False: a step is above 0"),
        (lambda: Integer(1, 9, step=1, log=True), r"step=1 with log=True: a step is above 1"),
        (lambda: Integer(0, 2**63), r"from 0 to 9223372036854775808: whole numbers end at"),
        (lambda: Integer(2**41, 2**41 + 1, log=True), r"too narrow for a log scale"),
        (lambda: Float(0, math.inf), "not 0 to inf"),
        (lambda: Float(math.nan, 1), "not nan to 1"),
        (lambda: Float(-1e308, 1e308), "not -1e.308 to 1e.308"),
        (lambda: Float(0, 10**400), "low <= high within"),
        (lambda: Float(0, 1, step=math.nan), "step=nan"),
        (lambda: Float(0, 1, step=1e-30), r"in steps of 1e-30: more than 2\*\*40"),
        (lambda: Float(1e300 * (1 - 1e-16), 1e300, log=True), "too narrow for a log scale"),
        (lambda: Choice([]), "at least one value"),
        (lambda: Choice([1, 2, 1]), r"each value once, not \[1, 2, 1\]"),
        (lambda: Choice([1, True]), "1, 1.0 and True are equal"),
        (lambda: Choice([3]).other(3, np.random.default_rng(0)), "3 is the only value"),
        (
            lambda: list(Float(0, 1).values()),
            "a number from 0 to 1 is a continuum: give a resolution",
        ),
        (lambda: list(Float(0, 1).values(0)), "resolution=0"),
        (lambda: Boolean().when(a=[]), r"a=\[\] names no value"),
    ],
)
def test_bad_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Integer(0, 1.5), r"Integer: high=1.5 is not a whole number"),
        (lambda: Integer(True, 2), "Integer: low=True"),
        (lambda: Integer(0, None), "Integer: high=None"),
        (lambda: Float("0", 1), "Float: low='0' is not a number"),
        (lambda: Float(0, 1, step="a"), "Float: step='a'"),
        (lambda: Choice([None]), "None cannot be chosen"),
        (lambda: Choice([Colour.RED]), "take its value, 'red', .*Colour.'red'"),
        (lambda: Choice([1, Size.BIG]), "take its value, 9"),
        (lambda: Choice([Plain.ONE]), "take its value, 1"),
        (lambda: Choice([type("Own", (int,), {})(3)]), "3 cannot be chosen"),
        (lambda: Choice([math.nan]), "nan cannot be chosen"),
        (lambda: Choice([(1, 2)]), r"\(1, 2\) cannot be chosen"),
    ],
)
def test_bad_types_are_named(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_numpy_scalars_become_pythons_own():
    for domain in (
        Integer(np.int64(1), np.int32(9), np.int8(2)),
        Integer(np.int64(1), np.int64(9), log=True),
        Float(np.float32(0.5), np.float64(1.5)),
        Choice(np.arange(3)),
        Choice([np.bool_(True), np.str_("a"), np.float32(0.5)]),
    ):
        assert {type(domain.at(u)) for u in (0.0, 0.4, 1.0)} <= {bool, int, float, str}


def test_parents_values_may_be_one_or_several():
    domain = Boolean()
    assert domain.when(a="text").conditions == {"a": ("text",)}
    assert domain.when(a=[1, 2], b=range(2)).conditions == {"a": (1, 2), "b": (0, 1)}
    assert domain.when({"a/b": np.int64(3)}).conditions == {"a/b": (3,)}
    assert type(domain.when(a=np.arange(2)).conditions["a"][0]) is int


BIG = [
    Integer(0, 2**62),
    Integer(-(2**63), 2**63 - 1),
    Integer(-(2**62), 2**61, step=7),
    Integer(1, 2**62, log=True),
    Integer(3, 2**62, step=10, log=True),
]


@pytest.mark.parametrize("domain", BIG, ids=repr)
def test_the_largest_whole_numbers(domain):
    rng = np.random.default_rng(0)
    ends = {domain.at(0), domain.at(1)}
    drawn = [domain.at(float(u)) for u in rng.random(200)] + [*ends, domain.middle()]
    for value in drawn:
        assert type(value) is int and value in domain
        assert domain.at(domain.where(value)) in domain and 0 <= domain.where(value) <= 1
        assert all(near in domain and near != value for near in domain.near(value))
        other = domain.other(value, rng)
        assert other in domain and other != value
    assert domain.low in ends and domain.count > 10
    assert len(set(domain.values(5))) == 5


@pytest.mark.parametrize("ends", [(0, 2**63), (-(2**63) - 1, 0), (0, 10**30)])
def test_larger_ones_are_refused_with_the_cure(ends):
    with pytest.raises(ValueError, match=f"from {ends[0]} to {ends[1]}: .* give a smaller range"):
        Integer(*ends)


@pytest.mark.parametrize("text", ["relu", "", b"ab"])
def test_a_text_is_one_value_and_not_a_list(text):
    with pytest.raises(TypeError, match=r"a text is one value; give a list"):
        Choice(text)
