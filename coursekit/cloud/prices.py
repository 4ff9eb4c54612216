"""A dated price table, and what a job costs by it."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    """An amount in US dollars, with how it came about.

    low, high: the bounds; equal for what was spent. formula: in words and numbers.
    date: of the prices (YYYY-MM-DD). simulated: whether nobody is going to send this bill.
    """

    low: float
    high: float
    formula: str
    date: str
    simulated: bool = False
