"""What the checks of lab 11 ask, and how they judge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from coursekit.labs.exercises import Exercise, Finding, close

# Functions that every planted mistake is a variation of.
POW3 = """
def pow3(x, c, a, alpha):
    return c - a * x**-alpha
"""

WEIGHTS = """
def weights(prior, curve, sigma):
    off = prior[:, : len(curve)] - curve
    exponents = -0.5 * np.sum(off**2, axis=1) / sigma**2
    found = np.exp(exponents - exponents.max())
    return found / found.sum()
"""

BEATS = """
def beats(weights, ends, sigma, best):
    return float(np.sum(weights * (1 - norm.cdf((best - ends) / sigma))))
"""

STOP = """
def stop_epoch(chances, delta, start):
    for epoch, chance in enumerate(chances, start=1):
        if epoch >= start and chance < delta:
            return epoch
    return len(chances)
"""

SEARCH = """
def search(curves, forecast, chance, delta):
    best, trained = -math.inf, []
    for curve in curves:
        stopped = len(curve)
        for epoch in range(1, len(curve)):
            if chance(curve[:epoch], best) < delta:
                stopped = epoch
                break
        if stopped == len(curve):
            best = max(best, curve[-1])
        trained.append(stopped)
    return trained
"""
BAR = """        if stopped == len(curve):
            best = max(best, curve[-1])
