"""What the checks of lab 13 ask."""

from coursekit.labs.exercises import Exercise, Mistake

NAN = float("nan")


class BestSoFar(Exercise):
    """The best so far, at any time"""

    key = "13.1"
    points = 2
    cases = {
        "the best so far, None before the first": ([0.5, 0.7, 0.6], [10, 20, 10], [5, 15, 45]),
        "a trial counts from the second in which it ends": ([0.5, 0.7], [10, 20], [10, 29, 30]),
        "a failed trial takes its time": ([NAN, 0.2, NAN, 0.1], [4, 4, 2, 1], [3, 4, 8, 12]),
        "a score may be 0 or negative": ([-3.0, 0.0, NAN], [1, 2, 1], [0.5, 1, 3, 4]),
    }
    hidden = [
        ([-3.0, -1.0, NAN, -2.0, -0.5], [1.5, 2.5, 8.0, 1.0, 2.0], [4.0, 1.0, 13.0, 15.0]),
        ([NAN, NAN, 0.4, 0.3], [2, 3, 4, 5], [100, 8, 9]),
        ([0.5, NAN, 0.7, 0.6, 0.9], [10, 5, 20, 10, 30], [5, 10, 34, 35, 50, 75]),
    ]
    hints = (
        "`np.cumsum(costs)` says when each trial ended; a failed one took its time, too.",
        "NaN is the one number that does not equal itself: `score == score` is false for it.",
        "`max(done, default=None)` is None where nothing is done.",
    )
    mistakes = (
        Mistake(code="""
            def best_so_far(scores, costs, at):
                best, ends = np.maximum.accumulate(scores), np.cumsum(costs)
                done = np.searchsorted(ends, at, side="right")
                return [None if count == 0 else best[count - 1] for count in done]
        """, reason="A failed trial (nan) has spoilt what was found before or after it."),
        Mistake("np.cumsum(costs)",
                "np.cumsum([cost if score == score else 0 for score, cost in zip(scores, costs)])",
                "A failed trial has taken its time, too."),
        Mistake("end <= when", "end - costs[list(ends).index(end)] < when",
                "A trial that is still running at that moment has no score yet."),
        Mistake("max(done, default=None)", "done[-1] if done else None",
                "That is the score of the last trial; the best of all so far is asked for."),
        Mistake("default=None", "default=0.0",
                "Before the first trial has ended nothing is found: that is None. 0 is a score."),
        Mistake("max(done, default=None)", "max(done, default=None) or None",
                "A score of 0 is a score: `or` takes it for nothing."),
        Mistake("max(done, default=None)", "max([0.0, *done]) if done else None",
                "Scores may be below 0, so the best so far cannot begin at 0."),
        Mistake("<= when", "< when", "A trial that ends at this very second has ended."),
        Mistake("np.cumsum(costs)", "range(1, len(scores) + 1)",
                "`at` holds seconds, not numbers of trials."),
        Mistake("return found", "return found[-1:]", "One answer for each moment in `at`."),
    )  # fmt: skip
    otherwise = "Take the best score of the trials that have ended by then."


class PValue(Exercise):
    """More than luck?"""

    key = "13.2"
    points = 3
    cases = {
        "differences of zero do not count": ([0.4, 0.1, -0.2, 0.6, 0.0, 0.3, 0.5, -0.1],),
        "luck may lean to either side": ([1.0, 2.0, 4.0, 8.0, 16.0],),
        "sizes are ranked without their signs": ([-5.0, 0.2, 0.5, 0.9, 0.1, -0.4],),
        "equal sizes share the mean of their ranks": ([3.0, 1.0, -1.0, 2.0, 1.0, -2.0],),
        "only zeros give 1": ([0.0, 0.0],),
    }
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
    mistakes = (
        Mistake("np.abs(luck_alone) >= abs(observed)", "np.array(luck_alone) >= observed",
                "That looks at one side only: luck may lean as far to the other side."),
        Mistake(">= abs", "> abs",
                "The observed pattern is one of those that luck makes: `>=`, not `>`."),
        Mistake(" if each != 0", "",
                "A difference of zero says nothing: leave it out before you rank."),
        Mistake("rankdata(np.abs(kept))", "np.abs(kept)",
                "These are the sizes themselves. Rank them, so that one outlier weighs no more "
                "than its place."),
        Mistake("rankdata(np.abs(kept))", "rankdata(kept)",
                "Rank the sizes, without their signs: `np.abs` first."),
        Mistake("rankdata(np.abs(kept))", "1 + np.argsort(np.argsort(np.abs(kept)))",
                "Equal sizes share the mean of their ranks: `rankdata` does that."),
        Mistake("rankdata(np.abs(kept))", "np.ones(len(kept))",
                "That counts how often each won; a narrow win must weigh less than a clear one."),
        Mistake("float(np.mean(np.abs(luck_alone) >= abs(observed)))",
                "1 - float(np.mean(np.abs(luck_alone) >= abs(observed)))",
                "That is the chance of the contrary. *p* is how often luck alone leans as far."),
    )  # fmt: skip
    otherwise = "*p* is the share of all patterns whose sum is at least as far from zero."


