"""Slices: every trial at its value and score, over the whole range, the best ones filled."""

import math

import numpy as np
import pytest

from coursekit import plots
from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.strategies import make

SPACE = Space(
    {
        "rate": Float(1e-4, 1e-1, log=True),
        "units": Integer(1, 100),
        "layers": Integer(1, 3),
        "kind": Choice(["relu", "tanh"]),
        "bias": Boolean(),
        "only": Choice([1]),
        "momentum": Float(0, 1).when(kind="tanh"),
    }
)


@pytest.fixture(scope="module")
def history():
    def score(suggestion):
        units = suggestion.configuration["units"]
        return math.nan if units > 90 else units / 100

    return Search(make("quasi_random", SPACE), seed=0).run(score, trials=40)


def test_each_trial_stands_at_its_value_and_score(history):
    panels = plots.slices(SPACE, history, top=0.2)
    names = ["rate", "units", "layers", "kind", "bias", "momentum"]
    assert [panel.get_xlabel() for panel in panels] == names
    scores = sorted(trial.score for trial in history.completed)
    bar = scores[-math.ceil(0.2 * len(scores))]
    for panel, name in zip(panels, names, strict=True):
        trials = [t for t in history.completed if name in t.configuration]
        others, best = panel.get_lines()
        assert sorted([*others.get_ydata(), *best.get_ydata()]) == sorted(t.score for t in trials)
        assert min(best.get_ydata(), default=bar) >= bar > max(others.get_ydata())
        assert others.get_markerfacecolor() == "none" != best.get_markerfacecolor()
        if name in ("rate", "units", "momentum"):
            told = {(t.configuration[name], t.score) for t in trials}
            drawn = zip(*np.hstack([line.get_data() for line in (others, best)]), strict=True)
            assert set(drawn) == told
        else:
            values = list(next(p for p in SPACE.parameters if p.name == name).domain.values())
            at = {t.score: values.index(t.configuration[name]) for t in trials}
            for line in (others, best):
                assert all(abs(x - at[y]) <= 0.25 for x, y in zip(*line.get_data(), strict=True))
    assert [panel.get_ylabel() for panel in panels] == ["score", "", "", "score", "", ""]


def test_axes_show_the_whole_range_on_its_scale(history):
    rate, units, layers, kind, *_ = plots.slices(SPACE, history)
    assert rate.get_xscale() == "log" and units.get_xscale() == "linear"
    assert rate.get_xlim()[0] < 1e-4 and rate.get_xlim()[1] > 1e-1
    assert units.get_xlim() == pytest.approx((1 - 3.96, 100 + 3.96))
    assert [label.get_text() for label in layers.get_xticklabels()] == ["1", "2", "3"]
    assert [label.get_text() for label in kind.get_xticklabels()] == ["relu", "tanh"]
    assert len({panel.get_ylim() for panel in (rate, units, layers, kind)}) == 1


def test_some_parameters_on_axes_of_ones_own(history):
    import matplotlib.pyplot as plt

    given = plt.subplots(1, 2)[1]
    panels = plots.slices(SPACE, history, parameters=["units", "rate"], name="accuracy", axes=given)
    assert panels == list(given) and panels[0].get_ylabel() == "accuracy"
    with pytest.raises(ValueError, match="no parameter 'unit': there are rate, units"):
        plots.slices(SPACE, history, parameters=["unit"])


def test_no_trials_are_empty_panels(empty):
    panels = plots.slices(SPACE, empty)
    assert len(panels) == 6 and not any(
        len(line.get_xdata()) for p in panels for line in p.get_lines()
    )
