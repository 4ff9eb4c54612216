"""What the checks of lab 04 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake, Sampled

SMALL = {"a": [1, 2], "b": ["x", "y", "z"]}
HUGE = {f"p{axis}": list(range(10)) for axis in range(12)}


class Grid(Exercise):
    """A grid with a budget"""

    key = "4.1"
    points = 2
    cases = {
        "the last parameter changes fastest": (SMALL, 4),
        "all points, where the budget allows": (SMALL, 10),
        "a budget that is just enough": ({"a": [0.1, 0.2], "b": [True, False]}, 4),
        "only one parameter": ({"rate": [3, 1, 2]}, 2),
        "a grid of 10^12 points": (HUGE, 12),
    }
    hidden = [({"k": ["u", "v"], "l": [1], "m": [5, 6, 7]}, 5), (HUGE, 101), ({"a": [7]}, 3)]
    hints = (
        "`divmod(index, len(values[name]))` gives what is left of the number, and the digit.",
        "Take the names from the last to the first: `for name in reversed(values)`.",
        "The number of points is `math.prod(len(each) for each in values.values())`.",
    )
    mistakes = (
        Mistake("reversed(values)", "values",
                "The first parameter changes fastest: it should be the last."),
        Mistake("min(budget, total)", "budget",
                "After the last point it starts again: a grid has each point once."),
        Mistake("range(min(budget, total))", "range(1, min(budget, total) + 1)",
                "It leaves out the first point: the numbers begin with 0."),
        Mistake("math.prod(", "sum(",
                "The number of points is the product of the numbers of values, not their sum."),
        Mistake("points.append(point)", "points.append(tuple(point.values()))",
                "Each point is a dictionary from names to values."),
    )  # fmt: skip
    otherwise = "Points are in order, the last parameter fastest, and end with the budget."


class DrawsNeeded(Exercise):
    """Enough draws"""

    key = "4.2"
    cases = {
        "the best 5 %, with a chance of 95 %": (0.05, 0.95),
        "one draw may be enough": (0.6, 0.5),
        "a chance that is just reached": (0.5, 0.75),
        "a rare goal": (0.01, 0.99),
    }
    hidden = [(0.1, 0.9), (0.5, 0.875), (0.001, 0.5), (0.9, 0.2)]
    hints = (
        "All draws miss with the chance `(1 - share) ** draws`.",
        "Count up: `while 1 - (1 - share) ** draws < chance`.",
    )
    mistakes = (
        Mistake("1 - (1 - share) ** draws", "share * draws",
                "Chances of several draws do not add up: both may hit. Multiply the chances to miss."),
        Mistake("1 - (1 - share) ** draws", "1 - share**draws",
                "That is the chance that not *all* draws hit: a miss has the chance 1 - share."),
        Mistake("1 - (1 - share) ** draws < chance", "(1 - share) ** draws < chance",
                "That is the chance that all miss: at least one hits with one minus that."),
        Mistake("< chance", "<= chance", "A chance that is reached exactly is enough."),
        Mistake("draws = 1", "draws = 2", "A single draw may be enough: begin with 1."),
    )  # fmt: skip
    otherwise = "The fewest draws for which 1 - (1 - share)^draws is the chance, or more."


EXPONENT = "rng.uniform(np.log10(low), np.log10(high))"


class LogUniform(Sampled):
    """Find the bug: a log-uniform draw"""

    key = "4.3"
    call = "2,000 times log_uniform({0}, {1}, rng)"
    cases = [(1e-4, 1e-1), (1.0, 1000.0)]
    hidden = [(0.01, 10.0), (2.0, 16.0)]
    hints = (
        "Which logarithm is drawn, and which power is taken of it?",
        "`10**x` undoes `np.log10`; `np.exp` undoes `np.log`.",
    )
    mistakes = (
        Mistake(code="""
            def log_uniform(low, high, rng):
                return np.exp(rng.uniform(np.log10(low), np.log10(high)))
        """, reason="A logarithm of base 10 was drawn, and `np.exp` takes a power of e: use one base."),
        Mistake(code="""
            def log_uniform(low, high, rng):
                return rng.uniform(low, high)
        """, reason="That is even on the linear scale: nine of ten draws lie in the last decade."),
        Mistake(EXPONENT, "rng.integers(round(np.log10(low)), round(np.log10(high)) + 1)",
                "These are only whole powers: the values between two decades are never drawn."),
        Mistake(EXPONENT, "(np.log10(low) + np.log10(high)) / 2 + 0 * rng.random()",
                "It is the same number each time."),
        Mistake("rng.uniform", "np.random.uniform",
                "The same seed gave other draws: draw only from `rng`."),
    )  # fmt: skip
    reasons = {
        "draws outside the range": "Some draws lie outside low to high: undo the logarithm that you drew.",
        "the same draws from the same seed": "Draw only from `rng`.",
    }
    otherwise = "Each third of the range, on the log scale, should get a third of the draws."

    @staticmethod
    def probe(log_uniform: Any, low: float, high: float) -> Any:
        import math

        import numpy as np

        def draws(count: int) -> list[float]:
            rng = np.random.default_rng(7)
            return [float(log_uniform(low, high, rng)) for _ in range(count)]

        found = draws(2000)
        inside = [x for x in found if low * (1 - 1e-9) <= x <= high * (1 + 1e-9)]
        thirds = [min(2, int(3 * math.log(x / low) / math.log(high / low))) for x in inside]
        return {
            "draws outside the range": len(inside) < len(found),
            "the same draws from the same seed": found[:20] == draws(20),
            **{f"draws in the {name} third": thirds.count(place)
               for place, name in enumerate(("low", "middle", "high"))},
            "different draws": len(set(found)) > 1000,
        }  # fmt: skip


class RadicalInverse(Exercise):
    """A radical inverse"""

    key = "4.4"
    points = 2
    cases = {
        "one digit": (1, 2),
        "several digits": (6, 2),
        "another base": (5, 3),
        "digits up to nine": (123, 10),
        "index 0": (0, 2),
    }
    hidden = [(4, 2), (7, 3), (1000, 7), (11, 5), (0, 5)]
    hints = (
        "`index, digit = divmod(index, base)` takes the last digit off.",
        "The last digit comes first behind the point: it weighs 1/base, the next one 1/base².",
    )
    mistakes = (
        Mistake("value += digit * weight", "value = (value + digit) / base",
                "The digits are not mirrored: the last one should weigh most.",
                {"        weight /= base\n": ""}),
        Mistake(code="""
            def radical_inverse(index, base):
                return int(str(index)[::-1]) / 10 ** len(str(index))
        """, reason="These are the digits in base 10: write the index in `base` first."),
        Mistake("value, weight = 0.0, 1.0", "value, weight = 0.0, float(base)",
                "The first digit behind the point weighs 1/base, not 1."),
        Mistake("digit * weight", "weight", "A digit counts as often as it says: multiply."),
        Mistake("weight /= base", "weight /= 2", "The weights are powers of 1/base, not of 1/2."),
        Mistake("value += digit * weight", "value = digit * weight",
                "Only one digit is left: add them all."),
    )  # fmt: skip
    otherwise = "The last digit times 1/base, the one before it times 1/base², and so on."


EVEN = [0.05, 0.95, 0.5, 0.45, 0.55, 0.6, 0.4, 0.3]
RISING = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


class Border(Exercise):
    """Is the range too narrow?"""

    key = "4.5"
    points = 2
    cases = {
        "the best at the high end": (
            [0.1, 0.3, 0.95, 0.97, 0.92],
            [0.1, 0.2, 0.9, 0.8, 0.7],
            3,
            0.1,
        ),
        "the best at the low end": (
            [0.02, 0.9, 0.05, 0.95, 0.01],
            [0.7, 0.1, 0.8, 0.2, 0.9],
            3,
            0.1,
        ),
        "one of the best may lie elsewhere": ([0.97, 0.1, 0.98], [0.9, 0.8, 0.7], 3, 0.1),
        "or at the other end": ([0.02, 0.9, 0.01], [0.9, 0.8, 0.7], 3, 0.1),
        "only the best count": ([0.99, 0.98, 0.97, 0.5, 0.4], [0.1, 0.2, 0.3, 0.8, 0.9], 2, 0.1),
        "exactly half is not more than half": ([0.9, 0.95, 0.5, 0.4], [0.9, 0.8, 0.7, 0.6], 4, 0.2),
        "exactly half at the low end": ([0.1, 0.05, 0.5, 0.6], [0.9, 0.8, 0.7, 0.6], 4, 0.2),
        "a place of exactly `edge` is inside": ([0.25, 0.25, 0.5], [0.9, 0.8, 0.7], 3, 0.25),
        "a place of exactly 1 - `edge` is inside": ([0.75, 0.75, 0.5], [0.9, 0.8, 0.7], 3, 0.25),
        "scores may be negative": ([0.99, 0.98, 0.5], [-0.1, -0.2, -0.9], 2, 0.1),
    }
    hidden = [
        (EVEN, RISING, 4, 0.1),
        ([1.0, 0.0, 1.0, 0.9], [4, 3, 2, 1], 3, 0.05),
        ([0.0, 0.01, 0.7, 0.02], [-1, -2, -3, -4], 4, 0.1),
    ]
    hints = (
        "Sort the trials' numbers by score, and keep the last `best` of them.",
        "Count the places below `edge`, and those above `1 - edge`.",
        "More than half: the count is above `best / 2`.",
    )
    mistakes = (
        Mistake("order[-best:]", "order[:best]", "These are the worst trials: take the highest scores."),
        Mistake("order[-best:]", "order", "Only the best trials count, not all of them."),
        Mistake("place < edge for place in chosen) > best", "place < edge for place in chosen) >= best",
                "Half of the best at the low end is not more than half."),
        Mistake("place > 1 - edge for place in chosen) > best",
                "place > 1 - edge for place in chosen) >= best",
                "Half of the best at the high end is not more than half."),
        Mistake("place < edge", "place <= edge", "A place of exactly `edge` lies inside."),
        Mistake("place > 1 - edge", "place >= 1 - edge", "A place of exactly 1 - `edge` lies inside."),
        Mistake(code="""
            def border(places, scores, best, edge):
                order = sorted(range(len(scores)), key=lambda trial: scores[trial])
                middle = sum(places[trial] for trial in order[-best:]) / best
                return "low" if middle < edge else "high" if middle > 1 - edge else "inside"
        """, reason="That asks where the best lie on average: count those beyond each edge."),
        Mistake('return "low"', 'return "high"', "Places near 0 are the low end of the range.",
                {'return "high"\n    return "inside"': 'return "low"\n    return "inside"'}),
    )  # fmt: skip
    otherwise = "Count how many of the best trials lie beyond each edge."


class BestWithin(Exercise):
    """Equal cost"""

    key = "4.6"
    points = 2
    returns = float
    or_none = True
    cases = {
        "only what has finished counts": ([0.5, 0.7, 0.9], [2.0, 3.0, 4.0], 8.0),
        "a trial that ends exactly then counts": ([0.5, 0.7, 0.9], [2.0, 3.0, 4.0], 9.0),
        "the best is not the last": ([0.5, 0.8, 0.6], [1.0, 1.0, 1.0], 10.0),
        "none has finished": ([0.9, 0.8], [5.0, 1.0], 3.0),
        "scores may be negative": ([-0.4, -0.2, -0.3], [1.0, 1.0, 1.0], 2.5),
        "a score of 0 counts": ([-0.5, 0.0, -0.1], [1.0, 1.0, 1.0], 5.0),
    }
    hidden = [
        ([0.2, 0.1], [0.5, 0.5], 1.0),
        ([0.0], [1.0], 1.0),
        ([-1.0, -2.0, -0.5], [1.0, 4.0, 1.0], 4.0),
        ([], [], 5.0),
    ]
    hints = (
        "Add each trial's cost to what is spent before you look at its score.",
        "A trial that ends after `seconds` has not finished, and no later one has, either.",
        "Begin with `best = None`: scores may be negative.",
    )
    mistakes = (
        Mistake("spent > seconds", "spent >= seconds", "A trial that ends exactly then has finished."),
        Mistake("spent += cost", "spent = cost",
                "The trials run one after the other: their costs add up."),
        Mistake("spent, best = 0.0, None", "spent, best = 0.0, 0.0", "With no trial finished, or scores below 0, 0 is not the answer.",
                {"score if best is None else max(best, score)": "max(best, score)"}),
        Mistake("score if best is None else max(best, score)", "score",
                "That is the last score: keep the best."),
        Mistake(code="""
            def best_within(scores, costs, seconds):
                spent, best = 0.0, None
                for score, cost in zip(scores, costs):
                    if spent > seconds:
                        break
                    spent += cost
                    best = score if best is None else max(best, score)
                return best
        """, reason="A trial that has started in time but ends later has not finished."),
    )  # fmt: skip
    otherwise = "The best score among the trials whose costs, summed up, stay within the seconds."