class Adjust(Exercise):
    """Holm's correction"""

    key = "13.3"
    points = 2
    cases = {
        "the smallest is multiplied by most, in its own place": ([0.01, 0.04, 0.03, 0.005],),
        "none falls below one before it, none is above 1": ([0.2, 0.011, 0.6, 0.012, 0.9],),
    }
    hidden = [([0.6, 0.02, 0.021, 0.022, 0.0001, 0.3],), ([0.03],), ([0.04, 0.04, 0.04],)]
    hints = (
        "`np.argsort(values)` lists the places, the one with the smallest *p* first.",
        "The smallest is multiplied by the number of all, the next by one less, and so on.",
        "Remember the largest so far: no *p* may be adjusted to less than a smaller one was.",
    )
    mistakes = (
        Mistake(code="""
            def adjust(values):
                return [min(1.0, len(values) * each) for each in values]
        """, reason="That is Bonferroni: Holm multiplies by one less at each step."),
        Mistake("max(least, min(", "max(0.0, min(",
                "A *p* came out smaller than one before it: take the largest so far."),
        Mistake("min(1.0, (len(values) - step) * values[place])",
                "(len(values) - step) * values[place]",
                "A chance is at most 1."),
        Mistake("adjusted[place]", "adjusted[step]",
                "The values are right, but in sorted order: put each *p* back in its own place."),
        Mistake("(len(values) - step)", "(step + 1)",
                "The smallest *p* is multiplied by most, not by least."),
        Mistake(code="""
            def adjust(values):
                adjusted, most = [0.0] * len(values), 1.0
                for step, place in reversed(list(enumerate(np.argsort(values)))):
                    most = min(most, len(values) / (step + 1) * values[place])
                    adjusted[place] = most
                return adjusted
        """, reason="That is Benjamini and Hochberg's correction: it bounds the share of false "
                    "finds among all finds. Holm's bounds the chance of even one."),
        Mistake("len(values) - step)", "len(values) - step - 1)",
                "The smallest of *m* is multiplied by *m*, not by one less."),
        Mistake("return adjusted", "return [each <= 0.05 for each in adjusted]",
                "Return the adjusted values, not yes or no: each reader has a level of their own."),
    )  # fmt: skip
    otherwise = "Begin with the smallest; multiply by the number of those not yet dealt with."


class ExpectedBest(Exercise):
    """The best of many draws, without drawing"""

    key = "13.4"
    points = 2
    cases = {
        "values come in any order": ([0.1, 0.7, 0.4], 2),
        "one draw": ([0.9, 0.5, 0.6, 0.2, 0.8], 1),
        "what is drawn is put back; values may be equal": ([0.3, 0.9, 0.3, 0.6], 5),
    }
    hidden = [([0.71, 0.64, 0.7, 0.1, 0.66, 0.73, 0.69], 10), ([-1.0, 2.0], 3), ([0.5], 4)]
    hints = (
        "Sort the values. The best of all draws is among the *i* smallest if every draw is.",
        "One draw is among the *i* smallest of *N* with chance *i*/*N*; all *n* with its power.",
        "Exactly the *i*-th: among the *i* smallest, but not among the *i* − 1 smallest.",
    )
    mistakes = (
        Mistake("sorted(values)", "values",
                "The formula counts places from the worst to the best: sort the values first."),
        Mistake(code="""
            def expected_best(values, draws):
                return float(max(values))
        """, reason="That is the best of all values; it may not be among those drawn."),
        Mistake(code="""
            def expected_best(values, draws):
                return sum(values) / len(values)
        """, reason="That is the mean of one draw."),
        Mistake(" - ((place - 1) / total) ** draws)", ")",
                "(*i*/*N*)ⁿ is the chance of *at most* the *i*-th: subtract that of the one before."),
        Mistake("start=1", "start=0",
                "The places count from 1: the worst value is the first.",
                also={"((place - 1) / total)": "(max(0, place - 1) / total)"}),
        Mistake("sorted(values)", "sorted(values, reverse=True)",
                "That is the mean of the *worst* of the draws: sort upwards."),
        Mistake(code="""
            def expected_best(values, draws):
                from itertools import combinations

                some = combinations(values, min(draws, len(values)))
                return float(np.mean([max(each) for each in some]))
        """, reason="That draws without putting back, so that no value can come twice."),
        Mistake(code="""
            def expected_best(values, draws):
                rng = np.random.default_rng(0)
                return float(rng.choice(values, (1000, draws)).max(axis=1).mean())
        """, reason="That is near, since it is drawn; the sum over all values is exact."),
    )  # fmt: skip
    otherwise = "Add up each value times its chance to be the best that is drawn; draw nothing."


