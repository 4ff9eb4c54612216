"""What the checks of lab 13 ask, and how they judge."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise, product
from typing import Any

from coursekit.labs.exercises import Exercise, Finding, close

NAN = float("nan")

# Functions that every planted mistake is a variation of.
BEST_SO_FAR = """
def best_so_far(scores, costs, at):
    ends = np.cumsum(costs)
    found = []
    for when in at:
        done = [score for score, end in zip(scores, ends) if end <= when and score == score]
        found.append(max(done, default=None))
    return found
"""

P_VALUE = """
def p_value(differences):
    kept = [each for each in differences if each != 0]
    ranks = rankdata(np.abs(kept))
    observed = np.sign(kept) @ ranks
    luck = [np.dot(signs, ranks) for signs in product([-1, 1], repeat=len(kept))]
    return np.mean(np.abs(luck) >= abs(observed))
"""

ADJUST = """
def adjust(values):
    adjusted, least = [0.0] * len(values), 0.0
    for step, place in enumerate(np.argsort(values)):
        least = max(least, min(1.0, (len(values) - step) * values[place]))
        adjusted[place] = least
    return adjusted
"""

EXPECTED_BEST = """
def expected_best(values, draws):
    total = len(values)
    return sum(
        value * ((place / total) ** draws - ((place - 1) / total) ** draws)
        for place, value in enumerate(sorted(values), start=1)
    )
"""

COMPARE = """
def compare(world, strategies, seconds, seeds):
    found = {name: [] for name in strategies}
    for number, (name, strategy) in enumerate(strategies.items()):
        for seed in range(seeds):
            search = Search(strategy(world.space), seed=seed)
            history = search.run(world, seconds=seconds)
            found[name].append(world.test(history.best().configuration))
    return found
"""


class BestSoFar(Exercise):
    """The best so far, at any time"""

    key = "13.1"
    answer = "best_so_far"
    points = 2
    returns = list
    cases = [
        ([0.5, NAN, 0.7, 0.6, 0.9], [10, 5, 20, 10, 30], [5, 10, 34, 35, 50, 75]),
        ([NAN, 0.2], [4, 4], [3, 4, 8]),
    ]
    hidden = [
        ([-3.0, -1.0, NAN, -2.0, -0.5], [1.5, 2.5, 8.0, 1.0, 2.0], [4.0, 1.0, 13.0, 15.0]),
        ([NAN, NAN, 0.4, 0.3], [2, 3, 4, 5], [100, 8, 9]),
    ]
    hints = (
        "`np.cumsum(costs)` says when each trial ended; a failed one took its time, too.",
        "NaN is the one number that does not equal itself: `score == score` is false for it.",
        "`max(done, default=None)` is None where nothing is done.",
    )
    mistakes = {
        "a failed trial spoils the rest": """
def best_so_far(scores, costs, at):
    best, ends = np.maximum.accumulate(scores), np.cumsum(costs)
    done = np.searchsorted(ends, at, side="right")
    return [None if count == 0 else best[count - 1] for count in done]
