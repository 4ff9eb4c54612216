"""What the checks of lab 11 ask."""

from coursekit.labs.exercises import Exercise, Mistake

BAR = """        if stopped == len(curve):
            best = max(best, curve[-1])"""
CHANCE = "(1 - norm.cdf((best - ends) / sigma))"


class Power(Exercise):
    """A power law"""

    key = "11.1"
    cases = {"the first epoch": (1.0, 0.9, 0.7, 0.5), "a later epoch": (16.0, 0.9, 0.7, 0.5)}
    hidden = [(100.0, 0.5, 0.4, 1.5), (9.0, 0.8, -0.1, 0.5)]
    hints = (
        "$x^{-\\alpha}$ is `x**-alpha`; it is 1 at `x = 1` and falls.",
        "Level minus fall: `c - a * ...`.",
    )
    mistakes = (
        Mistake("c - a", "c + a", "Subtract the fall from the level: the curve rises to c."),
        Mistake("-alpha", "alpha", "That falls without end: the exponent is minus alpha."),
        Mistake("x**-alpha", "math.exp(-alpha * x)", "That is an exponential: x is the base here."),
        Mistake("x**-alpha", "x * -alpha", "That multiplies: alpha is an exponent."),
        Mistake("x**-alpha", "x ^ (-alpha)", "Python writes a power as `**`, not `^`, and a product as `*`."),
    )  # fmt: skip
    otherwise = "The formula is c minus a times x to the power of minus alpha."


class Weights(Exercise):
    """Weights"""

    key = "11.2"
    points = 2
    call = "weights of {0} made-up curves of {1} epochs, {2} scores seen, sigma {3}"
    cases = {
        "some of the epochs seen": (4, 10, 5, 0.05),
        "all epochs seen": (3, 6, 6, 0.2),
        "every exponential would be 0": (5, 40, 30, 0.0005),
    }
    hidden = [(6, 12, 1, 0.1), (5, 40, 39, 0.0002)]
    hints = (
        "`prior[:, : len(curve)] - curve` is how far each made-up curve lies from the points.",
        "Square, sum along `axis=1`, divide by `2 * sigma**2`, and mind the minus.",
        "`exponents - exponents.max()` before `np.exp`, then divide by the sum.",
    )
    mistakes = (
        Mistake("found / found.sum()", "found", "They do not sum to 1: divide by their sum."),
        Mistake("-0.5", "0.5", "A curve far from the points must have a smaller weight, not a larger."),
        Mistake("sigma**2", "sigma", "Sigma is squared in the exponent."),
        Mistake(" - exponents.max()", "",
                "Every exponential was 0: subtract the largest exponent first."),
        Mistake("-0.5 *", "-", "The exponent is divided by 2 sigma²: the 2 is missing."),
        Mistake(": len(curve)]", "-len(curve) :]", "The scores seen are the first epochs, not the last."),
    )  # fmt: skip
    otherwise = "Sum the squared distances over the epochs seen, for each curve."

    @staticmethod
    def probe(weights, members, horizon, n, sigma):
        import numpy as np

        k, t = np.arange(members)[:, None], np.arange(horizon)
        prior = 0.2 + 0.7 * (k + 1) / members * (1 - np.exp(-(t + 1) / (1 + 2 * k)))
        curve = 0.7 * prior[1, :n] + 0.3 * prior[2, :n] + 0.01 * np.cos(np.arange(n))
        with np.errstate(all="ignore"):
            found = np.asarray(weights(prior, curve, sigma), float)
        return [None if np.isnan(each) else float(each) for each in found.ravel()]


class Beats(Exercise):
    """The chance to beat the best"""

    key = "11.3"
    points = 2
    cases = {
        "three members": ([0.2, 0.5, 0.3], [0.7, 0.8, 0.9], 0.2, 0.85),
        "a member that ends at the best": ([1.0], [0.6], 0.1, 0.6),
    }
    hidden = [([0.9, 0.1], [0.5, 0.95], 0.02, 0.9), ([0.25] * 4, [0.1, 0.2, 0.3, 0.4], 0.1, 0.0)]
    hints = (
        "`norm.cdf((best - ends) / sigma)` is each member's chance to stay *below* the best.",
        "One minus that, times the weights, summed.",
    )
    mistakes = (
        Mistake(CHANCE, CHANCE[5:-1], "That is the chance to stay below: subtract it from 1."),
        Mistake(CHANCE, "(ends > best)", "A member's end is uncertain by sigma: use the normal law."),
        Mistake("np.sum(weights *", "np.mean(1.0 *", "Members count by their weights, not alike."),
        Mistake("/ sigma", "/ sigma**2", "Divide by sigma itself, which is a standard deviation."),
        Mistake(f"np.sum(weights * {CHANCE})",
                "1 - norm.cdf((best - np.sum(weights * ends)) / sigma)",
                "Average the chances, not the ends: half of the crowd may be far above the rest."),
    )  # fmt: skip
    otherwise = "Sum, over the members, the weight times one minus the normal law."

    @staticmethod
    def probe(beats, weights, ends, sigma, best):
        import numpy as np

        return beats(np.array(weights), np.array(ends), sigma, best)


