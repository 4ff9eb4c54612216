"""What the checks of lab 10 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake

SQUARE = "math.sqrt(untied_x * untied_y)"


class Tau(Exercise):
    """Kendall's tau with ties"""

    key = "10.1"
    points = 3
    returns = float
    or_none = True
    cases = {
        "without ties": ([1, 2, 3, 4], [1, 2, 4, 3]),
        "a tie in y": ([1, 2, 3], [5, 5, 7]),
        "a tie in x": ([0.2, 0.2, 0.5, 0.1], [0.4, 0.3, 0.9, 0.8]),
        "tied in both": ([1, 1, 2, 3], [4, 4, 2, 9]),
        "as many in order as out of order": ([1, 2, 3, 4], [2, 4, 1, 3]),
        "the reverse order": ([1, 2, 3], [0.3, 0.2, 0.1]),
        "nothing is ranked": ([1, 2, 3], [7, 7, 7]),
        "or in x": ([2, 2], [1, 3]),
    }
    hidden = [
        ([3, 1, 2, 2, 5], [1, 1, 2, 3, 3]),
        ([0.5, 0.5], [0.5, 0.5]),
        ([-1.0, -2.0, -2.0, 0.0], [10, 20, 30, 30]),
        ([7], [3]),
    ]
    hints = (
        "Two loops: `for i in range(len(x)): for j in range(i):` visit each pair once.",
        "`np.sign(x[i] - x[j])` is 1, 0 or −1; the product with that of y is 1 for a pair in order.",
        "Count the pairs with a sign other than 0 in x, and those in y, separately.",
    )
    mistakes = (
        Mistake(SQUARE, "len(x) * (len(x) - 1) * 2", "Divide by what each score can tell apart: the square root of N_x times N_y."),
        Mistake(SQUARE, "(len(x) * (len(x) - 1) / 2)",
                "That is tau without ties: tied pairs do not count in N_x and N_y."),
        Mistake(SQUARE, "(untied_x * untied_y)", "The square root of N_x times N_y is missing."),
        Mistake("untied_x += a != 0", "untied_x += b != 0", "N_x counts the pairs that are not tied in x, N_y those in y."),
        Mistake("order += a * b", "order += a * b > 0", "Pairs out of order count, too: subtract them."),
        Mistake("range(i)", "range(max(i - 1, 0), i)",
                "Only neighbours are compared: every pair counts, whatever its distance."),
        Mistake("return None", "return 0.0", "Where nothing is ranked the answer is None."),
        Mistake(code="""
            def tau(x, y):
                order = untied = 0
                for i in range(len(x)):
                    for j in range(i):
                        a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
                        order += a * b
                        untied += a * b != 0
                return float(order / untied) if untied else None
        """, reason="A pair that is tied in one score only still counts in the N of the other."),
    )  # fmt: skip
    otherwise = "Pairs in order minus pairs out of order, over the square root of N_x times N_y."


class Lost(Exercise):
    """The regret of a choice"""

    key = "10.2"
    points = 2
    returns = float
    cases = {
        "one finalist": ([0.3, 0.8, 0.5], [0.6, 0.7, 0.9], 1),
        "the best of several finalists": ([0.3, 0.8, 0.5, 0.1], [0.6, 0.7, 0.65, 0.9], 3),
        "a choice without regret": ([0.3, 0.8], [0.6, 0.7], 1),
        "all are finalists": ([0.4, 0.2, 0.3], [0.1, 0.9, 0.2], 3),
        "scores may be negative": ([-3.0, -1.0, -2.0], [-0.5, -0.9, -0.2], 1),
        "not in the order of the list": ([0.9, 0.2, 0.1, 0.8], [0.2, 0.3, 0.9, 0.5], 2),
    }
    hidden = [
        ([5, 4, 3, 2, 1], [1, 2, 3, 4, 5], 2),
        ([0.11, 0.12], [-1.0, -2.0], 1),
        ([0.6, 0.1, 0.4], [0.0, 0.7, 0.3], 2),
    ]
    hints = (
        "Sort the places by cheap score: `sorted(range(len(cheap)), key=lambda place: -cheap[place])`.",
        "`order[:finalists]` are the finalists; take the best of their full scores.",
    )
    mistakes = (
        Mistake("-cheap[place]", "cheap[place]", "These are the worst by cheap scores: take the highest."),
        Mistake("-cheap[place]", "-full[place]",
                "Nobody knows the full scores when the finalists are chosen: take the cheap ones."),
        Mistake("max(full[place] for place in order[:finalists])", "full[order[finalists - 1]]",
                "That is the last of the finalists: the best of them by full scores is kept."),
        Mistake("max(full[place]", "max(cheap[place]", "Cheap scores and full ones are different quantities: subtract a full score."),
        Mistake("max(full[place] for place in order[:finalists])",
                "sum(full[place] for place in order[:finalists]) / finalists",
                "Finalists are trained in full, and the best of them is kept, not their mean."),
        Mistake("max(full) -", "max(full[place] for place in order[finalists:] or order) -",
                "The best of all may be a finalist: compare with all candidates."),
    )  # fmt: skip
    otherwise = "The best full score of all, minus the best full score among the finalists."


