"""Learning-curve families (Domhan, Springenberg and Hutter, 2015, IJCAI; `domhan2015speeding`).

A family describes how a score rises with the epochs x = 1, 2, ...: ten of the eleven of the paper's
table 1 (the eleventh, vapor pressure, has no limit) and the plain exponential. All but log-log
linear, which rises without end, are a level minus a fall, c - b f(x); up to their parameters, most
of the falls have one of four `SHAPES`. ilog2 has log(x + 1), as implementations do: table 1 prints
log x, which is 0 in the first epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from coursekit.forecasting.scale import scores_of

Array = np.ndarray


class Family(NamedTuple):
    """formula: as in the paper. curve: a function of x and the parameters. start: where a fit
    begins. shape: which of `SHAPES` its fall has.
    """

    formula: str
    curve: Callable[..., Array]
    start: tuple[float, ...]
    shape: str


FAMILIES: dict[str, Family] = {
    "pow3": Family("c - a x^-α", lambda x, c, a, α: c - a * x**-α, (0.8, 0.5, 0.5), "power"),
    "pow4": Family(
        "c - (a x + b)^-α", lambda x, c, a, b, α: c - (a * x + b) ** -α, (0.8, 1, 1, 0.5), "power"
    ),
    "log power": Family(
        "a / (1 + (x / e^b)^c)",
        lambda x, a, b, c: a / (1 + (x / np.exp(b)) ** c),
        (0.8, 1.0, -1.0),
        "hill",
    ),
    "Hill3": Family(
        "y x^η / (κ^η + x^η)",
        lambda x, y, η, κ: y * x**η / (κ**η + x**η),
        (0.8, 1.0, 2.0),
        "hill",
    ),
    "MMF": Family(
        "α - (α - β) / (1 + (κ x)^δ)",
        lambda x, α, β, κ, δ: α - (α - β) / (1 + (κ * x) ** δ),
        (0.8, 0.2, 0.3, 1.0),
        "hill",
    ),
    "exp3": Family(
        "c - b exp(-a x)", lambda x, c, b, a: c - b * np.exp(-a * x), (0.8, 0.5, 0.2), "exponential"
    ),
    "exp4": Family(
        "c - exp(-a x^α + b)",
        lambda x, c, a, b, α: c - np.exp(-a * x**α + b),
        (0.8, 0.5, -0.5, 0.8),
        "exponential",
    ),
    "Janoschek": Family(
        "α - (α - β) exp(-κ x^δ)",
        lambda x, α, β, κ, δ: α - (α - β) * np.exp(-κ * x**δ),
        (0.8, 0.2, 0.3, 0.8),
        "exponential",
    ),
    "Weibull": Family(
        "α - (α - β) exp(-(κ x)^δ)",
        lambda x, α, β, κ, δ: α - (α - β) * np.exp(-((κ * x) ** δ)),
        (0.8, 0.2, 0.3, 0.8),
        "exponential",
    ),
    "ilog2": Family("c - a / log(x + 1)", lambda x, c, a: c - a / np.log(x + 1), (0.8, 0.3), "log"),
    "log-log linear": Family(
        "log(a log x + b)", lambda x, a, b: np.log(a * np.log(x) + b), (0.2, 1.5), "log"
    ),
}

# How a curve falls short of its level: from 1 in the first epoch towards 0. x: epochs, shape (1, T)
# or (T,); the others, shape (members, 1): a time scale in epochs, a steepness, an offset in epochs.
SHAPES: dict[str, Callable[[Array, Array, Array, Array], Array]] = {
    "power": lambda x, scale, steepness, offset: (x + offset) ** -np.minimum(steepness, 2.0),
    "hill": lambda x, scale, steepness, offset: 1 / (1 + (x / scale) ** steepness),
    "exponential": lambda x, scale, steepness, offset: np.exp(-((x / scale) ** steepness)),
    "log": lambda x, scale, steepness, offset: 1 / np.log(1 + x + offset),
}


def fit(family: str, curve: Sequence[float] | Array) -> tuple[tuple[float, ...], float]:
    """Least squares by Levenberg and Marquardt: the parameters, and the residuals' deviation.

    The deviation is that of the observed points about the curve; the parameters reduce its degrees
    of freedom. If the fit does not converge, the best point so far is returned. Raises ValueError
    for an unknown family, or for a curve without numbers.
    """
    from scipy.optimize import leastsq

    if family not in FAMILIES:
        raise ValueError(f"no family {family!r}: there are {', '.join(FAMILIES)}")
    y = scores_of(curve)
    if not len(y) or not np.isfinite(y).all():
        raise ValueError(f"curve={curve!r}: a fit needs one finite score or more")
    formula, start = FAMILIES[family].curve, FAMILIES[family].start
    x = np.arange(1, len(y) + 1, dtype=float)
    best: tuple[float, tuple[float, ...]] = (np.inf, start)

    def residuals(parameters: Array) -> Array:
        nonlocal best
        with np.errstate(all="ignore"):
            found = np.nan_to_num(formula(x, *parameters) - y, nan=1e3, posinf=1e3, neginf=-1e3)
        found = np.clip(found, -1e3, 1e3)
        loss = float(found @ found)
        if loss < best[0]:
            best = loss, tuple(float(each) for each in parameters)
        # At least as many residuals as parameters, or the search refuses.
        return np.concatenate([found, np.zeros(max(0, len(start) - len(found)))])

    # The full output: it comes without a warning when the search is cut off.
    leastsq(residuals, start, maxfev=100 * len(start), full_output=True)
    free = max(1, len(y) - len(start))
    return best[1], float(np.sqrt(best[0] / free))


def value(family: str, parameters: Sequence[float], epoch: float | Array) -> Array:
    """The curve with these parameters at an epoch, or at several; NaN where it is undefined."""
    with np.errstate(all="ignore"):  # NumPy's numbers, since a plain -1.0 ** 0.5 is complex
        return FAMILIES[family].curve(
            np.asarray(epoch, dtype=float), *np.asarray(parameters, float)
        )


def made_up(
    start: float, end: float, speed: float, noise: float, epochs: int, rng: np.random.Generator
) -> Array:
    """A made-up curve, shape (epochs,): exp3 from start towards end, plus noise.

    start, end: scores in 0..1, of the first epoch and of the limit. speed: the share of the
    remaining distance that an epoch covers, 0..1. noise: its standard deviation.
    """
    x = np.arange(epochs, dtype=float)
    smooth = end - (end - start) * (1 - speed) ** x
    return np.clip(smooth + rng.normal(0, noise, epochs), 0.0, 1.0)
