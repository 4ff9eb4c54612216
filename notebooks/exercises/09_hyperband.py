"""What the checks of lab 09 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake


class BracketTable(Exercise):
    """A bracket's table"""

    key = "9.1"
    points = 1
    cases = {
        "powers of the factor": (3, 27, 27, 3),
        "another number of epochs": (3, 34, 40, 3),
        "another factor": (2, 7, 10, 2),
        "only one rung": (0, 5, 81, 3),
    }
    hidden = [(4, 81, 100, 3), (1, 9, 50, 4), (5, 40, 33, 2)]
    hints = (
        "`factor**rung` is what the number of candidates is divided by in this rung.",
        "The epochs are divided by `factor ** (s - rung)`: by nothing in the last rung.",
        "`a // b` rounds down.",
    )
    mistakes = (
        Mistake("range(s + 1)", "range(s)", "The last rung is missing: there are s + 1 of them."),
        Mistake("epochs // factor ** (s - rung)", "epochs // factor**s * factor**rung",
                "It rounds first and multiplies then: the last rung must have all epochs."),
        Mistake("trials // factor**rung", "trials // 2**rung",
                "It keeps the half: one in `factor` is kept."),
        Mistake("trials // factor**rung", "-(-trials // factor**rung)",
                "The candidates are rounded up: that is Keras Tuner's rule."),
        Mistake("factor ** (s - rung)", "factor**rung",
                "The epochs fall from rung to rung: they have to rise."),
        Mistake("trials // factor**rung, ", "trials / factor**rung, ",
                "Half a candidate cannot be trained: round down."),
    )  # fmt: skip


LIMIT = "len(results) // factor"


class Promoted(Exercise):
    """Promoted"""

    key = "9.2"
    points = 2
    cases = {
        "two of six have failed": (
            [(0, 0.7), (1, None), (2, 0.9), (3, None), (4, 0.7), (5, 0.1)], 3),
        "most have failed": ([(0, None), (1, None), (2, 0.3), (3, None), (4, None), (5, None)], 2),
        "numbers of a higher rung, in order of their end": ([(14, 0.2), (9, 0.8), (11, 0.5)], 3),
        "negative scores": ([(0, -3.0), (1, None), (2, -1.0), (3, -2.0)], 2),
        "too few": ([(0, 0.4), (1, 0.5)], 3),
    }  # fmt: skip
    hidden = [
        ([(5, 0.5), (4, 0.5), (3, 0.5), (2, 0.5), (1, None), (0, 0.1), (6, 0.2)], 3),
        ([(0, None), (1, None)], 2),
        ([(7, -0.5), (8, None), (9, -0.4), (10, None), (11, -0.6), (12, None), (13, -9.0)], 2),
    ]
    hints = (
        "Those with `score is not None` can be promoted.",
        "`sorted((-score, number) ...)` has the best first, and among equals the lower number.",
        "How many: `len(results) // factor`, of all that were trained, the failed ones included.",
    )
    mistakes = (
        Mistake(LIMIT, "len(ranked) // factor",
                "A failed training has lost: count it among those of which one in `factor` is "
                "promoted."),
        Mistake("for number, score in results if score is not None", "for number, score in "
                "[(each, made or -9.9) for each, made in results]",
                "A failed one is promoted to fill a place: leave the place empty."),
        Mistake("-score", "score", "The worst are promoted: the best come first."),
        Mistake("-score, number", "-score, -number", "Among equals the lower number is the first."),
        Mistake(LIMIT, "max(1, len(results) // factor)",
                "Fewer than `factor` were trained: nobody is promoted."),
        Mistake("ranked[:", "sorted(ranked, key=lambda each: each[1])[:",
                "Numbers have no say but among equals: the best score is the first."),
    )  # fmt: skip