OPTIONS = {"a": (10.0, [0.1, 0.2, 0.3]), "b": (2.0, [0.3, 0.2, 0.1]), "c": (5.0, [0.1, 0.9, 0.2])}
CHOICE = "max(range(len(cheap)), key=lambda place: cheap[place])"


class Cheapest(Exercise):
    """The cheapest that is good enough"""

    key = "10.3"
    points = 2
    returns = str
    or_none = True
    cases = {
        "the cheapest within the bound": (OPTIONS, [0.5, 0.8, 0.9], 0.2),
        "the cheapest of all may mislead": (
            {"a": (1.0, [0.1, 0.9, 0.2]), "b": (3.0, [0.1, 0.3, 0.8])}, [0.5, 0.6, 0.9], 0.1),
        "all are good enough": (
            {"a": (1.0, [0.6, 0.2]), "b": (2.0, [0.3, 0.7]), "c": (3.0, [0.5, 0.4])}, [0.8, 0.9],
            0.2),
        "a tight bound": (OPTIONS, [0.5, 0.8, 0.9], 0.05),
        "a loose bound": (OPTIONS, [0.5, 0.8, 0.9], 1.0),
        "a regret of exactly the bound is good enough": (OPTIONS, [0.5, 0.75, 1.0], 0.25),
        "none is good enough": (
            {"a": (1.0, [0.4, 0.3]), "b": (2.0, [0.9, 0.1])}, [0.2, 0.9], 0.1),
        "a cheap score above every full one": (
            {"a": (1.0, [0.99, 0.3]), "b": (2.0, [0.4, 0.5])}, [0.2, 0.9], 0.1),
    }  # fmt: skip
    hidden = [
        ({"x": (3.0, [1, 2])}, [0.0, 1.0], 0.0),
        ({}, [0.5], 0.1),
        ({"x": (3.0, [-1, -2]), "y": (1.0, [-2, -1]), "z": (2.0, [-5, -6])}, [-0.3, -0.9], 0.5),
    ]
    hints = (
        "The choice of an option is the candidate with its highest cheap score.",
        "Its regret is `max(full) - full[choice]`.",
        "Keep the seconds of the options that are good enough; `min(good, key=good.get)`.",
    )
    mistakes = (
        Mistake("<= bound", "< bound", "A regret of exactly the bound is good enough."),
        Mistake("min(good", "max(good", "That is the most expensive of the good ones."),
        Mistake("max(full) - full[choice] <= bound", "max(full) - max(cheap) <= bound",
                "A cheap score is another quantity: look up the full score of the choice."),
        Mistake(CHOICE, "max(range(len(cheap)), key=lambda place: full[place])",
                "Nobody knows the full scores at the choice: it has the highest cheap score."),
        Mistake(CHOICE, "min(range(len(cheap)), key=lambda place: cheap[place])",
                "The choice is the candidate with the highest cheap score, not the lowest."),
        Mistake("if good else None", "if good else min(options, key=lambda name: options[name][0])",
                "Where no option is good enough the answer is None.",
                {"good else min": "good or not options else min"}),
        Mistake(code="""
            def cheapest(options, full, bound):
                found = {}
                for name, (seconds, cheap) in options.items():
                    choice = max(range(len(cheap)), key=lambda place: cheap[place])
                    found[name] = max(full) - full[choice]
                best = min(found, key=found.get, default=None)
                return best if found and found[best] <= bound else None
        """, reason="That is the option with the lowest regret: any that is good enough will do, and the cheapest is asked for."),
    )  # fmt: skip
    otherwise = (
        "Of all options whose choice loses at most the bound, the one with the fewest seconds."
    )


