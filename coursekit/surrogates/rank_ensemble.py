"""A surrogate that orders candidates: an ensemble that predicts ranks (Liu et al., 2018, ECCV).

`liu2018progressive`; there it predicts accuracies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from coursekit.spaces import Configuration, Space
from coursekit.surrogates.mlp import MLPEnsemble
from coursekit.trials import Trial


class Ranked(NamedTuple):
    """A candidate that may be trained next.

    parent: number of the trial from which it grew, or of which it is a neighbour; None if neither.
    predicted: the mean of what the surrogate's members predict, a rank among the trained ones from
        0 (the worst) to 1; NaN before anything was predicted. spread: their standard deviation.
    """

    configuration: Configuration
    parent: int | None = None
    predicted: float = math.nan
    spread: float = math.nan


class RankEnsemble:
    """Perceptrons that learn the ranks of trained candidates from one column a decision.

    With scores, a candidate that does not learn at all would outweigh all differences among good
    ones, and the answer would depend on the scale of the scores.

    members: perceptrons in the ensemble.
    """

    def __init__(self, space: Space, members: int) -> None:
        self.space = space
        self._ensemble = MLPEnsemble(members=members)

    def order(
        self,
        trained: Sequence[Trial],
        pool: Sequence[Ranked],
        rng: np.random.Generator,
        *,
        explore: bool,
    ) -> list[Ranked]:
        """The candidates with their predictions, the most promising first.

        trained: completed trials, at least one, which the ensemble learns from. explore: whether
            the order has noise as wide as the members disagree.
        """
        if not pool:
            return []
        scores = np.array([trial.score for trial in trained])
        ranks = np.searchsorted(np.sort(scores), scores) / len(scores)
        self._ensemble.fit(self._features(trial.configuration for trial in trained), ranks, rng)
        predicted, spread = self._ensemble.predict(self._features(c.configuration for c in pool))
        noise = spread * rng.standard_normal(len(pool)) if explore else 0.0
        order = np.argsort(-(predicted + noise), kind="stable").tolist()
        told = list(zip(predicted.tolist(), spread.tolist(), strict=True))
        return [Ranked(*pool[index][:2], *told[index]) for index in order]

    def _features(self, configurations: Iterable[Mapping[str, Any]]) -> np.ndarray:
        return self.space.one_hot(np.stack([self.space.encode(each) for each in configurations]))
