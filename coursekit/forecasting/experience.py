"""Experience: what the finished curves of a search tell of those still to come."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coursekit.forecasting.ensemble import MEMBERS, TEMPER, Array, ensemble, posterior
from coursekit.forecasting.scale import (
    Bounded,
    Bounds,
    Scale,
    Unbounded,
    check,
    prior_of,
    reach_of,
    stretched,
)

# How many curves the prior is worth beside those that were seen: of the members' weights, and of
# the width of the distribution. Chosen on the kit's even entries and on seeds from 100 on.
DRAWN = 3
CALM = 40
# Without bounds: how much wider forecasts are while few curves tell of the scale, as a number of
# curves. Chosen so that in small searches no trial is wrongly stopped that is not stopped in 0..1.
GUESSED = 6


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
    bounds: as for `Forecast`; a curve that leaves them tells nothing. Without bounds the finished
        curves share a scale of their own: from the median of their ends downwards, by the median of
        what they span. The first of them only sets that scale.

    curves: how many it has learned from. ValueError for a horizon or bounds that cannot be.
    """

    def __init__(
        self,
        horizon: int,
        *,
        bounds: Bounds | None = None,
        members: int = MEMBERS,
    ) -> None:
        check(horizon, bounds)
        self.horizon, self.members, self.curves = horizon, members, 0
        self.bounds = None if bounds is None else (float(bounds[0]), float(bounds[1]))
        self.ensemble = ensemble(horizon, members)
        factors = Unbounded.factors if bounds is None else Bounded.factors
        self._even = prior_of(factors, members)
        self._explained = np.zeros_like(self._even)
        self._missed = np.zeros(len(self.ensemble.middles))  # sums of squares, by blocks seen
        self._held = 0  # how many curves that are sums of
        self._ends: list[float] = []  # without bounds
        self._reaches: list[float] = []

    def __repr__(self) -> str:
        return f"<Experience of {self.curves} curves of {self.horizon} epochs>"

    def suits(self, bounds: Bounds | None) -> bool:
        """Whether what was learned applies to a curve with these bounds."""
        return (None if bounds is None else tuple(map(float, bounds))) == self.bounds

    def scale(self, reach: float = 0.0) -> Scale | None:
        """What the finished curves tell of the scale; None for nothing.

        reach: what the scores of the next curve span; the scale reaches as far at least.
        """
        if self.bounds is not None:
            return Bounded(self.bounds)
        reach = max(float(np.median(self._reaches or [0.0])), reach)
        return Unbounded(float(np.median(self._ends)), reach) if reach and self._ends else None

    def learn(self, curve: Sequence[float] | Array) -> None:
        """Take in a curve: one of another length, beyond the bounds or with gaps tells nothing."""
        scores = np.asarray(curve, dtype=float)
        if scores.shape != (self.horizon,) or not np.isfinite(scores).all():
            return
        if self.bounds and not self.bounds[0] <= scores.min() <= scores.max() <= self.bounds[1]:
            return
        reach, held = reach_of(scores), self.bounds is not None or self.curves > 0
        if self.bounds is None and not held:
            self._ends, self._reaches = [float(scores[-1])], [reach]
        scale = self.scale(reach)
        if scale is not None:
            self._compare(scores, scale, held)
        if self.bounds is None and held:
            self._ends.append(float(scores[-1]))
            self._reaches.append(reach)
        self.curves += 1

    def _compare(self, scores: Array, scale: Scale, held: bool) -> None:
        """How well members explain a curve and, if it is held against forecasts, how far it is."""
        from scipy.special import ndtr, ndtri

        angles = scale.forth(scores)
        epochs = np.arange(1, len(self.ensemble.middles) + 1)
        evidence, places = list[Array](), list[Array]()
        for factor in scale.factors:
            near = stretched(angles, 1 / factor)
            whitened = self.ensemble.whitened(self.ensemble.blocks(near))
            logs, means, deviations = self.ensemble.hindsight(whitened)
            evidence.append(TEMPER * (logs - epochs * math.log(factor)))
            places.append(ndtr((near[-1] - means) / deviations))
        explained = np.concatenate(evidence)
        if held:
            weights = posterior(explained, self.prior[:, None])
            place = np.sum(weights * np.concatenate(places), axis=0)
            self._missed += ndtri(np.clip(place, 1e-4, 1 - 1e-4)) ** 2
            self._held += 1
        self._explained += posterior(explained[:, -1], self._even)

    @property
    def prior(self) -> Array:
        """The weights of factors and members before a curve is seen, shape (factors * members,)."""
        return (DRAWN * self._even + self._explained) / (DRAWN + self.curves)

    def width(self, seen: int) -> float:
        """How wide forecasts from so many epochs should be, as a multiple of what they are."""
        block = int(np.searchsorted(self.ensemble.edges, max(1, seen))) - 1
        found = math.sqrt((CALM + self._missed[block]) / (CALM + self._held))
        if self.bounds is None and self.curves:
            # The scale is an estimate from few curves, as the variance in Student's t is.
            found *= math.sqrt((self.curves + GUESSED) / self.curves)
        return found