""",
        "failed trials cost nothing": BEST_SO_FAR.replace(
            "np.cumsum(costs)",
            "np.cumsum([c if s == s else 0 for s, c in zip(scores, costs)])",
        ),
        "counts the trial that is running": BEST_SO_FAR.replace(
            "end <= when", "end - costs[list(ends).index(end)] < when"
        ),
        "the last one, not the best": BEST_SO_FAR.replace(
            "max(done, default=None)", "done[-1] if done else None"
        ),
        "0 where nothing is found": BEST_SO_FAR.replace("default=None", "default=0.0"),
        "a trial that ends at that moment has not ended": BEST_SO_FAR.replace("<= when", "< when"),
        "takes seconds for numbers of trials": BEST_SO_FAR.replace(
            "np.cumsum(costs)", "range(1, len(scores) + 1)"
        ),
        "one answer for all": BEST_SO_FAR.replace("return found", "return found[-1:]"),
    }

    @staticmethod
    def judge(
        received: list[Any], scores: list[float], costs: list[float], at: list[float]
    ) -> Finding | None:
        ends = list(accumulate(costs))
        trials = list(zip(scores, costs, ends, strict=True))
        good = [(score, end) for score, _, end in trials if score == score]

        def best(done: list[float]) -> float | None:
            return max(done, default=None)

        right = [best([score for score, end in good if end <= when]) for when in at]
        if len(received) != len(at):
            return Finding(right, f"One answer for each of the {len(at)} times in `at`.")
        for when, got, expected in zip(at, received, right, strict=True):
            if got is expected or (None not in (got, expected) and close(got, expected)):
                continue
            then, by = ("nothing" if expected is None else expected), f"by {when:g} s"
            if isinstance(got, float) and math.isnan(got) and expected is not None:
                reason = (
                    f"It is NaN {by}: a failed trial has spoilt what was found before or after."
                )
                return Finding(right, reason)
            if expected is None and got in (0, -math.inf):
                reason = f"Nothing was found {by}: that is None, and {got} is a score like another."
                return Finding(right, reason)
            free = accumulate(0 if score != score else cost for score, cost, _ in trials)
            readings = {
                "A trial that ends at this very second has ended.": [
                    score for score, end in good if end < when
                ],
                "A failed trial has taken its time, too.": [
                    score for score, end in zip(scores, free, strict=True) if end <= when
                ],
                "The trial that runs at that moment has no score yet.": [
                    score for score, cost, end in trials if end - cost < when and score == score
                ],
                "`at` holds seconds, not numbers of trials.": [
                    score for score in scores[: int(when)] if score == score
                ],
            }
            for reason, done in readings.items():
                if got == best([score for score in done if score == score]):
                    return Finding(right, f"{by.capitalize()} it is {then}, not {got}. {reason}")
            reason = f"{by.capitalize()} it is {then}: the best of what has ended, not the last."
            return Finding(right, reason)
        return None


def ranks_of(sizes: list[float]) -> list[float]:
    """Ranks from 1, equals share the mean of theirs."""
    return [
        sum(other < size for other in sizes) + (sum(other == size for other in sizes) + 1) / 2
        for size in sizes
    ]


def share(weights: list[float], observed: float, *, strictly: bool = False) -> float:
    """Share of all patterns of signs whose sum is as far from zero as the observed one."""
    sums = [
        abs(sum(sign * weight for sign, weight in zip(signs, weights, strict=True)))
        for signs in product((-1, 1), repeat=len(weights))
    ]
    edge = 1e-9 if strictly else -1e-9
    return sum(each > abs(observed) + edge for each in sums) / len(sums)


def signed(values: list[float], weights: list[float]) -> float:
    """The weights, summed with the signs of the values."""
    return sum(math.copysign(w, v) for v, w in zip(values, weights, strict=True) if v)


class PValue(Exercise):
    """More than luck?"""

    key = "13.2"
    answer = "p_value"
    points = 3
    returns = float
    cases = [
        ([0.4, 0.1, -0.2, 0.6, 0.0, 0.3, 0.5, -0.1],),
        ([1.0, 2.0, 4.0, 8.0, 16.0],),
        ([-5.0, 0.2, 0.5, 0.9, 0.1, -0.4],),
        ([0.0, 0.0],),
    ]
    hidden = [
        ([3.0, -1.0, 2.0, 2.0, -4.0, 5.0, 6.0, 0.0, 7.0, -2.0],),
        ([-0.7, -0.1, -0.2, -0.2, -0.4, -0.5],),
        ([0.25],),
    ]
    hints = (
        "Leave out the zeros first; `rankdata(np.abs(kept))` ranks sizes and shares equal ranks.",
        "`np.sign(kept) @ ranks` is the sum of the ranks with the signs of the differences.",
        "`product([-1, 1], repeat=len(kept))` gives every pattern of signs, one after the other.",
        "Luck may lean either way: compare absolute values, with `>=`.",
    )
    mistakes = {
        "looks at one side only": P_VALUE.replace(
            "np.abs(luck) >= abs(observed)", "np.array(luck) >= observed"
        ),
        "only what leans further": P_VALUE.replace(">= abs", "> abs"),
        "ranks the zeros, too": P_VALUE.replace(" if each != 0", ""),
        "sizes in place of ranks": P_VALUE.replace("rankdata(np.abs(kept))", "np.abs(kept)"),
        "ranks before it takes sizes": P_VALUE.replace("rankdata(np.abs(kept))", "rankdata(kept)"),
        "no shared ranks": P_VALUE.replace(
            "rankdata(np.abs(kept))", "1 + np.argsort(np.argsort(np.abs(kept)))"
        ),
        "counts the winners": P_VALUE.replace("rankdata(np.abs(kept))", "np.ones(len(kept))"),
        "the normal approximation": """
