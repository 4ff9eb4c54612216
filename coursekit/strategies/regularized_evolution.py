"""Regularized evolution (Real et al., 2019, AAAI, arXiv:1802.01548; `real2019regularized`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Space
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Suggestion, Trial


class RegularizedEvolution(Strategy):
    """The best of a random tournament has a child; the oldest dies, even if it is the best.

    population_size: P in the paper.
    sample_size: S in the paper, the tournament; it draws without replacement.

    Suggestions name their parent and, in `info`, the numbers of the trials in the tournament.
    """

    def __init__(self, space: Space, *, population_size: int = 30, sample_size: int = 5) -> None:
        super().__init__(space)
        self.population_size = whole_number("population_size", population_size, 2)
        self.sample_size = whole_number("sample_size", sample_size)
        if sample_size > population_size:
            raise ValueError(f"sample_size={sample_size} exceeds {population_size=}")

    def alive(self, completed: Sequence[Trial]) -> Sequence[Trial]:
        """The population: the last P of the trials in order of completion."""
        return completed[-self.population_size :]

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        population = self.alive(history.completed)
        if len(population) + len(history.running) < self.population_size or not population:
            first = self.fresh(history, rng)
            return Pause.DONE if first is None else Suggestion(first)
        size = min(self.sample_size, len(population))
        sample = [population[i] for i in rng.choice(len(population), size, replace=False)]
        parent = max(sample, key=lambda trial: trial.score)
        child = self.fresh(history, rng, lambda: self.space.mutate(parent.configuration, rng))
        drawn = {"tournament": [trial.number for trial in sample]}
        return Pause.DONE if child is None else Suggestion(child, None, parent.number, drawn)
