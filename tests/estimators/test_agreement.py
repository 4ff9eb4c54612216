"""How cheap scores agree with full ones: the best tenth, overlaps, regret, ties and failures."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from coursekit.estimators.agreement import agreement, kendall, overlap, regret
from coursekit.trials import Evaluation


def test_the_agreement_is_that_of_the_ranks():
    cheap = [Evaluation(s, (), 1.0) for s in (0.1, 0.2, 0.3, 0.25, math.nan)]
    full = [Evaluation(s, (), 4.0) for s in (0.5, 0.7, 0.8, 0.9, 0.9)]
    found = agreement(cheap, full)
    # By hand: one of six pairs is out of order; ranks 1 2 4 3 against 1 2 3 4.
    assert found.pairs == pytest.approx(4 / 6) and found.rank == pytest.approx(0.8)
    assert found.gain == pytest.approx(0.5125) and found.share == pytest.approx(0.25)
    assert found.configurations == 4
    assert found.regret == pytest.approx(0.1)  # 0.3 is chosen, which has 0.8
    assert math.isnan(found.best_pairs) and "best tenth" not in str(found)


def test_an_agreement_needs_three_pairs_and_an_order():
    same = [Evaluation(0.5, (), 1.0)] * 3
    with pytest.raises(ValueError, match="three or more"):
        agreement(same[:2], same[:2])
    assert math.isnan(agreement(same, same).rank)


def test_the_best_tenth_may_disagree_where_all_agree():
    full = np.arange(100.0)
    cheap = full.copy()
    cheap[90:] = full[90:][::-1]  # the best ten the other way round
    assert kendall(cheap, full) == pytest.approx(1 - 2 * 45 / 4950)
    assert kendall(cheap, full, best=0.1) == pytest.approx(-1)
    costs = [[Evaluation(each, (), cost) for each in scores] for scores, cost in
             ((cheap, 1.0), (full, 4.0))]  # fmt: skip
    found = agreement(*costs)
    assert found.best_pairs == pytest.approx(-1) and found.regret == 9
    assert "-1.00 in the best tenth" in str(found)


def test_tau_counts_ties_as_tau_b_does():
    # Pairs: 1-2 tied in full, 1-3 and 2-3 in order. 2 / sqrt(3 * 2).
    assert kendall([1, 2, 3], [1, 1, 2]) == pytest.approx(2 / math.sqrt(6))
    assert math.isnan(kendall([1, 1, 1], [1, 2, 3]))
    # A failed training is the worst.
    assert kendall([1, 2, math.nan], [2, 3, 1]) == pytest.approx(1)
    # What ties with the last of the best counts: three instead of two.
    assert kendall([3, 1, 2, 0], [3, 2, 2, 1], best=0.5) == pytest.approx(2 / math.sqrt(6))


def test_an_overlap_counts_those_that_are_among_the_best_in_truth():
    full = [9, 8, 7, 6, 5, 4]
    assert overlap([9, 8, 1, 7, 2, 3], full, 3) == pytest.approx(2 / 3)
    assert overlap(full, full, 4) == 1
    assert overlap([1] * 6, full, 3) == pytest.approx(0.5)  # a random choice: 3 of 6
    assert overlap([2, 1, 0], [5, 5, 5], 1) == 1  # ties in truth are equally good
    assert overlap([math.nan, 1, 0], [5, 3, 2], 1) == 0


@pytest.mark.parametrize("finalists", [1, 2, 3, 4, 5])
def test_a_regret_is_the_mean_over_all_orders_of_equal_scores(finalists: int):
    cheap, full = [5, 3, 3, 3, 1], [0.4, 0.9, 0.2, 0.6, 0.7]
    lost = []
    for order in permutations(range(5)):
        chosen = sorted(order, key=lambda place: -cheap[place])[:finalists]
        lost.append(max(full) - max(full[place] for place in chosen))
    assert regret(cheap, full, finalists=finalists) == pytest.approx(np.mean(lost))


def test_regret_does_not_lose_what_failed():
    assert regret([0.9, 0.5, 0.1], [math.nan, 0.8, 0.3]) == pytest.approx(0.5)
    assert regret([math.nan, 0.5, 0.1], [0.9, 0.8, 0.3]) == pytest.approx(0.1)
    assert regret([math.nan] * 3, [0.9, 0.8, 0.4]) == pytest.approx(0.2)
    assert regret([1.0] * 4000, np.arange(4000.0), finalists=4000) == 0


def test_scores_in_another_unit_give_the_same_answers():
    rng = np.random.default_rng(0)
    cheap, full = rng.integers(0, 9, 50).astype(float), rng.normal(size=50)
    for scale, moved in ((100.0, 3.0), (1e-6, -2.0)):
        a, b = scale * cheap + moved, scale * full + moved
        assert kendall(a, b, best=0.5) == pytest.approx(kendall(cheap, full, best=0.5))
        assert overlap(a, b, 5) == overlap(cheap, full, 5)
        assert regret(a, b, finalists=3) == pytest.approx(scale * regret(cheap, full, finalists=3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kendall([1, 2], [1, 2, 3]), r"cheap has the shape \(2,\), full \(3,\)"),
        (lambda: kendall([1, 2, 3], [1, 2, 3], best=10), "best=10: give a share"),
        (lambda: overlap([1, 2], [1, 2], 3), "count=3: give a whole number from 1 to 2"),
        (lambda: regret([1, 2], [1, 2], finalists=0), "finalists=0"),
        (lambda: regret([1], [math.nan]), "no score is finite"),
        (lambda: regret([], []), "no score is finite"),
    ],
)
def test_bad_arguments_are_named(call, message: str):
    with pytest.raises(ValueError, match=message):
        call()