class Winner(Exercise):
    """Find the bug: a winner chosen among two fidelities"""

    key = "10.4"
    points = 2
    call = "search(...) with cheap scores {0}, full scores {1}, {2} finalists"
    cases = {
        "cheap scores that are higher than full ones": (
            [0.9, 0.8, 0.7, 0.6], [0.5, 0.6, 0.4, 0.3], 2),
        "full scores that are higher than cheap ones": (
            [0.3, 0.4, 0.1, 0.2], [0.8, 0.7, 0.95, 0.9], 2),
        "the best by cheap scores is not the winner": (
            [0.2, 0.5, 0.4, 0.6, 0.3], [0.9, 0.6, 0.8, 0.7, 0.1], 3),
        "one finalist": ([0.7, 0.9, 0.8], [0.6, 0.2, 0.5], 1),
    }  # fmt: skip
    hidden = [
        ([0.1, 0.9, 0.5, 0.7], [0.3, 0.31, 0.99, 0.32], 2),
        ([5, 4, 3], [1, 2, 3], 3),
        ([-1, -2, -3, -4], [-10, -9, -8, -7], 2),
    ]
    hints = (
        "After the loop `scores` holds full scores of the finalists and cheap scores of the others.",
        "Keep the full scores in a dictionary of their own, and take the best of these.",
    )
    mistakes = (
        Mistake("max(checked, key=checked.get)", "max(scores | checked, key=(scores | checked).get)",
                "The winner has a cheap score only: compare full scores with full ones."),
        Mistake("max(checked, key=checked.get)", "max(checked, key=scores.get)",
                "The finalists were trained in full: choose by their full scores."),
        Mistake("[-finalists:]", "", "More are trained in full than there are finalists."),
        Mistake("[-finalists:]", "[:finalists]", "These finalists have the lowest cheap scores."),
        Mistake("max(checked, key=checked.get)", "max(best, key=check)",
                "A finalist is trained in full twice: keep its score."),
        Mistake("max(checked, key=checked.get)", "min(checked, key=checked.get)",
                "That is the worst of the finalists."),
        Mistake("{candidate: check(candidate) for candidate in best}",
                "{candidate: max(scores[candidate], check(candidate)) for candidate in best}",
                "A finalist keeps the higher of its two scores: only the full one counts."),
    )  # fmt: skip
    reasons = {
        "trained in full": "The finalists are those with the best cheap scores, each trained in full once.",
        "screened": "Each candidate is screened once.",
    }
    otherwise = "The winner is the best of the finalists by its full score."

    @staticmethod
    def probe(search: Any, cheap: list[float], full: list[float], finalists: int) -> Any:
        screened, checked = [], []

        def screen(candidate: int) -> float:
            screened.append(candidate)
            return cheap[candidate]

        def check(candidate: int) -> float:
            checked.append(candidate)
            return full[candidate]

        won = search(list(range(len(cheap))), screen, check, finalists)
        return {"screened": sorted(screened), "trained in full": sorted(checked), "winner": won}


class Affordable(Exercise):
    """Finalists under a budget"""

    key = "10.5"
    points = 2
    cases = {
        "the best by cheap scores first": ([0.3, 0.9, 0.5], [2.0, 3.0, 4.0], 8.0),
        "a training that ends exactly then counts": ([0.3, 0.9, 0.5], [2.0, 3.0, 4.0], 7.0),
        "none fits": ([0.3, 0.9], [1.0, 5.0], 4.0),
        "stop at the first that does not fit": ([0.9, 0.8, 0.7], [2.0, 9.0, 1.0], 4.0),
        "all fit": ([0.1, 0.2, 0.3], [1.0, 1.0, 1.0], 10.0),
        "scores may be negative": ([-0.3, -0.1, -0.2], [1.0, 2.0, 3.0], 5.5),
    }
    hidden = [
        ([5, 1, 4, 2, 3], [1, 1, 1, 1, 1], 3),
        ([], [], 3.0),
        ([0.4, 0.6], [0.5, 0.5], 0.0),
        ([0.5, 0.4, 0.3, 0.2], [1.0, 2.0, 4.0, 0.5], 3.5),
    ]
    hints = (
        "`sorted(range(len(cheap)), key=lambda place: -cheap[place])` is the order of the trainings.",
        "Add the cost first, then ask whether it is still within the seconds.",
        "`break` leaves the loop at the first training that would end later.",
    )
    mistakes = (
        Mistake("spent > seconds", "spent >= seconds", "A training that ends exactly then counts."),
        Mistake("-cheap[each]", "cheap[each]", "The highest cheap score is trained first, not the lowest."),
        Mistake("-cheap[each]", "costs[each]",
                "The cheapest trainings come first: the order is that of the cheap scores."),
        Mistake("            break\n", "            spent -= costs[place]\n            continue\n",
                "It continues with candidates of lower cheap scores: stop at the first that does not fit."),
        Mistake("spent += costs[place]", "spent = costs[place]",
                "The trainings run one after the other: their costs add up."),
        Mistake("chosen.append(place)", "chosen.append(cheap[place])", "Return the places, not the scores."),
        Mistake("sorted(range(len(cheap)), key=lambda each: -cheap[each])", "range(len(cheap))",
                "The candidates are trained in the order of the list: take that of the cheap scores."),
        Mistake("return chosen", "return sorted(chosen)", "The order is that of the trainings."),
    )  # fmt: skip
    otherwise = (
        "Places by falling cheap score, as long as the costs, summed up, stay within the seconds."
    )
