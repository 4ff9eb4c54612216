"""Ways to forecast the end of a learning curve: the kit's, and those it is compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from coursekit.forecasting import families as families
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.forecast import Forecast
from coursekit.forecasting.scale import Bounds

ACCURACY = (0.0, 1.0)  # its bounds
GRID = np.linspace(0.0, 1.0, 401)


class Guess(NamedTuple):
    """score: to rank by. middle: the median. below: the distribution at `GRID`, shape (401,)."""

    score: float
    middle: float
    below: np.ndarray


Forecaster = Callable[[np.ndarray, int], Guess]


def last_value(curve: np.ndarray, horizon: int) -> Guess:
    """The last score; its spread is that of a random walk with the curve's last steps."""
    steps = np.diff(curve[-11:])
    step = float(np.sqrt(np.mean(steps**2))) if len(steps) else 0.1
    return gaussian(float(curve[-1]), max(step, 0.002) * math.sqrt(horizon - len(curve)))


def power_law(curve: np.ndarray, horizon: int) -> Guess:
    """pow3 by least squares; its spread is that of the residuals."""
    parameters, deviation = families.fit("pow3", curve)
    end = float(np.nan_to_num(families.value("pow3", parameters, horizon)))
    return gaussian(min(max(end, 0.0), 1.0), max(deviation, 0.002))


def ours(
    curve: np.ndarray,
    horizon: int,
    experience: Experience | None = None,
    bounds: Bounds | None = ACCURACY,
) -> Guess:
    """`coursekit.forecasting.forecast`."""
    found = Forecast(curve, horizon, bounds=bounds, experience=experience)
    return Guess(found.score, found.median, found.below(GRID))


def mcmc(
    curve: np.ndarray, horizon: int, *, walkers: int = 60, steps: int = 500, seed: int = 0
) -> Guess:
    """All families weighted together (Domhan et al., 2015; `domhan2015speeding`).

    With the sampler of Goodman and Weare (2010; `goodman2010ensemble`).

    A walker holds the parameters of every family, their weights and a noise. The prior requires
    weights above 0 and an end between 0 and 1 that is not far below the last score.
    """
    names = ["pow3", "log power", "MMF", "exp4", "Janoschek", "Weibull", "ilog2", "Hill3"]
    x, rng = np.arange(1.0, len(curve) + 1), np.random.default_rng(seed)
    starts, sizes = list[float](), list[int]()
    for name in names:
        parameters, _ = families.fit(name, curve)
        starts.extend(parameters)
        sizes.append(len(parameters))
    cuts = np.cumsum(sizes)[:-1]
    centre = np.concatenate([starts, np.full(len(names), 1 / len(names)), [math.log(0.02)]])

    def mean(walker: np.ndarray, at: np.ndarray) -> np.ndarray:
        weights = walker[sum(sizes) : -1]
        parts = np.split(walker[: sum(sizes)], cuts)
        values = [families.value(n, p.tolist(), at) for n, p in zip(names, parts, strict=True)]
        return weights @ np.array(values) / weights.sum()

    def log_density(walker: np.ndarray) -> float:
        weights, log_noise = walker[sum(sizes) : -1], walker[-1]
        if weights.min() <= 0 or not -7 < log_noise < -1:
            return -math.inf
        with np.errstate(all="ignore"):
            off = curve - mean(walker, x)
            end = float(mean(walker, np.array([float(horizon)]))[0])
        if not (np.isfinite(off).all() and -0.1 <= end <= 1.0):
            return -math.inf
        return float(-0.5 * np.sum(off**2) / math.exp(2 * log_noise) - len(curve) * log_noise)

    dimensions = len(centre)
    chain = centre * (1 + 0.02 * rng.normal(size=(max(walkers, 2 * dimensions), dimensions)))
    values = np.array([log_density(walker) for walker in chain])
    ends: list[tuple[float, float]] = []
    for step in range(steps):
        for half in (0, 1):
            mine = np.arange(half, len(chain), 2)
            others = np.arange(1 - half, len(chain), 2)
            for k in mine:
                stretch = (rng.uniform() + 1) ** 2 / 2  # a = 2
                other = chain[rng.choice(others)]
                proposal = other + stretch * (chain[k] - other)
                value = log_density(proposal)
                if not math.isfinite(value):
                    continue
                gain = (dimensions - 1) * math.log(stretch) + value - values[k]
                if math.log(rng.uniform()) < gain:
                    chain[k], values[k] = proposal, value
        if step >= steps // 2 and step % 5 == 0:
            good = [k for k in range(len(chain)) if math.isfinite(values[k])]
            at = np.array([float(horizon)])
            ends += [(float(mean(chain[k], at)[0]), math.exp(chain[k, -1])) for k in good]
    if not ends:
        return last_value(curve, horizon)  # no walker has found a place
    from scipy.special import ndtr

    middles, noises = np.array(ends).T
    below = ndtr((GRID[:, None] - middles) / noises).mean(axis=1)
    middle = float(np.median(middles))
    return Guess(middle, middle, _bounded(below))


def gaussian(middle: float, deviation: float) -> Guess:
    """A normal distribution, cut off at 0 and 1."""
    from scipy.special import ndtr

    return Guess(middle, middle, _bounded(ndtr((GRID - middle) / deviation)))


def _bounded(below: np.ndarray) -> np.ndarray:
    below = np.maximum.accumulate(np.clip(below, 0.0, 1.0))
    below[-1] = 1.0
    return below


FORECASTERS: dict[str, Forecaster] = {
    "last value": last_value,
    "power law": power_law,
    "MCMC": mcmc,
    "ours": ours,
}