def p_value(differences):
    from scipy.stats import norm
    kept = [each for each in differences if each != 0]
    ranks = rankdata(np.abs(kept))
    spread = np.sqrt(max(1, sum(ranks**2)))
    return 2 * norm.sf(abs(np.sign(kept) @ ranks) / spread)
""",
        "the chance that it is not luck": P_VALUE.replace("return np.mean(", "return 1 - np.mean("),
    }

    @staticmethod
    def judge(received: float, differences: list[float]) -> Finding | None:
        kept = [each for each in differences if each]
        sizes = [abs(each) for each in kept]
        ranks = ranks_of(sizes)
        observed = signed(kept, ranks)
        right = share(ranks, observed)
        if close(received, right, 1e-9):
            return None
        if not kept:
            return Finding(1.0, "Nobody was ever ahead: luck alone always looks like that.")
        every = ranks_of([abs(each) for each in differences])
        odd = ranks_of(kept)
        plain = sorted(range(len(kept)), key=lambda place: sizes[place])
        ordinal = [1.0 + plain.index(place) for place in range(len(kept))]
        ahead = sum(
            sum(sign * rank for sign, rank in zip(signs, ranks, strict=True)) >= observed
            for signs in product((-1, 1), repeat=len(kept))
        )
        readings = {
            "One side only: luck could have leant as far to the other side.": [
                ahead / 2 ** len(kept),
                right / 2,
            ],
            "The observed pattern is one of those that luck makes: `>=`, not `>`.": [
                share(ranks, observed, strictly=True)
            ],
            "A difference of zero says nothing: leave it out before you rank.": [
                share(every, signed(differences, every))
            ],
            "These are the sizes themselves: their ranks are wanted, so that one outlier weighs no "
            "more than its place.": [share(sizes, signed(kept, sizes))],
            "Rank the sizes, without their signs: `np.abs` first.": [share(odd, signed(kept, odd))],
            "Equal sizes share the mean of their ranks: `rankdata` does that.": [
                share(ordinal, signed(kept, ordinal))
            ],
            "That counts who won how often; a narrow win should weigh less than a clear one.": [
                share([1.0] * len(kept), signed(kept, [1.0] * len(kept)))
            ],
            "That is the chance of the contrary. *p* is how often luck alone leans as far.": [
                1 - right
            ],
        }
        for reason, values in readings.items():
            if any(close(received, value, 1e-9) for value in values):
                return Finding(right, reason)
        if abs(received - right) < 0.1:
            return Finding(right, "Near, but not exact: count all patterns of signs, each once.")
        return Finding(right, "The share of all patterns whose sum is at least as far from zero.")


class Adjust(Exercise):
    """Holm's correction"""

    key = "13.3"
    answer = "adjust"
    points = 2
    returns = list
    cases = [([0.01, 0.04, 0.03, 0.005],), ([0.2, 0.011, 0.6, 0.012, 0.9],)]
    hidden = [([0.6, 0.02, 0.021, 0.022, 0.0001, 0.3],), ([0.03],), ([0.04, 0.04, 0.04],)]
    hints = (
        "`np.argsort(values)` lists the places, the one with the smallest *p* first.",
        "The smallest is multiplied by the number of all, the next by one less, and so on.",
        "Remember the largest so far: no *p* may be adjusted to less than a smaller one was.",
    )
    mistakes = {
        "Bonferroni": """
def adjust(values):
    return [min(1.0, len(values) * value) for value in values]
""",
        "may fall below a smaller one": ADJUST.replace("max(least, min(", "max(0.0, min("),
        "more than 1": ADJUST.replace(
            "min(1.0, (len(values) - step) * values[place])",
            "(len(values) - step) * values[place]",
        ),
        "in sorted order": ADJUST.replace("adjusted[place]", "adjusted[step]"),
        "multiplies the largest by most": ADJUST.replace("(len(values) - step)", "(step + 1)"),
        "Benjamini and Hochberg": """
def adjust(values):
    adjusted, most = [0.0] * len(values), 1.0
    for step, place in reversed(list(enumerate(np.argsort(values)))):
        most = min(most, len(values) / (step + 1) * values[place])
        adjusted[place] = most
    return adjusted
""",
        "one off": ADJUST.replace("len(values) - step)", "len(values) - step - 1)"),
        "yes or no": ADJUST.replace(
            "return adjusted", "return [each <= 0.05 for each in adjusted]"
        ),
    }

    @staticmethod
    def judge(received: list[Any], values: list[float]) -> Finding | None:
        total = len(values)
        order = sorted(range(total), key=lambda place: values[place])
        raw = [(total - step) * values[place] for step, place in enumerate(order)]

        def placed(found: list[float]) -> list[float]:
            answer = [0.0] * total
            for place, value in zip(order, found, strict=True):
                answer[place] = value
            return answer

        right = placed([min(1.0, each) for each in accumulate(raw, max)])
        if close(received, right, 1e-9):
            return None
        if len(received) != total:
            return Finding(right, f"One value for each of the {total} that came in.")
        if any(isinstance(each, bool) for each in received):
            return Finding(right, "Not yes or no, but the adjusted values: everybody has a level.")
        ordered = [values[place] for place in order]
        falling = [min(1.0, total / (step + 1) * value) for step, value in enumerate(ordered)]
        for step in range(total - 2, -1, -1):
            falling[step] = min(falling[step], falling[step + 1])
        up = accumulate(((step + 1) * value for step, value in enumerate(ordered)), max)
        fewer = accumulate(((total - step - 1) * value for step, value in enumerate(ordered)), max)
        readings: dict[str, list[list[float]]] = {
            "That is Bonferroni: Holm asks the full factor of the smallest alone, then one less "
            "each time.": [[min(1.0, total * value) for value in values]],
            "A larger *p* came out smaller than a smaller one: it may not fall below the largest "
            "so far.": [placed([min(1.0, each) for each in raw])],
            "A chance is at most 1.": [placed(list(accumulate(raw, max))), placed(raw)],
            "Right, but in sorted order: give each *p* back in its own place.": [sorted(right)],
            "The smallest *p* is multiplied by most, not by least.": [
                placed([min(1.0, each) for each in up])
            ],
            "That is Benjamini and Hochberg's correction: it bounds the share of false finds among "
            "all finds. Holm's bounds the chance of even one.": [placed(falling)],
            "The smallest of *m* is multiplied by *m*.": [
                placed([min(1.0, each) for each in fewer])
            ],
        }
        for reason, answers in readings.items():
            if any(close(received, answer, 1e-9) for answer in answers):
                return Finding(right, reason)
        return Finding(right, "Smallest first: times the number of those not yet dealt with.")


