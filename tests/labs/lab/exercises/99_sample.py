"""What the checks of the sample lab ask."""

from coursekit.labs.exercises import Exercise, Finding, Value


class Survivors(Exercise):
    """How many candidates survive a rung?"""

    key = "99.1"
    answer = "survivors"
    points = 2
    returns = int
    cases = ((12, 3), (81, 3))
    hidden = ((100, 4), (7, 2))
    hints = ("What does `factor` divide?", "Whole candidates *only*: round down.")
    seconds = 0.5
    mistakes = {
        "keeps the top half": "def survivors(candidates, factor): return candidates // 2",
        "counts those that leave": """
            def survivors(candidates, factor):
                return candidates - candidates // factor
        """,
    }

    @staticmethod
    def judge(received: int, candidates: int, factor: int) -> Finding | None:
        expected = candidates // factor
        if received == expected:
            return None
        if received == candidates // 2:
            return Finding(expected, "That keeps the top half; a rung keeps one in `factor`.")
        if received == candidates - expected:
            return Finding(expected, "These are the ones that leave, not those that go on.")
        return Finding(expected, "A rung keeps one candidate in `factor`, rounded down.")


class Epochs(Value):
    """What does the bracket cost?"""

    key = "99.2"
    answer = "epochs"
    returns = int
    mistakes = {"forgets the last rung": "epochs = 40", "counts candidates": "epochs = 18"}

    @staticmethod
    def judge(received: int) -> Finding | None:
        if received == 60:
            return None
        known = {40: "The last rung is missing.", 18: "These are candidates, not epochs."}
        return Finding("the sum over three rungs", known.get(received, "Add up all three rungs."))


class Budgets(Exercise):
    """Find the bug: the budgets of the rungs"""

    key = "99.3"
    answer = "budgets"
    returns = list
    cases = ((1, 243, 3), (2, 10, 2))
    hidden = ((1, 125, 5), (3, 3, 3))
    mistakes = {
        "logarithms in floating point": """
            def budgets(smallest, largest, factor):
                rungs = int(math.log(largest / smallest) / math.log(factor))
                return [smallest * factor**rung for rung in range(rungs + 1)]
        """,
        "stops one rung early": """
            def budgets(smallest, largest, factor):
                found = [smallest]
                while found[-1] * factor < largest:
                    found.append(found[-1] * factor)
                return found
        """,
    }

    @staticmethod
    def judge(received: list[int], smallest: int, largest: int, factor: int) -> Finding | None:
        expected = [smallest]
        while expected[-1] * factor <= largest:
            expected.append(expected[-1] * factor)
        if received == expected:
            return None
        if received == expected[:-1]:
            reason = "The largest budget is missing: log(243) / log(3) is 4.99… in floating point."
            return Finding(expected, reason)
        return Finding(expected, "Each budget is `factor` times the one before.")
