"""The inheritance part: the same searches with it and without, counted in epochs."""

import math
import re

import pytest

from coursekit.benchmarks import inheritance_parity
from coursekit.benchmarks.inheritance_parity import (
    Place,
    Searched,
    Way,
    measure,
    rank,
    report,
    target,
)
from coursekit.worlds import MLPs

SMALL = Place("recipes", "a small one", (40, 5), (3,))


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(inheritance_parity, "CAP", 120)


def test_searches_are_counted_until_they_reach_it(short):
    measured = measure(SMALL, 0.985, seeds=2)  # so high that none ends at once
    assert list(measured) == [Way(False, 40), Way(False, 5), Way(False, 40, True), Way(True, 3)]
    for way, searches in measured.items():
        for done in searches:
            assert done.epochs % way.epochs == 0 and done.epochs <= 120
            assert done.reached == (done.best >= 0.985) and 0 < done.full <= 1
            assert len(done.rows) == (6 if way in (Way(False, 5), Way(True, 3)) else 0)
    text = report(SMALL, 0.985, measured)
    assert "a small one: epochs until a trial reaches 98.5%, 2 seeds" in text
    assert text.count("inheritance, 3 epochs") == 1 and text.count("random, 40 epochs") == 1


@pytest.mark.slow(20)
def test_shapes_are_trained_here_and_now(short, monkeypatch):
    monkeypatch.setattr(inheritance_parity, "CAP", 13)
    place = Place("shapes", "shapes", (80,), (1,))
    found = inheritance_parity.search(0.99, (place, Way(True, 1), 3))
    assert found.epochs == 13 and not found.reached
    assert len(found.rows) == 3  # ten founders, three heirs
    assert found.full > found.best  # eighty epochs against a few


def test_the_target_is_what_full_trainings_found_from_other_seeds(short, monkeypatch):
    monkeypatch.setattr(inheritance_parity, "FIXING", [7, 8, 9])
    best = [inheritance_parity._found(SMALL, seed) for seed in (7, 8, 9)]
    assert target(SMALL) == round(sorted(best)[1], 3)
    first = [MLPs(seed=7).evaluate(trial.suggestion).score
             for trial in inheritance_parity._search(SMALL, Way(False, 40), 7)[0].run(
                 MLPs(seed=7), trials=3)]  # fmt: skip
    assert best[0] == max(first)  # three times forty epochs


def test_the_rival_is_the_best_from_scratch():
    rows = [(0.1 * n, 0.1 * n) for n in range(8)]
    measured = {
        Way(False, 40): [Searched(200, True, 0.97, 0.97, [])] * 3,
        Way(False, 5): [Searched(100, True, 0.97, 0.97, rows)] * 3,
        Way(False, 40, True): [Searched(160, True, 0.97, 0.97, [])] * 3,
        Way(True, 3): [Searched(epochs, True, 0.97, 0.5, rows) for epochs in (30, 60, 20)],
    }
    lines = report(SMALL, 0.97, measured).splitlines()[2:]
    ratios = [re.findall(r"/3 +([\d.]+) +([\d.]+) to +([\d.]+)", line)[0] for line in lines]
    assert ratios == [("2.00",) * 3, ("1.00",) * 3, ("1.60",) * 3, ("0.30", "0.20", "0.60")]


def test_rank_correlation():
    assert rank([(1, 10), (2, 20), (3, 15)]) == pytest.approx(0.5)
    assert math.isnan(rank([(1, 10), (1, 20)]))
