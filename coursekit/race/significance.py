"""Which differences between strategies are significant: ranks, Wilcoxon's test, Holm's levels.

After Demšar (2006, JMLR 7; `demsar2006statistical`) and later corrections: strategies are compared
pair by pair over the same seeds; the more pairs are compared, the stronger the evidence that each
needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

LEVEL = 0.05
EXACT = 50  # differences: up to this many, Wilcoxon's distribution is counted exactly


class Comparison(NamedTuple):
    """Two strategies over the same seeds.

    better, worse: names; `better` has the higher mean. difference: of the means, >= 0.
    p: of Wilcoxon's signed-rank test, two-sided, adjusted by Holm for all pairs compared.
    """

    better: str
    worse: str
    difference: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether p is at most 0.05."""
        return self.p <= LEVEL


def mean_ranks(scores: Mapping[str, Sequence[float] | np.ndarray]) -> dict[str, float]:
    """Each strategy's rank (1 is the best, ties share the mean), averaged over the seeds.

    scores: one value per seed for each strategy, in the same order of seeds; higher is better, and
        NaN (nothing found) is the worst.
    """
    from scipy.stats import rankdata

    table = _table(scores)
    ranks = rankdata(-np.where(np.isnan(table), -np.inf, table), axis=0)
    return dict(zip(scores, ranks.mean(axis=1).tolist(), strict=True))


def compare(scores: Mapping[str, Sequence[float] | np.ndarray]) -> list[Comparison]:
    """All pairs, the most significant difference first.

    scores: one value per seed for each strategy, in the same order of seeds; higher is better.
    """
    table = dict(zip(scores, _table(scores), strict=True))
    pairs = list(combinations(scores, 2))
    adjusted = holm([wilcoxon(table[one] - table[other]) for one, other in pairs])
    found = []
    for (one, other), p in zip(pairs, adjusted, strict=True):
        difference = float(table[one].mean() - table[other].mean())
        ahead = signed_ranks(table[one] - table[other]) or difference
        if ahead < 0:
            one, other, difference = other, one, -difference
        found.append(Comparison(one, other, difference, p))
    return sorted(found, key=lambda each: (each.p, -each.difference))


def signed_ranks(differences: np.ndarray) -> float:
    """Wilcoxon's statistic: the ranks of the absolute differences, summed with signs, no zeros."""
    from scipy.stats import rankdata

    kept = np.asarray(differences, dtype=float)
    kept = kept[kept != 0]
    return float((np.sign(kept) * rankdata(np.abs(kept))).sum())


def wilcoxon(differences: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's signed-rank test (1945; `wilcoxon1945individual`).

    Differences of zero do not count. Up to 50 differences, all assignments of signs to the ranks
    are counted, with ties too. SciPy does so only without ties; with ties its answer depends on its
    version.
    """
    from scipy.stats import rankdata
    from scipy.stats import wilcoxon as test

    kept = np.asarray(differences, dtype=float)
    kept = kept[kept != 0]
    if len(kept) > EXACT:
        return float(test(kept).pvalue)
    ranks = (2 * rankdata(np.abs(kept))).astype(int)  # twice, as ties share halves
    ways = np.zeros(ranks.sum() + 1)  # by the sum of the ranks with a minus; exact below 2^53
    ways[0] = 1
    for rank in ranks:
        ways[rank:] += ways[:-rank].copy()
    least = min(ranks[kept < 0].sum(), ranks[kept > 0].sum())
    return min(1.0, 2 * float(ways[: least + 1].sum()) / 2 ** len(kept))


def holm(values: Sequence[float]) -> list[float]:
    """p-values by Holm's step-down method (1979; `holm1979simple`): all hold at one level."""
    adjusted, least, total = [0.0] * len(values), 0.0, len(values)
    for step, index in enumerate(sorted(range(total), key=lambda i: values[i])):
        least = max(least, min(1.0, (total - step) * values[index]))
        adjusted[index] = least
    return adjusted


def seeds_needed(strategies: int) -> int:
    """How many seeds are needed so that a strategy ahead on all of them differs significantly."""
    pairs, seeds = strategies * (strategies - 1) // 2, 1
    while pairs * 2.0 ** (1 - seeds) > LEVEL:
        seeds += 1
    return seeds


def _table(scores: Mapping[str, Sequence[float] | np.ndarray]) -> np.ndarray:
    lengths = {len(values) for values in scores.values()}
    if len(lengths) > 1:
        raise ValueError(f"compared are paired seeds, as many for each: there are {lengths}")
    return np.array(list(scores.values()), dtype=float)
