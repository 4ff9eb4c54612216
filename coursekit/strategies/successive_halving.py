"""Successive halving (Jamieson and Talwalkar, 2016, AISTATS; `jamieson2016nonstochastic`).

arXiv:1502.07943.
"""

from __future__ import annotations

from coursekit.arguments import whole_number
from coursekit.spaces import Space
from coursekit.strategies.rungs import Halving, halve, halvings


class SuccessiveHalving(Halving):
    """Trains many candidates a little, promotes the best of them to more epochs, and so on.

    trials: n in the paper, how many a bracket starts with; by default just enough for one
        finalist. The next bracket starts when no more trials enter this one's lowest rung.
    min_budget, max_budget: epochs of the first and of the last rung; the first gets
        max_budget / factor^s, rounded down, with the largest s that leaves min_budget.
    factor: eta (2 in the paper): one trial in eta, rounded down, is promoted, with eta times the
        epochs.
    iterations: how many brackets; None: no limit.
    """

    def __init__(
        self,
        space: Space,
        *,
        trials: int | None = None,
        min_budget: int = 1,
        max_budget: int = 27,
        factor: int = 3,
        iterations: int | None = None,
    ) -> None:
        s = halvings(max_budget, factor, min_budget=min_budget)
        n = whole_number("trials", factor**s if trials is None else trials)
        if n < factor**s:
            raise ValueError(
                f"trials={n} leaves none for {max_budget} epochs: give {factor**s} or more, "
                "or a larger min_budget"
            )
        super().__init__(space, halve(s, n, max_budget, factor), iterations)
        self.trials, self.factor = n, factor
        self.min_budget, self.max_budget = min_budget, max_budget
