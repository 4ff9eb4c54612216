"""Tree-structured Parzen estimator (Bergstra et al., 2011, NIPS 24; `bergstra2011algorithms`).

With the settings that Watanabe (2023, arXiv:2304.11127; `watanabe2023tree`) found to matter; on
continua the bandwidths of Bergstra et al., on axes of few values those of Watanabe.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.density import ParzenEstimator, shrinking, to_neighbours
from coursekit.surrogates.observations import Observations
from coursekit.trials import History, Pause, Suggestion, Trial


class TPE(Strategy):
    """Suggests candidates that are likely among the good trials and unlikely among the bad.

    The suggestion has the highest l(x) / g(x), the densities of the good and of the bad trials:
    this maximizes the expected improvement (section 4.1 of Bergstra et al.).

    initial: random trials before the first model-based one.
    candidates: how many are drawn from l for each suggestion.
    good: gamma in the papers, the share of good trials, of which there are at most `most_good`.
    prior: weight of the uniform component of both densities.
    multivariate: densities of whole configurations; False models each parameter separately.
    bad: how many of the bad trials count, the latest ones.

    Failed and running trials count as bad: candidates stay away from them.
    """

    def __init__(
        self,
        space: Space,
        *,
        initial: int = 10,
        candidates: int = 24,
        good: float = 0.1,
        most_good: int = 25,
        prior: float = 1.0,
        multivariate: bool = True,
        bad: int = 400,
    ) -> None:
        super().__init__(space)
        self.initial = whole_number("initial", initial)
        self.candidates = whole_number("candidates", candidates)
        self.most_good, self.bad = whole_number("most_good", most_good), whole_number("bad", bad)
        if not 0 < good < 1:
            raise ValueError(f"good={good!r} is a share of the trials: above 0 and below 1")
        if not prior > 0:
            raise ValueError(f"prior={prior!r} is above 0, or nothing new would be tried")
        self.good, self.prior, self.multivariate = good, prior, multivariate
        self._axes = Axes(space)
        self._observed = Observations(space)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        self._observed.add(trial)

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if len(history) < self.initial or not self._observed.completed:
            first = self.fresh(history, rng)
            return Pause.DONE if first is None else Suggestion(first)
        best = self.fresh(history, rng, self._best_first(history, rng).__next__)
        return Pause.DONE if best is None else Suggestion(best)

    def _best_first(self, history: History, rng: np.random.Generator) -> Iterator[Configuration]:
        good, bad = self._split(history)
        while True:
            drawn = good.sample(self.candidates, rng)
            ratio = good.log_density(drawn) - bad.log_density(drawn)
            for row in np.argsort(-np.round(ratio, 9), kind="stable"):  # the last bits may differ
                yield self.space.decode(drawn[row])

    def _split(self, history: History) -> tuple[ParzenEstimator, ParzenEstimator]:
        points, scores = self._observed.points, self._observed.scores
        count = min(math.ceil(self.good * self._observed.completed), self.most_good)
        best = np.argsort(-scores, kind="stable")[:count]  # NaN comes last
        rest = np.ones(len(scores), dtype=bool)
        rest[best] = False
        running = [self.space.encode(trial.configuration) for trial in history.running]
        bad = np.concatenate((points[rest][-self.bad :], *[[point] for point in running]))
        return self._density(points[best]), self._density(bad)

    def _density(self, points: np.ndarray) -> ParzenEstimator:
        even = shrinking(self._axes, len(points), prior=self.prior)
        return ParzenEstimator(
            self._axes,
            points,
            to_neighbours(self._axes, points, even),
            prior=self.prior,
            multivariate=self.multivariate,
        )
