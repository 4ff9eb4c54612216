"""Quasi-random search: points that fill the space evenly (Bergstra and Bengio, 2012, JMLR 13).

Sobol (1967; `sobol1967distribution`) and Halton (1960; `halton1960efficiency`) sequences,
scrambled (Owen, 1998; `owen1998scrambling`). The comparison with grids: `bergstra2012random`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Suggestion

SEQUENCES = ("sobol", "halton")
MOST_AXES = 21_201  # of SciPy's Sobol sequence
FIRST_BLOCK = 64  # points; Sobol points are even in blocks of a power of two


class QuasiRandom(Strategy):
    """Walks along one scrambled sequence of low discrepancy, and skips tried configurations.

    Any number of the first points covers the unit cube, and each of its axes, more evenly than
    random points do. A trial's point depends only on the search's seed and the trial's number.
    The first trial draws the scramble; `info` hands it on, with the number of the point.

    sequence: "sobol", or "halton", which is as even for any number of trials but less so in
        many dimensions.
    """

    def __init__(self, space: Space, *, sequence: str = "sobol") -> None:
        super().__init__(space)
        if sequence not in SEQUENCES:
            raise ValueError(f"sequence={sequence!r}: there are {' and '.join(SEQUENCES)}")
        self.sequence = sequence
        self._points: Points | None = None

    @classmethod
    def supports(cls, space: Space) -> bool:
        return len(space) <= MOST_AXES

    @classmethod
    def needs(cls) -> str:
        return f"it needs at most {MOST_AXES:,} parameters"

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        told = (trial.suggestion.info for trial in reversed(history))
        last = next((info for info in told if "scramble" in info), {})
        scramble = last["scramble"] if last else int(rng.integers(2**32))
        if self._points is None or self._points.scramble != scramble:
            self._points = Points(len(self.space), scramble, self.sequence)  # a memo
        points, point = self._points, int(last.get("point", -1))

        def draw() -> Configuration:
            nonlocal point
            point += 1
            return self.space.decode(points[point])

        found = self.fresh(history, rng, draw)
        if found is None:
            return Pause.DONE
        return Suggestion(found, info={"scramble": scramble, "point": point})


class Points:
    """A scrambled sequence in the unit cube; `points[i]` has shape (dimensions,).

    scramble: its seed. sequence: "sobol" or "halton". Points are made in blocks and kept.
    """

    def __init__(self, dimensions: int, scramble: int, sequence: str = "sobol") -> None:
        from scipy.stats import qmc

        self.scramble = scramble
        rng = np.random.default_rng(scramble)
        engine = {"sobol": qmc.Sobol, "halton": qmc.Halton}[sequence](dimensions, seed=rng)
        self._draw: Callable[[int], np.ndarray] = engine.random
        self._made = self._draw(FIRST_BLOCK)

    def __getitem__(self, index: int) -> np.ndarray:
        while index >= len(self._made):
            self._made = np.concatenate((self._made, self._draw(len(self._made))))
        return self._made[index]

    def first(self, number: int) -> np.ndarray:
        """The first points, shape (number, dimensions)."""
        self[number - 1]
        return self._made[:number]