class Compare(Exercise):
    """Find the bugs: a comparison"""

    key = "13.5"
    points = 3
    call = "compare(world, two strategies, seconds={0}, seeds={1})"
    cases = [(60, 3), (25, 2)]
    hidden = [(90, 4), (13, 3)]
    hints = (
        "What do two searches with the same `seed` have in common? And with different ones?",
        "`search.run(world, seconds=...)` ends when so much training time is spent.",
        "`history.best()` is chosen on validation. The test images may be asked once, about that.",
    )
    reasons = {
        "searches": "Each strategy runs one search a seed.",
        "first configurations": "With the same seed both strategies begin with the same "
        "configuration. Here they do not: the seeds 0, 1, ... are the same for both.",
        "trials": "Each search ends when `seconds` of training are spent.",
        "questions to the test images": "Ask the test images once a search.",
        "tested": "Test the configuration that is best on validation in its search.",
        "returned": "For each strategy, return a list with one test score a seed, in order.",
    }
    mistakes = (
        Mistake("seed=seed)", "seed=seeds * list(strategies).index(name) + seed)",
                "Here each strategy has other seeds, so nothing is paired: give both the same."),
        Mistake("seed=seed)", "seed=0)", "All searches begin alike: each needs its own seed."),
        Mistake("seconds=seconds", "trials=20",
                "That gives equal trials, which do not cost the same."),
        Mistake("seconds=seconds", "trials=seconds",
                "`seconds` is a time, and here it counts trials."),
        Mistake("world.test(history.best().configuration)",
                "max(world.test(trial.configuration) for trial in history.completed)",
                "The test images choose here: ask them once a search, about the winner."),
        Mistake("world.test(history.best().configuration)", "history.best().score",
                "That is the score that was chosen by. Report one from images that had no say."),
        Mistake("history.best()", "history.completed[-1]",
                "That tests the last trial, not the winner on validation."),
        Mistake("    return found",
                "    return {name: [max(each)] for name, each in found.items()}",
                "That keeps only the best seed: report one test score a seed."),
    )  # fmt: skip

    @staticmethod
    def probe(compare, seconds, seeds):
        from coursekit.spaces import Integer, Space
        from coursekit.strategies import Random, RegularizedEvolution
        from coursekit.trials import Evaluation

        searched, tested = {"random": [], "evolution": []}, []
        running = []

        class World:
            space = Space({"x": Integer(0, 999_999)})

            def evaluate(self, trial, history=()):
                x = trial.configuration["x"]
                if running:
                    running[-1].append(x)
                score = (x * 7919 % 1000) / 1000
                return Evaluation(score, (score,), 1.0 + x * 31 % 5)

            def test(self, configuration):
                tested.append(configuration["x"])
                return (configuration["x"] * 104_729 % 1000) / 1000

        def beginning(name, build):
            def begin(space):
                running.append([])
                searched[name].append(running[-1])
                return build(space)

            return begin

        def evolution(space):
            return RegularizedEvolution(space, population_size=5, sample_size=2)

        strategies = {
            "random": beginning("random", Random),
            "evolution": beginning("evolution", evolution),
        }
        found = compare(World(), strategies, seconds, seeds)
        return {
            "searches": {name: len(each) for name, each in searched.items()},
            "first configurations": {n: [each[:1] for each in of] for n, of in searched.items()},
            "trials": {name: [len(each) for each in of] for name, of in searched.items()},
            "questions to the test images": len(tested),
            "tested": sorted(tested),
            "returned": found,
        }
