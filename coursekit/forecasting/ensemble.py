"""An ensemble of learning curves: the families of Domhan et al. (2015), by enumeration.

The paper (IJCAI; `domhan2015speeding`) draws from the posterior by MCMC for each curve. Here the
parameters of thousands of curves are drawn from the prior once, as LC-PFN (Adriaensen et al., 2023,
NeurIPS, arXiv:2310.20447; `adriaensen2023efficient`) draws its training data. Each draw is a
Gaussian process in closed form, and the posterior is a weight for each draw: a forecast takes a few
matrix products.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from coursekit.forecasting.families import SHAPES

Array = np.ndarray

MEMBERS = 1000
# The posterior counts the evidence only in part: real curves are not drawn from the prior, and an
# ensemble that counts them fully is overconfident (Grünwald's safe Bayes).
TEMPER = 0.6
BLOCKS = 48  # up to this many epochs are used one by one; longer curves are averaged in blocks


class Prior(NamedTuple):
    """What is drawn, on the scale of arcsin(sqrt(score)), where accuracies have even noise.

    share: of the ensemble. level: the curve's limit, mean and standard deviation. fall: how far
    below the level the curve begins, mean and standard deviation. steepness: median. noise: from
    epoch to epoch; drift: the deviation from the shape per log unit of epochs; both: median and
    standard deviation of the logarithm.
    """

    share: float
    level: tuple[float, float]
    fall: tuple[float, float]
    noise: tuple[float, float]
    drift: tuple[float, float]
    steepness: float


# Chosen on the development curves only (see `coursekit.benchmarks.curves`) and rounded: constants
# tuned there to the second digit do worse on curves of other kinds.
PRIORS = (
    Prior(0.42, (1.1, 0.6), (0.6, 0.6), noise=(0.006, 0.7), drift=(0.03, 0.6), steepness=2.0),
    # Rising out of noise; the spread of levels is small, or noise is taken for a beginning.
    Prior(0.42, (1.0, 0.2), (0.8, 0.2), noise=(0.03, 0.5), drift=(0.01, 0.8), steepness=1.2),
    # There from the first epoch on: noise about a level.
    Prior(0.16, (1.0, 0.3), (0.0, 0.07), noise=(0.02, 0.7), drift=(0.01, 0.8), steepness=1.4),
)
SHARES = {"power": 0.25, "hill": 0.35, "exponential": 0.3, "log": 0.1}


class CurveEnsemble:
    """Gaussian processes over the epochs 1 to `horizon`, drawn from the prior.

    Member k models score(t) = level - fall · shape_k(t) + drift_k(t) + noise_k(t), all Gaussian:
    given the shape, everything is linear. One Cholesky factor serves curves of every length: its
    corner is the factor of the first n epochs.

    members: how many. seed: of the draws, which are the same in every process.

    mean: shape (members, blocks), of the scores in the blocks of epochs that `edges` bounds.
    whiten: shape (members, blocks, blocks), the inverse of the Cholesky factor.
    """

    def __init__(self, horizon: int, *, members: int = MEMBERS, seed: int = 0) -> None:
        rng, self.horizon, self.members = np.random.default_rng(seed), horizon, members
        upto = np.rint(members * np.cumsum([0, *(prior.share for prior in PRIORS)])).astype(int)
        parts = [
            self._draw(prior, count, rng)
            for prior, count in zip(PRIORS, np.diff(upto), strict=True)
        ]
        self.shape = np.concatenate([part[0] for part in parts])
        self._level, self._fall, self._noise, self._decay, self._drift = (
            np.concatenate([part[place] for part in parts]) for place in range(1, 6)
        )
        self.edges = _edges(horizon)
        self.middles = np.sqrt((self.edges[:-1] + 1.0) * self.edges[1:])
        self.mean, covariance = self._moments(self.middles)
        widths = np.diff(self.edges)
        place = np.arange(len(widths))
        self._shake = self._variance(self.middles) / widths + 1e-8  # of noise in a block's score
        covariance[:, place, place] += self._shake
        factor = np.linalg.cholesky(covariance)
        self.whiten = np.linalg.inv(factor)
        self._size = np.cumsum(np.log(factor[:, place, place]), axis=1)
        self.own = covariance[:, place, place]  # variance of a block's score
        self._ahead: dict[int, tuple[Array, Array, Array]] = {}

    def _draw(self, prior: Prior, count: int, rng: np.random.Generator) -> tuple[Array, ...]:
        x = np.arange(1, self.horizon + 1, dtype=float)

        def spread(least: float, most: float) -> Array:
            return np.exp(rng.uniform(np.log(least), np.log(most), (count, 1)))

        def about(median: float, deviation: float) -> Array:
            return np.exp(rng.normal(np.log(median), deviation, (count, 1)))

        kind = rng.choice(len(SHARES), size=count, p=list(SHARES.values()))
        scale, offset = spread(0.3, 10 * self.horizon), spread(0.01, max(1.0, self.horizon / 2))
        steepness = about(prior.steepness, 0.6)
        shape = np.empty((count, self.horizon))
        for place, name in enumerate(SHARES):
            mine = kind == place
            shape[mine] = SHAPES[name](x, scale[mine], steepness[mine], offset[mine])
        shape /= np.maximum(shape[:, :1], 1e-300)  # a fall that ends at once counts as none
        level, fall = np.tile(prior.level, (count, 1)), np.tile(prior.fall, (count, 1))
        decay = rng.uniform(0, 0.5, (count, 1))
        return shape, level, fall, about(*prior.noise), decay, about(*prior.drift)

    def _moments(self, epochs: Array) -> tuple[Array, Array]:
        """Means and covariances of the scores without noise at some epochs."""
        shape = self._at(epochs)
        drift = np.log(np.minimum(epochs[:, None], epochs[None]))
        mean = self._level[:, :1] - self._fall[:, :1] * shape
        covariance = self._level[:, 1:, None] ** 2 + self._drift[:, :, None] ** 2 * drift
        covariance += (self._fall[:, 1:] * shape)[:, :, None] * (self._fall[:, 1:] * shape)[:, None]
        return mean, covariance

    def _at(self, epochs: Array) -> Array:
        below = np.clip(np.floor(epochs).astype(int), 1, max(1, self.horizon - 1)) - 1
        above = np.minimum(below + 1, self.horizon - 1)
        part = (epochs - 1 - below)[None]
        return (1 - part) * self.shape[:, below] + part * self.shape[:, above]

    def _variance(self, epochs: Array) -> Array:
        return (self._noise * (epochs / self.horizon) ** -self._decay) ** 2

    def _look(self, epoch: int) -> tuple[Array, Array, Array]:
        """A later epoch's mean, its covariance with the blocks, also whitened, and its variance."""
        if epoch not in self._ahead:
            at = np.array([float(epoch)])
            fall, shape = self._fall[:, 1:], self._at(at)
            common = np.log(np.minimum(self.middles, epoch))
            along = self._level[:, 1:] ** 2 + self._drift**2 * common
            along += (fall * shape) * (fall * self._at(self.middles))
            mean = self._level[:, :1] - self._fall[:, :1] * shape
            variance = self._level[:, 1:] ** 2 + self._drift**2 * np.log(epoch)
            variance += (fall * shape) ** 2 + self._variance(at)
            whitened = np.matmul(self.whiten, along[:, :, None])[:, :, 0]
            self._ahead[epoch] = np.concatenate([mean, along], axis=1), whitened, variance[:, 0]
        return self._ahead[epoch]

    def blocks(self, curve: Array) -> Array:
        """A curve's mean in each block of epochs that it reaches."""
        starts = self.edges[:-1][self.edges[:-1] < len(curve)]
        return np.add.reduceat(curve, starts) / np.diff([*starts, len(curve)])

    def whitened(self, seen: Array) -> Array:
        """Each member's prediction errors, block by block, in standard deviations."""
        n = len(seen)
        off = seen - self.mean[:, :n]
        return np.matmul(self.whiten[:, :n, :n], off[:, :, None])[:, :, 0]

    def evidence(self, whitened: Array) -> Array:
        """Each member's log likelihood of the scores seen, up to a constant: shape (members,)."""
        n = whitened.shape[-1]
        return -0.5 * np.sum(whitened**2, axis=-1) - (self._size[:, n - 1] if n else 0.0)

    def hindsight(self, whitened: Array) -> tuple[Array, Array, Array]:
        """All forecasts of a finished curve's end: from its first block, its first two, and so on.

        Evidence, means and standard deviations, each of shape (members, blocks).
        """
        n = whitened.shape[1]
        ahead, along, variance = self._look(self.horizon)
        evidence = -0.5 * np.cumsum(whitened**2, axis=1) - self._size[:, :n]
        means = ahead[:, :1] + np.cumsum(along[:, :n] * whitened, axis=1)
        left = variance[:, None] - np.cumsum(along[:, :n] ** 2, axis=1)
        return evidence, means, np.sqrt(np.maximum(left, 1e-10))

    def noise(self, whitened: Array, kept: Array) -> Array:
        """The posterior mean of the noise in the last block's score, for the members kept."""
        last = whitened.shape[1] - 1
        return self._shake[kept, last] * self.whiten[kept, last, last] * whitened[:, last]

    def predict(self, whitened: Array, epoch: int, kept: Array) -> tuple[Array, Array]:
        """Means and standard deviations of the score in a later epoch, of the members kept."""
        n = whitened.shape[1]
        ahead, along, variance = self._look(epoch)
        known = along[kept, :n]
        mean = ahead[kept, 0] + np.sum(known * whitened, axis=1)
        return mean, np.sqrt(np.maximum(variance[kept] - np.sum(known**2, axis=1), 1e-10))

    def expect(self, level: float, block: int) -> tuple[Array, Array, Array]:
        """The end forecast from the level in one block only: evidence, means, deviations."""
        ahead, _, variance = self._look(self.horizon)
        off, own = level - self.mean[:, block], self.own[:, block]
        slope = ahead[:, 1 + block] / own
        evidence = -0.5 * off**2 / own - 0.5 * np.log(own)
        deviation = np.sqrt(np.maximum(variance - slope**2 * own, 1e-10))
        return evidence, ahead[:, 0] + slope * off, deviation


def posterior(evidence: Array, prior: Array) -> Array:
    """Weights that sum to 1 over the first axis, from log likelihoods and prior weights."""
    weights = np.exp(evidence - evidence.max(axis=0)) * prior
    return weights / weights.sum(axis=0)


@lru_cache(maxsize=8)  # Hyperband has five horizons, and five parts of them
def ensemble(horizon: int, members: int = MEMBERS) -> CurveEnsemble:
    """The ensemble for a horizon in epochs, drawn once a process (0.2 s)."""
    return CurveEnsemble(horizon, members=members)


def _edges(horizon: int) -> Array:
    """The blocks' borders: epoch by epoch as long as there are few, then growing."""
    if horizon <= BLOCKS:
        return np.arange(horizon + 1)
    grown = np.rint(np.geomspace(1, horizon, BLOCKS)).astype(int)
    return np.unique(np.concatenate([[0], grown]))
