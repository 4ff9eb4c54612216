"""Experience: what the finished curves of a search tell of those still to come."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coursekit.forecasting.ensemble import MEMBERS, Array, ensemble
from coursekit.forecasting.scale import Scale, check

# How many curves the prior is worth beside those that were seen: of the members' weights, and of
# the width of the distribution. Chosen on the kit's even entries and on seeds from 100 on.
DRAWN = 3
CALM = 40


class Experience:
    """Finished curves of a search, for the forecasts of its later ones: a prior, and a width.

    The members of the ensemble that explain finished curves count for more in a forecast: this is
    one step of EM for the weights of a mixture, with a Dirichlet prior (Robbins' empirical Bayes).
    And each finished curve tells at every epoch how far its end lay from what had been forecast
    there: where ends lie nearer than they should, forecasts get narrower by as much; where farther,
    wider (recalibration: Kuleshov, Fenner and Ermon, 2018, ICML). Each curve is held against
    forecasts from the curves before it alone (Dawid's prequential principle), so nothing is
    believed twice. In a search that stops trainings only those teach that went to their end.

    horizon: the epochs of a finished curve.
    bounds: as for `Forecast`; only curves on one and the same scale tell of each other, so without
        bounds those alone count whose scores lie between 0 and 1.

    curves: how many it has learned from. ValueError for a horizon or bounds that cannot be.
    """

    def __init__(
        self,
        horizon: int,
        *,
        bounds: tuple[float, float] | None = None,
        members: int = MEMBERS,
    ) -> None:
        check(horizon, bounds)
        self.horizon, self.members, self.curves = horizon, members, 0
        self.bounds = None if bounds is None else (float(bounds[0]), float(bounds[1]))
        self.ensemble = ensemble(horizon, members)
        self._explained = np.zeros(members)
        self._missed = np.zeros(len(self.ensemble.middles))  # sums of squares, by blocks seen

    def __repr__(self) -> str:
        return f"<Experience of {self.curves} curves of {self.horizon} epochs>"

    def suits(self, scale: Scale) -> bool:
        """Whether what was learned applies to a curve on this scale."""
        return (scale.low, scale.high) == (self.bounds or (0.0, 1.0))

    def learn(self, curve: Sequence[float] | Array) -> None:
        """Take in a curve: one of another length, on another scale or with gaps tells nothing."""
        from scipy.special import ndtr, ndtri

        scores = np.asarray(curve, dtype=float)
        if scores.shape != (self.horizon,) or not np.isfinite(scores).all():
            return
        scale = Scale(scores, self.bounds)
        if not self.suits(scale):
            return
        angles = scale.forth(scores)
        whitened = self.ensemble.whitened(self.ensemble.blocks(angles))
        weights, means, deviations = self.ensemble.hindsight(whitened, self.prior)
        place = np.sum(weights * ndtr((angles[-1] - means) / deviations), axis=0)
        self._missed += ndtri(np.clip(place, 1e-4, 1 - 1e-4)) ** 2
        self._explained += self.ensemble.weigh(whitened)
        self.curves += 1

    @property
    def prior(self) -> Array:
        """The weights of the members before a curve is seen, shape (members,)."""
        return (DRAWN / self.members + self._explained) / (DRAWN + self.curves)

    def width(self, seen: int) -> float:
        """How wide forecasts from so many epochs should be, as a multiple of what they are."""
        block = int(np.searchsorted(self.ensemble.edges, max(1, seen))) - 1
        return math.sqrt((CALM + self._missed[block]) / (CALM + self.curves))
