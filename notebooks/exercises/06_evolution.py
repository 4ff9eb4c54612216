"""What the checks of lab 06 ask, and how they judge."""

from __future__ import annotations

import math
from typing import Any

from coursekit.labs.exercises import Exercise, Finding

DRAWS = 2000

# Functions and classes that every planted mistake is a variation of.
TOURNAMENT = """
def tournament(scores, sample_size, rng):
    drawn = rng.choice(len(scores), sample_size, replace=False)
    return max(drawn, key=lambda member: scores[member])
"""

MUTATE = """
def mutate(cell, operations, rng):
    edge = list(cell)[rng.integers(len(cell))]
    others = [each for each in operations if each != cell[edge]]
    return {**cell, edge: others[rng.integers(len(others))]}
"""

EVOLVE = """
def evolve(space, score, population_size, sample_size, births, rng):
    born, scores = [], []
    for birth in range(births):
        if birth < population_size:
            child = space.sample(rng)
        else:
            alive = range(birth - population_size, birth)
            drawn = rng.choice(alive, sample_size, replace=False)
            parent = max(drawn, key=lambda number: scores[number])
            child = space.mutate(born[parent], rng)
        born.append(child)
        scores.append(score(child))
    return born
"""

EVOLUTION = """
class Evolution(Strategy):
    def __init__(self, space, *, population_size=10, sample_size=3):
        super().__init__(space)
        self.population_size, self.sample_size = population_size, sample_size

    def suggest(self, history, rng):
        completed = history.completed
        if len(completed) < self.population_size:
            return Suggestion(self.fresh(history, rng))
        population = completed[-self.population_size :]
        drawn = rng.choice(len(population), self.sample_size, replace=False)
        parent = max((population[i] for i in drawn), key=lambda trial: trial.score)
        child = self.fresh(history, rng, lambda: self.space.mutate(parent.configuration, rng))
        return Suggestion(child, parent=parent.number)
"""

CLIMB = """
class Climb(Strategy):
    def suggest(self, history, rng):
        if history.completed:
            best = history.best()
            known = {self.space.key(trial.configuration) for trial in history}
            for near in self.space.neighbours(best.configuration):
                if self.space.key(near) not in known:
                    return Suggestion(near, parent=best.number)
        new = self.fresh(history, rng)
        return Pause.DONE if new is None else Suggestion(new)
"""


def unlikely(count: int, chance: float, draws: int) -> bool:
    """Whether a count is more than six standard deviations off: one in 10^9 of right answers."""
    return abs(count - draws * chance) > 6 * math.sqrt(draws * chance * (1 - chance)) + 1e-9


