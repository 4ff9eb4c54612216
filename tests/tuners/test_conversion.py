"""Keras Tuner's spaces as the kit's, and back."""

import keras_tuner as kt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_tuner.src.engine.conditions import Parent

from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.tuners import TUNERS
from coursekit.tuners.conversion import (
    defaults,
    from_hyperparameters,
    parents_first,
    to_hyperparameters,
)


def build(hp):
    """Every kind of hyperparameter, two levels of conditions, name scopes, one name twice."""
    hp.Int("units", 32, 512, step=32)
    hp.Int("batch", 16, 256, step=2, sampling="log")
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("decay", 0.5, 0.999, sampling="reverse_log")
    hp.Float("dropout", 0, 0.5, step=0.1)
    hp.Choice("size", [3, 5, 7])
    hp.Fixed("epochs", 3)
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Boolean("nesterov")
        with hp.conditional_scope("nesterov", [True]):
            hp.Float("momentum", 0.1, 0.9)
    with hp.name_scope("head"):
        hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["b"]):
            hp.Int("width", 1, 9)
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Float("epsilon", 1, 2)
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Float("epsilon", 3, 4)


@pytest.fixture
def hyperparameters():
    hp = kt.HyperParameters()
    build(hp)
    return hp


def active(hyperparameters, configuration):
    """The names that Keras Tuner holds for active beside these values."""
    hyperparameters.values = dict(configuration)
    return {hp.name for hp in hyperparameters.space if hyperparameters.is_active(hp)}


def test_what_exists_is_what_keras_tuner_holds_for_active(hyperparameters):
    space = from_hyperparameters(hyperparameters)
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(200):
        configuration = space.sample(rng)
        assert set(configuration) == active(hyperparameters, configuration)
        seen |= set(configuration)
    assert seen == {hp.name for hp in hyperparameters.space}


def test_every_value_is_one_that_the_model_gets(hyperparameters):
    space = from_hyperparameters(hyperparameters)
    rng = np.random.default_rng(4)
    for _ in range(50):
        hyperparameters.values = space.sample(rng)
        before = dict(hyperparameters.values)
        build(hyperparameters)
        assert hyperparameters.values == before
        size, units = before["size"], before["units"]
        assert size in (3, 5, 7) and units % 32 == 0 and 32 <= units <= 512
        assert before["batch"] in (16, 32, 64, 128, 256)
        assert (1 <= before["epsilon"] <= 2) == (before["optimizer"] == "sgd")


def test_scopes_and_scales_are_kept(hyperparameters):
    found = {p.name: p for p in from_hyperparameters(hyperparameters).parameters}
    assert found["head/width"].conditions == {"head/kind": ("b",)}
    assert found["momentum"].conditions == {"optimizer": ("sgd",), "nesterov": (True,)}
    assert found["rate"].domain == Float(1e-4, 1e-1, log=True)
    assert found["batch"].domain == Integer(16, 256, 2, log=True)
    assert found["dropout"].domain == Float(0, 0.5, 0.1)
    assert found["size"].domain == Choice([3, 5, 7], ordered=True)
    assert found["epochs"].domain == Choice([3])


@pytest.mark.parametrize("u", [0, 0.1, 0.5, 0.9, 1])
def test_a_reversed_log_scale_is_keras_tuners(hyperparameters, u):
    (hp,) = (hp for hp in hyperparameters.space if hp.name == "decay")
    domain = from_hyperparameters(hyperparameters).parameters[3].domain
    value = domain.at(u)
    assert value == pytest.approx(hp.prob_to_value(u))
    assert domain.where(value) == pytest.approx(u)
    assert value in domain and 0.4 not in domain and "x" not in domain and True not in domain


def test_a_reversed_log_scale_in_steps():
    hp = kt.HyperParameters()
    hp.Int("n", 1, 8, step=2, sampling="reverse_log")
    (parameter,) = from_hyperparameters(hp).parameters
    domain = parameter.domain
    assert list(domain.values()) == sorted(hp.space[0].values) == [1, 5, 7, 8]
    assert domain.count == 4
    assert [domain.at(domain.where(value)) for value in (1, 5, 7, 8)] == [1, 5, 7, 8]
    assert [domain.position(value) for value in (1, 5, 7, 8)] == [0, 1, 2, 3]
    assert set(domain.near(7)) == {5, 8} and "reversed" in domain.describe()


def test_a_scope_that_can_never_be_entered_is_left_out():
    hp = kt.HyperParameters()
    hp.Choice("a", ["x", "y"])
    with hp.conditional_scope("a", ["z"]):
        hp.Int("never", 1, 3)
        hp.Int("never_either", 1, 3)
    both = [Parent("a", ["x"]), Parent("a", ["y"])]
    hp.merge([kt.engine.hyperparameters.Int("nor_this", 1, 3, conditions=both)])
    assert [p.name for p in from_hyperparameters(hp).parameters] == ["a"]


def test_conditions_compare_as_keras_tuner_compares():
    hp = kt.HyperParameters()
    hp.Boolean("flag")
    with hp.conditional_scope("flag", [1]):
        hp.Int("n", 1, 3)
    assert from_hyperparameters(hp).parameters[1].conditions == {"flag": (True,)}


def test_parents_come_first_in_any_order(hyperparameters):
    """A worker's hyperparameters arrive ordered by their type."""
    sorted_by_kind = sorted(hyperparameters.space, key=lambda hp: type(hp).__name__)
    names = [hp.name for hp in parents_first(sorted_by_kind)]
    assert sorted(names) == sorted(hp.name for hp in hyperparameters.space)
    assert names.index("optimizer") < names.index("nesterov") < names.index("momentum")
    orphans = [hp for hp in hyperparameters.space if hp.name not in ("optimizer", "head/kind")]
    left = {hp.name for hp in parents_first(orphans)}
    assert left == {"units", "batch", "rate", "decay", "dropout", "size", "epochs"}