"""


class Power(Exercise):
    """A power law"""

    key = "11.1"
    answer = "pow3"
    points = 1
    returns = float
    cases = [(1.0, 0.9, 0.7, 0.5), (16.0, 0.9, 0.7, 0.5)]
    hidden = [(100.0, 0.5, 0.4, 1.5), (9.0, 0.8, -0.1, 0.5)]
    hints = (
        "$x^{-\\alpha}$ is `x**-alpha`; it is 1 at `x = 1` and falls.",
        "Level minus fall: `c - a * ...`.",
    )
    mistakes = {
        "adds the fall": POW3.replace("c - a", "c + a"),
        "loses the sign of the exponent": POW3.replace("-alpha", "alpha"),
        "takes an exponential": POW3.replace("x**-alpha", "math.exp(-alpha * x)"),
        "multiplies by alpha": POW3.replace("x**-alpha", "x * -alpha"),
    }

    @staticmethod
    def judge(received: float, x: float, c: float, a: float, alpha: float) -> Finding | None:
        expected = c - a * x**-alpha
        if close(received, expected):
            return None
        if close(received, c + a * x**-alpha):
            return Finding(expected, "The fall is taken away from the level: the curve rises to c.")
        if close(received, c - a * x**alpha):
            return Finding(expected, "That falls without end: the exponent is minus alpha.")
        if close(received, c - a * math.exp(-alpha * x)):
            return Finding(expected, "That is an exponential; a power law has x at the bottom.")
        return Finding(expected, "The formula is c - a times x to the power of minus alpha.")


def _prior(members: int, horizon: int) -> list[list[float]]:
    """Rising curves, the same each time, plain data."""
    return [
        [
            0.2 + 0.7 * (k + 1) / members * (1 - math.exp(-(t + 1) / (1 + 2 * k)))
            for t in range(horizon)
        ]
        for k in range(members)
    ]


class Weights(Exercise):
    """Weights"""

    key = "11.2"
    answer = "weights"
    points = 2
    returns = list
    call = "weights of {0} made-up curves of {1} epochs, {2} scores seen, sigma {3}"
    cases = [(4, 10, 5, 0.05), (3, 6, 6, 0.2), (5, 40, 30, 0.0005)]
    hidden = [(6, 12, 1, 0.1), (5, 40, 39, 0.0002)]
    hints = (
        "`prior[:, : len(curve)] - curve` is how far each made-up curve runs from the points.",
        "Square, sum along `axis=1`, divide by `2 * sigma**2`, and mind the minus.",
        "`exponents - exponents.max()` before `np.exp`, then divide by the sum.",
    )
    mistakes = {
        "does not normalise": WEIGHTS.replace("found / found.sum()", "found"),
        "prefers curves that are far off": WEIGHTS.replace("-0.5", "0.5"),
        "does not square sigma": WEIGHTS.replace("sigma**2", "sigma"),
        "lets all exponentials be 0": WEIGHTS.replace(" - exponents.max()", ""),
        "forgets the half": WEIGHTS.replace("-0.5 *", "-"),
        "looks at the end of the curves": WEIGHTS.replace(": len(curve)]", "-len(curve) :]"),
    }

    @staticmethod
    def probe(weights: Any, members: int, horizon: int, n: int, sigma: float) -> Any:
        import math

        import numpy as np

        prior = np.array(
            [
                [
                    0.2 + 0.7 * (k + 1) / members * (1 - math.exp(-(t + 1) / (1 + 2 * k)))
                    for t in range(horizon)
                ]
                for k in range(members)
            ]
        )
        curve = 0.7 * prior[1, :n] + 0.3 * prior[2, :n] + 0.01 * np.cos(np.arange(n))
        with np.errstate(all="ignore"):
            found = weights(prior, curve, sigma)
        return [float(each) for each in np.asarray(found).ravel()]

    @staticmethod
    def judge(
        received: list[float], members: int, horizon: int, n: int, sigma: float
    ) -> Finding | None:
        prior = _prior(members, horizon)
        curve = [0.7 * prior[1][t] + 0.3 * prior[2][t] + 0.01 * math.cos(t) for t in range(n)]

        def of(power: float, half: float, sign: float, shift: int = 0) -> list[float]:
            exponents = [
                sign * half * sum((row[t + shift] - curve[t]) ** 2 for t in range(n)) / sigma**power
                for row in prior
            ]
            most = max(exponents)
            raw = [math.exp(each - most) for each in exponents]
            return [each / sum(raw) for each in raw]

        expected = of(2, 0.5, -1)
        if len(received) != members:
            return Finding(f"{members} weights", "One weight for each made-up curve.")
        if any(math.isnan(each) for each in received):
            reason = "Every exponential was 0: take the largest exponent away first."
            return Finding(expected, reason)
        if close(received, expected, relative=1e-6):
            return None
        if abs(sum(received) - 1) > 1e-6:
            return Finding(expected, f"They sum to {sum(received):.3g}: divide by their sum.")
        if close(received, of(2, 0.5, 1), relative=1e-6):
            return Finding(
                expected, "The farther a curve runs from the points, the less it weighs."
            )
        if close(received, of(1, 0.5, -1), relative=1e-6):
            return Finding(expected, "Sigma is squared in the exponent.")
        if close(received, of(2, 1, -1), relative=1e-6):
            return Finding(expected, "The exponent has 2 sigma² below: half of that is missing.")
        if close(received, of(2, 0.5, -1, horizon - n), relative=1e-6):
            return Finding(expected, "The scores seen are the first epochs, not the last ones.")
        return Finding(expected, "Sum the squared distances over the epochs seen, curve by curve.")


class Beats(Exercise):
    """The chance to beat the best"""

    key = "11.3"
    answer = "beats"
    points = 2
    returns = float
    cases = [([0.2, 0.5, 0.3], [0.7, 0.8, 0.9], 0.2, 0.85), ([1.0], [0.6], 0.1, 0.6)]
    hidden = [([0.9, 0.1], [0.5, 0.95], 0.02, 0.9), ([0.25] * 4, [0.1, 0.2, 0.3, 0.4], 0.1, 0.0)]
    hints = (
        "`norm.cdf((best - ends) / sigma)` is each member's chance to stay *below* the best.",
        "One minus that, times the weights, summed.",
    )
    mistakes = {
        "takes the chance to stay below": BEATS.replace(
            "(1 - norm.cdf((best - ends) / sigma))", "norm.cdf((best - ends) / sigma)"
        ),
        "forgets the noise": BEATS.replace(
            "(1 - norm.cdf((best - ends) / sigma))", "(ends > best)"
        ),
        "forgets the weights": BEATS.replace("np.sum(weights *", "np.mean(1.0 *"),
        "divides by the variance": BEATS.replace("/ sigma", "/ sigma**2"),
        "asks about the mean alone": """
def beats(weights, ends, sigma, best):
    return float(1 - norm.cdf((best - np.sum(weights * ends)) / sigma))