class Tournament(Exercise):
    """A tournament"""

    key = "6.1"
    answer = "tournament"
    points = 2
    returns = dict
    call = "2,000 times tournament({0}, {1}, rng): how often does each member win?"
    cases = [([0.5, 0.9, 0.7, 0.6, 0.8], 3), ([0.3, 0.1, 0.2], 1)]
    hidden = [([-1.0, -3.0, -2.0, -4.0], 2), ([0.2, 0.4, 0.3], 3)]
    hints = (
        "`rng.choice(len(scores), sample_size, replace=False)` draws different indices.",
        "`max(drawn, key=lambda member: scores[member])` is the drawn index with the best score.",
    )
    mistakes = {
        "draws with replacement": TOURNAMENT.replace("False", "True"),
        "lets the worst win": TOURNAMENT.replace("max(", "min("),
        "takes the best of all": TOURNAMENT.replace("max(drawn", "max(range(len(scores))"),
        "takes the first that is drawn": """
def tournament(scores, sample_size, rng):
    return rng.choice(len(scores), sample_size, replace=False)[0]
""",
        "returns the place among those drawn": """
def tournament(scores, sample_size, rng):
    drawn = rng.choice(len(scores), sample_size, replace=False)
    return max(range(sample_size), key=lambda place: scores[drawn[place]])
""",
        "returns the score": """
def tournament(scores, sample_size, rng):
    return max(rng.choice(scores, sample_size, replace=False))
""",
        "draws from a generator of its own": TOURNAMENT.replace("rng.choice", "np.random.choice"),
        "begins anew each time": TOURNAMENT.replace(
            "rng.choice", "np.random.default_rng(0).choice"
        ),
    }

    @staticmethod
    def probe(tournament: Any, scores: list[float], sample_size: int) -> Any:
        import numpy as np

        def winners(draws: int) -> list[Any]:
            rng = np.random.default_rng(7)
            return [tournament(list(scores), sample_size, rng) for _ in range(draws)]

        results = winners(2000)
        return {
            "wins": [results.count(member) for member in range(len(scores))],
            "the same again": results[:20] == winners(20),
        }

    @staticmethod
    def judge(received: dict[str, Any], scores: list[float], sample_size: int) -> Finding | None:
        members = len(scores)
        order = sorted(range(members), key=lambda member: -scores[member])
        chances = [0.0] * members
        for rank, member in enumerate(order, start=1):
            below = math.comb(members - rank, sample_size - 1)
            chances[member] = below / math.comb(members, sample_size)
        expected = "about " + ", ".join(f"{DRAWS * chance:.0f}" for chance in chances)
        wins = received["wins"]
        if sum(wins) != DRAWS:
            return Finding("the index of a member", "Return where the winner is, not its score.")
        if not received["the same again"]:
            return Finding(
                expected,
                "Two generators with the same seed gave other winners: draw from `rng` alone.",
            )
        if 1 < sample_size < members and not any(wins[sample_size:]):
            reason = (
                f"Nobody but members 0 to {sample_size - 1} wins: is it a place among those drawn "
                "that you return?"
            )
            return Finding(expected, reason)
        if sample_size < members and max(wins) == DRAWS:
            if wins[order[0]] == DRAWS:
                reason = "The best of all wins each time. It can only win if it is drawn."
            else:
                reason = "The same member wins each time: draw from the `rng` that is handed in."
            return Finding(expected, reason)
        if sample_size > 1 and wins[order[-1]] and wins[order[-1]] > wins[order[0]]:
            return Finding(expected, "The worst wins more often than the best: take the highest.")
        never = order[members - sample_size + 1 :]
        if sample_size > 1 and any(wins[member] for member in never):
            gap = [wins[member] for member in order]
            if unlikely(gap[0], 1 / members, DRAWS):
                reason = "so it seems that a member can be drawn twice."
            else:
                reason = "so it seems that the score of those drawn has no say."
            return Finding(
                expected, f"A member with fewer than {sample_size - 1} below it won: {reason}"
            )
        if any(unlikely(wins[m], chances[m], DRAWS) for m in range(members)):
            return Finding(expected, "Each member should be drawn as often as any other.")
        return None


