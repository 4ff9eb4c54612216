"""Standings: the places in a race at some moment, and how they changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from coursekit.race.significance import mean_ranks


class Standing(NamedTuple):
    """A contestant's place at one moment.

    place: 1 for the highest median; equal medians share a place. None while there is no median.
    best: the median over the seeds of the incumbents' worth, as in the curves of a race; NaN until
    more than half of the seeds have a result.
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
    """From each one's worth now and at an earlier moment, shape (seeds,) each; the leader first.

    -inf means no result yet. Equal medians are in order of their mean ranks, then as given.
    """
    if not best or not len(next(iter(best.values()))):
        return [Standing(None, name, np.nan, np.nan, 0) for name in best]
    ranks, medians, places = mean_ranks(best), _medians(best), _places(best)
    earlier = _places(before) if before else {}
    found = []
    for name in best:
        place = places.get(name)
        moved = earlier[name] - place if place is not None and name in earlier else 0
        found.append(Standing(place, name, medians.get(name, np.nan), ranks[name], moved))
    return sorted(found, key=lambda each: (-np.nan_to_num(each.best, nan=-np.inf), each.rank))


def _medians(best: Mapping[str, np.ndarray]) -> dict[str, float]:
    """By name, for contestants with a result on more than half of the seeds."""
    found = {}
    for name, values in best.items():
        if np.isfinite(values).mean() > 0.5:
            found[name] = float(np.median(values))
    return found


def _places(best: Mapping[str, np.ndarray]) -> dict[str, int]:
    medians = _medians(best)
    return {
        name: 1 + sum(other > median + 1e-12 for other in medians.values())
        for name, median in medians.items()
    }
