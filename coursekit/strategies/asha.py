"""ASHA: asynchronous successive halving (Li et al., 2020, MLSys; `li2020system`).

arXiv:1810.05934.
"""

from __future__ import annotations

from bisect import insort

import numpy as np

from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.strategies.rungs import halve, halvings
from coursekit.trials import History, Pause, Status, Suggestion, Trial


class ASHA(Strategy):
    """Successive halving without waiting: a candidate is promoted as soon as it is in the best
    1 / eta of those that have finished its rung, otherwise a new candidate starts.

    The highest rung with such a candidate comes first. An early promotion may be wrong: candidates
    that finish later may be better, and are then promoted too. When a finite space is exhausted
    and nothing runs, the best of the highest rung climbs to the last one.

    min_budget, max_budget: r and R in the paper, the epochs of the first and of the last rung; the
        first gets max_budget / factor^s, rounded down, with the largest s that leaves min_budget.
        A larger early-stopping rate (s in the paper) is a larger min_budget.
    factor: eta in the paper: one in eta, rounded down, is promoted, with eta times the epochs.

    A search with it has no end of its own, unless the space is finite. A failed trial counts among
    those that have finished, and is never promoted. A promotion names the trial that it continues
    as its parent. `info` holds the rung (k in the paper), from 0.
    """

    budgeted = True

    def __init__(
        self, space: Space, *, min_budget: int = 1, max_budget: int = 27, factor: int = 3
    ) -> None:
        super().__init__(space)
        highest = halvings(max_budget, factor, min_budget=min_budget)
        rungs = halve(highest, factor**highest, max_budget, factor)
        self.budgets = [int(rung.stop) for rung in rungs]
        self.min_budget, self.max_budget, self.factor = min_budget, max_budget, factor
        self._finished = [0 for _ in self.budgets]
        # (-score, number) of each rung's completed trials, the best first.
        self._ranked: list[list[tuple[float, int]]] = [[] for _ in self.budgets]
        self._promoted: set[int | None] = set()  # by promotions that have finished

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        promoted = self._promoted | {trial.suggestion.parent for trial in history.running}
        rungs = range(len(self.budgets) - 2, -1, -1)  # all but the last, from the highest
        for rung in rungs:
            best = self._ranked[rung][: self._finished[rung] // self.factor]
            if chosen := [number for _, number in best if number not in promoted]:
                return self._promote(chosen[0], rung, history)
        configuration = self.fresh(history, rng)
        if configuration is not None:
            return Suggestion(configuration, self.budgets[0], info={"rung": 0})
        if history.running:
            return Pause.WAIT
        for rung in rungs:
            if self._ranked[rung + 1]:
                break
            if chosen := [number for _, number in self._ranked[rung] if number not in promoted]:
                return self._promote(chosen[0], rung, history)
        return Pause.DONE

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        rung = trial.suggestion.info.get("rung")
        if rung is None:
            return  # it was run elsewhere
        self._finished[rung] += 1
        self._promoted.add(trial.suggestion.parent)
        if trial.status is Status.COMPLETED:
            insort(self._ranked[rung], (-trial.score, trial.number))

    def _promote(self, number: int, rung: int, history: History) -> Suggestion:
        configuration = dict(history[number].configuration)
        return Suggestion(configuration, self.budgets[rung + 1], number, {"rung": rung + 1})
