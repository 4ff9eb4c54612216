"""Live training: the same candidates as in the kit's tables, trained here and now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from time import perf_counter
from typing import Self

from coursekit.trials import Epoch, Suggestion
from coursekit.worlds.base import FULL, World
from coursekit.worlds.recipes import FIDELITIES, RECIPES


class Live(World):
    """Trains each candidate when it is asked, as long as its budget says.

    name: "cells" or "mlps", one of `RECIPES`. engine: "numpy" (perceptrons only) or "keras"; by
        default the one that the table of that name was made with.
    seed: of the initial weights and the minibatches. fidelity: as of the tables.
    patience: stop after so many epochs in a row without a better score.

    A run that diverges, or for which memory does not suffice, ends with a score of NaN.
    Raises ValueError for names, engines and fidelities that do not exist.
    """

    early = True
    fidelities = FIDELITIES

    def __init__(
        self,
        name: str,
        *,
        engine: str | None = None,
        seed: int = 0,
        fidelity: str = FULL,
        patience: int | None = None,
    ) -> None:
        if name not in RECIPES:
            raise ValueError(f"no space {name!r}: there are {', '.join(RECIPES)}")
        self.recipe = RECIPES[name]
        self.recipe.check(engine)
        self.data = self.recipe.load(fidelity)
        self.name, self.engine, self.seed, self.patience = name, engine, seed, patience
        self.dataset, self.space, self.epochs = (
            self.recipe.data,
            self.recipe.space,
            self.recipe.epochs,
        )
        self.fidelity, self.optimum = fidelity, math.nan

    def __repr__(self) -> str:
        return f"Live({self.name!r}, engine={self.engine!r}, seed={self.seed})"

    def __str__(self) -> str:
        return f"{self.recipe.title}, live"

    def at(self, fidelity: str) -> Self:
        return type(self)(
            self.name,
            engine=self.engine,
            seed=self.seed,
            fidelity=fidelity,
            patience=self.patience,
        )

    def train(self, suggestion: Suggestion) -> Iterator[Epoch]:
        epochs = self.epochs if suggestion.budget is None else suggestion.budget
        begun = perf_counter()
        try:
            candidate = self.recipe.candidate(suggestion.configuration, self.data, self.engine)
            run = candidate.fit(self.data, epochs=epochs, seed=self.seed, patience=self.patience)
        except MemoryError:
            yield Epoch(math.nan, perf_counter() - begun)
            return
        made = perf_counter() - begun
        for score, seconds in run:
            yield Epoch(score, seconds + made)  # making the model belongs to the first epoch
            made = 0.0
