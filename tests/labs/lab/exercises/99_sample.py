"""What the checks of the sample lab ask."""

from coursekit.labs.exercises import Exercise, Mistake, Value


class Survivors(Exercise):
    """How many candidates survive a rung?"""

    key = "99.1"
    points = 2
    cases = {"a third survives": (12, 3), "rounded down": (20, 3)}
    hidden = [(100, 4), (7, 2)]
    hints = ("What does `factor` divide?", "Whole candidates *only*: round down.")
    seconds = 0.5
    mistakes = (
        Mistake("// factor", "// 2", "That keeps the top half; a rung keeps one in `factor`."),
        Mistake("candidates //", "candidates - candidates //", "These leave; who survives?"),
        Mistake("//", "/", "A part of a candidate cannot be trained: round down."),
        Mistake("candidates // factor", "-(-candidates // factor)", "You round up: round down."),
    )
    otherwise = "A rung keeps one candidate in `factor`, rounded down."


class Epochs(Value):
    """What does the bracket cost?"""

    key = "99.2"
    mistakes = (
        Mistake(" + 2 * 10", "", "The last rung is missing."),
        Mistake(code="epochs = 18", reason="These are candidates, not epochs."),
    )
    otherwise = "Add up all three rungs."


class Budgets(Exercise):
    """Find the bug: the budgets of the rungs"""

    key = "99.3"
    cases = [(1, 243, 3), (2, 10, 2), (1, 8, 2)]
    hidden = [(1, 125, 5), (3, 3, 3)]
    mistakes = (
        Mistake(
            reason="The largest is missing: log(243) / log(3) is 4.99… in floating point.",
            code="""
                def budgets(smallest, largest, factor):
                    rungs = int(math.log(largest / smallest) / math.log(factor))
                    return [smallest * factor**rung for rung in range(rungs + 1)]
            """,
        ),
        Mistake("<=", "<", "The largest budget may be reached, too."),
        Mistake("return found", "return found[1:]", "The smallest budget is the first rung."),
    )
    otherwise = "Each budget is `factor` times the one before."


class Ranking(Exercise):
    """Who is promoted?"""

    key = "99.4"
    cases = [([0.1, 0.9, 0.5, 0.7], 2), ([0.3, 0.2], 1)]
    hidden = [([0.4, 0.8, 0.6], 2)]
    mistakes = (
        Mistake("reverse=True", "reverse=False", "These are the worst."),
        Mistake("[:survivors]", "[: survivors + 1]", "One too many goes on."),
        Mistake(
            "sorted(scores, reverse=True)",
            "sorted(scores, reverse=True, key=lambda score: scores.pop())",
            "The scores are used up.",
        ),
    )
