"""The strip of what a search has tried, the cut below it, and the curtain before both."""

import re

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from coursekit.plots.anytime_curves import anytime
from coursekit.plots.race_strip import (
    CATEGORIES,
    SHADES,
    behind_a_curtain,
    sampled,
    shades,
    spread_out,
    swatch,
)
from coursekit.spaces import Choice, Float, Integer, Space

MIXED = Space(
    {
        "kind": Choice(["a", "b", "c"]),
        "units": Integer(1, 5),
        "rate": Float(0.0, 1.0),
        "only": Choice([7]).when(kind="a"),
    }
)


@pytest.fixture
def axes():
    return Figure(figsize=(6, 4)).subplots()


def test_shades_go_from_the_first_value_to_the_last():
    points = [
        {"kind": "a", "units": 1, "rate": 0.0, "only": 7},
        {"kind": "b", "units": 3, "rate": 0.5},
        {"kind": "c", "units": 5, "rate": 1.0},
    ]
    found = shades(MIXED, points)
    assert found[:3].tolist() == [[0, 0.5, 1]] * 3
    assert found[3, 0] == 0.5 and np.isnan(found[3, 1:]).all()
    assert shades(MIXED, []).shape == (4, 0)


def test_a_column_a_trial_and_nothing_after_the_last(axes):
    space = Space({name: Choice(["x", "y"]) for name in ("one", "two")})
    tried = [{"one": "x", "two": "x"}, {"one": "y", "two": "x"}]
    sampled(space, tried, [0.1, 0.9], [1, 2], end=4, axes=axes)
    strip = axes.get_images()[0].get_array()
    assert strip.shape == (4, 4, 4)  # two rows, a gap and the score; four trials
    assert strip[0, :, 3].tolist() == [1, 1, 0, 0] and strip[2, :, 3].tolist() == [0, 0, 0, 0]
    light = strip[..., :3].mean(axis=-1)
    assert light[0, 1] > light[0, 0] and light[1, 1] == light[1, 0] and light[3, 1] > light[3, 0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["x", "y"]


def test_values_without_an_order_have_colours_of_their_own_and_are_named(axes):
    tried = [
        {"kind": "a", "units": 1, "rate": 0.5, "only": 7},
        {"kind": "c", "units": 5, "rate": 0.5},
    ]
    sampled(MIXED, tried, [0.1, 0.9], [1, 2], end=2, axes=axes)
    strip = axes.get_images()[0].get_array()
    assert [to_hex(strip[0, column]) for column in (0, 1)] == [CATEGORIES[0], CATEGORIES[-1]]
    ends = colormaps["viridis"](SHADES)
    assert np.allclose(strip[1, [0, 1], :3], ends[:, :3])  # a number keeps the scale
    named = [text.get_text() for text in axes.findobj(Text) if text.get_text() in ("a", "b", "c")]
    assert sorted(named) == ["a", "b", "c"]


def test_categories_differ_in_grey():
    grey = [np.dot(to_rgb(each), (0.299, 0.587, 0.114)) for each in CATEGORIES]
    assert (np.diff(grey) > 0.03).all()


def test_along_seconds_a_dear_trial_is_wide(axes):
    tried = [{"kind": "b", "units": 1, "rate": 0.0}, {"kind": "b", "units": 5, "rate": 0.0}]
    sampled(MIXED, tried, [0.1, np.nan], [30, 40], end=100, by_trials=False, axes=axes)
    strip = axes.get_images()[0].get_array()
    assert (strip[1, :, 3] == 1).mean() == 0.4
    changes = np.flatnonzero((strip[1, 1:] != strip[1, :-1]).any(axis=-1))
    assert ((changes + 1) / strip.shape[1]).tolist() == [0.3, 0.4]
    assert (strip[-1, :, 3] == 1).mean() == 0.3  # a failed trial has no score
    ranges = [text.get_text() for text in axes.texts]
    assert ranges == ["1 to 5", "0 to 1", "7"]


def test_who_never_gets_going_is_cut_off_and_named(axes):
    at = np.arange(1, 41)
    bands = {
        "good": np.linspace(80, 90, 40)[None],
        "fair": np.linspace(78, 89, 40)[None],
        "stuck": np.full((1, 40), 50.0),
    }
    anytime(bands, at, axes=axes)
    assert axes.get_ylim()[0] <= 50
    spread_out(axes, bands)
    assert 75 < axes.get_ylim()[0] < bands["fair"][0, 8]
    assert [text.get_text() for text in axes.texts] == ["below: stuck (50.0)"]


def test_nobody_is_cut_off_who_catches_up(axes):
    bands = {
        "good": np.linspace(80, 90, 40)[None],
        "fair": np.linspace(78, 89, 40)[None],
        "slow": np.concatenate([np.full(3, 20.0), np.full(37, 82.0)])[None],
    }
    anytime(bands, np.arange(1, 41), axes=axes)
    spread_out(axes, bands)
    low, high = axes.get_ylim()
    assert not axes.texts and 70 < low < 82 and 90 < high < 93  # its start alone is not seen


def test_curves_that_are_empty_or_level_keep_their_limits(axes):
    bands = {"a": np.full((2, 9), 0.7), "b": np.full((2, 9), -np.inf)}
    anytime(bands, np.arange(1, 10), axes=axes)
    before = axes.get_ylim()
    spread_out(axes, bands)
    assert axes.get_ylim() == before and not axes.texts


def test_swatches_look_like_their_curves(axes):
    anytime({name: np.ones((2, 5)) for name in "abcd"}, np.arange(1, 6), axes=axes)
    drawn = [swatch(line) for line in axes.get_lines() if not line.get_label().startswith("_")]
    for part in (r'stroke="(.*?)"', r'points="(.*?)"', r'dasharray="(.*?)"'):
        assert len({re.search(part, each)[1] for each in drawn}) == len(drawn) == 4


def test_one_clipping_rectangle_is_left(axes):
    from coursekit.theme import svg

    anytime({"a": np.linspace(0, 1, 9)[None]}, np.arange(1, 10), optimum=1.0, axes=axes)
    clipped = svg(axes.figure).count('clip-path="url')
    behind_a_curtain(axes)
    drawn = svg(axes.figure)
    assert drawn.count("<clipPath") == 1
    assert 0 < drawn.count('clip-path="url') < clipped  # the curve is, the grid no more
