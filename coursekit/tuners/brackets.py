"""Hyperband's bracket table as Keras Tuner rounds it (Li et al., JMLR 2018, arXiv:1603.06560).

Keras Tuner rounds the size of every rung up, starts with the most aggressive bracket, and counts
the brackets by dividing, not by a logarithm. The paper rounds only the starting sizes up, and the
later rungs down (Algorithm 1: n_i = floor(n eta^-i)).
"""

from __future__ import annotations

from coursekit.strategies import rungs
from coursekit.strategies.base import positive
from coursekit.strategies.rungs import Rung

__all__ = ["Rung", "bracket_table"]


def bracket_table(max_epochs: int, factor: int = 3) -> list[Rung]:
    """Every rung of one Hyperband iteration, in the order in which Keras Tuner starts them.

    max_epochs: R in the paper, the epochs of a finalist. factor: eta, one in `factor` is promoted.
    Raises ValueError if max_epochs < 1 or factor < 2.
    """
    return rungs.bracket_table(positive("max_epochs", max_epochs), factor, rounding="keras_tuner")
