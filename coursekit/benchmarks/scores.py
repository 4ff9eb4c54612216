"""Scores of learning-curve forecasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coursekit.benchmarks.forecasters import GRID, Guess


class Scores:
    """The quality of guesses, one number per curve.

    off: the median's absolute error, in points. likelihood: log-likelihood of the bin (one point
    wide) that holds the end, in nats. place: the distance of the end from the median, 0 to 1, as a
    share of the distribution. rank: the score to rank by.
    """

    def __init__(self, guesses: Sequence[Guess], ends: np.ndarray) -> None:
        self.ends, self.rank = ends, np.array([guess.score for guess in guesses])
        self.off = 100 * np.abs(np.array([guess.middle for guess in guesses]) - ends)
        low, high = (
            np.array([np.interp(end + side, GRID, guess.below, left=0.0, right=1.0)
                      for guess, end in zip(guesses, ends, strict=True)])
            for side in (-0.005, 0.005)
        )  # fmt: skip
        self.likelihood = np.log(np.maximum(high - low, 1e-6) / 0.01)
        self.place = np.abs((low + high) / 2 - 0.5) * 2

    def three(self, drawn: np.ndarray) -> np.ndarray:
        """Mean error, mean log-likelihood and rank correlation of draws of curves, one per row."""
        rank = correlation(ranks(self.rank, drawn), ranks(self.ends, drawn))
        means = self.off[drawn].mean(axis=1), self.likelihood[drawn].mean(axis=1)
        return np.stack([*means, rank], axis=1)


def ranks(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The ranks in each row of draws, centred at 0; ties share their mean."""
    kinds, kind = np.unique(values, return_inverse=True)
    rows, mine = np.arange(len(drawn))[:, None], kind[drawn]
    counts = np.zeros((len(drawn), len(kinds)))
    np.add.at(counts, (rows, mine), 1)
    return (np.cumsum(counts, axis=1) - counts / 2)[rows, mine] - drawn.shape[1] / 2


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row, of rows with a mean of 0; NaN where a row is constant."""
    with np.errstate(invalid="ignore"):
        return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))


def row(scores: Scores) -> str:
    error, likelihood, rank = scores.three(np.arange(len(scores.ends))[None])[0]
    covered = [float(np.mean(scores.place <= share)) for share in (0.5, 0.8, 0.95)]
    cover = f"{covered[0]:7.0%}{covered[1]:6.0%}{covered[2]:6.0%}"
    return f"{error:7.2f}{likelihood:9.2f}{rank:7.3f}{cover}"


def difference(ours: Scores, other: Scores) -> str:
    """The differences in the three measures, with the middle 95 % of 2,000 bootstrap samples."""
    count = len(ours.ends)
    drawn = np.random.default_rng(0).integers(count, size=(2000, count))
    drawn[0] = np.arange(count)  # the curves themselves
    off = ours.three(drawn) - other.three(drawn)
    low, high = np.nanquantile(off, [0.025, 0.975], axis=0)
    return ", ".join(
        f"{what} {off[0, k]:+.{digits}f} ({low[k]:+.{digits}f} to {high[k]:+.{digits}f})"
        for k, (what, digits) in enumerate((("error", 2), ("log-lik", 2), ("rank", 3)))
    )