class Bill(Exercise):
    """The bill"""

    key = "9.3"
    points = 2
    cases = {
        "one bracket from scratch": ([[(9, 1), (3, 3), (1, 9)]], False),
        "one bracket continued": ([[(9, 1), (3, 3), (1, 9)]], True),
        "two brackets continued": ([[(9, 1), (3, 3), (1, 9)], [(5, 3), (1, 9)]], True),
        "two brackets from scratch": ([[(4, 2), (2, 5)], [(3, 5)]], False),
    }
    hidden = [
        ([[(27, 1), (9, 4), (3, 13), (1, 40)], [(12, 4), (4, 13), (1, 40)], [(4, 40)]], True),
        ([[(81, 1), (27, 3)], [(34, 3), (11, 9)], [(5, 81)]], False),
    ]
    hints = (
        "A rung costs its candidates times the epochs that each of them trains.",
        "Continued, that is the last epoch minus the last epoch of the rung below.",
        "Each bracket begins with new candidates, at epoch 0.",
    )
    mistakes = (
        Mistake("    for rungs in brackets:\n        done = 0\n",
                "    done = 0\n    for rungs in brackets:\n",
                "A bracket begins with new candidates: nothing of the bracket before is done."),
        Mistake("            if continued:\n                done = last",
                "            done = last",
                "It always continues: from scratch, each rung trains all its epochs."),
        Mistake("(last - done)", "last", "Continued, a rung costs only the epochs that it adds."),
        Mistake("total += candidates * (last - done)", "total += last - done",
                "That is the bill of one candidate in each rung."),
        Mistake("done = last", "done += last",
                "The last epoch of a rung counts from the start of the training: no sum."),
        Mistake("        for candidates, last in rungs:", "        for candidates, last in rungs[:1]:",
                "It counts only the lowest rung."),
    )  # fmt: skip


class Halvings(Exercise):
    """Find the bug: a bracket too few"""

    key = "9.4"
    points = 1
    cases = {
        "a power of the factor": (243, 3),
        "a small power": (9, 3),
        "another power": (1000, 10),
        "just below a power": (26, 3),
        "just above a power": (10, 3),
        "less than the factor": (2, 3),
    }
    hidden = [(3**13, 3), (3**13 - 1, 3), (1, 2), (15625, 5), (10**15, 10)]
    hints = (
        "Count how often you can multiply by `factor` and stay within `epochs`.",
        "`while factor ** (count + 1) <= epochs: count += 1`",
    )
    mistakes = (
        Mistake("<= epochs", "< epochs", "A power of the factor counts: 243 is 3 to the fifth."),
        Mistake(code="""
            def halvings(epochs, factor):
                return round(math.log(epochs) / math.log(factor))
        """, reason="`round` rounds up too: 26 epochs can be divided by 3 twice only."),
        Mistake(code="""
            def halvings(epochs, factor):
                return math.ceil(math.log(epochs) / math.log(factor))
        """, reason="That is a bracket too many: one epoch at least has to be left."),
        Mistake(code="""
            def halvings(epochs, factor):
                return math.floor(math.log(epochs, factor))
        """, reason="`math.log(epochs, factor)` is the same division: it is inexact."),
        Mistake("count = 0", "count = 1", "With fewer epochs than `factor` there is nothing to divide."),
    )  # fmt: skip


class Answer(Exercise):
    """Find the bug: the answer of a search"""

    key = "9.5"
    points = 1
    cases = {
        "a lucky early score": ([(0, 3, 0.93), (1, 3, 0.9), (2, 27, 0.91)], ),
        "the finalist has failed": ([(0, 3, 0.8), (1, 3, 0.9), (2, 9, 0.7), (3, 27, None)], ),
        "two finalists": ([(0, 9, 0.5), (1, 27, 0.6), (2, 27, 0.8), (3, 9, 0.9), (4, 1, 0.3)], ),
        "one rung": ([(0, 1, -1.0), (1, 1, None), (2, 1, -2.0), (3, 1, -3.0)], ),
    }  # fmt: skip
    hidden = [
        ([(4, 27, 0.2), (5, 9, 0.9), (6, 27, 0.3), (7, 27, None), (8, 1, 0.99)],),
        ([(0, 1, 0.9), (1, 1, 0.8), (2, 3, None), (3, 9, None)],),
    ]
    hints = (
        "First the largest number of epochs among those that have completed.",
        "Then the best score among those with that many epochs.",
    )
    mistakes = (
        Mistake("for _, epochs, _ in done", "for _, epochs, _ in trials",
                "Nothing has completed at that budget: take the largest that has a score.",
                {"return max(finalists,": "return max(finalists or [(None, 0, 0)],"}),
        Mistake("return max(finalists", "return min(finalists",
                "The worst finalist is returned: take the highest score."),
        Mistake("return max(finalists, key=lambda trial: trial[2])[0]", "return finalists[-1][0]",
                "The last finalist is returned, not the best one."),
        Mistake("largest = max(", "largest = min(",
                "That is the lowest rung: it has the least reliable scores."),
        Mistake("trial[2])[0]", "trial[2])[2]", "Return its number, not its score."),
        Mistake("return max(finalists", "return max(done",
                "It compares scores of different rungs: after few epochs they are lower."),
    )  # fmt: skip


