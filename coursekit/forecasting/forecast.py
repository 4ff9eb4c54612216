"""Forecasts of learning curves (after Domhan et al., 2015, IJCAI; `domhan2015speeding`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from coursekit.forecasting.ensemble import (
    MEMBERS,
    TEMPER,
    Array,
    CurveEnsemble,
    ensemble,
    posterior,
)
from coursekit.forecasting.experience import Experience
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

# The share of a curve's own trend in its score; the rest is the end expected from its level only.
# And how much of the last epoch's noise is removed from that level: not much, since apparent noise
# may be a step up. Both were chosen on the development curves.
OWN = 0.05
CALMED = 0.25
LIGHT = 1e-3  # members with less than this share of the heaviest one's weight are left out


class Forecast:
    """The forecast of a curve: a distribution of its score in each later epoch.

    curve: the scores seen, shape (n,); the first non-finite score and all after it are ignored.
    horizon: the epoch to forecast, from 1.
    bounds: the lowest and the highest possible score, where known: (0, 1) for an accuracy. Without
        bounds, the forecast of a * curve + b is a * forecast + b for every a > 0, and every score
        is possible; see `Unbounded`.
    incumbent: the best score so far; without bounds it helps to find the scale.
    experience: the finished curves of the same search, with the same bounds; its ensemble members
        are then used.

    A curve that has reached the horizon is its own forecast, with a spread of 0. For a curve
    without scores, the forecast is the prior. `known` is False when the scale is unknown: no
    bounds, a constant curve, no different incumbent and no experience. Then every probability is
    one half, and the median is the last score (NaN without one).
    """

    def __init__(
        self,
        curve: Sequence[float] | Array,
        horizon: int,
        *,
        bounds: Bounds | None = None,
        incumbent: float | None = None,
        members: int = MEMBERS,
        experience: Experience | None = None,
    ) -> None:
        check(horizon, bounds)
        given = scores_of(curve)[:horizon]
        finite = np.isfinite(given)
        self.curve = given if finite.all() else given[: int(finite.argmin())]
        self.horizon = int(horizon)
        self.complete = len(self.curve) == self.horizon
        self._mixtures: dict[int, tuple[Array, Array, Array]] = {}
        self._members, self._width = members, 1.0
        self._told: Experience | None = None
        if experience is not None:
            if experience.horizon != self.horizon:
                raise ValueError(
                    f"experience={experience!r}: give one of curves of {horizon} epochs, or None"
                )
            if experience.suits(bounds):
                self._told, self._width = experience, experience.width(len(self.curve))
        self.scale = self._scale(bounds, incumbent)
        self.known = self.complete or self.scale is not None
        factors = () if self.scale is None else self.scale.factors
        self._factors = np.repeat(factors, self._ensemble.members)
        self._prior = prior_of(factors, members) if self._told is None else self._told.prior

    def _scale(self, bounds: Bounds | None, incumbent: float | None) -> Scale | None:
        if bounds is not None:
            return Bounded(bounds)
        best = [] if incumbent is None or not math.isfinite(incumbent) else [incumbent]
        scores = np.append(self.curve, best)
        reach = reach_of(scores)
        if self._told is not None and self._told.curves:
            return self._told.scale(reach)
        return Unbounded(scores.max(), reach) if reach else None

    def __repr__(self) -> str:
        return (
            f"<Forecast of epoch {self.horizon} from {len(self.curve)}: "
            f"{self.score:.4f} ± {self.spread:.4f}>"
        )

    @cached_property
    def _ensemble(self) -> CurveEnsemble:
        return self._told.ensemble if self._told else ensemble(self.horizon, self._members)

    @cached_property
    def _posterior(self) -> tuple[Array, Array, Array]:
        """The members that matter, their weights, and their whitened errors.

        A member counts once per scale factor, one factor after the other.
        """
        assert self.scale is not None
        blocks = self._ensemble.blocks(self.scale.forth(self.curve))
        whitened = [self._ensemble.whitened(stretched(blocks, 1 / f)) for f in self.scale.factors]
        evidence = [
            TEMPER * (self._ensemble.evidence(each) - len(blocks) * math.log(factor))
            for factor, each in zip(self.scale.factors, whitened, strict=True)
        ]
        weights = posterior(np.concatenate(evidence), self._prior)
        kept = np.flatnonzero(weights > LIGHT * weights.max())
        return kept, weights[kept] / weights[kept].sum(), np.concatenate(whitened)[kept]

    def mixture(self, epoch: int | None = None) -> tuple[Array, Array, Array]:
        """Weights, means and deviations of the Gaussians that make up an epoch's forecast.

        They are on the scale of angles (see `Bounded` and `Unbounded`), without the experience's
        width. ValueError for an epoch already seen or beyond the horizon, and for an unknown scale.
        """
        epoch = self.horizon if epoch is None else epoch
        if not len(self.curve) < epoch <= self.horizon:
            raise ValueError(
                f"epoch={epoch}: this is a forecast of {len(self.curve) + 1} to {self.horizon}"
            )
        if self.scale is None:
            raise ValueError("nothing is known of the scores' scale: give bounds or an incumbent")
        if epoch not in self._mixtures:
            kept, weights, whitened = self._posterior
            means, deviations = self._ensemble.predict(
                whitened, epoch, kept % self._ensemble.members
            )
            factors = self._factors[kept]
            self._mixtures[epoch] = weights, stretched(means, factors), deviations * factors
        return self._mixtures[epoch]

    def below(self, score: float | Array, epoch: int | None = None) -> Array:
        """The probability of at most this score, in the last epoch or in `epoch`."""
        scores = np.asarray(score, dtype=float)
        if self.complete:
            return np.where(scores >= self.curve[-1], 1.0, 0.0)
        if self.scale is None:
            return np.full(scores.shape, 0.5)
        found = _stretched(_share(self.scale.forth(scores), *self.mixture(epoch)), 1 / self._width)
        return self.scale.limit(scores, found)

    def beats(self, incumbent: float) -> float:
        """The probability that the last epoch's score exceeds this one: P(y_T > y*)."""
        return min(1.0, max(0.0, 1.0 - float(self.below(incumbent))))

    def quantiles(self, shares: Sequence[float], epoch: int | None = None) -> Array:
        """The quantiles at these shares of the score in the last epoch, or in `epoch`."""
        if not all(0 < share < 1 for share in shares):
            raise ValueError(f"shares={shares!r}: give numbers between 0 and 1")
        if self.complete:
            return np.full(len(shares), self.curve[-1])
        if self.scale is None:
            return np.full(len(shares), self._last)
        wanted = _stretched(np.asarray(shares), self._width)
        return self.scale.back(self._quantiles(wanted, *self.mixture(epoch)))

    def band(self, shares: Sequence[float]) -> Array:
        """`quantiles` of each later epoch, for figures, shape (epochs, shares)."""
        found = np.empty((self.horizon - len(self.curve), len(shares)))
        if self.scale is None:
            return np.full_like(found, self._last)
        wanted = _stretched(np.asarray(shares), self._width)
        for row, epoch in enumerate(range(len(self.curve) + 1, self.horizon + 1)):
            weights, means, deviations = self.mixture(epoch)
            reach = 3 * max(1.0, self._width) * deviations
            low, high = (means - reach).min(), (means + reach).max()
            if isinstance(self.scale, Bounded):
                low, high = np.clip([low, high], 0, np.pi / 2)
            angles = np.linspace(low, high, 50)
            below = _share(angles, weights, means, deviations)
            found[row] = np.interp(wanted, below, angles)
        return self.scale.back(found)

    @cached_property
    def median(self) -> float:
        """The median of the last epoch's distribution."""
        return float(self.quantiles([0.5])[0])

    @cached_property
    def spread(self) -> float:
        """Half the width of the middle 68 %: for a Gaussian, the standard deviation."""
        if self.complete:
            return 0.0
        low, high = self.quantiles([0.1587, 0.8413])
        return float(high / 2 - low / 2)

    @cached_property
    def score(self) -> float:
        """The forecast to rank by: the median, shrunk towards the end expected from the level only.

        A curve's bends improve the forecast of its end, but they hurt the ranking where noise makes
        bends; a gain over the last level that grows with the level does not hurt it. The level is
        that of the last epoch, minus a part of the noise that the members estimate in it.
        """
        if self.complete:
            return float(self.curve[-1])
        n, scale = len(self.curve), self.scale
        if not n or scale is None:
            return self.median
        kept, weights, whitened = self._posterior
        noise = self._ensemble.noise(whitened, kept % self._ensemble.members) * self._factors[kept]
        level = float(scale.forth(self.curve[-1])) - CALMED * float(weights @ noise)
        block = int(np.searchsorted(self._ensemble.edges, n)) - 1
        levels = stretched(np.array(level), 1 / np.array(scale.factors))
        alone = [self._ensemble.expect(float(each), block) for each in levels]
        evidence, means, deviations = map(np.concatenate, zip(*alone, strict=True))
        expected = self._quantiles(
            np.array([0.5]),
            posterior(evidence - np.log(self._factors), self._prior),
            stretched(means, self._factors),
            deviations * self._factors,
        )
        return OWN * self.median + (1 - OWN) * float(scale.back(expected)[0])

    @property
    def _last(self) -> float:
        return float(self.curve[-1]) if len(self.curve) else math.nan

    def _quantiles(self, shares: Array, weights: Array, means: Array, deviations: Array) -> Array:
        """By bisection; angles beyond those of known bounds are the bounds."""
        low, high, steps = np.zeros(len(shares)), np.full(len(shares), np.pi / 2), 20  # to 2e-6
        if isinstance(self.scale, Unbounded):
            reach, steps = 8 * max(1.0, self._width) * deviations, 40
            low += (means - reach).min()
            high += (means + reach).max()
        for _ in range(steps):
            middle = (low + high) / 2
            under = _share(middle, weights, means, deviations) < shares
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return (low + high) / 2


def _share(angles: Array, weights: Array, means: Array, deviations: Array) -> Array:
    from scipy.special import ndtr

    below = ndtr((np.asarray(angles)[..., None] - means) / deviations) @ weights
    return np.clip(below, 0.0, 1.0)  # weights sum to 1 but for the last digit


def _stretched(shares: Array, by: float) -> Array:
    """Shares below, after a Gaussian is stretched by this factor about its median."""
    if by == 1.0:
        return shares
    from scipy.special import ndtr, ndtri

    return ndtr(by * ndtri(shares))
