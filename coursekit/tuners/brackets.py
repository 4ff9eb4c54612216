"""Hyperband's bracket table as Keras Tuner rounds it (Li et al., JMLR 2018, arXiv:1603.06560).

Keras Tuner rounds the size of every rung up, starts with the most aggressive bracket, and counts
the brackets by dividing, not by a logarithm. The paper rounds only the starting sizes up, and the
later rungs down (Algorithm 1: n_i = floor(n eta^-i)).
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Rung(NamedTuple):
    """One rung: `trials` candidates are trained from epoch `start` to epoch `stop`."""

    bracket: int
    rung: int
    trials: int
    start: int
    stop: int

    @property
    def cost(self) -> int:
        """Epochs that the whole rung trains."""
        return self.trials * (self.stop - self.start)


def bracket_table(max_epochs: int, factor: int = 3) -> list[Rung]:
    """Every rung of one Hyperband iteration, in the order in which Keras Tuner starts them.

    max_epochs: R in the paper, the epochs of a finalist. factor: eta, one in `factor` is promoted.
    Raises ValueError if max_epochs < 1 or factor < 2.
    """
    if max_epochs < 1:
        raise ValueError(f"max_epochs is {max_epochs!r}: give at least 1")
    if factor < 2:
        raise ValueError(f"factor is {factor!r}: give an integer of 2 or more")
    largest = 0  # s_max: the largest s with factor**s <= max_epochs, by integers
    while factor ** (largest + 1) <= max_epochs:
        largest += 1
    # ceil(1 + log_factor(max_epochs)), again by integers
    finalists = largest + 1 + (factor**largest < max_epochs)
    return [
        Rung(
            bracket,
            rung,
            math.ceil(finalists / (bracket + 1) * factor ** (bracket - rung)),
            math.ceil(max_epochs / factor ** (bracket - rung + 1)) if rung else 0,
            math.ceil(max_epochs / factor ** (bracket - rung)),
        )
        for bracket in range(largest, -1, -1)
        for rung in range(bracket + 1)
    ]
