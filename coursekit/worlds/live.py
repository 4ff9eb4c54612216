"""Live training: the same candidates as in the kit's tables, trained here and now."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from time import perf_counter
from typing import Self

import numpy as np

from coursekit.training.candidates import Candidate
from coursekit.trials import Epoch, History, Suggestion, Trial
from coursekit.worlds.base import FULL, World
from coursekit.worlds.recipes import LIVE, RECIPES, Recipe


class Live(World):
    """Trains each candidate on demand, for as many epochs as its budget.

    recipe: "cells" or "mlps" (from `RECIPES`), or your own `Recipe`.
    engine: "numpy" (perceptrons only) or "keras"; by default the recipe's first, with which the
        table of that name was made.
    seed: of the initial weights and the minibatches.
    fidelity: "full", "quarter data", "half resolution", "half width" (half the units or channels
        of every layer), or several of the last three, such as "quarter data and half width".
    patience: stop after this many epochs in a row without a better score.

    A run that diverges, or that runs out of memory, ends with a score of NaN.
    Raises ValueError for names, engines and fidelities that do not exist.
    """

    early = True
    bounds: tuple[float, float] | None = (0.0, 1.0)  # of accuracies
    measure, percent = "validation accuracy", True
    fidelities = LIVE

    def __init__(
        self,
        recipe: str | Recipe,
        *,
        engine: str | None = None,
        seed: int = 0,
        fidelity: str = FULL,
        patience: int | None = None,
    ) -> None:
        if isinstance(recipe, str) and recipe not in RECIPES:
            raise ValueError(f"no space {recipe!r}: there are {', '.join(RECIPES)}")
        self._asked = recipe
        self.recipe = RECIPES[recipe] if isinstance(recipe, str) else recipe
        self.recipe.check(engine)
        self.data = self.recipe.load(fidelity)
        self.engine, self.seed, self.patience = engine, seed, patience
        self.dataset, self.space, self.epochs = (
            self.recipe.data,
            self.recipe.space,
            self.recipe.epochs,
        )
        self.fidelity, self.optimum = fidelity, math.nan

    def __repr__(self) -> str:
        asked = self._asked if isinstance(self._asked, str) else self.recipe.title
        return f"Live({asked!r}, engine={self.engine!r}, seed={self.seed})"

    def __str__(self) -> str:
        return f"{self.recipe.title}, live"

    def at(self, fidelity: str) -> Self:
        return self._like(fidelity=fidelity, seed=self.seed)

    def seeded(self, seed: int) -> Self:
        return self._like(fidelity=self.fidelity, seed=seed)

    def _like(self, *, fidelity: str, seed: int) -> Self:
        return type(self)(
            self._asked, engine=self.engine, seed=seed, fidelity=fidelity, patience=self.patience
        )

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        yield from self.train_from(Trial.of(trial).suggestion, None)

    def train_from(
        self, suggestion: Suggestion, parent: Mapping[str, np.ndarray] | None
    ) -> Descent:
        """As `train`, from a parent's weights (`Descent.weights` of its run) where they fit."""
        return Descent(self, suggestion, parent)


class Descent(Iterator[Epoch]):
    """A training run, epoch by epoch, with access to its weights.

    parent: weights of another candidate of the same space, or None.
    """

    def __init__(
        self, world: Live, suggestion: Suggestion, parent: Mapping[str, np.ndarray] | None
    ) -> None:
        self._candidate: Candidate | None = None
        self._epochs = self._run(world, suggestion, parent)

    def __next__(self) -> Epoch:
        return next(self._epochs)

    def close(self) -> None:
        """Stop the training."""
        self._epochs.close()

    @property
    def share(self) -> float:
        """The parent's share of the initial weights, 0..1."""
        return 0.0 if self._candidate is None else self._candidate.share

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the current weights, by name; empty before the first epoch."""
        return {} if self._candidate is None else self._candidate.weights

    def _run(
        self, world: Live, suggestion: Suggestion, parent: Mapping[str, np.ndarray] | None
    ) -> Generator[Epoch, None, None]:
        epochs = world.epochs if suggestion.budget is None else suggestion.budget
        begun = perf_counter()
        try:
            candidate = world.recipe.candidate(
                suggestion.configuration, world.data, world.engine, world.fidelity
            )
            run = candidate.fit(
                world.data, epochs=epochs, seed=world.seed, patience=world.patience, parent=parent
            )
        except MemoryError:
            yield Epoch(math.nan, perf_counter() - begun)
            return
        made = perf_counter() - begun
        self._candidate = candidate
        for score, seconds in run:
            yield Epoch(score, seconds + made)  # making the model belongs to the first epoch
            made = 0.0