class ExpectedBest(Exercise):
    """The best of many draws, without drawing"""

    key = "13.4"
    answer = "expected_best"
    points = 2
    returns = float
    cases = [([0.1, 0.7, 0.4], 2), ([0.9, 0.5, 0.6, 0.2, 0.8], 1), ([0.3, 0.9, 0.3, 0.6], 5)]
    hidden = [([0.71, 0.64, 0.7, 0.1, 0.66, 0.73, 0.69], 10), ([-1.0, 2.0], 3), ([0.5], 4)]
    hints = (
        "Sort the values. The best of all draws is among the *i* smallest if every draw is.",
        "One draw is among the *i* smallest of *N* with chance *i*/*N*; all *n* with its power.",
        "Exactly the *i*-th: among the *i* smallest, but not among the *i* − 1 smallest.",
    )
    mistakes = {
        "does not sort": EXPECTED_BEST.replace("sorted(values)", "values"),
        "the best of all": "def expected_best(values, draws): return float(max(values))",
        "one draw": "def expected_best(values, draws): return sum(values) / len(values)",
        "at most, in place of exactly": EXPECTED_BEST.replace(
            " - ((place - 1) / total) ** draws)", ")"
        ),
        "one off": EXPECTED_BEST.replace("start=1", "start=0").replace(
            "((place - 1) / total)", "(max(0, place - 1) / total)"
        ),
        "the worst of them": EXPECTED_BEST.replace(
            "sorted(values)", "sorted(values, reverse=True)"
        ),
        "draws without putting back": """
def expected_best(values, draws):
    from itertools import combinations
    draws = min(draws, len(values))
    return float(np.mean([max(each) for each in combinations(values, draws)]))
""",
        "draws a thousand times": """
def expected_best(values, draws):
    rng = np.random.default_rng(0)
    return float(rng.choice(values, (1000, draws)).max(axis=1).mean())
""",
    }

    @staticmethod
    def judge(received: float, values: list[float], draws: int) -> Finding | None:
        total = len(values)
        edges = [(place / total) ** draws for place in range(total + 1)]
        chances = [high - low for low, high in pairwise(edges)]

        def mean(listed: list[float], weights: list[float]) -> float:
            return sum(value * weight for value, weight in zip(listed, weights, strict=True))

        ordered = sorted(values)
        right = mean(ordered, chances)
        if close(received, right, 1e-9):
            return None
        some = min(draws, total)
        without = [math.comb(place, some - 1) / math.comb(total, some) for place in range(total)]
        readings = {
            "The formula counts places from the worst to the best: sort the values first.": mean(
                values, chances
            ),
            "That is the best of all; it may not be among those drawn.": max(values),
            "That is the mean of one draw.": sum(values) / total,
            "(*i*/*N*)ⁿ is the chance of *at most* the *i*-th. Subtract that of the one "
            "before.": mean(ordered, edges[1:]),
            "The places count from 1: the worst value is the first.": mean(
                ordered, [0.0, *chances[:-1]]
            ),
            "That is what the *worst* of the draws comes to: sort upwards.": mean(
                ordered[::-1], chances
            ),
            "That draws without putting back, so no value can come twice.": mean(ordered, without),
        }
        for reason, value in readings.items():
            if close(received, value, 1e-9):
                return Finding(right, reason)
        if abs(received - right) < 0.05 * (max(values) - min(values)):
            return Finding(right, "Near: is it drawn? The sum over all values is exact.")
        return Finding(
            right, "The sum of each value times its chance to be the best that is drawn."
        )


