"""Forecasts of learning curves (after Domhan, Springenberg and Hutter, 2015, IJCAI)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from coursekit.forecasting.ensemble import MEMBERS, Array, CurveEnsemble, ensemble
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.scale import Scale, check

# The share of a curve's own trend in its score; the rest is what its level alone lets expect. And
# how much of the noise in the last epoch is taken from that level: not much, since what looks like
# noise may be a step up. Both chosen on the curves for development.
OWN = 0.05
CALMED = 0.25
LIGHT = 1e-3  # members with less than this share of the heaviest one's weight are left out


class Forecast:
    """What a curve may come to: a distribution of its score in each later epoch.

    curve: the scores that were seen, shape (n,); those from the first that is not finite on are
        left out. horizon: the epoch to forecast, from 1.
    bounds: the least and the highest score that there can be; see `Scale` for None.
    experience: what finished curves of the same search tell, if they were on the same scale; the
        members are then the experience's.

    A curve that has reached the horizon is its own forecast, with a spread of 0. One of no scores
    gets the prior's.
    """

    def __init__(
        self,
        curve: Sequence[float] | Array,
        horizon: int,
        *,
        bounds: tuple[float, float] | None = None,
        members: int = MEMBERS,
        experience: Experience | None = None,
    ) -> None:
        check(horizon, bounds)
        given = np.asarray(curve, dtype=float).ravel()[:horizon]
        finite = np.isfinite(given)
        self.curve = given if finite.all() else given[: int(finite.argmin())]
        self.horizon, self.scale = int(horizon), Scale(self.curve, bounds)
        self.complete = len(self.curve) == self.horizon
        self._angles = self.scale.forth(self.curve)
        self._mixtures: dict[int, tuple[Array, Array, Array]] = {}
        self._members, self._width = members, 1.0
        self._told: Experience | None = None
        if experience is not None:
            if experience.horizon != self.horizon:
                raise ValueError(
                    f"experience={experience!r}: give one of curves of {horizon} epochs, or None"
                )
            if experience.suits(self.scale):
                self._told, self._width = experience, experience.width(len(self.curve))
        self._prior = None if self._told is None else self._told.prior

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
        """The members that matter, their weights, and their whitened misses."""
        whitened = self._ensemble.whitened(self._ensemble.blocks(self._angles))
        weights = self._ensemble.weigh(whitened, self._prior)
        kept = np.flatnonzero(weights > LIGHT * weights.max())
        return kept, weights[kept] / weights[kept].sum(), whitened[kept]

    def mixture(self, epoch: int | None = None) -> tuple[Array, Array, Array]:
        """Weights, means and deviations of the Gaussians that make up an epoch's forecast.

        They live on the scale of angles, see `Scale`, without the experience's width.
        ValueError for an epoch that was seen, or lies beyond the horizon.
        """
        epoch = self.horizon if epoch is None else epoch
        if not len(self.curve) < epoch <= self.horizon:
            raise ValueError(
                f"epoch={epoch}: this is a forecast of {len(self.curve) + 1} to {self.horizon}"
            )
        if epoch not in self._mixtures:
            kept, weights, whitened = self._posterior
            self._mixtures[epoch] = (weights, *self._ensemble.predict(whitened, epoch, kept))
        return self._mixtures[epoch]

    def below(self, score: float | Array, epoch: int | None = None) -> Array:
        """The probability of at most this score, in the last epoch or an earlier one."""
        scores = np.asarray(score, dtype=float)
        if self.complete:
            return np.where(scores >= self.curve[-1], 1.0, 0.0)
        found = _stretched(_share(self.scale.forth(scores), *self.mixture(epoch)), 1 / self._width)
        return np.where(
            scores >= self.scale.high, 1.0, np.where(scores < self.scale.low, 0.0, found)
        )

    def beats(self, incumbent: float) -> float:
        """The probability that the last epoch's score exceeds this one: P(y_T > y*)."""
        return min(1.0, max(0.0, 1.0 - float(self.below(incumbent))))

    def quantiles(self, shares: Sequence[float], epoch: int | None = None) -> Array:
        """The scores below which the last epoch's, or an earlier one's, lies with these shares."""
        if not all(0 < share < 1 for share in shares):
            raise ValueError(f"shares={shares!r}: give numbers between 0 and 1")
        if self.complete:
            return np.full(len(shares), self.curve[-1])
        wanted = _stretched(np.asarray(shares), self._width)
        return self.scale.back(_quantiles(wanted, *self.mixture(epoch)))

    def band(self, shares: Sequence[float]) -> Array:
        """`quantiles` of each epoch still to come, for figures, shape (epochs, shares)."""
        found = np.empty((self.horizon - len(self.curve), len(shares)))
        wanted = _stretched(np.asarray(shares), self._width)
        for row, epoch in enumerate(range(len(self.curve) + 1, self.horizon + 1)):
            weights, means, deviations = self.mixture(epoch)
            reach = 3 * max(1.0, self._width) * deviations
            low, high = np.clip([(means - reach).min(), (means + reach).max()], 0, np.pi / 2)
            angles = np.linspace(low, high, 50)
            below = _share(angles, weights, means, deviations)
            found[row] = np.interp(wanted, below, angles)
        return self.scale.back(found)

    @cached_property
    def median(self) -> float:
        """The middle of the last epoch's distribution."""
        return float(self.quantiles([0.5])[0])

    @cached_property
    def spread(self) -> float:
        """Half the width of the middle 68 %: the standard deviation, were it Gaussian."""
        if self.complete:
            return 0.0
        low, high = self.quantiles([0.1587, 0.8413])
        return float(high / 2 - low / 2)

    @cached_property
    def score(self) -> float:
        """The forecast to rank by: the median, drawn towards what the level alone lets expect.

        What one learns from a curve's bends improves the forecast of its end, and costs ranking
        where noise makes bends; a gain over the last level that grows with the level costs none.
        The level is that of the last epoch, less a part of what the members take for noise in it.
        """
        if self.complete:
            return float(self.curve[-1])
        n = len(self.curve)
        if not n:
            return self.median
        kept, weights, whitened = self._posterior
        level = float(self._angles[-1] - CALMED * weights @ self._ensemble.noise(whitened, kept))
        block = int(np.searchsorted(self._ensemble.edges, n)) - 1
        expected = _quantiles(np.array([0.5]), *self._ensemble.expect(level, block, self._prior))
        return OWN * self.median + (1 - OWN) * float(self.scale.back(expected)[0])


def _share(angles: Array, weights: Array, means: Array, deviations: Array) -> Array:
    from scipy.special import ndtr

    below = ndtr((np.asarray(angles)[..., None] - means) / deviations) @ weights
    return np.clip(below, 0.0, 1.0)  # weights sum to 1 but for the last digit


def _stretched(shares: Array, by: float) -> Array:
    """Shares below, of a distribution so many times as far from its median, were it Gaussian."""
    if by == 1.0:
        return shares
    from scipy.special import ndtr, ndtri

    return ndtr(by * ndtri(shares))


def _quantiles(shares: Array, weights: Array, means: Array, deviations: Array) -> Array:
    """By bisection; angles below 0 and above a right one are the bounds."""
    low, high = np.zeros(len(shares)), np.full(len(shares), np.pi / 2)
    for _ in range(20):  # to 2e-6
        middle = (low + high) / 2
        under = _share(middle, weights, means, deviations) < shares
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return (low + high) / 2