""",
    }

    @staticmethod
    def probe(
        beats: Any, weights: list[float], ends: list[float], sigma: float, best: float
    ) -> Any:
        import numpy as np

        return beats(np.array(weights), np.array(ends), sigma, best)

    @staticmethod
    def judge(
        received: float, weights: list[float], ends: list[float], sigma: float, best: float
    ) -> Finding | None:
        def above(end: float) -> float:
            return 0.5 * math.erfc((best - end) / sigma / math.sqrt(2))

        chances = [above(end) for end in ends]
        expected = sum(w * p for w, p in zip(weights, chances, strict=True))
        if close(received, expected, relative=1e-6):
            return None
        if close(received, 1 - expected, relative=1e-6):
            return Finding(expected, "That is the chance to stay below: take it from 1.")
        if close(received, sum(w for w, e in zip(weights, ends, strict=True) if e > best)):
            return Finding(expected, "A member's end is give or take sigma: use the normal law.")
        if close(received, sum(chances) / len(chances), relative=1e-6):
            return Finding(expected, "Members count by their weights, not all alike.")
        squared = [above(best + (end - best) / sigma) for end in ends]
        if close(received, sum(w * p for w, p in zip(weights, squared, strict=True))):
            return Finding(expected, "Divide by sigma itself, which is a standard deviation.")
        mean = sum(w * e for w, e in zip(weights, ends, strict=True))
        if close(received, above(mean), relative=1e-6):
            return Finding(expected, "Average the chances, not the ends: the crowd may be split.")
        return Finding(
            expected, "Sum the weights times one minus the normal law, over the members."
        )


class StopEpoch(Exercise):
    """When to stop"""

    key = "11.4"
    answer = "stop_epoch"
    points = 1
    returns = int
    cases = [
        ([0.5, 0.3, 0.04, 0.2, 0.01], 0.05, 1),
        ([0.01, 0.02, 0.3, 0.04, 0.01], 0.05, 3),
        ([0.5, 0.05, 0.6, 0.7], 0.05, 1),
        ([0.5, 0.01, 0.3, 0.02, 0.4], 0.05, 2),
    ]
    hidden = [([0.9] * 8, 0.05, 3), ([0.01] * 5, 0.05, 5), ([0.3, 0.2, 0.1], 0.25, 1)]
    hints = (
        "`enumerate(chances, start=1)` counts epochs from 1.",
        "Both must hold: `epoch >= start` and `chance < delta`. Without one, `len(chances)`.",
    )
    mistakes = {
        "counts from 0": STOP.replace("start=1)", "start=0)"),
        "looks before the start": STOP.replace("epoch >= start and ", ""),
        "waits one epoch too long": STOP.replace("epoch >= start", "epoch > start"),
        "stops at delta itself": STOP.replace("chance < delta", "chance <= delta"),
        "stops when the chance is good": STOP.replace("chance < delta", "chance > delta"),
    }

    @staticmethod
    def judge(received: int, chances: list[float], delta: float, start: int) -> Finding | None:
        below = [n for n, chance in enumerate(chances, start=1) if n >= start and chance < delta]
        expected = below[0] if below else len(chances)
        if received == expected:
            return None
        if not 1 <= received <= len(chances):
            return Finding(expected, "Epochs are counted from 1 to the number of chances.")
        if received < start:
            return Finding(expected, f"There is no decision before epoch {start}.")
        if chances[received - 1] == delta:
            return Finding(expected, "A chance of exactly delta is not below it.")
        if received < len(chances) and chances[received - 1] > delta:
            reason = f"After epoch {received} the chance is {chances[received - 1]}: it goes on."
            return Finding(expected, reason)
        return Finding(expected, f"The first epoch from {start} on with a chance below {delta}.")


class Bar(Exercise):
    """The bar that nobody measured"""

    key = "11.5"
    answer = "search"
    points = 2
    returns = list
    call = "search(curves={0}), expected to end at {1}; forecasts {2} too high"
    cases = [
        ([[0.2, 0.4, 0.5, 0.6], [0.1, 0.3, 0.4, 0.5], [0.3, 0.5, 0.6, 0.7]], [0.6, 0.5, 0.7], 0.3),
        (  # the second promises more than it keeps
            [[0.2, 0.4, 0.5, 0.6], [0.25, 0.5, 0.7, 0.5], [0.1, 0.3, 0.5, 0.55],
             [0.3, 0.5, 0.6, 0.65]],
            [0.6, 0.8, 0.55, 0.65],
            0.0,
        ),
        (  # the second would have bloomed late, the third is past its peak
            [[0.2, 0.4, 0.5, 0.6], [0.1, 0.2, 0.6, 0.9], [0.5, 0.65, 0.4, 0.3],
             [0.3, 0.5, 0.6, 0.62], [0.15, 0.4, 0.6, 0.7]],
            [0.6, 0.3, 0.4, 0.62, 0.7],
            0.0,
        ),
    ]  # fmt: skip
    hidden = [
        ([[0.2, 0.4, 0.5], [0.1, 0.2, 0.3], [0.3, 0.6, 0.55]], [0.5, 0.3, 0.55], 0.4),
        (
            [[0.4, 0.5, 0.5], [0.3, 0.8, 0.2], [0.1, 0.2, 0.4], [0.6, 0.62, 0.1], [0.2, 0.5, 0.7]],
            [0.5, 0.6, 0.4, 0.2, 0.7],
            0.1,
        ),
    ]
    hints = (
        "`forecast(...)` may not touch `best`.",
        "A training went to its end if `stopped == len(curve)`; its score is `curve[-1]`.",
    )
    mistakes = {
        "lets forecasts of those that were stopped set the bar": SEARCH.replace(
            BAR, BAR + "        else:\n            best = max(best, forecast(curve[:stopped]))\n"
        ),
        "lets stopped trainings lower the bar": SEARCH.replace(
            BAR, "        best = curve[stopped - 1]\n"
        ),
        "never sets a bar": SEARCH.replace(BAR, ""),
        "peeks at the end of those that were stopped": SEARCH.replace(
            BAR, "        best = max(best, curve[-1])\n"
        ),
        "takes what a stopped training had reached": SEARCH.replace(
            BAR, "        best = max(best, curve[stopped - 1])\n"
        ),
        "takes the latest for the best": SEARCH.replace("max(best, curve[-1])", "curve[-1]"),
        "takes the best epoch for the last": SEARCH.replace("curve[-1])", "max(curve))"),
        "takes those that were stopped instead": SEARCH.replace("stopped ==", "stopped <"),
    }

    @staticmethod
    def probe(search: Any, curves: list[list[float]], ends: list[float], optimism: float) -> Any:
        # The first score tells which curve it is. Before two scores there is no decision.
        expected = {curve[0]: end for curve, end in zip(curves, ends, strict=True)}
        whole = {curve[0]: len(curve) for curve in curves}

        def forecast(seen: list[float]) -> float:
            return seen[-1] if len(seen) == whole[seen[0]] else expected[seen[0]] + optimism

        def chance(seen: list[float], best: float) -> float:
            return 0.5 if len(seen) < 2 or expected[seen[0]] > best else 0.01

        return search(curves, forecast, chance, 0.05)

    @staticmethod
    def judge(
        received: list[int], curves: list[list[float]], ends: list[float], optimism: float
    ) -> Finding | None:
        def trained(bar: Callable[[float, list[float], int, float], float]) -> list[int]:
            best, epochs = -math.inf, []
            for curve, end in zip(curves, ends, strict=True):
                epochs.append(len(curve) if end > best else 2)
                best = bar(best, curve, epochs[-1], end)
            return epochs

        def measured(best: float, curve: list[float], n: int, _: float) -> float:
            return max(best, curve[-1]) if n == len(curve) else best

        expected = trained(measured)
        if received == expected:
            return None
        if len(received) != len(curves):
            return Finding(expected, "One number of epochs for each curve.")
        misread: dict[str, Callable[[float, list[float], int, float], float]] = {
            "The bar is the end of a training that was stopped: nobody has seen it.": (
                lambda best, curve, n, end: max(best, curve[-1])
            ),
            "The bar is the last score of a training that was stopped: only whole ones count.": (
                lambda best, curve, n, end: max(best, curve[n - 1])
            ),
            "The bar is the latest end, not the best: keep the larger of the two.": (
                lambda best, curve, n, end: curve[-1] if n == len(curve) else best
            ),
            "The bar is the best epoch of a training; what counts is its last score.": (
                lambda best, curve, n, end: max(best, max(curve)) if n == len(curve) else best
            ),
            "The bar is the forecast of a training that was stopped: an expectation.": (
                lambda best, curve, n, end: max(
                    best, curve[-1] if n == len(curve) else end + optimism
                )
            ),
        }
        for reason, bar in misread.items():
            if received == trained(bar):
                return Finding(expected, reason)
        if sum(received) < sum(expected):
            reason = "A training that would have won was stopped: the bar was never measured."
            return Finding(expected, reason)
        return Finding(expected, "A training without a chance went on: the bar is too low.")
