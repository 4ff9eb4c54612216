"""Ranks, Wilcoxon and Holm against values worked out by hand or by counting."""

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from coursekit.race.significance import compare, holm, mean_ranks, seeds_needed, wilcoxon


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1; none below the one before it.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_raises_every_p_and_keeps_the_order(values):
    adjusted = holm(values)
    assert all(p <= a <= 1 for p, a in zip(values, adjusted, strict=True))
    assert [adjusted[i] for i in np.argsort(values, kind="stable")] == sorted(adjusted)


def test_wilcoxon_counts_the_signs_that_are_as_far_out():
    differences = np.array([3.0, 1.0, 4.0, -2.0, 5.0, 6.0])
    ranks = np.arange(1, 7)
    statistic = 2  # the only negative one has rank 2
    sums = [ranks[np.array(signs)].sum() for signs in product([False, True], repeat=6)]
    expected = 2 * sum(each <= statistic for each in sums) / 64
    assert wilcoxon(differences) == pytest.approx(expected)
    assert wilcoxon(np.zeros(5)) == 1.0
    assert wilcoxon(np.array([0.0, 0.0, 1.0])) == 1.0  # one difference alone says nothing


@pytest.mark.parametrize(
    "differences", [[1, 1, -1, 2, 2, 3], [0.5, -0.5, 0.5, 0, 2, 2, 2, -7], [2] * 9]
)
def test_wilcoxon_is_exact_with_ties_whatever_scipy_does(differences):
    kept = np.array([each for each in differences if each])
    ranks = rankdata(np.abs(kept))
    told = min(ranks[kept < 0].sum(), ranks[kept > 0].sum())
    sums = [ranks[np.array(signs)].sum() for signs in product([False, True], repeat=len(kept))]
    expected = min(1, 2 * np.mean([each <= told for each in sums]))
    assert wilcoxon(np.array(differences, dtype=float)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("count", [1, 5, 20, 50, 51, 200])
def test_wilcoxon_is_scipys_without_ties(count):
    differences = np.random.default_rng(count).normal(0.3, 1, count)
    method = "exact" if count <= 50 else "auto"
    expected = scipy.stats.wilcoxon(differences, method=method).pvalue
    assert wilcoxon(differences) == pytest.approx(expected, rel=1e-9)


def test_equals_share_their_ranks():
    ranks = mean_ranks({"a": [3.0, 1.0], "b": [2.0, 1.0], "c": [2.0, 0.0]})
    assert ranks == {"a": (1 + 1.5) / 2, "b": (2.5 + 1.5) / 2, "c": (2.5 + 3) / 2}


def test_comparisons_name_the_better_one_and_come_surest_first():
    seeds = np.arange(20)
    found = compare({"low": seeds / 100, "high": 1 + seeds / 100, "same": seeds[::-1] / 100})
    assert [(each.better, each.worse) for each in found[:2]] == [("high", "low"), ("high", "same")]
    assert found[0].difference == pytest.approx(1)
    assert found[0].p == pytest.approx(3 * 2 / 2**20) and found[0].significant
    assert not found[2].significant and found[2].difference == pytest.approx(0)


def test_luck_is_called_significant_no_more_often_than_the_level_says():
    """Four strategies that are all the same: in at most 5 % of races any pair differs.

    300 races, 15 expected at most; 33 or more of 300 at 5 % each have a chance of 2e-5.
    """
    rng = np.random.default_rng(0)
    wrong = sum(
        any(each.significant for each in compare(dict(zip("abcd", scores, strict=True))))
        for scores in rng.random((300, 4, 20))
    )
    assert wrong < 33


def test_seeds_needed_is_the_fewest_that_can_show_anything():
    for strategies in (2, 3, 6):
        pairs, seeds = strategies * (strategies - 1) // 2, seeds_needed(strategies)
        assert pairs * wilcoxon(np.arange(1.0, seeds + 1)) <= 0.05
        assert pairs * wilcoxon(np.arange(1.0, seeds)) > 0.05


def test_unpaired_scores_are_refused():
    with pytest.raises(ValueError, match="as many for each"):
        compare({"a": [1.0, 2.0], "b": [1.0]})


def test_who_is_better_on_most_seeds_is_ahead_whatever_one_seed_says():
    one = np.linspace(0.5, 0.6, 20)
    other = one - np.linspace(0.001, 0.003, 20)
    other[7] += 0.08
    (found,) = compare({"B": other, "A": one})
    assert (found.better, found.worse) == ("A", "B") and found.significant
    assert found.difference < 0


def test_who_found_nothing_is_the_last():
    ranks = mean_ranks({"a": [3.0, float("nan")], "b": [2.0, 1.0]})
    assert ranks == {"a": 1.5, "b": 1.5}
