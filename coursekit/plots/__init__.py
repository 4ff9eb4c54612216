"""Figures: one call each, returning the axes."""

from coursekit.plots.cells import cell
from coursekit.plots.forecasts import forecast
from coursekit.plots.searches import anytime
from coursekit.plots.training import (
    best_so_far,
    learning_curves,
    parallel_coordinates,
    pareto,
    pareto_front,
)

__all__ = [
    "anytime",
    "best_so_far",
    "cell",
    "forecast",
    "learning_curves",
    "parallel_coordinates",
    "pareto",
    "pareto_front",
]
