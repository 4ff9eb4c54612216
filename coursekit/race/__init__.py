"""Races: strategies against each other, and which differences are more than luck."""

from coursekit.race import report
from coursekit.race.contest import Race, race
from coursekit.race.searches import Run
from coursekit.race.significance import Comparison, compare, mean_ranks

__all__ = ["Comparison", "Race", "Run", "compare", "mean_ranks", "race", "report"]