class Compare(Exercise):
    """Find the bugs: a comparison"""

    key = "13.5"
    answer = "compare"
    points = 3
    returns = dict
    call = "compare(world, two strategies, seconds={0}, seeds={1})"
    cases = [(60, 3), (25, 2)]
    hidden = [(90, 4), (13, 3)]
    hints = (
        "What do two searches with the same `seed` have in common? And with different ones?",
        "`search.run(world, seconds=...)` ends when so much training time is spent.",
        "`history.best()` is chosen on validation. The test images may be asked once, about that.",
    )
    mistakes = {
        "each strategy has seeds of its own": COMPARE.replace(
            "seed=seed)", "seed=seeds * number + seed)"
        ),
        "the same seed each time": COMPARE.replace("seed=seed)", "seed=0)"),
        "equal trials, not equal seconds": COMPARE.replace("seconds=seconds", "trials=20"),
        "the number of seconds as trials": COMPARE.replace("seconds=seconds", "trials=seconds"),
        "chooses on the test images": COMPARE.replace(
            "world.test(history.best().configuration)",
            "max(world.test(trial.configuration) for trial in history.completed)",
        ),
        "reports the validation score": COMPARE.replace(
            "world.test(history.best().configuration)", "history.best().score"
        ),
        "tests the last one": COMPARE.replace("history.best()", "history.completed[-1]"),
        "the best seed only": COMPARE.replace(
            "return found", "return {name: [max(each)] for name, each in found.items()}"
        ),
    }

    @staticmethod
    def probe(compare: Any, seconds: float, seeds: int) -> Any:
        from coursekit.spaces import Integer, Space
        from coursekit.strategies import Random, RegularizedEvolution
        from coursekit.trials import Evaluation

        searches: list[dict[str, Any]] = []
        tested: list[int] = []

        class World:
            space = Space({"x": Integer(0, 999_999)})

            def estimate(self, suggestion: Any) -> Any:
                x = suggestion.configuration["x"]
                score, cost = (x * 7919 % 1000) / 1000, 1.0 + x * 31 % 5
                if searches:
                    searches[-1]["trials"].append([x, score, cost])
                return Evaluation(score, (score,), cost)

            def test(self, configuration: Any) -> float:
                tested.append(configuration["x"])
                return (configuration["x"] * 104_729 % 1000) / 1000

        def begins(name: str, build: Any) -> Any:
            def begin(space: Any) -> Any:
                searches.append({"strategy": name, "trials": []})
                return build(space)

            return begin

        def evolution(space: Any) -> Any:
            return RegularizedEvolution(space, population_size=5, sample_size=2)

        strategies = {
            "random": begins("random", Random),
            "evolution": begins("evolution", evolution),
        }
        found = compare(World(), strategies, seconds, seeds)
        return {"found": found, "tested": tested, "searches": searches}

    @staticmethod
    def judge(received: dict[str, Any], seconds: float, seeds: int) -> Finding | None:
        found, searches, tested = (received[key] for key in ("found", "searches", "tested"))
        runs = {
            name: [each["trials"] for each in searches if each["strategy"] == name]
            for name in ("random", "evolution")
        }
        for name, searched in runs.items():
            if len(searched) != seeds or not all(searched):
                return Finding(f"{seeds} searches by {name}", f"There were {len(searched)}.")
        firsts = {name: [trials[0][0] for trials in searched] for name, searched in runs.items()}
        same = "the same seeds 0, 1, ... for both"
        if len(set(firsts["random"])) < seeds:
            return Finding(same, "Several searches by random began alike: each seed is for one.")
        if firsts["random"] != firsts["evolution"]:
            reason = (
                "With the same seed both would begin with the same configuration. They do not, so "
                "that the pairs are no pairs."
            )
            return Finding(same, reason)
        for name, searched in runs.items():
            for seed, trials in enumerate(searched):
                costs = [cost for _, _, cost in trials]
                if not sum(costs) - costs[-1] < seconds <= sum(costs):
                    reason = (
                        f"With seed {seed} {name} has spent {sum(costs):.0f} s on {len(costs)} "
                        "trials. A trial is no unit of cost."
                    )
                    return Finding(f"searches that end when {seconds} s are spent", reason)
        once = f"{2 * seeds} questions to the test images, one a search"
        if len(tested) > 2 * seeds:
            reason = (
                f"The test images were asked {len(tested)} times. Who takes the best of many test "
                "scores has chosen by them."
            )
            return Finding(once, reason)
        if len(tested) < 2 * seeds:
            reason = "What is reported must come from images that had no say in the choice."
            return Finding(once, f"The test images were asked {len(tested)} times. {reason}")
        expected = {
            name: [
                max(trials, key=lambda trial: trial[1])[0] * 104_729 % 1000 / 1000
                for trials in searched
            ]
            for name, searched in runs.items()
        }
        if close(found, expected):
            return None
        winners = [
            max(trials, key=lambda trial: trial[1])[0]
            for searched in runs.values()
            for trials in searched
        ]
        if sorted(tested) != sorted(winners):
            reason = "What is tested is not the winner on validation of each search."
            return Finding(expected, reason)
        return Finding(expected, "For each strategy a list with one test score a seed, in order.")
