"""Observations: what a surrogate learns from, in arrays that grow with each trial."""

from __future__ import annotations

import numpy as np

from coursekit.spaces import Space
from coursekit.trials import Trial


class Observations:
    """Encoded points and scores of finished trials, in order of completion.

    A failed trial's score is NaN.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._points = np.empty((64, len(space)))
        self._scores = np.empty(64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, trial: Trial) -> None:
        """Take a finished trial in."""
        if self._count == len(self._scores):
            self._points = np.concatenate((self._points, np.empty_like(self._points)))
            self._scores = np.concatenate((self._scores, np.empty_like(self._scores)))
        self._points[self._count] = self._space.encode(trial.configuration)
        self._scores[self._count] = trial.score
        self._count += 1

    @property
    def points(self) -> np.ndarray:
        """Shape (n, axes), a view."""
        return self._points[: self._count]

    @property
    def scores(self) -> np.ndarray:
        """Shape (n,), a view."""
        return self._scores[: self._count]

    @property
    def completed(self) -> int:
        """How many of them have a score."""
        return int(np.isfinite(self.scores).sum())