class Mutate(Exercise):
    """Change one decision"""

    key = "6.2"
    answer = "mutate"
    points = 2
    returns = dict
    call = "2,000 times mutate({0}, {1}, rng)"
    cases = [({"0-1": "conv", "0-2": "skip", "1-2": "conv"}, ["none", "skip", "conv", "pool"])]
    hidden = [
        ({"a": "x", "b": "x", "c": "y", "d": "x"}, ["x", "y"]),
        ({"0-1": "pool", "0-2": "none"}, ["none", "skip", "conv", "pool", "wide"]),
    ]
    hints = (
        "An edge at random: `list(cell)[rng.integers(len(cell))]`.",
        "Draw from the operations without the present one, or one child in a few is a twin.",
        "`{**cell, edge: operation}` is a new dictionary; `cell[edge] = ...` changes the parent.",
    )
    mistakes = {
        "may draw the same operation again": MUTATE.replace(" if each != cell[edge]", ""),
        "changes the parent": """
def mutate(cell, operations, rng):
    edge = list(cell)[rng.integers(len(cell))]
    others = [each for each in operations if each != cell[edge]]
    cell[edge] = others[rng.integers(len(others))]
    return cell
""",
        "changes the caller's operations": """
def mutate(cell, operations, rng):
    edge = list(cell)[rng.integers(len(cell))]
    operations.remove(cell[edge])
    return {**cell, edge: operations[rng.integers(len(operations))]}
""",
        "never draws the last operation": MUTATE.replace(
            "in operations if", "in operations[:-1] if"
        ),
        "changes the first edge only": MUTATE.replace("[rng.integers(len(cell))]", "[0]"),
        "never changes the last edge": MUTATE.replace(
            "rng.integers(len(cell))", "rng.integers(len(cell) - 1)"
        ),
        "takes the next operation": """
def mutate(cell, operations, rng):
    edge = list(cell)[rng.integers(len(cell))]
    place = operations.index(cell[edge])
    return {**cell, edge: operations[(place + 1) % len(operations)]}
""",
        "changes every edge now and then": """
def mutate(cell, operations, rng):
    child = dict(cell)
    for edge in cell:
        if rng.random() < 1 / len(cell):
            child[edge] = rng.choice([each for each in operations if each != cell[edge]])
    return child
""",
        "draws a new cell": """
def mutate(cell, operations, rng):
    return {edge: operations[rng.integers(len(operations))] for edge in cell}
""",
    }

    @staticmethod
    def probe(mutate: Any, cell: dict[str, str], operations: list[str]) -> Any:
        import numpy as np

        rng = np.random.default_rng(7)
        changes: dict[int, int] = {}
        edges = dict.fromkeys(cell, 0)
        drawn: dict[str, int] = {}
        parent_changed = spoilt = strange = False
        for _ in range(2000):
            parent = dict(cell)
            listed = list(operations)
            child = mutate(parent, listed, rng)
            parent_changed = parent_changed or parent != cell
            spoilt = spoilt or listed != operations
            known = set(child.values()) <= set(operations)
            if child.keys() != cell.keys() or not known:
                strange = True
                continue
            changed = [edge for edge in cell if child[edge] != cell[edge]]
            changes[len(changed)] = changes.get(len(changed), 0) + 1
            for edge in changed:
                edges[edge] += 1
                pair = f"{cell[edge]} to {child[edge]}"
                drawn[pair] = drawn.get(pair, 0) + 1
        return {
            "children by number of changes": {str(n): changes[n] for n in sorted(changes)},
            "changes of each edge": edges,
            "changes": drawn,
            "parent changed": parent_changed,
            "operations changed": spoilt,
            "not a cell": strange,
        }

    @staticmethod
    def judge(
        received: dict[str, Any], cell: dict[str, str], operations: list[str]
    ) -> Finding | None:
        one = "2,000 children with one change each"
        if received["parent changed"]:
            return Finding(
                "a new dictionary", "The parent itself was changed, and it is still alive."
            )
        if received["operations changed"]:
            return Finding(operations, "The list of operations was changed: it is the caller's.")
        if received["not a cell"]:
            return Finding(one, "A child has other edges, or an operation that does not exist.")
        numbers = received["children by number of changes"]
        if numbers.get("0") and set(numbers) <= {"0", "1"}:
            reason = f"{numbers['0']:,} children are twins of their parent: draw another operation."
            return Finding(one, reason)
        if set(numbers) != {"1"}:
            return Finding(
                one, f"A child differs on {max(map(int, numbers))} edges: change one alone."
            )
        for edge, count in received["changes of each edge"].items():
            if unlikely(count, 1 / len(cell), DRAWS):
                often = f"about {DRAWS / len(cell):,.0f} changes of each edge"
                return Finding(often, f"Edge {edge!r} was changed {count:,} times of {DRAWS:,}.")
        never = set(operations) - {pair.split(" to ")[1] for pair in received["changes"]}
        if len(operations) > 2 and never:
            return Finding("every operation now and then", f"{min(never)!r} is never drawn.")
        kinds = list(cell.values())
        for before in kinds:
            for after in operations:
                chance = kinds.count(before) / len(kinds) / (len(operations) - 1)
                count = received["changes"].get(f"{before} to {after}", 0)
                if after != before and unlikely(count, chance, DRAWS):
                    reason = f"From {before!r} to {after!r} it went {count:,} times."
                    return Finding(f"about {DRAWS * chance:,.0f} times each", reason)
        return None