class Job(Exercise):
    """ASHA's rule"""

    key = "9.6"
    points = 3
    cases = {
        "the best so far": ([[(0, 0.5), (1, 0.7), (2, 0.6)], [], []], [], 3),
        "it was promoted already": ([[(0, 0.6), (1, 0.8), (2, 0.7), (3, 0.1)], [(4, 0.9)]], [1], 2),
        "the best two are taken": (
            [[(0, 0.6), (1, 0.8), (2, 0.7), (3, 0.1)], [(4, 0.9), (5, 0.8)]], [1, 2], 2),
        "two rungs have one": (
            [[(0, 0.1), (1, 0.8), (2, 0.7), (5, 0.9)], [(3, 0.81), (4, 0.72)], []], [1, 2], 2),
        "some have failed": ([[(0, None), (1, 0.4), (2, None)], [(3, None)], []], [1], 3),
        "failures count": ([[(0, None), (1, 0.4), (2, None)], [], []], [], 3),
        "a full last rung": ([[(0, 0.5)], [(1, 0.5)], [(2, 0.9), (3, 0.8), (4, 0.7)]], [], 3),
    }  # fmt: skip
    hidden = [
        ([[(n, (n * 7 % 11) / 11) for n in range(11)], [(20, 0.5), (21, 0.4)], []], [3, 6], 3),
        ([[(0, 0.2), (1, 0.2), (2, 0.2), (3, 0.2)], [], []], [0], 2),
        ([[(0, 0.3), (1, 0.4)], [(2, 0.5), (3, None), (4, 0.6)], [(5, 0.1)], []], [1], 2),
        ([[(0, 0.3), (1, 0.2), (3, 0.5)], [(2, 0.3)]], [0], 3),
    ]
    hints = (
        "From the highest rung to the lowest: `reversed(range(len(rungs) - 1))`.",
        "Rank a rung as in exercise 9.2, and look at the best `len(results) // factor`.",
        "The first of them that is not in `taken` is promoted to `rung + 1`.",
    )
    mistakes = (
        Mistake("reversed(range(len(rungs) - 1))", "range(len(rungs) - 1)",
                "The lowest rung comes first: the highest must, it is nearest to an answer."),
        Mistake("range(len(rungs) - 1)", "range(len(rungs))",
                "From the last rung nobody is promoted."),
        Mistake("if score is not None)", "if score is not None and number not in taken)",
                "Those promoted before still count in the best part: leave them in the ranking."),
        Mistake("// factor]", "// factor + 1]",
                "One too many is promoted: round down."),
        Mistake("len(results) // factor", "len(ranked) // factor",
                "Failed ones have finished the rung too: count them."),
        Mistake("            if number not in taken:\n                return number, rung + 1",
                "            return (number, rung + 1) if number not in taken else None",
                "It looks at one candidate only: the next one may be promotable."),
        Mistake("return number, rung + 1", "return number, rung",
                "Return the rung to which it is promoted."),
        Mistake("-score, number", "score, number", "The worst is promoted: the best come first."),
    )  # fmt: skip

    @staticmethod
    def probe(job: Any, rungs: Any, taken: list[int], factor: int) -> Any:
        found = job(rungs, set(taken), factor)
        return None if found is None else [int(each) for each in found]
