"""PED-ANOVA (Watanabe, Bansal, Hutter, 2023, IJCAI, arXiv:2304.10255; `watanabe2023ped`).

Conditional parameters as in condPED-ANOVA (Baba, Ozaki, Watanabe, 2026, arXiv:2601.20800;
`baba2026conditional`): a parameter is compared among the trials that have it.
"""

from __future__ import annotations

import math

import numpy as np

from coursekit.spaces import Space
from coursekit.surrogates.axes import Axes
from coursekit.surrogates.density import ParzenEstimator, scott, shrinking
from coursekit.trials import History

STEPS = 64  # of the integral over a continuum
LEAST = 2  # good trials


def ped_anova(
    space: Space, history: History, *, top: float = 0.25, local: bool = True
) -> dict[str, float]:
    """How much each parameter decides whether a trial is among the best; the shares sum to 1.

    A parameter matters if its values have another density among the best trials than among all:
    the share is in proportion to the Pearson divergence of the two. This is the main effect, in a
    functional ANOVA, of being among the best (equation 16 of the paper); interactions do not show.

    history: completed trials of a search in this space; failed ones count as not good.
    top: gamma' in the paper, the share of trials that are good, between 0 and 1.
    local: compare with all trials of the search, as its strategy has drawn them; False compares
        with the even density of the space.

    Returns shares by name, 0 for a parameter with a single value. Raises ValueError for fewer than
    two good trials, or where all trials are good.
    """
    if not 0 < top < 1:
        raise ValueError(f"top={top!r} is a share of the trials: above 0 and below 1")
    trials = history.finished
    scores = np.array([trial.score for trial in trials])
    done = int(np.isfinite(scores).sum())
    wanted = math.ceil(top * len(trials))
    if done < LEAST or wanted < LEAST:
        raise ValueError(
            f"{done} completed trials, of which top={top} leaves {min(wanted, done)}: "
            "give more trials, or a larger top"
        )
    bar = np.sort(scores[np.isfinite(scores)])[-min(wanted, done)]
    good = scores >= bar  # NaN is not
    if good.all():
        raise ValueError(f"all {len(trials)} trials are as good as the best {top:.0%}")
    axes = Axes(space)
    points = np.array([space.encode(trial.configuration) for trial in trials])
    found: dict[str, float] = {parameter.name: 0.0 for parameter in space.parameters}
    for axis, parameter in enumerate(space.parameters):
        if parameter.domain.count > 1:
            found[parameter.name] += _effect(axes, axis, points, good, local)
    total = sum(found.values())
    return {name: effect / total if total else 0.0 for name, effect in found.items()}


def _effect(axes: Axes, axis: int, points: np.ndarray, good: np.ndarray, local: bool) -> float:
    """The variance of the chance to be good along one axis, among the trials that have it."""
    here = ~np.isnan(points[:, axis])
    if not (good & here).any():
        return 0.0
    middles = axes.middles[axis]
    places = (np.arange(STEPS) + 0.5) / STEPS if middles is None else middles
    at = np.full((len(places), len(axes)), np.nan)  # on all other axes: no parameter
    at[:, axis] = places
    chosen = _masses(axes, points[good & here], at)
    usual = _masses(axes, points[here], at) if local else _masses(axes, points[:0], at)
    divergence = float(usual @ (chosen / usual - 1) ** 2)
    # The chance to be good is (good here / all here) * chosen / usual along the axis.
    return float(here.mean() * (good[here].mean() ** 2) * divergence)


def _masses(axes: Axes, points: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The probabilities of places on one axis, from the density of points; they sum to 1."""
    # Frequencies, hardly smoothed, where values have no order: Scott's rule needs distances.
    bandwidths = shrinking(axes, len(points))
    if len(points):
        bandwidths = np.where(axes.ordered, scott(axes, points, dimensions=1), bandwidths)
    density = ParzenEstimator(axes, points, bandwidths, multivariate=False)
    masses = np.exp(density.log_density(at))
    return masses / masses.sum()
