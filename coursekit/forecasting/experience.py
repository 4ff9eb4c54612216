"""Experience: what the finished curves of a search say about later ones."""

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
    scores_of,
    stretched,
)

# How many observed curves the prior counts as: for the members' weights, and for the width of the
# distribution. Chosen on the kit's even entries and on seeds from 100 on.
DRAWN = 3
CALM = 40
# Without bounds: how much wider forecasts are while few curves define the scale, as a number of
# curves. Chosen so that small searches wrongly stop no trial that bounds of 0..1 would not stop.
GUESSED = 6


class Experience:
    """Finished curves of a search, for the forecasts of later ones: a prior, and a width.

    Members of the ensemble that explain finished curves get more weight in a forecast: one step of
    EM for the weights of a mixture, with a Dirichlet prior (Robbins' empirical Bayes). Each
    finished curve also shows, at every epoch, how far its end was from the forecast made there. If
    ends are nearer than forecast, later forecasts get narrower by that factor; if farther, wider
    (recalibration: Kuleshov, Fenner and Ermon, 2018, ICML; `kuleshov2018accurate`). Each curve is
    compared only with forecasts from the curves before it (Dawid, 1984: the prequential principle;
    `dawid1984present`), so no curve counts twice. Stopped trainings are not used: only curves
    that reached their end are.

    horizon: the epochs of a finished curve.
    bounds: as for `Forecast`; a curve with scores outside them is ignored. Without bounds, the
        finished curves define their own scale: its top is the median of their ends, its reach the
        median of their ranges. The first curve only sets that scale.

    curves: how many it has learned from. ValueError for an invalid horizon or bounds.
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
        self._held = 0  # how many curves are in these sums
        self._ends: list[float] = []  # without bounds
        self._reaches: list[float] = []

    def __repr__(self) -> str:
        return f"<Experience of {self.curves} curves of {self.horizon} epochs>"

    def suits(self, bounds: Bounds | None) -> bool:
        """Whether what was learned applies to a curve with these bounds."""
        return (None if bounds is None else tuple(map(float, bounds))) == self.bounds

    def scale(self, reach: float = 0.0) -> Scale | None:
        """The scale that the finished curves define; None if they define none.

        reach: the range of the next curve's scores; the scale reaches at least that far.
        """
        if self.bounds is not None:
            return Bounded(self.bounds)
        reach = max(float(np.median(self._reaches or [0.0])), reach)
        return Unbounded(float(np.median(self._ends)), reach) if reach and self._ends else None

    def learn(self, curve: Sequence[float] | Array) -> None:
        """Learn from a curve; one of another length, beyond the bounds or with gaps is ignored."""
        scores = scores_of(curve)
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
        """How well members explain a curve and, if `held`, how far its end is from forecasts."""
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
        """The factor by which forecasts from `seen` epochs should be wider (below 1: narrower)."""
        block = int(np.searchsorted(self.ensemble.edges, max(1, seen))) - 1
        found = math.sqrt((CALM + self._missed[block]) / (CALM + self._held))
        if self.bounds is None and self.curves:
            # The scale is estimated from few curves, like the variance in Student's t.
            found *= math.sqrt((self.curves + GUESSED) / self.curves)
        return found
