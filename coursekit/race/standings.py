"""Standings: who leads a race at some moment, and who has overtaken whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from coursekit.race.significance import mean_ranks


class Standing(NamedTuple):
    """A strategy's place at one moment.

    place: 1 for the best mean rank; equal ranks share a place. None before it has a result.
    best: the median over the seeds of the best score so far, NaN before there is one.
    rank: the mean over the seeds of its rank on each, 1 for the best.
    moved: how many places it went up since the earlier moment, negative for down.
    """

    place: int | None
    name: str
    best: float
    rank: float
    moved: int


def standings(
    best: Mapping[str, np.ndarray], before: Mapping[str, np.ndarray] | None = None
) -> list[Standing]:
    """From the best scores now and at an earlier moment, shape (seeds,) each; the leader first.

    -inf stands for no result yet. Of equal mean ranks the higher median comes first, then the
    order given.
    """
    if not best or not len(next(iter(best.values()))):
        return [Standing(None, name, np.nan, np.nan, 0) for name in best]
    ranks, places = mean_ranks(best), _places(best)
    earlier = _places(before) if before else {}
    found = []
    for name, scores in best.items():
        median, place = float(np.median(scores)), places.get(name)
        moved = earlier[name] - place if place is not None and name in earlier else 0
        median = median if np.isfinite(median) else np.nan
        found.append(Standing(place, name, median, ranks[name], moved))
    return sorted(found, key=lambda each: (each.rank, -np.nan_to_num(each.best, nan=-np.inf)))


def _places(best: Mapping[str, np.ndarray]) -> dict[str, int]:
    """By name, of those that have a result on half of the seeds or more."""
    ranks = mean_ranks(best)
    return {
        name: 1 + sum(other < ranks[name] - 1e-9 for other in ranks.values())
        for name, scores in best.items()
        if np.isfinite(scores).mean() >= 0.5
    }