def test_through_a_worker_and_back(hyperparameters):
    sent = kt.HyperParameters.from_proto(hyperparameters.to_proto())
    found, wanted = from_hyperparameters(sent), from_hyperparameters(hyperparameters)
    assert {repr(p) for p in found.parameters} == {repr(p) for p in wanted.parameters}


def test_defaults_fill_what_is_active_and_new(hyperparameters):
    made = defaults(hyperparameters, {"optimizer": "adam", "units": 64, "nesterov": True})
    assert made["units"] == 64 and made["batch"] == 16 and made["head/kind"] == "a"
    assert made["epsilon"] == 3  # the one of adam
    assert not {"nesterov", "momentum", "head/width"} & set(made)
    from_hyperparameters(hyperparameters).check(made)


def test_nothing_at_all_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        from_hyperparameters(kt.HyperParameters())


def test_what_keras_tuner_cannot_express_is_an_error():
    with pytest.raises(TypeError, match=r"a is one of .* one type"):
        to_hyperparameters(Space({"a": Choice([1, "x"])}))
    hp = kt.HyperParameters()
    hp.Int("a", 1, 3)
    hp.space[0].__class__ = type("Odd", (kt.engine.hyperparameters.HyperParameter,), {})
    with pytest.raises(TypeError, match="own kinds"):
        from_hyperparameters(hp)


names = st.sampled_from("abcdef")
domains = st.one_of(
    st.just(Boolean()),
    st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True).map(Choice),
    st.lists(st.integers(-5, 5), min_size=2, max_size=4, unique=True).map(
        lambda items: Choice(items, ordered=True)
    ),
    st.builds(lambda low, more, step: Integer(low, low + more, step),
              st.integers(-9, 9), st.integers(1, 40), st.sampled_from([None, 2, 7])),
    st.builds(lambda low, more, step: Integer(low, low + more, step, log=True),
              st.integers(1, 9), st.integers(1, 90), st.sampled_from([None, 2])),
    st.builds(lambda low, more, step: Float(low, low + more, step),
              st.floats(-9, 9), st.floats(0.5, 9), st.sampled_from([None, 0.25])),
    st.builds(lambda low, times: Float(low, low * times, log=True),
              st.floats(1e-6, 1), st.floats(2, 1e6)),
)  # fmt: skip


@st.composite
def spaces(draw):
    pairs = []
    for name in draw(st.lists(names, min_size=1, max_size=5, unique=True)):
        domain = draw(domains)
        parents = [(n, d) for n, d in pairs if getattr(d, "items", ())]
        if parents and draw(st.booleans()):
            parent, its = draw(st.sampled_from(parents))
            values = draw(st.lists(st.sampled_from(list(its.items)), min_size=1, unique=True))
            pairs.append((name, domain.when({parent: values})))
        else:
            pairs.append((name, domain))
    return Space(pairs)


@settings(max_examples=150, deadline=None)
@given(spaces(), st.integers(0, 2**32 - 1))
def test_there_and_back(space, seed):
    hyperparameters = to_hyperparameters(space)
    back = from_hyperparameters(hyperparameters)
    assert back.count == space.count
    rng = np.random.default_rng(seed)
    for _ in range(10):
        point = rng.random(len(space))
        configuration = space.decode(point)
        assert back.decode(point) == configuration
        back.check(configuration)
        assert active(hyperparameters, configuration) == set(configuration)


@settings(max_examples=50, deadline=None)
@given(spaces())
def test_the_defaults_are_a_configuration(space):
    hyperparameters = to_hyperparameters(space)
    space.check(space.complete(defaults(hyperparameters, {})))
    assert set(defaults(hyperparameters, {})) == set(hyperparameters.values)


def test_a_range_that_is_too_large_is_named_and_a_large_one_is_searched(make):
    hp = kt.HyperParameters()
    hp.Int("seed", 0, 2**64)
    with pytest.raises(ValueError, match=r"hyperparameter 'seed': .* give a smaller range"):
        from_hyperparameters(hp)
    for name, cls in TUNERS.items():
        if name == "progressive":  # it needs a space that grows
            continue
        hp = kt.HyperParameters()
        hp.Int("seed", 0, 2**62)
        hp.Int("below", -(2**62), -1)
        hp.Int("wide", 1, 2**62, sampling="log")
        hp.Int("reversed", 1, 2**62, sampling="reverse_log")
        tuner = make(cls, space=hp, max_trials=15, project_name=name)
        tuner.search()
        space = from_hyperparameters(hp)
        for trial in tuner.oracle.history:
            space.check(trial.configuration)
        assert len(tuner.oracle.history) == 15
        again = make(cls, space=hp, max_trials=15, project_name=name)
        assert list(again.oracle.history) == list(tuner.oracle.history)


def test_a_grid_has_a_floats_default_as_keras_tuners_has(make):
    hp = kt.HyperParameters()
    hp.Int("a", 1, 5)
    hp.Float("b", 1.0, 10.0, default=2.5)
    hp.Float("c", 1.0, 10.0, step=9)
    assert from_hyperparameters(to_hyperparameters(from_hyperparameters(hp))).count == np.inf
    tuner = make(TUNERS["grid"], space=hp, max_trials=None)
    tuner.search()
    found = [tuple(trial.configuration.values()) for trial in tuner.oracle.history]
    assert len(found) == len(set(found)) == 5 * 11 * 2
    assert sorted({b for _, b, _ in found}) == pytest.approx([1, 2, 2.5, *range(3, 11)])
