"""Every strategy of the registry keeps its promises on every space that it supports."""

from __future__ import annotations

import pytest

from coursekit.strategies import STRATEGIES
from coursekit.testing import SPACES, examine

# Strategies that think long; the seconds of all their promises on all their spaces.
THINKING = {"bayesian": 30, "progressive": 20, "reinforce": 8, "tpe": 8, "bohb": 8}
# Keeps its promises by those of the strategy that it chooses.
CHOOSING = {"auto": 40}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.nightly(CHOOSING[name]))
        if name in CHOOSING
        else pytest.param(name, marks=pytest.mark.slow(THINKING[name]))
        if name in THINKING
        else name
        for name in STRATEGIES
    ],
)
def test_keeps_its_promises(name):
    report = examine(STRATEGIES[name])
    assert not report.broken, str(report)
    assert not report.untested, str(report)
    assert len({space for space, _ in report.kept} & set(SPACES)) > len(report.unsupported) // 2
    print(report)


@pytest.mark.parametrize("space", SPACES)
def test_every_space_has_strategies(space):
    supporting = [name for name, each in STRATEGIES.items() if each.supports(SPACES[space])]
    assert len(supporting) > 5, f"{space} is searched by {supporting} alone"