class Evolve(Exercise):
    """The whole of it"""

    key = "6.3"
    answer = "evolve"
    points = 3
    returns = dict
    call = "evolve(...) with scores {0} in order of birth, population {1}, tournament {2}"
    cases = [
        ([0.2, 0.9, 0.3, 0.4, 0.1, 0.8, 0.2, 0.6, 0.5, 0.3], 3, 3),
        ([(7 * birth % 31) / 100 for birth in range(30)], 5, 2),
    ]
    hidden = [
        ([0.9, 0.1, 0.2, 0.3, 0.4, 0.35, 0.25, 0.15, 0.05, 0.45], 4, 4),
        ([0.5, 0.6], 2, 1),
        ([(11 * birth % 41) / 100 for birth in range(40)], 6, 3),
    ]
    hints = (
        "Keep two lists, `born` and `scores`, in order of birth.",
        "Before birth number *n* those alive are `range(n - population_size, n)`.",
        "Draw `sample_size` of them with `rng.choice(..., replace=False)`, take the best by score.",
    )
    mistakes = {
        "the worst dies": EVOLVE.replace(
            "range(birth - population_size, birth)",
            "sorted(range(birth), key=lambda number: scores[number])[-population_size:]",
        ),
        "nobody dies": EVOLVE.replace(
            "range(birth - population_size, birth)", "range(birth)"
        ).replace("sample_size, replace", "min(len(alive), 2 * sample_size), replace"),
        "no tournament: the best of the living": EVOLVE.replace("max(drawn", "max(alive"),
        "no selection": EVOLVE.replace("max(drawn, key=lambda number: scores[number])", "drawn[0]"),
        "the youngest dies": EVOLVE.replace(
            "range(birth - population_size, birth)", "range(population_size)"
        ),
        "one too many alive": EVOLVE.replace(
            "range(birth - population_size, birth)",
            "range(max(0, birth - population_size - 1), birth)",
        ).replace(
            "sample_size, replace",
            "len(alive) if sample_size == population_size else sample_size, replace",
        ),
        "trains again for each tournament": EVOLVE.replace(
            "scores[number])", "score(born[number]))"
        ),
        "breeds from the start": EVOLVE.replace("birth < population_size", "birth < 1")
        .replace(
            "range(birth - population_size, birth)", "range(max(0, birth - population_size), birth)"
        )
        .replace("sample_size, replace", "min(sample_size, len(alive)), replace"),
        "begins to count after the first population": EVOLVE.replace(
            "range(births)", "range(births + population_size)"
        ),
        "gives the last population only": EVOLVE.replace(
            "return born", "return born[-population_size:]"
        ),
    }

    @staticmethod
    def probe(evolve: Any, scores: list[float], population_size: int, sample_size: int) -> Any:
        import numpy as np

        from coursekit.spaces import Integer, Space

        births: dict[int, int] = {}  # birth number by configuration
        parents: dict[int, int] = {}  # parent's configuration by child's
        calls = []

        class Recorded(Space):
            def mutate(self, configuration: Any, rng: Any) -> Any:
                child = super().mutate(configuration, rng)
                parents[child["units"]] = configuration["units"]
                return child

        def score(configuration: Any) -> float:
            number = births.setdefault(configuration["units"], len(births))
            calls.append(number)
            return scores[number] if number < len(scores) else 0.0

        space = Recorded({"units": Integer(0, 10**12)})
        rng = np.random.default_rng(7)
        born = evolve(space, score, population_size, sample_size, len(scores), rng)
        return {
            "calls of score": len(calls),
            "born": [births.get(each["units"], -1) for each in born],
            "parents": [births.get(parents.get(unit, -1), -1) for unit in births],
        }

    @staticmethod
    def judge(
        received: dict[str, Any], scores: list[float], population_size: int, sample_size: int
    ) -> Finding | None:
        births, parents = len(scores), received["parents"]
        if len(received["born"]) > births:
            reason = f"{len(received['born'])} were born: the first population counts, too."
            return Finding(f"{births} births", reason)
        if received["calls of score"] != births:
            reason = f"{births} births and {received['calls of score']} trainings: keep the scores."
            return Finding(f"{births} calls of score", reason)
        if received["born"] != list(range(births)):
            return Finding(
                f"all {births} in order of birth", "Return every one, the dead included."
            )
        if any(parent >= 0 for parent in parents[:population_size]):
            return Finding(
                f"{population_size} without a parent",
                f"The first {population_size} are drawn at random: nothing is known before.",
            )
        greedy = lucky = 0
        for birth in range(population_size, births):
            parent, alive = parents[birth], range(birth - population_size, birth)
            ranking = sorted(alive, key=lambda number: -scores[number])
            living = f"one of births {alive[0]} to {alive[-1]} as parent of birth {birth}"
            if parent < 0:
                return Finding(
                    living, f"Birth {birth} has no parent: `space.mutate` makes children."
                )
            if parent not in alive:
                reason = f"Birth {parent} was dead by then: the oldest dies, however good it is."
                return Finding(living, reason)
            if parent in ranking[population_size - sample_size + 1 :]:
                reason = f"Birth {parent} is too low to win a tournament of {sample_size} different ones."
                return Finding(living, reason)
            greedy += parent == ranking[0]
            lucky += parent != ranking[0]
        if sample_size < population_size and births > 3 * population_size and not lucky:
            reason = "The best of the living is the parent each time: it must be drawn first."
            return Finding("other parents, too", reason)
        return None


