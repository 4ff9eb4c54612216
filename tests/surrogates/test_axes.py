"""Axes: what a surrogate knows of a space, held to what the space itself says."""

import numpy as np
import pytest

from coursekit.spaces import Boolean, Chain, Choice, EdgeCells, Float, Integer, Space
from coursekit.surrogates.axes import Axes

NESTED = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "nesterov": Boolean().when(optimizer="sgd"),
        "momentum": Float(0, 0.99).when(nesterov=True),
        "units": Integer(8, 512, log=True),
        "width": Choice([16, 32, 64], ordered=True),
    }
)
CHAIN = Chain({"dense": {"units": Integer(8, 64)}, "dropout": {}}, depth=(1, 3), skips=True)
WIDE = Space({"units": Integer(1, 100), "head": Float(0, 1).when(units=range(50, 101))})
SPACES = {"nested": NESTED, "chain": CHAIN, "wide": WIDE, "cells": EdgeCells()}


def test_what_there_is_to_know() -> None:
    axes = Axes(NESTED)
    assert len(axes) == 5
    assert axes.ordered.tolist() == [False, False, True, True, True]
    assert axes.optional.tolist() == [False, True, True, False, False]
    assert [None if m is None else len(m) for m in axes.middles] == [2, 2, None, None, 3]


def test_positions_are_of_the_values_that_decoding_gives() -> None:
    space = Space(
        {"n": Integer(1, 8, log=True), "c": Choice(list("abcde")), "w": Choice((1, 4), True)}
    )
    axes, u = Axes(space), np.random.default_rng(0).random((500, 3))
    for axis, parameter in enumerate(space.parameters):
        values = list(parameter.domain.values())
        expected = [values.index(parameter.domain.at(x)) for x in u[:, axis]]
        assert axes.positions(axis, u[:, axis]).tolist() == expected
        edges = axes.edges(axis)
        assert edges[0] == 0
        assert edges[-1] == 1
        assert axes.positions(axis, (edges[1:] + edges[:-1]) / 2).tolist() == list(
            range(len(values))
        )


@pytest.mark.parametrize("name", SPACES)
def test_settled_points_are_encoded_configurations(name: str) -> None:
    space = SPACES[name]
    axes, drawn = Axes(space), np.random.default_rng(1).random((200, len(space)))
    for raw, point in zip(drawn, axes.settle(drawn), strict=True):
        configuration = space.decode(raw)
        space.check(configuration)
        assert space.decode(point) == configuration
        absent = np.isnan(space.encode(configuration))
        np.testing.assert_array_equal(np.isnan(point), absent)
    encoded = np.array([space.encode(space.decode(raw)) for raw in drawn])
    few = [axis for axis, middles in enumerate(axes.middles) if middles is not None]
    np.testing.assert_allclose(axes.settle(drawn)[:, few], encoded[:, few])
    np.testing.assert_allclose(axes.settle(encoded), encoded)


@pytest.mark.parametrize("name", SPACES)
def test_mutations_are_configurations_most_with_one_change(name: str) -> None:
    space, rng = SPACES[name], np.random.default_rng(2)
    points = np.array([space.encode(space.sample(rng)) for _ in range(400)])
    mutated = Axes(space).mutate(points, rng)
    changes = []
    for before, after in zip(points, mutated, strict=True):
        one, two = space.decode(before), space.decode(after)
        space.check(two)
        kept = set(one) & set(two)
        changes.append(sum(one[key] != two[key] for key in kept) + (set(one) != set(two)))
    changed = np.array(changes)
    assert (changed > 0).mean() > 0.55  # a value may be drawn again, a step may be short
    assert changed.mean() < 2.5
    np.testing.assert_allclose(points, Axes(space).settle(points))  # and its input is as it was


def test_numbers_take_steps_and_choices_jump() -> None:
    space, rng = Space({"x": Float(0, 1), "c": Choice(list("abcdefgh"))}), np.random.default_rng(3)
    points = np.tile(space.encode({"x": 0.5, "c": "a"}), (4000, 1))
    mutated = Axes(space).mutate(points, rng)
    step = np.abs(mutated[:, 0] - 0.5)
    assert np.median(step[step > 0]) < 0.1  # sigma from 0.01 to 0.3, log-evenly
    assert step.max() > 0.3
    shares = np.unique(mutated[mutated[:, 1] != points[:, 1], 1], return_counts=True)[1]
    assert len(shares) == 7
    # About 340 each: 6 sigma.
    assert np.abs(shares - shares.mean()).max() < 6 * shares.mean() ** 0.5


def test_a_continuum_has_no_positions() -> None:
    axes = Axes(Space({"x": Float(0, 1)}))
    with pytest.raises(ValueError, match="axis 0 is a continuum: its values have no positions"):
        axes.positions(0, np.array([0.5]))
    with pytest.raises(ValueError, match="axis 0 is a continuum: its values have no edges"):
        axes.edges(0)
