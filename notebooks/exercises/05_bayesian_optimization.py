"""What the checks of lab 05 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake


class Posterior(Exercise):
    """The posterior"""

    key = "5.1"
    points = 3
    cases = {
        "one point, without noise": ([0.0], [2.0], [0.0, 0.1, 0.9], 0.2, 0.0),
        "several points": ([0.1, 0.4, 0.8], [1.0, -1.0, 0.5], [0.2, 0.6, 0.8], 0.3, 0.0),
        "noise, a standard deviation": ([0.1, 0.4, 0.8], [1.0, -1.0, 0.5], [0.1, 0.6], 0.3, 0.4),
    }
    hidden = [
        ([0.5, 0.9], [0.3, 0.4], [0.0, 0.5, 0.7, 1.0], 0.15, 0.2),
        ([0.2, 0.3, 0.6, 0.7], [1.0, 0.8, -0.5, -1.2], [0.45], 0.5, 0.05),
    ]
    hints = (
        "`covariance = kernel(x, x, length) + noise**2 * np.eye(len(x))`.",
        "`between = kernel(x, asked, length)` has a column for each place that is asked.",
        "The mean is `between.T @ np.linalg.solve(covariance, y)`.",
        "`(between * np.linalg.solve(covariance, between)).sum(axis=0)` is what the points explain "
        "of the variance.",
    )
    mistakes = (
        Mistake("+ measured_noise", "",
                "The noise is missing: its variance stands on the diagonal of the covariance."),
        Mistake("noise**2", "noise",
                "`noise` is a standard deviation: the diagonal gets its square."),
        Mistake("1 - explained", "1 + noise**2 - explained",
                "That is the variance of the next *measurement*; asked is that of the function."),
        Mistake("1 - explained", "explained",
                "That is what the points explain: subtract it from the variance before, 1."),
        Mistake("1 - explained", "np.sqrt(np.maximum(1 - explained, 0))",
                "Those are standard deviations: return the variances."),
        Mistake("np.linalg.solve(covariance, y)", "y",
                "The mean needs the inverse of the covariance: near points share their say."),
        Mistake("return mean, 1 - explained", "return 1 - explained, mean",
                "First the mean, then the variance."),
    )  # fmt: skip
    otherwise = "The two formulas are written above the exercise."

    @staticmethod
    def probe(posterior: Any, x: Any, y: Any, asked: Any, length: float, noise: float) -> Any:
        import numpy as np

        found = posterior(np.array(x), np.array(y), np.array(asked), length, noise)
        mean, variance = found
        return {"mean": np.ravel(mean).tolist(), "variance": np.ravel(variance).round(12).tolist()}


class Likelihood(Exercise):
    """The likelihood"""

    key = "5.2"
    points = 2
    cases = {
        "one point": ([0.3], [0.7], 0.2, 0.1),
        "several points": ([0.1, 0.4, 0.8], [1.0, -1.0, 0.5], 0.3, 0.2),
    }
    hidden = [
        ([0.5, 0.9], [0.3, 0.4], 0.15, 0.5),
        ([0.2, 0.3, 0.6, 0.7], [1, 0, -0.5, -1.2], 1, 0.1),
    ]
    hints = (
        "`covariance = kernel(x, x, length) + noise**2 * np.eye(len(x))`, as in 5.1.",
        "`y @ np.linalg.solve(covariance, y)` is the square form of the first term.",
        "`np.linalg.slogdet(covariance)[1]` is the logarithm of the determinant.",
    )
    mistakes = (
        Mistake("fit + complexity", "fit",
                "The determinant is missing: it punishes models that could fit anything."),
        Mistake("complexity = -0.5", "complexity = 0.5", "The determinant is subtracted."),
        Mistake("-0.5 * y @ np", "-y @ np", "The square form is halved."),
        Mistake("noise**2", "noise", "`noise` is a standard deviation: square it."),
        Mistake(" - 0.5 * len(x) * np.log(2 * np.pi)", "",
                "The constant is missing: n / 2 times the logarithm of 2 pi."),
        Mistake("np.linalg.solve(covariance, y)", "y",
                "That leaves out the covariance: points that are near must have similar scores."),
    )  # fmt: skip
    otherwise = "It is the sum of three terms, each of them negative or subtracted."

    @staticmethod
    def probe(log_likelihood: Any, x: Any, y: Any, length: float, noise: float) -> Any:
        import numpy as np

        return float(log_likelihood(np.array(x), np.array(y, float), length, noise))


class Improvement(Exercise):
    """Expected improvement"""

    key = "5.3"
    points = 2
    cases = {
        "the mean equals the best": ([1.0, 1.0], [0.1, 0.5], 1.0),
        "means below and above the best": ([0.7, 1.2, 0.1], [0.2, 0.3, 0.4], 1.0),
        "a deviation of 0": ([0.8, 1.3, 1.0], [0.0, 0.0, 0.2], 1.0),
    }
    hidden = [([2.0, -1.0, 0.5], [1.0, 0.3, 0.0], 0.4), ([0.0, 0.3], [0.1, 0.0], 0.2)]
    hints = (
        "`gain = mean - best`, and `z = gain / deviation` where the deviation is not 0.",
        "`gain * norm.cdf(z) + deviation * norm.pdf(z)`.",
        "`np.where(deviation > 0, ..., np.maximum(gain, 0))` takes the limit where it must.",
    )
    mistakes = (
        Mistake("gain = mean - best", "gain = best - mean",
                "That is the improvement of a score that is minimised: here higher is better."),
        Mistake("norm.cdf(z) + deviation * norm.pdf(z)", "norm.cdf(z)",
                "The second term is missing: the part that uncertainty adds."),
        Mistake("deviation * norm.pdf(z)", "norm.pdf(z)",
                "The density is multiplied by the deviation."),
        Mistake("gain * norm.cdf(z) + deviation * norm.pdf(z)", "norm.cdf(z)",
                "That is the probability of an improvement, not its size."),
        Mistake("np.maximum(gain, 0.0)", "0.0",
                "Where nothing is uncertain and the mean lies above the best, the gain is certain."),
        Mistake("np.maximum(gain, 0.0)", "gain",
                "An improvement is never negative: below the best it is 0."),
    )  # fmt: skip
    otherwise = "It is (mean - best) times Phi(z), plus the deviation times phi(z)."

    @staticmethod
    def probe(expected_improvement: Any, mean: Any, deviation: Any, best: float) -> Any:
        import numpy as np

        with np.errstate(all="ignore"):
            found = expected_improvement(np.array(mean), np.array(deviation), best)
        found = np.asarray(found, float)
        return [None if np.isnan(each) else float(each) for each in found.ravel()]


class RawRates(Exercise):
    """Find the bug: raw learning rates"""

    key = "5.4"
    cases = {
        "the ends are at 0 and 1": ([0.001, 0.1], 0.001, 0.1),
        "equal factors are equal distances": ([0.0001, 0.001, 0.01, 0.1, 1.0], 0.0001, 1.0),
    }
    hidden = [([0.002, 0.02, 0.05], 0.001, 0.5), ([3.0, 5.0, 7.0], 2.0, 8.0)]
    hints = (
        "On a log scale a factor of ten is a distance that is the same everywhere.",
        "Take the logarithm of the rates and of both ends; the base does not matter.",
    )
    mistakes = (
        Mistake("np.log(rates / low) / np.log(high / low)", "np.log(rates)",
                "The logarithm is right; now move it so that `low` is at 0 and `high` at 1."),
        Mistake("np.log(rates / low)", "np.log(rates)",
                "`low` must be at 0: subtract its logarithm."),
        Mistake("np.log(high / low)", "np.log(high)",
                "Divide by the logarithm of high / low, the whole width of the scale."),
        Mistake("np.log(rates / low) / np.log(high / low)", "np.log(high / rates) / np.log(high / low)",
                "That counts from the upper end: `low` is at 0."),
        Mistake("np.log(rates / low) / np.log(high / low)",
                "np.log((rates - low) / (high - low) + 1)",
                "Take the logarithm of the rate itself, before it is moved."),
    )  # fmt: skip
    otherwise = "Take logarithms of rates and ends, then move them to 0..1."

    @staticmethod
    def probe(places: Any, rates: Any, low: float, high: float) -> Any:
        import numpy as np

        with np.errstate(all="ignore"):
            return np.asarray(places(np.array(rates), low, high), float).round(12).tolist()


class Liar(Exercise):
    """The constant liar"""

    key = "5.5"
    points = 2
    call = "batch({0}, {1}, suggest, {2})"
    cases = {
        "two workers": ([0.2, 0.6], [1.0, 3.0], 2),
        "four workers, and the lowest score in the middle": ([0.1, 0.5, 0.9], [2.0, -1.0, 0.5], 4),
        "one worker": ([0.3], [0.8], 1),
    }
    hidden = [([0.4, 0.7, 0.2, 0.1], [0.1, 0.9, 0.3, 0.05], 3), ([0.5, 0.6], [-3.0, -2.0], 5)]
    hints = (
        "`list(x)` makes a list of your own, which you may change.",
        "After each suggestion append the place to one list and the lie to the other.",
        "The lie is `min(y)`, once and for all.",
    )
    mistakes = (
        Mistake("min(y)", "max(y)",
                "The lie is the highest score: the next worker goes beside the running one."),
        Mistake("min(y)", "sum(y) / len(y)", "The lie is the mean; asked is the lowest score."),
        Mistake("list(x), list(y)", "x, y",
                "The lists belong to the caller: copy them first.",
                {"places[len(x) :]": "places[-count:]"}),
        Mistake("return places[len(x) :]", "return places",
                "Return only the new places, not those that were measured."),
        Mistake(code="""
            def batch(x, y, suggest, count):
                return [suggest(x, y) for _ in range(count)]
        """, reason="All workers get one place: what runs is not told to the next call."),
        Mistake("range(count)", "range(count + 1)", "There is one place too many."),
    )  # fmt: skip
    reasons = {
        "places": "Return the list of the new places, as many as workers.",
        "places told": "Each call must be told all places before it, the running ones too.",
        "scores told": "A running place has the lowest measured score as its lie.",
    }

    @staticmethod
    def probe(batch: Any, x: Any, y: Any, count: int) -> Any:
        told: list[Any] = []

        def suggest(places: Any, scores: Any) -> float:
            told.append((list(map(float, places)), list(map(float, scores))))
            # Depends on all that it is told: another lie is another place.
            total = sum((i + 1) * (p + s) for i, (p, s) in enumerate(zip(*told[-1], strict=True)))
            return round(total % 1, 4)

        made = [float(place) for place in batch(x, y, suggest, count)]
        return {
            "places": made,
            "places told": [places for places, _ in told],
            "scores told": [scores for _, scores in told],
        }


class Forgets(Exercise):
    """Find the bug: an acquisition that forgets"""

    key = "5.6"
    points = 2
    call = "the suggestions for {1} workers after the scores (place, score) {0}"
    cases = {
        "two workers": ([(0.5, 0.5), (0.2, 0.5), (0.6, 0.3)], 2),
        "three workers": ([(0.0, 0.2), (0.2, 1.0), (0.5, 0.9)], 3),
        "three workers, four scores": ([(0.3, 0.8), (0.7, 0.1), (0.6, 0.9), (0.4, 0.9)], 3),
        "one worker": ([(0.1, 0.8), (0.7, 0.6), (1.0, 0.1)], 1),
    }
    hidden = [([(1.0, 0.5), (0.4, 0.1), (0.5, 1.0), (0.6, 0.6), (0.7, 0.0)], 3)]
    hints = (
        "`history.running` holds the trials without a score.",
        "`self.encoded(history.running)` are their points, shape (n, 1).",
        "If any run: `process = process.believing(...)`.",
        "`best` is the highest mean at `points`: add the running ones to them.",
    )
    mistakes = (
        Mistake("= self.encoded(history.running)", "= self.encoded(history.running[-1:])",
                "Two workers get one place: the model must know *all* running trials."),
        Mistake("process = process.believing(running)", "return Suggestion(self.fresh(history, rng))",
                "While others run it draws at random: the model is there, use it."),
        Mistake("process = process.believing(running)",
                "from coursekit import Pause\n            return Pause.WAIT",
                "A worker waits for nothing: there is always something to train."),
        Mistake("            points = np.concatenate((points, running))\n", "",
                "The best leaves out what is believed of the running trials: beside them a gain "
                "seems certain."),
    )  # fmt: skip
    reasons = {
        "a worker waits": "Each worker gets a suggestion.",
        "two workers at one place": "Two workers train almost the same place.",
        "drawn at random": "The suggestion follows from the model, not from `rng`.",
        "the first place": "With nothing running, the suggestion stays as it was.",
    }

    @staticmethod
    def probe(by_hand: Any, results: list[tuple[float, float]], workers: int) -> Any:
        import numpy as np

        from coursekit.spaces import Float, Space
        from coursekit.trials import Evaluation, History, Suggestion

        strategy, history = by_hand(Space({"x": Float(0, 1)})), History()
        for place, score in results:
            number = history.add(Suggestion({"x": place})).number
            history.finish(number, Evaluation(score))
        waits = random = False
        places: list[float] = []
        for worker in range(workers):
            one, other = (
                strategy.suggest(history, np.random.default_rng((worker, seed))) for seed in (1, 2)
            )
            if not isinstance(one, Suggestion) or not isinstance(other, Suggestion):
                waits = True
                break
            random |= one.configuration != other.configuration
            history.add(one)
            places.append(one.configuration["x"])
        near = np.diff(sorted(places)).min() < 0.03 if len(places) > 1 else False
        return {
            "a worker waits": waits,
            "drawn at random": random,
            "two workers at one place": bool(near),
            "the first place": round(places[0], 2) if places else None,
        }


class Ratio(Exercise):
    """The density ratio"""

    key = "5.7"
    points = 3
    cases = {
        "one good of four": ([0.1, 0.4, 0.6, 0.9], [1.0, 4.0, 2.0, 3.0], 0.25, [0.4, 0.1], 0.1),
        "a share that is rounded up": (
            [0.1, 0.4, 0.6, 0.9, 0.2],
            [1, 4, 2, 3, 5],
            0.3,
            [0.3, 0.8],
            0.2,
        ),
        "a place far from all": ([0.0, 0.05, 0.1], [3.0, 1.0, 2.0], 0.4, [1.0], 0.02),
    }
    hidden = [
        ([0.3, 0.7, 0.5, 0.8, 0.1, 0.2], [0, -1, -2, -3, -4, -5], 0.4, [0.0, 0.5, 1.0], 0.15),
        ([0.2, 0.9], [1.0, 2.0], 0.5, [0.9], 0.3),
    ]
    hints = (
        "`order = np.argsort(-y)` has the best first; `order[:count]` are the good ones.",
        "`norm.pdf(asked[:, None], places, width)` has a row for each place that is asked.",
        "Sum each row, add 1 for the uniform density, divide by `len(places) + 1`.",
    )
    mistakes = (
        Mistake("np.argsort(-y)", "np.argsort(y)",
                "The lowest scores are taken for good: higher is better."),
        Mistake("math.ceil(share * len(x))", "int(share * len(x))",
                "The number of good trials is rounded up."),
        Mistake("(bumps + 1) / (len(places) + 1)", "bumps / len(places)",
                "The uniform density is missing: far from all points both are 0."),
        Mistake("(bumps + 1) / (len(places) + 1)", "bumps + 1",
                "Those are sums: divide by the number of densities, or the larger group wins."),
        Mistake("(len(places) + 1)", "len(places)",
                "The uniform density counts as one more: divide by m + 1."),
        Mistake("density(x[order[:count]]) / density(x[order[count:]])",
                "density(x[order[count:]]) / density(x[order[:count]])",
                "That is g / l: it is high where the bad trials are."),
        Mistake("density(x[order[:count]]) / density(x[order[count:]])",
                "density(x[order[:count]]) / density(x)",
                "The second density is only of the bad trials."),
    )  # fmt: skip
    otherwise = "It is the density of the good places over that of the bad ones."

    @staticmethod
    def probe(density_ratio: Any, x: Any, y: Any, share: float, asked: Any, width: float) -> Any:
        import numpy as np

        with np.errstate(all="ignore"):
            found = density_ratio(np.array(x), np.array(y, float), share, np.array(asked), width)
        found = np.asarray(found, float)
        return [None if np.isnan(each) else float(each) for each in found.ravel()]