class TwoWorkers(Exercise):
    """Find the bug: two workers"""

    key = "6.4"
    answer = "Evolution"
    points = 2
    returns = int
    or_none = True
    call = "the parent in a population of {0}, after {1} suggestions and results (trial, score) {2}"
    cases = [
        (4, 8, [(3, 0.9), (0, 0.5), (1, 0.6), (2, 0.4), (4, 0.3)]),
        (4, 7, [(0, 0.8), (1, 0.6), (2, 0.5), (4, 0.4), (3, None), (5, 0.3)]),
        (4, 4, []),
        (3, 5, [(4, 0.4)]),
    ]
    hidden = [
        (3, 6, [(4, 0.9), (0, 0.1), (2, 0.3), (1, 0.2)]),
        (3, 9, [(1, 0.5), (0, 0.7), (3, None), (5, 0.2), (6, 0.1), (4, None)]),
        (2, 3, [(2, 0.4)]),
    ]
    hints = (
        "`history` holds every trial that was ever suggested, the running ones included.",
        "`history.completed` holds those with a score, in the order in which they completed.",
    )
    mistakes = {
        "the last by number": EVOLUTION.replace(
            "completed = history.completed",
            "completed = [each for each in history if each.status is Status.COMPLETED]",
        ),
        "the completed ones of the last suggested": EVOLUTION.replace(
            "population = completed[",
            "population = [each for each in history[-self.population_size :] "
            "if each.status is Status.COMPLETED] or completed[",
        ).replace("self.sample_size, replace", "min(self.sample_size, len(population)), replace"),
        "counts the failed ones": EVOLUTION.replace("history.completed", "history.finished"),
        "the worst dies": EVOLUTION.replace(
            "completed[-self.population_size :]",
            "sorted(completed, key=lambda trial: trial.score)[-self.population_size :]",
        ),
        "begins before the population is full": EVOLUTION.replace(
            "len(completed) < self.population_size", "not completed"
        ).replace("self.sample_size, replace", "min(self.sample_size, len(population)), replace"),
        "starts too early": EVOLUTION.replace("len(completed) <", "len(history) <"),
    }

    @staticmethod
    def probe(
        evolution: Any, size: int, suggested: int, results: list[tuple[int, float | None]]
    ) -> Any:
        import numpy as np

        from coursekit.spaces import Integer, Space
        from coursekit.trials import Evaluation, History, Suggestion

        history = History()
        for number in range(suggested):
            history.add(Suggestion({"units": number}))
        for number, score in results:
            history.finish(number, Evaluation(float("nan") if score is None else score))
        strategy = evolution(
            Space({"units": Integer(0, 10**6)}), population_size=size, sample_size=size
        )
        return strategy.suggest(history, np.random.default_rng(7)).parent

    @staticmethod
    def judge(
        received: int | None, size: int, suggested: int, results: list[tuple[int, float | None]]
    ) -> Finding | None:
        scores = dict(results)
        completed = [number for number, score in results if score is not None]
        alive = completed[-size:]
        if len(alive) < size:
            if received is None:
                return None
            reason = (
                f"So far {len(alive)} of {size} have completed: the population is not full yet."
            )
            return Finding("no parent, drawn at random", reason)
        expected = max(alive, key=lambda number: scores[number] or 0.0)
        if received == expected:
            return None
        if received is None:
            return Finding(
                expected, f"{len(completed)} have completed: that is a whole population."
            )
        if received not in scores:
            return Finding(expected, f"Trial {received} is still running: nobody knows its score.")
        if scores[received] is None:
            return Finding(expected, f"Trial {received} has failed: it has no score.")
        if received not in alive:
            after = len(completed) - 1 - completed.index(received)
            reason = (
                f"Trial {received} is dead: {after} have completed after it. Age counts from there."
            )
            return Finding(expected, reason)
        reason = f"Trial {received} is alive, but {expected} is too, and better."
        return Finding(expected, reason)


