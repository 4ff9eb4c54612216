"""What the checks of lab 07 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake, Sampled


class Sample(Sampled):
    """Sample a sequence"""

    key = "7.1"
    points = 2
    call = "2,000 times sample({0}, rng): how often is each value drawn?"
    cases = {
        "the softmax of the logits gives the chances": ([[0.0, 1.0, -1.0], [0.5, 0.5, 2.0]],),
        "decisions may have different lengths": ([[0.0, 0.0], [1.0, -1.0, 0.0, 2.0]],),
    }
    hidden = [([[2.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 1.0]],), ([[30.0, 31.0]],)]
    hints = (
        "Each decision is drawn by itself: go through the rows of `logits`.",
        "`rng.choice(len(row), p=softmax(row))` draws a place with these chances.",
    )
    mistakes = (
        Mistake("p=softmax(row)", "p=None",
                "All values are equally likely: the chances are the softmax of the logits."),
        Mistake("int(rng.choice(len(row), p=softmax(row)))", "int(np.argmax(row))",
                "It takes the likeliest value each time: draw with the chances, or nothing else is "
                "ever tried."),
        Mistake("softmax(row)", "np.exp(row - np.max(row)) ** 2 / np.sum(np.exp(row - np.max(row)) ** 2)",
                "The chances are too far from each other: take the softmax of the logits as it is."),
        Mistake("rng.choice", "np.random.default_rng(0).choice",
                "The same sequence comes each time: draw from the `rng` that is handed in."),
        Mistake("rng.choice", "np.random.choice",
                "The same seed gave other sequences: draw only from `rng`."),
        Mistake("for row in logits]", "for row in logits[:1]]",
                "The sequence is too short: draw one value for each decision."),
    )  # fmt: skip
    reasons = {
        "a place for each decision": "Return a list with one place, a whole number from 0, for each "
        "decision.",
        "the same sequences from the same seed": "Draw only from `rng`.",
    }
    otherwise = "Each value is drawn with the chance that the softmax of its decision gives it."

    @staticmethod
    def probe(sample: Any, logits: list[list[float]]) -> Any:
        import numpy as np

        def sequences(draws: int) -> list[list[int]]:
            rng = np.random.default_rng(7)
            rows = [np.array(row) for row in logits]
            return [[int(place) for place in sample(rows, rng)] for _ in range(draws)]

        drawn = sequences(2000)
        whole = all(
            len(each) == len(logits)
            and all(0 <= place < len(row) for place, row in zip(each, logits, strict=True))
            for each in drawn
        )
        counts = {
            f"decision {number}, value {value}": sum(
                each[number : number + 1] == [value] for each in drawn
            )
            for number, row in enumerate(logits)
            for value in range(len(row))
        }
        return {
            "a place for each decision": whole,
            "the same sequences from the same seed": drawn[:20] == sequences(20),
            **counts,
        }


class Slope(Exercise):
    """The gradient of a log-softmax"""

    key = "7.2"
    points = 2
    cases = {
        "two even values": ([0.0, 0.0], 0),
        "uneven chances": ([1.0, 0.0, -1.0, 0.5], 2),
    }
    hidden = [([0.3, 0.1, 0.2], 2), ([5.0, 0.0], 0), ([-2.0, 1.0, 1.5, 0.0, 0.2], 1)]
    hints = (
        "It is 1 at the place that was taken, minus the chances everywhere.",
        "`gradient = -softmax(logits)` is a new array; add 1 at one place.",
    )
    mistakes = (
        Mistake("return gradient", "return -gradient", "The sign: this points down the slope."),
        Mistake("gradient = -softmax(logits)", "gradient = np.zeros(len(logits))",
                "Chances sum to 1: if one logit rises, the chances of the others fall."),
        Mistake("return gradient", "return softmax(logits)[taken] * gradient",
                "That is the gradient of the chance: asked is that of its *logarithm*."),
        Mistake("gradient[taken] += 1", "gradient += 1",
                "The 1 belongs only to the value that was taken."),
        Mistake("-softmax(logits)", "-np.exp(logits)",
                "Subtract the chances, that is the softmax: exp alone does not sum to 1."),
        Mistake("-softmax(logits)", "-np.array(logits)",
                "Subtract the chances, not the logits."),
    )  # fmt: skip
    otherwise = "It is 1 at the place that was taken, minus the chances."

    @staticmethod
    def probe(slope: Any, logits: list[float], taken: int) -> Any:
        import numpy as np

        return np.array(slope(np.array(logits), taken)).tolist()


class Unmade(Exercise):
    """Find the bug: decisions that were never made"""

    key = "7.3"
    points = 2
    cases = {
        "all decisions were made": ({"a": [0.0, 1.0], "b": [0.0, 0.0, 1.0]}, {"a": 1, "b": 2}, 0.5),
        "momentum was not chosen": (
            {"optimizer": [0.0, 0.5], "momentum": [1.0, 0.0, 0.5]},
            {"optimizer": 1},
            2.0,
        ),
    }
    hidden = [
        ({"a": [0.0, 0.0], "b": [0.2, 0.1], "c": [1.0, 2.0, 3.0]}, {"b": 0}, -1.0),
        ({"a": [1.0, 2.0]}, {}, 3.0),
    ]
    hints = (
        "Which value does the code take for a decision that is not in `taken`?",
        "`if name not in taken:` give this decision `np.zeros(len(row))`, and `continue`.",
    )
    mistakes = (
        Mistake(code="""
            def gradients(logits, taken, advantage):
                found = {}
                for name, place in taken.items():
                    one = np.zeros(len(logits[name]))
                    one[place] = 1
                    found[name] = advantage * (one - softmax(logits[name]))
                return found
        """, reason="A decision that was not made has no entry: give it a gradient of zeros."),
        Mistake("found[name] = np.zeros(len(row))",
                "found[name] = -advantage * softmax(row)",
                "Its chances still move: a decision that was not made teaches nothing."),
        Mistake("found[name] = np.zeros(len(row))", "found[name] = np.zeros(1)",
                "The gradient has as many entries as the decision has values."),
    )  # fmt: skip
    otherwise = "A decision that was made keeps its gradient; one that was not gets zeros."

    @staticmethod
    def probe(gradients: Any, logits: Any, taken: Any, advantage: float) -> Any:
        import numpy as np

        rows = {name: np.array(row) for name, row in logits.items()}
        found = gradients(rows, dict(taken), advantage)
        return {name: np.array(row).tolist() for name, row in found.items()}


class Moments(Exercise):
    """Mean and variance, with and without"""

    key = "7.4"
    points = 3
    cases = {
        "no baseline": ([0.5, 0.5], [1.0, 3.0], 0.0),
        "a baseline": ([0.5, 0.5], [1.0, 3.0], 2.0),
        "uneven chances": ([0.1, 0.6, 0.3], [0.6, 0.7, 0.5], 0.65),
    }
    hidden = [
        ([0.25, 0.25, 0.25, 0.25], [1.0, 2.0, 4.0, 8.0], 3.0),
        ([0.9, 0.1], [0.2, 0.8], 0.0),
    ]
    hints = (
        "`np.eye(len(chances)) - chances` has the row e_v - p for each value v.",
        "Times `(rewards - baseline)[:, None]`: one gradient a row.",
        "`chances @ samples` is their mean.",
        "The variance is the mean, by the chances, of the squared distance from that mean.",
    )
    mistakes = (
        Mistake("(rewards - baseline)", "rewards", "The baseline is missing."),
        Mistake("samples - mean", "samples",
                "That is the mean square: the variance counts from the mean."),
        Mistake("mean = chances @ samples", "mean = samples.mean(axis=0)",
                "The values are not drawn equally often: weigh each by its chance."),
        Mistake("chances @ ((samples - mean) ** 2).sum(axis=1)",
                "((samples - mean) ** 2).sum(axis=1).mean()",
                "In the variance, too, each value counts with its chance."),
        Mistake("((samples - mean) ** 2).sum(axis=1)", "((samples - mean) ** 2)",
                "Those are variances of the entries: return their sum."),
        Mistake("return mean, variance", "return mean, variance**0.5",
                "That is a standard deviation: return the variance."),
        Mistake("np.eye(len(chances)) - chances", "np.eye(len(chances))",
                "A row of the gradient is e_v - p: the chances are missing."),
    )  # fmt: skip
    reasons = {
        "mean": "The mean is the sum over the values of chance times gradient.",
        "variance": "Weigh the squared distances from the mean by the chances, and sum the entries.",
    }

    @staticmethod
    def probe(moments: Any, chances: Any, rewards: Any, baseline: float) -> Any:
        import numpy as np

        mean, variance = moments(np.array(chances), np.array(rewards), baseline)
        entries = np.ravel(variance).round(12).tolist()
        return {
            "mean": np.ravel(mean).round(12).tolist(),
            "variance": entries[0] if len(entries) == 1 else entries,
        }


class Advantages(Exercise):
    """The advantage"""

    key = "7.5"
    points = 3
    cases = {
        "the example": ([3.0, 5.0, 4.0], 0.5),
        "a long memory": ([0.6, 0.7, 0.65, 0.5, 0.72], 0.9),
        "no memory beyond the last": ([1.0, 2.0, 4.0], 0.0),
        "one score": ([0.4], 0.9),
    }
    hidden = [([0.0, 0.0, 1.0, -1.0], 0.8), ([5.0, 1.0, 1.0, 1.0], 0.3), ([2.0, 2.0], 0.5)]
    hints = (
        "Keep two numbers: the sum of the weights, and the weighted sum of the scores.",
        "After each score both shrink by `decay`; then add 1, and the score.",
        "First the advantage, then the update: the baseline holds only earlier scores.",
    )
    mistakes = (
        Mistake(code="""
            def advantages(scores, decay):
                found, weight, total = [], 0.0, 0.0
                for score in scores:
                    weight, total = decay * weight + 1, decay * total + score
                    found.append(score - total / weight)
                return found
        """, reason="The baseline holds the score itself: it may know only those before it."),
        Mistake(code="""
            def advantages(scores, decay):
                found, baseline = [], 0.0
                for score in scores:
                    found.append(score - baseline)
                    baseline = decay * baseline + (1 - decay) * score
                return found
        """, reason="The baseline starts from 0: divide by the sum of the weights so far."),
        Mistake(code="""
            def advantages(scores, decay):
                found, baseline = [], scores[0]
                for score in scores:
                    found.append(score - baseline)
                    baseline = decay * baseline + (1 - decay) * score
                return found
        """, reason="The first score has the weight of all that never came: divide by the sum of "
             "the weights."),
        Mistake("score - total / weight if weight else 0.0",
                "score - total / weight if weight else score",
                "The first score has nothing to be compared with: its advantage is 0."),
        Mistake("weight, total = decay * weight + 1, decay * total + score",
                "weight, total = weight + 1, total + score",
                "All earlier scores count alike: older ones weigh less, by `decay`."),
        Mistake("score - total / weight if", "total / weight - score if",
                "The sign: a score above the baseline has a positive advantage."),
    )  # fmt: skip
    otherwise = "The baseline is the weighted mean of the scores before."

    @staticmethod
    def probe(advantages: Any, scores: list[float], decay: float) -> Any:
        return [round(float(each), 12) for each in advantages(list(scores), decay)]


class LookingAhead(Exercise):
    """Find the bug: a baseline that looks ahead"""

    key = "7.6"
    points = 2
    cases = {
        "the last two before": ([3.0, 5.0, 4.0, 8.0, 1.0], 2),
        "a window of one": ([0.6, 0.7, 0.5], 1),
        "fewer scores than the window": ([1.0, 2.0, 6.0], 10),
    }
    hidden = [([0.5, 0.1, 0.9, 0.4, 0.4, 0.8], 3), ([2.0], 4), ([7.0, 1.0, 1.0, 4.0], 2)]
    hints = (
        "Which scores are known when the score at `place` arrives?",
        "A slice ends *before* its second number.",
    )
    mistakes = (
        Mistake(": place]", ": place + 1]",
                "The score itself is in the window: then the baseline depends on the candidate."),
        Mistake("place - width) : place", "place - width) : place + 2",
                "The window still holds later scores."),
        Mistake("scores[max(0, place - width) : place]", "scores[:place]",
                "All earlier scores are in the window: take the last `width`."),
        Mistake("max(0, place - width)", "max(0, place - width + 1)",
                "The window is one too short."),
        Mistake("max(0, place - width)", "place - width",
                "At the start the slice begins at a negative number, which counts from the end."),
    )  # fmt: skip
    otherwise = "The baseline is the mean of the last `width` scores before this one."

    @staticmethod
    def probe(windowed: Any, scores: list[float], width: int) -> Any:
        return [round(float(each), 12) for each in windowed(list(scores), width)]
