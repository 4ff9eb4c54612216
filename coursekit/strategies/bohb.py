"""BOHB: Hyperband on a model's candidates (Falkner et al., 2018, ICML; `falkner2018bohb`).

arXiv:1807.01774. Details that the paper leaves open follow its authors' code, HpBandSter.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.rungs import Halving, bracket_table
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.density import ParzenEstimator, scott
from coursekit.surrogates.observations import Observations
from coursekit.trials import History, Trial


class BOHB(Halving):
    """Hyperband with candidates that are likely among the good trials, unlikely among the bad.

    The model is built from the trials at the largest budget with enough of them. Candidates are
    drawn from l, the density of the good trials; the one with the highest l(x) / g(x) is suggested.

    max_budget, min_budget, factor, iterations, rounding: as in `Hyperband`.
    least: N_min in the paper, how many trials a density needs; by default d + 1 for d parameters.
        A budget has enough trials at N_min + 2.
    random_fraction: rho, the share of candidates drawn at random.
    good: q, the share of good trials.
    candidates: N_s, how many are drawn from l for each suggestion.
    bandwidth_factor: b_w, the factor that widens l for drawing, on ordered parameters.

    Failed trials count as bad.
    """

    def __init__(
        self,
        space: Space,
        *,
        min_budget: int = 1,
        max_budget: int = 27,
        factor: int = 3,
        iterations: int | None = None,
        rounding: str = "algorithm",
        least: int | None = None,
        random_fraction: float = 1 / 3,
        good: float = 0.15,
        candidates: int = 64,
        bandwidth_factor: float = 3.0,
    ) -> None:
        table = bracket_table(max_budget, factor, min_budget=min_budget, rounding=rounding)
        super().__init__(space, table, iterations)
        self.min_budget, self.max_budget, self.factor = min_budget, max_budget, factor
        self.least = len(space) + 1 if least is None else whole_number("least", least, 2)
        for name, share in (("random_fraction", random_fraction), ("good", good)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name}={share!r} is a share: give 0 to 1")
        if not bandwidth_factor > 0:
            raise ValueError(f"bandwidth_factor={bandwidth_factor!r}: give more than 0")
        self.random_fraction, self.good = random_fraction, good
        self.candidates = whole_number("candidates", candidates)
        self.bandwidth_factor = bandwidth_factor
        self._axes = Axes(space)
        self._observed: dict[int, Observations] = {}  # of each budget

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        super().observe(trial, rng)
        if trial.suggestion.budget is not None:
            here = self._observed.setdefault(trial.suggestion.budget, Observations(self.space))
            here.add(trial)

    def candidate(self, history: History, rng: np.random.Generator) -> Configuration | None:
        enough = [b for b, seen in self._observed.items() if seen.completed >= self.least + 2]
        if not enough or rng.random() < self.random_fraction:
            return self.fresh(history, rng)
        drawn = self._best_first(self._observed[max(enough)], rng)
        return self.fresh(history, rng, drawn.__next__)

    def _best_first(
        self, observed: Observations, rng: np.random.Generator
    ) -> Iterator[Configuration]:
        good, bad = self._split(observed)
        bandwidths = scott(self._axes, good)
        wide = np.where(self._axes.ordered, self.bandwidth_factor, 1.0) * bandwidths
        wider = ParzenEstimator(self._axes, good, wide, prior=0)
        l = ParzenEstimator(self._axes, good, bandwidths, prior=0)  # noqa: E741
        g = ParzenEstimator(self._axes, bad, scott(self._axes, bad), prior=0)
        while True:
            drawn = wider.sample(self.candidates, rng)
            for row in np.argsort(g.log_density(drawn) - l.log_density(drawn), kind="stable"):
                yield self.space.decode(drawn[row])

    def _split(self, observed: Observations) -> tuple[np.ndarray, np.ndarray]:
        """The points of the good and of the bad trials, at least N_min each; they may overlap."""
        order = np.argsort(-observed.scores, kind="stable")  # NaN comes last
        good = max(self.least, int(self.good * len(order)))
        bad = max(self.least, len(order) - good)
        return observed.points[order[:good]], observed.points[order[-bad:]]
