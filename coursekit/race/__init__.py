"""Races: strategies x estimators x worlds, and which differences are significant."""

from coursekit.race import report
from coursekit.race.contest import Race, price, race, races
from coursekit.race.runs import Run
from coursekit.race.significance import Comparison, compare, mean_ranks
from coursekit.race.standings import Standing, standings

__all__ = [
    "Comparison",
    "Race",
    "Run",
    "Standing",
    "compare",
    "mean_ranks",
    "price",
    "race",
    "races",
    "report",
    "standings",
]
