"""Every strategy of the registry keeps its promises on every space that it supports."""

from __future__ import annotations

import pytest

from coursekit.strategies import STRATEGIES
from coursekit.testing import SPACES, examine
from coursekit.testing.watched import LENGTH

# Strategies that think long; the seconds of all their promises on all their spaces.
THINKING = {"bayesian": 15, "progressive": 12, "reinforce": 8, "tpe": 8, "bohb": 8}
# By day in shorter searches: with a model of 10 results and more, as in the long ones at night.
SHORTER = {"bayesian": 24, "progressive": 24}
# Keeps its promises by those of the strategy that it chooses.
CHOOSING = {"auto": 40}


@pytest.mark.parametrize(
    ("name", "length"),
    [
        pytest.param(name, SHORTER.get(name, LENGTH), marks=pytest.mark.slow(THINKING[name]))
        if name in THINKING
        else pytest.param(name, LENGTH, marks=pytest.mark.nightly(CHOOSING[name]))
        if name in CHOOSING
        else (name, LENGTH)
        for name in STRATEGIES
    ]
    + [pytest.param(name, LENGTH, marks=pytest.mark.nightly(40)) for name in SHORTER],
)
def test_keeps_its_promises(name, length):
    report = examine(STRATEGIES[name], length=length)
    assert not report.broken, str(report)
    assert not report.untested, str(report)
    assert len({space for space, _ in report.kept} & set(SPACES)) > len(report.unsupported) // 2
    print(report)


@pytest.mark.parametrize("space", SPACES)
def test_every_space_has_strategies(space):
    supporting = [name for name, each in STRATEGIES.items() if each.supports(SPACES[space])]
    assert len(supporting) > 5, f"{space} is searched by {supporting} alone"
