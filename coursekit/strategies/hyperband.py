"""Hyperband (Li et al., 2018, JMLR 18, arXiv:1603.06560; `li2018hyperband`)."""

from __future__ import annotations

from coursekit.spaces import Space
from coursekit.strategies.rungs import Halving, bracket_table


class Hyperband(Halving):
    """Brackets of successive halving, from aggressive to cautious: a hedge over how early scores
    can be trusted.

    Bracket s starts n candidates with R eta^-s epochs and promotes one in eta at each rung; the
    last bracket, s = 0, is random search. All brackets cost about the same.

    max_budget: R in the paper, the epochs of a finalist.
    min_budget: the unit of R, the fewest epochs of a trial.
    factor: eta in the paper.
    iterations: how often to go through all brackets; None: no limit.
    rounding: "algorithm" (the default) is the paper's algorithm: n = ceil((s_max + 1) eta^s /
        (s + 1)), later rungs and epochs rounded down. "table" is the rule of the paper's table of
        brackets, "keras_tuner" that of Keras Tuner; see `bracket_table`.
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
    ) -> None:
        table = bracket_table(max_budget, factor, min_budget=min_budget, rounding=rounding)
        super().__init__(space, table, iterations)
        self.min_budget, self.max_budget, self.factor = min_budget, max_budget, factor
