"""Regularized evolution (Real, Aggarwal, Huang, Le, 2019, AAAI, arXiv:1802.01548), algorithm 1."""

from __future__ import annotations

import numpy as np

from coursekit.spaces import Space
from coursekit.strategies.base import Strategy, positive
from coursekit.trials import History, Pause, Suggestion


class RegularizedEvolution(Strategy):
    """The best of a random tournament has a child; the oldest dies, however good it is.

    population_size: P in the paper.
    sample_size: S in the paper, the tournament.
    """

    def __init__(self, space: Space, *, population_size: int = 30, sample_size: int = 5) -> None:
        super().__init__(space)
        self.population_size = positive("population_size", population_size, 2)
        self.sample_size = positive("sample_size", sample_size)
        if sample_size > population_size:
            raise ValueError(f"sample_size={sample_size} exceeds {population_size=}")

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        # Ageing: the last P to complete are alive, so that killing the oldest is a slice.
        population = history.completed[-self.population_size :]
        if len(population) + len(history.running) < self.population_size or not population:
            first = self.fresh(history, rng)
            return Pause.DONE if first is None else Suggestion(first)
        drawn = rng.choice(len(population), min(self.sample_size, len(population)), replace=False)
        parent = max((population[index] for index in drawn), key=lambda trial: trial.score)
        child = self.fresh(history, rng, lambda: self.space.mutate(parent.configuration, rng))
        return Pause.DONE if child is None else Suggestion(child, parent=parent.number)