class StopEpoch(Exercise):
    """When to stop"""

    key = "11.4"
    cases = {
        "the first chance below delta": ([0.5, 0.3, 0.04, 0.2, 0.01], 0.05, 1),
        "no decision before `start`": ([0.01, 0.02, 0.3, 0.04, 0.01], 0.05, 3),
        "a chance of exactly delta is not below it": ([0.5, 0.05, 0.6, 0.7], 0.05, 1),
        "a decision at `start` itself": ([0.5, 0.01, 0.3, 0.02, 0.4], 0.05, 2),
        "to the end, if no chance is below delta": ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], 0.05, 3),
    }
    hidden = [([0.9] * 8, 0.05, 3), ([0.01] * 5, 0.05, 5), ([0.3, 0.2, 0.1], 0.25, 1)]
    hints = (
        "`enumerate(chances, start=1)` counts epochs from 1.",
        "Both must hold: `epoch >= start` and `chance < delta`. If it never does: `len(chances)`.",
    )
    mistakes = (
        Mistake("start=1)", "start=0)", "Epochs are counted from 1."),
        Mistake("epoch >= start and ", "", "There is no decision before epoch `start`."),
        Mistake("epoch >= start", "epoch > start", "The rule may stop after epoch `start` itself."),
        Mistake("chance < delta", "chance <= delta", "A chance of exactly delta is not below it."),
        Mistake("chance < delta", "chance > delta", "Stop when the chance is *below* delta."),
    )
    otherwise = "It is the first epoch from `start` on with a chance below delta."


class Bar(Exercise):
    """Find the bug: a bar that was not measured"""

    key = "11.5"
    points = 2
    call = "search(curves={0}), expected to end at {1}; forecasts {2} too high"
    cases = {
        "a stopped training that was forecast too high": (
            [[0.2, 0.4, 0.5, 0.6], [0.1, 0.3, 0.4, 0.5], [0.3, 0.5, 0.6, 0.7]], [0.6, 0.5, 0.7], 0.3
        ),
        "a training that reaches its end below what was expected": (
            [[0.2, 0.4, 0.5, 0.6], [0.25, 0.5, 0.7, 0.5], [0.1, 0.3, 0.5, 0.55],
             [0.3, 0.5, 0.6, 0.65]], [0.6, 0.8, 0.55, 0.65], 0.0
        ),
        "a stopped training that would have risen late, and one that falls": (
            [[0.2, 0.4, 0.5, 0.6], [0.1, 0.2, 0.6, 0.9], [0.5, 0.65, 0.4, 0.3],
             [0.3, 0.5, 0.6, 0.62], [0.15, 0.4, 0.6, 0.7]], [0.6, 0.3, 0.4, 0.62, 0.7], 0.0
        ),
    }  # fmt: skip
    hidden = [
        ([[0.2, 0.4, 0.5], [0.1, 0.2, 0.3], [0.3, 0.6, 0.55]], [0.5, 0.3, 0.55], 0.4),
        ([[0.4, 0.5, 0.5], [0.3, 0.8, 0.2], [0.1, 0.2, 0.4], [0.6, 0.62, 0.1], [0.2, 0.5, 0.7]],
         [0.5, 0.6, 0.4, 0.2, 0.7], 0.1),
    ]  # fmt: skip
    hints = (
        "`forecast(...)` may not change `best`.",
        "A training reached its end if `stopped == len(curve)`; its score is `curve[-1]`.",
    )
    mistakes = (
        Mistake(BAR, f"{BAR}\n        else:\n            best = max(best, forecast(curve[:stopped]))",
                "The bar is the forecast of a training that was stopped: an expectation."),
        Mistake(BAR, "        best = curve[stopped - 1]",
                "Each training replaces the bar: keep the best of those that reached the end."),
        Mistake(BAR, "", "No training is ever stopped: nothing sets the bar."),
        Mistake(BAR, "        best = max(best, curve[-1])",
                "The bar is the end of a training that was stopped: it was not measured."),
        Mistake(BAR, "        best = max(best, curve[stopped - 1])",
                "The bar is the last score of a training that was stopped: only whole ones count."),
        Mistake("max(best, curve[-1])", "curve[-1]",
                "The bar is the latest end, not the best: keep the larger of the two."),
        Mistake("curve[-1])", "max(curve))",
                "The bar is the best epoch of a training; what counts is its last score."),
    )  # fmt: skip
    otherwise = "The bar is the best last score of the trainings that reached their end."

    @staticmethod
    def probe(search, curves, ends, optimism):
        # The first score tells which curve it is. Before two scores there is no decision.
        expected = {curve[0]: end for curve, end in zip(curves, ends, strict=True)}
        whole = {curve[0]: len(curve) for curve in curves}

        def forecast(seen):
            return seen[-1] if len(seen) == whole[seen[0]] else expected[seen[0]] + optimism

        def chance(seen, best):
            return 0.5 if len(seen) < 2 or expected[seen[0]] > best else 0.01

        return search(curves, forecast, chance, 0.05)
