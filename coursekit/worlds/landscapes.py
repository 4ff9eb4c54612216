"""Landscapes: functions of a few numbers that are known everywhere, to look at a search."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Self

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Float, Space
from coursekit.trials import Epoch, History, Suggestion, Trial
from coursekit.worlds.base import World

NAMES = ("hills", "cliff", "needle", "ripples")
# The hills of "hills": centre, width and height; on each further axis the centres move by SHIFT.
HILLS = ((0.2, 0.09, 0.65), (0.52, 0.11, 0.8), (0.84, 0.05, 1.0))
SHIFT = 0.31
EDGE = 0.72  # where "cliff" breaks off
NARROW = 0.09  # where the peak of "needle" ends, a distance on each axis
SUMMIT = 0.37  # of "needle" and "ripples" on the first axis


class Landscape(World):
    """Answers with the height of a function at a point of the unit cube; nothing is trained.

    name: "hills", of which the highest is the narrowest; "cliff", a slope that breaks off where it
        is highest, as accuracy does along learning rates; "needle", a plain with one narrow peak;
        "ripples", a summit among many small ones.
    dimensions: of the cube; the parameters are called x0, x1, ...
    moved: added to each coordinate, modulo 1: the same landscape, which begins elsewhere.
    noise: standard deviation of one measurement, where heights lie in about 0..1.
    seed: None answers with the height itself. A number answers with one measurement of each
        point, drawn by this seed, as if a search measured each point once.

    Raises ValueError for another name, dimensions below 1 and a negative noise.
    """

    datasets = NAMES
    early = False
    measure = "height"

    def __init__(
        self,
        name: str = NAMES[0],
        *,
        dimensions: int = 1,
        moved: float = 0.0,
        noise: float = 0.0,
        seed: int | None = None,
    ) -> None:
        if name not in NAMES:
            raise ValueError(f"no landscape {name!r}: there are {', '.join(NAMES)}")
        if not 0 <= noise < np.inf:
            raise ValueError(f"noise={noise!r}: give a standard deviation, 0 or more")
        self.dataset, self.moved, self.noise, self.seed = name, moved, noise, seed
        self.epochs = 1
        self.dimensions = whole_number("dimensions", dimensions)
        self.space = Space({f"x{axis}": Float(0, 1) for axis in range(self.dimensions)})
        self.optimum = _highest(name, self.dimensions)

    def __repr__(self) -> str:
        return (
            f"Landscape({self.dataset!r}, dimensions={self.dimensions}, moved={self.moved}, "
            f"noise={self.noise}, seed={self.seed})"
        )

    def __str__(self) -> str:
        noise = f", noise {self.noise:g}" if self.noise else ""
        return f"{self.dataset} in {self.dimensions} dimension{'s' * (self.dimensions > 1)}{noise}"

    def heights(self, points: np.ndarray) -> np.ndarray:
        """Without noise, at points of shape (n, dimensions): shape (n,)."""
        points = np.asarray(points, dtype=float)
        return _heights(self.dataset, (points + self.moved) % 1 if self.moved else points)

    def worth(self, configuration: Mapping[str, Any]) -> float:
        return float(self.heights(self.space.encode(configuration)[None])[0])

    def seeded(self, seed: int) -> Self:
        return type(self)(
            self.dataset, dimensions=self.dimensions, moved=self.moved, noise=self.noise, seed=seed
        )

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        """One step: the height, or one measurement of it. It counts as a second."""
        score = self.worth(trial.configuration)
        if self.noise and self.seed is not None:
            place = zlib.crc32(self.space.encode(trial.configuration).tobytes())
            score += self.noise * np.random.default_rng((self.seed, place)).standard_normal()
        yield Epoch(float(score), 1.0)


def _heights(name: str, points: np.ndarray) -> np.ndarray:
    axes = np.arange(points.shape[1])
    if name == "hills":
        # Reflected into the cube: 0.84 + 0.31 is 1.15, and that is 0.85.
        moved = np.array([[centre for centre, _, _ in HILLS]]).T + SHIFT * axes
        centres = 1 - np.abs(1 - moved % 2)
        away = np.mean((points[:, None] - centres) ** 2, axis=2)
        _, widths, heights = np.array(HILLS).T
        return np.exp(-0.5 * away / widths**2) @ heights
    if name == "cliff":
        slope = np.where(points[:, 0] <= EDGE, (points[:, 0] / EDGE) ** 2, 0.05)
        return slope * (1 - np.sum((points[:, 1:] - 0.4) ** 2, axis=1) / points.shape[1])
    summit = 1 - np.abs(1 - (SUMMIT + SHIFT * axes) % 2)
    away = points - summit
    if name == "needle":
        inside = np.maximum(1 - np.mean(away**2, axis=1) / NARROW**2, 0.0)
        return 0.25 + 0.75 * inside**2  # the plain is flat to the last bit: nothing leads anywhere
    return 1 - np.mean(1.5 * away**2 + 0.1 * (1 - np.cos(8 * np.pi * away)), axis=1)


@cache
def _highest(name: str, dimensions: int) -> float:
    """The highest height. The others have it where they are made; the hills add up."""
    if name == "hills":
        from scipy.optimize import minimize

        centre = 1 - np.abs(1 - (HILLS[-1][0] + SHIFT * np.arange(dimensions)) % 2)
        found = minimize(
            lambda point: -float(_heights(name, point[None])[0]),
            centre,
            bounds=[(0, 1)] * dimensions,
        )
        return float(-found.fun)
    return 1.0
