"""CMA-ES, covariance matrix adaptation (Hansen, 2016, arXiv:1604.00772; `hansen2016cma`)."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np

from coursekit.arguments import positive, whole_number
from coursekit.spaces import Choice, Space
from coursekit.strategies.base import Strategy
from coursekit.surrogates.covariance_adaptation import Adaptation
from coursekit.trials import History, Pause, Suggestion, Trial

CONVERGED = 1e-11  # a distribution narrower than this, in the unit cube, starts again


class CMAES(Strategy):
    """Draws generations from a normal distribution, and moves it towards their better half.

    Only the order of scores counts. Integers and ordered choices stay in motion by a margin (Hamano
    et al., 2022, GECCO, arXiv:2205.13482; `hamano2022cma`). An unordered choice of three values or
    more has no direction to move in, so spaces with one are refused.

    population_size: lambda in the paper, the trials of a generation; None takes 4 + 3 ln n.
    sigma: the first step size, in parts of each parameter's range.

    A distribution that has converged starts again elsewhere with twice the population (Auger and
    Hansen, 2005, CEC; `auger2005restart`). A configuration that is drawn again counts with its
    known score and is not trained again. With more workers than a generation has trials, the first
    results of a generation move the distribution. Trials that were handed in (`Search.add`) before
    the first result give the mean to begin with.
    """

    def __init__(
        self, space: Space, *, population_size: int | None = None, sigma: float = 0.3
    ) -> None:
        super().__init__(space)
        if population_size is not None:
            whole_number("population_size", population_size, 4)
        self._axes = [i for i, p in enumerate(space.parameters) if p.domain.count > 1]
        domains = [space.parameters[i].domain for i in self._axes]
        self._counts = [0 if math.isinf(d.count) else int(d.count) for d in domains]
        self._sigma, self._size = positive("sigma", sigma), population_size
        self._restarts = 0
        self._first: Trial | None = None  # the best of those that were handed in
        self._begin(np.full(len(self._axes), 0.5))
        self._numbers: dict[Hashable, int] = {}
        self._scores: dict[int, float] = {}  # -inf for failed trials

    @classmethod
    def supports(cls, space: Space) -> bool:
        return all(
            parameter.domain.ordered or len(parameter.domain.items) < 3
            for parameter in space.parameters
            if isinstance(parameter.domain, Choice)
        )

    @classmethod
    def needs(cls) -> str:
        return "it needs an order in every choice of three values or more: Choice(…, ordered=True)"

    def _begin(self, mean: np.ndarray) -> None:
        self._members: list[tuple[float, list[float]]] = []  # scores and points of the generation
        size = self._size
        if self._axes:
            usual = size or 4 + int(3 * math.log(len(self._axes)))
            size = usual * 2**self._restarts
            self._distribution = Adaptation(mean, self._sigma, size, self._counts)

    @property
    def _generation(self) -> list[int]:
        return [self._restarts, self._distribution.generation]

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        seen, known = self._seen(history), list[list[object]]()
        whole = np.full(len(self.space), 0.5)
        for _ in range(self._distribution.size if self._axes else 0):
            point = self._distribution.sample(rng)
            whole[self._axes] = point
            configuration = self.space.decode(whole)
            key = self.space.key(configuration)
            if key not in seen:
                info = {"generation": self._generation, "point": point.tolist(), "known": known}
                return Suggestion(configuration, info=info)
            if key in self._numbers:
                known = [*known, [self._numbers[key], point.tolist()]]
        other = self.fresh(history, rng)
        if other is None:
            return Pause.DONE
        told = {"generation": self._generation, "known": known} if self._axes else {}
        return Suggestion(other, info=told)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        info, score = trial.suggestion.info, trial.score
        self._scores[trial.number] = score if math.isfinite(score) else -math.inf
        self._numbers[self.space.key(trial.configuration)] = trial.number
        if trial.added:
            self._hand_in(trial)
        if not self._axes or info.get("generation") != self._generation:
            return  # a late one of an earlier generation
        self._members += [(self._scores[number], point) for number, point in info.get("known", ())]
        if "point" in info:
            self._members.append((self._scores[trial.number], info["point"]))
        if len(self._members) < self._distribution.size:
            return
        ordered = sorted(self._members[: self._distribution.size], key=lambda pair: -pair[0])
        self._members = []
        self._distribution.update(np.array([point for _, point in ordered]))
        if self._distribution.spread < CONVERGED:
            self._restarts += 1
            self._begin(rng.random(len(self._axes)))

    def _hand_in(self, trial: Trial) -> None:
        """Begin at the best trial that was handed in before the first result."""
        if not self._axes or self._generation != [0, 0] or self._members:
            return
        if self._first is None or self._scores[trial.number] > self._scores[self._first.number]:
            self._first = trial
            point = self.space.encode(trial.configuration)[self._axes]
            self._begin(np.where(np.isnan(point), 0.5, point))
