"""A landscape that is probed point by point, and the surrogate of what was found."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from coursekit.plots.posteriors import grid
from coursekit.search import Search
from coursekit.strategies.bayesian import Bayesian
from coursekit.surrogates.acquisition import (
    log_expected_improvement,
    log_probability_of_improvement,
    upper_confidence_bound,
)
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.gaussian_process import GaussianProcess
from coursekit.trials import Suggestion, Trial
from coursekit.worlds import Landscape

EI, PI = "expected improvement", "probability of improvement"
UCB, THOMPSON = "upper confidence bound", "Thompson sampling"
USUAL = {EI: 0.0, PI: 0.0, UCB: 2.0, THOMPSON: 0.0}  # exploration of each acquisition
LENGTHS = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)
NOISES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
GIVEN, HAND = "given", "by hand"


class Probe(NamedTuple):
    """A measured point, shape (axes,), its score, and the hand or acquisition that placed it."""

    place: np.ndarray
    score: float
    by: str


class Probing:
    """Ten points for you, ten for the kit's Bayesian optimization; the first two are the same.

    landscape: with one or two dimensions. points: for each. given: how many of them are drawn
    before the game. seed: of these draws, of the noise, and of where the landscape begins.
    """

    def __init__(
        self, landscape: Landscape, *, points: int = 10, given: int = 2, seed: int = 0
    ) -> None:
        moved = float(np.random.default_rng(seed).random())
        self.world = Landscape(
            landscape.dataset, dimensions=landscape.dimensions, moved=moved, noise=landscape.noise,
            seed=seed,
        )  # fmt: skip
        self.points, self.given, self.seed = points, given, seed
        self.asked, self._axes = grid(landscape.dimensions), Axes(self.world.space)
        self.reset()

    @cached_property
    def rival(self) -> list[Trial]:
        """The trials of `Bayesian` with its defaults."""
        strategy = Bayesian(self.world.space, initial=self.given)
        search = Search(strategy, seed=self.seed)
        return list(search.run(self.world, trials=self.points, progress=False).finished)

    def reset(self) -> None:
        """Back to the points that were given."""
        self.found = [
            Probe(self.world.space.encode(trial.configuration), trial.score, GIVEN)
            for trial in self.rival[: self.given]
        ]

    @property
    def over(self) -> bool:
        """Whether all points are placed."""
        return len(self.found) >= self.points

    def place(self, point: np.ndarray, by: str = HAND) -> Probe:
        """Measure at a point, shape (axes,), unless the game is over; the last probe."""
        if not self.over:
            score = self.world.evaluate(Suggestion(self.world.space.decode(point))).score
            self.found.append(Probe(np.asarray(point, dtype=float), score, by))
        return self.found[-1]

    def process(self, length: float, noise: float) -> GaussianProcess:
        """The surrogate with this length scale and noise.

        length: in the unit of the axes. noise: standard deviation, in that of the scores.
        """
        theta = self._hyperparameters(length, noise)
        return GaussianProcess(self._axes, self._places(), self._scores(), hyperparameters=theta)

    def likelihood(self, length: float, noise: float) -> float:
        """log p(scores | length, noise), up to a constant."""
        theta = self._hyperparameters(length, noise)
        return self.process(length, noise).log_likelihood(theta)[0]

    def likeliest(self) -> tuple[float, float]:
        """The length scale and the noise of the sliders with the highest likelihood."""
        pairs = [(length, noise) for length in LENGTHS for noise in NOISES]
        return max(pairs, key=lambda pair: self.likelihood(*pair))

    def promise(self, name: str, process: GaussianProcess, exploration: float) -> np.ndarray:
        """An acquisition (of a gain: its logarithm) at all points of the grid, shape (n,).

        exploration: the standard deviations that count in an upper confidence bound; how far above
        the best an improvement begins otherwise, in tenths of the scores' standard deviation.
        """
        if name == THOMPSON:
            rng = np.random.default_rng((self.seed, len(self.found)))
            return process.sample(self.asked, 1, rng)[0]
        mean, variance = process.posterior(self.asked)
        if name == UCB:
            return upper_confidence_bound(mean, np.sqrt(variance), exploration)
        best = process.posterior(self._places())[0].max() + 0.1 * exploration * self._scores().std()
        gain = {EI: log_expected_improvement, PI: log_probability_of_improvement}[name]
        return gain(mean, np.sqrt(variance), best)

    def worths(self) -> tuple[float, float]:
        """The heights, without noise, where you and the rival have measured the highest score."""
        mine = max(self.found, key=lambda probe: probe.score).place
        other = max(self.rival[: len(self.found)], key=lambda trial: trial.score)
        return float(self.world.heights(mine[None])[0]), self.world.worth(other.configuration)

    def groups(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Points, shape (n, axes), and scores by what placed them, in order of appearance."""
        names = dict.fromkeys(probe.by for probe in self.found)
        return {
            name: (
                np.array([probe.place for probe in self.found if probe.by == name]),
                np.array([probe.score for probe in self.found if probe.by == name]),
            )
            for name in names
        }

    def _hyperparameters(self, length: float, noise: float) -> np.ndarray:
        weights = [length**-2.0] * len(self._axes)
        return np.log([*weights, 1.0, max(noise, 1e-3) ** 2])

    def _places(self) -> np.ndarray:
        return np.array([probe.place for probe in self.found])

    def _scores(self) -> np.ndarray:
        return np.array([probe.score for probe in self.found])
