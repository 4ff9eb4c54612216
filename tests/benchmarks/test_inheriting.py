"""The inheritance part: the same searches with it and without, counted in epochs."""

import math

import pytest

from coursekit.benchmarks import inheriting
from coursekit.benchmarks.inheriting import Searched, Way, measure, rank, report


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(inheriting, "SCRATCH", (40, 5))
    monkeypatch.setattr(inheriting, "HEIRS", (3,))
    monkeypatch.setattr(inheriting, "CAP", 240)
    monkeypatch.setattr(inheriting, "target", lambda: 0.985)  # so that none ends at once


def test_searches_are_counted_until_they_reach_it(small):
    measured = measure(seeds=2)
    assert list(measured) == [Way(False, 40), Way(False, 5), Way(True, 3)]
    for way, searches in measured.items():
        for done in searches:
            assert done.epochs % way.epochs == 0 and done.epochs <= 240 + way.epochs
            assert done.reached == (done.best >= 0.985) and 0 < done.full <= 1
            assert len(done.rows) * way.epochs == done.epochs
            assert any(inherits for _, _, inherits, _ in done.rows) == way.inherits
    text = report(measured)
    assert "epochs until a trial reaches 98.5%, 2 seeds (cap 240)" in text
    assert text.count("inheritance, 3 epochs") == 2 and "the best from scratch" in text


def test_the_rival_is_the_best_from_scratch(small):
    rows = [(0.1 * n, 0.1 * n, False, 0) for n in range(8)]
    measured = {
        Way(False, 40): [Searched(200, True, 0.97, 0.97, rows)] * 3,
        Way(False, 5): [Searched(100, True, 0.97, 0.97, rows)] * 3,
        Way(True, 3): [Searched(30, True, 0.97, 0.5, [(*r[:2], True, 3) for r in rows])] * 3,
    }
    lines = report(measured).splitlines()
    ratios = [line.split()[-3] for line in lines[2:5]]
    assert ratios == ["2.00", "1.00", "0.30"]
    assert "to from scratch, 5 epochs" in report(measured)


def test_rank_correlation():
    assert rank([(1, 10, True, 0), (2, 20, True, 0), (3, 15, True, 0)]) == pytest.approx(0.5)
    assert math.isnan(rank([(1, 10, True, 0), (1, 20, True, 0)]))
