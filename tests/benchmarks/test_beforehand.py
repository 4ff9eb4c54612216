"""The benchmark of what is known beforehand, and of CMA-ES against its reference."""

import numpy as np
import pytest

from coursekit.benchmarks.beforehand import _believing, _earlier, optimum
from coursekit.benchmarks.problems import problems
from tests.commands import benchmark

NETWORK = problems(False)["a network"]


def test_beliefs_are_as_far_from_the_optimum_as_they_say() -> None:
    best = optimum("a network")
    assert NETWORK.regret(NETWORK.value(NETWORK.space.decode(best))) < 20
    ordered = [i for i, p in enumerate(NETWORK.space.parameters) if p.domain.ordered]
    aside = {}
    for kind in ("good", "off", "wrong"):
        space = _believing(NETWORK, kind, seed=0)
        believed = [space.parameters[i].domain for i in ordered]
        away = [
            abs(d.domain.where(d.value) - best[i]) for d, i in zip(believed, ordered, strict=True)
        ]
        aside[kind] = float(np.mean(away))
    assert 0.02 < aside["good"] < 0.12 < aside["off"] < 0.3 < aside["wrong"]


def test_the_earlier_search_knows_a_relative_and_the_wrong_one_the_contrary() -> None:
    true = {
        kind: np.median([NETWORK.value(t.configuration) for t in _earlier(NETWORK, kind, 0).top(5)])
        for kind in ("good", "off", "wrong")
    }
    assert true["good"] > true["off"] > true["wrong"]


def test_the_table_is_printed() -> None:
    told = benchmark(
        "beforehand", "--problems", "hartmann 6", "--strategies", "random,tpe", "--trials", "12",
        "--seeds", "3", "--ways", "belief,enqueue",
    ).stdout  # fmt: skip
    for expected in ("hartmann 6: regret", "belief, good", "enqueue, wrong", "after 12"):
        assert expected in told


def test_cma_es_needs_about_as_many_evaluations_as_cmaes() -> None:
    told = benchmark(
        "reference_cma", "--dimensions", "3", "--seeds", "2", "--target", "1e-3"
    ).stdout
    lines = [line.split() for line in told.splitlines() if line.split()[1:2] == ["3"]]
    assert [line[0] for line in lines] == [
        "sphere",
        "ellipsoid",
        "rosenbrock",
        "ackley",
        "rastrigin",
    ]
    assert float(lines[0][2]) == pytest.approx(200, rel=0.5)