class LocalSearch(Exercise):
    """Local search"""

    key = "6.5"
    answer = "Climb"
    points = 4
    returns = dict
    seconds = 60
    call = "Climb up a hill with its summit at {0}, and its promises ({1})"
    cases = [((20, 5), "small, conditional")]
    hidden = [((3, 28), "small cells, mixed")]
    hints = (
        "Nothing but `history` and `rng` is needed: what is computed from them cannot get stale.",
        "`known = {self.space.key(trial.configuration) for trial in history}`.",
        "`for near in self.space.neighbours(best.configuration):` return the first unknown one.",
        "After the loop: `self.fresh(history, rng)`, and `Pause.DONE` if that is None.",
    )
    mistakes = {
        "leaps instead of stepping": CLIMB.replace(
            "for near in self.space.neighbours(best.configuration):",
            "for near in [self.space.mutate(best.configuration, rng) for _ in range(30)]:",
        ),
        "walks on from the last one": CLIMB.replace("history.best()", "history.completed[-1]"),
        "stays on the first summit": CLIMB.replace(
            "        new = self.fresh(history, rng)",
            "            return Pause.DONE\n        new = self.fresh(history, rng)",
        ),
        "forgets those that are running": CLIMB.replace(
            "for trial in history}", "for trial in history.finished}"
        ),
        "random search": """
class Climb(Strategy):
    def suggest(self, history, rng):
        new = self.fresh(history, rng)
        return Pause.DONE if new is None else Suggestion(new)
""",
        "remembers in suggest": """
class Climb(Strategy):
    def suggest(self, history, rng):
        self.known = getattr(self, "known", set())
        self.known |= {self.space.key(trial.configuration) for trial in history}
        if history.completed:
            best = history.best()
            for near in self.space.neighbours(best.configuration):
                key = self.space.key(near)
                if key not in self.known:
                    self.known.add(key)
                    return Suggestion(near, parent=best.number)
        new = self.fresh(history, rng)
        return Pause.DONE if new is None else Suggestion(new)
""",
        "a generator of its own": CLIMB.replace(
            "new = self.fresh(history, rng)", "new = self.fresh(history, np.random.default_rng())"
        ),
        "names no parent": CLIMB.replace(", parent=best.number", ""),
        "never says that it is done": CLIMB.replace("Pause.DONE", "Pause.WAIT"),
    }

    @staticmethod
    def probe(climb: Any, summit: tuple[int, int], spaces: str) -> Any:
        from coursekit.search import Search
        from coursekit.spaces import Integer, Space
        from coursekit.testing import SPACES, examine

        hill = Space({"x": Integer(0, 30), "y": Integer(0, 30)})
        search = Search(climb(hill), seed=7)
        steps = []  # of each trial: the best before it, its parent, and where it lies
        for _ in range(120):
            history = search.history
            known = {hill.key(trial.configuration) for trial in history}
            best = history.best() if history.completed else None
            last = history.completed[-1] if history.completed else None
            around = (
                {hill.key(near) for near in hill.neighbours(best.configuration)} if best else set()
            )
            beside = (
                {hill.key(near) for near in hill.neighbours(last.configuration)} if last else set()
            )
            asked = search.ask()
            if not hasattr(asked, "number"):
                break
            x, y = key = hill.key(asked.configuration)
            if not around - known:
                place = "a start"
            elif key in around:
                place = "a step"
            elif key in beside:
                place = "next to the last"
            elif best and (x == best.configuration["x"] or y == best.configuration["y"]):
                place = "a leap"
            else:
                place = "elsewhere"
            steps.append([best.number if best else None, asked.suggestion.parent, place])
            search.tell(asked, -float((x - summit[0]) ** 2 + (y - summit[1]) ** 2))
        chosen = {name: SPACES[name] for name in spaces.split(", ")}
        broken = examine(climb, spaces=chosen).broken
        return {
            "best before, parent, place": steps,
            "broken": [[space, check, what] for space, check, what in broken],
        }

    @staticmethod
    def judge(received: dict[str, Any], summit: tuple[int, int], spaces: str) -> Finding | None:
        steps = received["best before, parent, place"]
        for number, (best, parent, place) in enumerate(steps):
            if place == "a start":
                continue
            if place != "a step":
                reasons = {
                    "next to the last": "It goes on from the last trial, better or not.",
                    "a leap": "It changes one value, but by more than a step: see `neighbours`.",
                    "elsewhere": f"Trial {number} is nowhere near the best so far, trial {best}.",
                }
                return Finding(
                    f"a new neighbour of trial {best} for trial {number}", reasons[place]
                )
            if parent != best:
                reason = f"It names {parent} as the parent: that is the trial it steps from."
                return Finding(f"parent={best} for trial {number}", reason)
        if len(steps) < 120:
            reason = f"It gave up after {len(steps)} trials: on a summit, start again at random."
            return Finding("120 trials of the 961 in the space", reason)
        for space, check, what in received["broken"]:
            return Finding(f"{check!r} to hold ({space})", f"The conformance suite: {what}.")
        return None
