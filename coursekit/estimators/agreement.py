"""How well cheap scores predict full ones: rank correlation, the overlap of the best, regret.

Kendall's tau (Kendall, 1938, Biometrika 30; `kendall1938new`), in the version tau-b for scores with
ties.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coursekit.arguments import whole_number
from coursekit.trials import Evaluation

Scores = Sequence[float] | np.ndarray
BEST = 0.1  # the share of the configurations among which a search has to choose in the end


class Agreement(NamedTuple):
    """How well cheap scores predict full ones, on the configurations that have both.

    rank: Spearman's correlation. pairs: Kendall's tau (b), which counts pairs in order. gain: mean
    of full minus cheap scores; spread: the standard deviation of that difference. share: of a full
    training's seconds. configurations: how many. best_pairs: tau among the best tenth; NaN if these
    are fewer than three. regret: full score that is lost by choosing with the cheap scores.
    """

    rank: float
    pairs: float
    gain: float
    spread: float
    share: float
    configurations: int
    best_pairs: float
    regret: float

    def __str__(self) -> str:
        best = "" if math.isnan(self.best_pairs) else f" ({self.best_pairs:.2f} in the best tenth)"
        return (
            f"Spearman {self.rank:.2f}, Kendall {self.pairs:.2f}{best} to the full result, for "
            f"{self.share:.0%} of the seconds; full - cheap = {self.gain:.3f} ± {self.spread:.3f}, "
            f"regret {self.regret:.3f} ({self.configurations} configurations)"
        )


def agreement(cheap: Sequence[Evaluation], full: Sequence[Evaluation]) -> Agreement:
    """How cheap scores agree with full ones of the same configurations.

    Raises ValueError if fewer than three succeeded in both.
    """
    from scipy.stats import spearmanr

    scores = np.array([[a.score, b.score] for a, b in zip(cheap, full, strict=True)], dtype=float)
    good = np.isfinite(scores).all(axis=1) if len(scores) else np.zeros(0, dtype=bool)
    if good.sum() < 3:
        raise ValueError(f"{int(good.sum())} configurations have both scores: give three or more")
    a, b = scores[good].T
    constant = len(set(a)) == 1 or len(set(b)) == 1  # then the rank correlation is undefined
    return Agreement(
        math.nan if constant else float(spearmanr(a, b)[0]),
        kendall(a, b),
        float((b - a).mean()),
        float((b - a).std(ddof=1)),
        sum(each.cost for each in cheap) / sum(each.cost for each in full),
        int(good.sum()),
        kendall(a, b, best=BEST),
        regret(a, b),
    )


def kendall(cheap: Scores, full: Scores, *, best: float = 1.0) -> float:
    """Kendall's tau (b): of all pairs, the share in order minus the share out of order.

    best: the share of the configurations that count, by their full scores; those that tie with the
        last of them count too. 0.1 asks about the best tenth.

    NaN if fewer than three count, or if all their scores are equal on one side. A failed training
    (NaN) is worse than all others. Raises ValueError for a share outside 0 to 1, and for scores
    that are not one for each configuration.
    """
    from scipy.stats import kendalltau

    a, b = _both(cheap, full)
    counts = chosen(b, best)
    a, b = a[counts], b[counts]
    if len(a) < 3 or len(set(a)) == 1 or len(set(b)) == 1:
        return math.nan
    return float(kendalltau(a, b)[0])


def chosen(full: Scores, best: float = BEST) -> np.ndarray:
    """Which configurations are in the best share, those that tie with its last one included.

    full: finite scores, shape (configurations,); the answer is of that shape, of booleans. Raises
    ValueError for a share outside 0 to 1.
    """
    if not 0 < best <= 1:
        raise ValueError(f"best={best!r}: give a share of the configurations, above 0 and up to 1")
    return _best(np.asarray(full, dtype=float), max(1, round(best * len(full))))


def overlap(cheap: Scores, full: Scores, count: int) -> float:
    """The share of the `count` best by cheap scores that are among the `count` best in truth.

    Among equal cheap scores chance decides, and this is the mean; what ties with the last of the
    best in truth is among them. A random choice has an overlap of about count / configurations.
    Failed trainings and errors: as for `kendall`.
    """
    a, b = _both(cheap, full)
    whole_number("count", count, 1, len(a))
    return float(_picked(a, count) @ _best(b, count)) / count


def regret(cheap: Scores, full: Scores, *, finalists: int = 1) -> float:
    """The full score that is lost: the best of all minus the best of those with the best cheap
    scores, which are the finalists.

    Among equal cheap scores chance decides, and this is the mean. Failed trainings and errors: as
    for `kendall`; a finalist whose full training failed has the lowest full score of the others.
    """
    a, b = _both(cheap, full)
    whole_number("finalists", finalists, 1, len(a))
    bar = np.sort(a)[-finalists]
    sure, tied = b[a > bar], np.sort(b[a == bar])
    certain = float(sure.max(initial=-math.inf))
    drawn, total = finalists - len(sure), len(tied)
    # The i-th smallest of the tied is the best of those drawn: (i - 1 over j - 1) / (t over j),
    # computed from i = t downwards.
    places = np.arange(total, 1, -1)
    chances = np.cumprod([drawn / total, *(np.maximum(places - drawn, 0) / (places - 1))])[::-1]
    return float(b.max()) - float(chances @ np.maximum(tied, certain))


def _both(cheap: Scores, full: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Scores as arrays, where a failed training is the worst."""
    a, b = np.array(cheap, dtype=float), np.array(full, dtype=float)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"cheap has the shape {a.shape}, full {b.shape}: give one score of each kind for each "
            "configuration"
        )
    if not np.isfinite(b).any():
        raise ValueError("full: no score is finite, so there is nothing to agree with")
    b[~np.isfinite(b)] = b[np.isfinite(b)].min()
    a[~np.isfinite(a)] = -math.inf
    return a, b


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    return np.asarray(scores >= np.sort(scores)[-count])


def _picked(scores: np.ndarray, count: int) -> np.ndarray:
    """The probability of each to be among the `count` best, if chance decides between equals."""
    bar = np.sort(scores)[-count]
    tied = scores == bar
    return np.where(tied, (count - (scores > bar).sum()) / tied.sum(), scores > bar)
