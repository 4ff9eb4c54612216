"""Figures: one call each, returning the axes.

What searches found: `anytime`, `regret`, `ranks`. What one search has done: `best_so_far`,
`learning_curves`, `parallel_coordinates`, `slices`, `pareto`, `population`. Which hyperparameters
matter: `importance`. A candidate: `cell`. What a model believes: `posterior`. What cheap scores are
worth: `cheap_against_full`.
"""

from coursekit.plots.ageing import population
from coursekit.plots.anytime_curves import anytime, regret
from coursekit.plots.cells import cell
from coursekit.plots.cheap_scores import cheap_against_full
from coursekit.plots.coordinates import parallel_coordinates
from coursekit.plots.forecasts import forecast
from coursekit.plots.fronts import pareto, pareto_front
from coursekit.plots.importance_bars import importance
from coursekit.plots.posteriors import posterior
from coursekit.plots.rankings import ranks
from coursekit.plots.slices import slices
from coursekit.plots.training_curves import best_so_far, learning_curves

__all__ = [
    "anytime",
    "best_so_far",
    "cell",
    "cheap_against_full",
    "forecast",
    "importance",
    "learning_curves",
    "parallel_coordinates",
    "pareto",
    "pareto_front",
    "population",
    "posterior",
    "ranks",
    "regret",
    "slices",
]
