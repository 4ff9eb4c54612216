"""Observations: a surrogate's training data, in arrays that grow with each trial."""

from __future__ import annotations

import numpy as np

from coursekit.spaces import Space
from coursekit.trials import Trial


class Observations:
    """Encoded points, scores and spreads of finished trials, in order of completion.

    A failed trial's score is NaN.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._rows = np.empty((64, len(space) + 2))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, trial: Trial) -> None:
        """Add a finished trial."""
        if self._count == len(self._rows):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
        self._rows[self._count, :-2] = self._space.encode(trial.configuration)
        self._rows[self._count, -2:] = trial.score, trial.spread
        self._count += 1

    @property
    def points(self) -> np.ndarray:
        """Shape (n, axes), a view."""
        return self._rows[: self._count, :-2]

    @property
    def scores(self) -> np.ndarray:
        """Shape (n,), a view."""
        return self._rows[: self._count, -2]

    @property
    def spreads(self) -> np.ndarray:
        """Standard deviations of the scores' noise, as the estimators gave them, a view."""
        return self._rows[: self._count, -1]

    @property
    def completed(self) -> int:
        """The number of trials with a score."""
        return int(np.isfinite(self.scores).sum())
