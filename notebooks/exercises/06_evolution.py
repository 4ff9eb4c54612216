"""What the checks of lab 06 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake, Sampled

BEST = "max(drawn, key=lambda member: scores[member])"


class Tournament(Sampled):
    """A tournament"""

    key = "6.1"
    points = 2
    draws = 600
    call = "600 times tournament({0}, {1}, rng): how often does each member win?"
    cases = [([0.5, 0.9, 0.7, 0.6, 0.8], 4), ([0.3, 0.1, 0.2], 1)]
    hidden = [([-1.0, -3.0, -2.0, -4.0], 2), ([0.2, 0.4, 0.3], 3)]
    hints = (
        "`rng.choice(len(scores), sample_size, replace=False)` draws different indices.",
        "`max(drawn, key=lambda member: scores[member])` is the drawn index with the best score.",
    )
    mistakes = (
        Mistake("False", "True", "It seems that a member can be drawn twice."),
        Mistake("max(", "min(", "The worst of those drawn wins: take the highest score."),
        Mistake(BEST, "max(range(len(scores)), key=lambda member: scores[member])",
                "The best of all wins each time. It can only win if it is drawn."),
        Mistake(BEST, "drawn[0]", "The score of those drawn has no say."),
        Mistake(BEST, "max(range(sample_size), key=lambda place: scores[drawn[place]])",
                "That is a place among those drawn: return the index in the population."),
        Mistake(BEST, "max(scores[member] for member in drawn)",
                "Return where the winner is, not its score."),
        Mistake("rng.choice", "np.random.choice",
                "The same seed gave other winners: draw only from `rng`."),
        Mistake("rng.choice", "np.random.default_rng(0).choice",
                "The same member wins each time: draw from the `rng` that is handed in."),
    )  # fmt: skip
    reasons = {"no member's index": "Return the index of a member.",
               "the same winners from the same seed": "Draw only from `rng`."}  # fmt: skip
    otherwise = (
        "Each member should be drawn as often as any other, and the best of those drawn win."
    )

    @staticmethod
    def probe(tournament: Any, scores: list[float], sample_size: int) -> Any:
        import numpy as np

        def winners(draws: int) -> list[Any]:
            rng = np.random.default_rng(7)
            return [tournament(list(scores), sample_size, rng) for _ in range(draws)]

        results, members = winners(600), range(len(scores))
        wins = {f"wins of member {member}": results.count(member) for member in members}
        return {
            "no member's index": sum(wins.values()) < 600,
            "the same winners from the same seed": results[:20] == winners(20),
            **wins,
        }


class Mutate(Sampled):
    """Change one decision"""

    key = "6.2"
    points = 2
    draws = 600
    call = "600 times mutate({0}, {1}, rng)"
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
    mistakes = (
        Mistake(" if each != cell[edge]", "",
                "Some children are twins of their parent: draw another operation."),
        Mistake("return {**cell, edge: others[rng.integers(len(others))]}",
                "cell[edge] = others[rng.integers(len(others))]\n    return cell",
                "The parent is still alive: return a new dictionary."),
        Mistake("others = [each for each in operations if each != cell[edge]]",
                "operations.remove(cell[edge])\n    others = operations",
                "The list of operations is the caller's: make a list of your own."),
        Mistake("in operations if", "in operations[:-1] if", "One operation is never drawn."),
        Mistake("[rng.integers(len(cell))]", "[0]", "It is always the same edge that changes."),
        Mistake("rng.integers(len(cell))", "rng.integers(len(cell) - 1)",
                "One edge never changes: the upper end of `rng.integers` is left out anyway."),
        Mistake("others[rng.integers(len(others))]",
                "operations[(operations.index(cell[edge]) + 1) % len(operations)]",
                "The next operation follows each time: draw one of all the others."),
        Mistake(code="""
            def mutate(cell, operations, rng):
                child = dict(cell)
                for edge in cell:
                    if rng.random() < 1 / len(cell):
                        others = [each for each in operations if each != cell[edge]]
                        child[edge] = rng.choice(others)
                return child
        """, reason="Some children differ on several edges, and some on none: change exactly one."),
        Mistake(code="""
            def mutate(cell, operations, rng):
                return {edge: operations[rng.integers(len(operations))] for edge in cell}
        """, reason="That is a new cell: a child is its parent but for one edge."),
    )  # fmt: skip
    reasons = {
        "other edges or operations": "A child has other edges, or an operation that does not exist.",
        "twins of their parent": "A child is a twin of its parent: draw another operation.",
        "more than one change": "A child differs on several edges: change only one.",
    }
    otherwise = "Each edge, and each of the other operations, should be as likely as any other."

    @staticmethod
    def probe(mutate: Any, cell: dict[str, str], operations: list[str]) -> Any:
        import numpy as np

        rng = np.random.default_rng(7)
        flags = dict.fromkeys(
            ("other edges or operations", "twins of their parent", "more than one change"), False
        )
        found = {f"{edge} to {new}": 0 for edge in cell for new in operations if new != cell[edge]}
        for _ in range(600):
            child = mutate(dict(cell), list(operations), rng)
            if child.keys() != cell.keys() or not set(child.values()) <= set(operations):
                return {**flags, "other edges or operations": True}
            changed = [edge for edge in cell if child[edge] != cell[edge]]
            flags["twins of their parent"] |= not changed
            flags["more than one change"] |= len(changed) > 1
            for edge in changed:
                found[f"{edge} to {child[edge]}"] += 1
        return {**flags, **found}


ALIVE = "range(birth - population_size, birth)"


class Evolve(Exercise):
    """All of it together"""

    key = "6.3"
    points = 3
    call = "evolve(...) with scores {0} in order of birth, population {1}, tournament {2}"
    cases = [
        ([0.2, 0.9, 0.3, 0.4, 0.1, 0.8, 0.2, 0.6, 0.5, 0.3], 3, 3),
        ([(7 * birth % 31) / 100 for birth in range(30)], 5, 2),
        ([0.5, 0.6], 2, 1),
    ]
    hidden = [
        ([0.9, 0.1, 0.2, 0.3, 0.4, 0.35, 0.25, 0.15, 0.05, 0.45], 4, 4),
        ([0.4, 0.2, 0.3], 3, 1),
        ([(11 * birth % 41) / 100 for birth in range(40)], 6, 3),
    ]
    hints = (
        "Keep two lists, `born` and `scores`, in order of birth.",
        "Before birth number *n* those alive are `range(n - population_size, n)`.",
        "Draw `sample_size` of them with `rng.choice(..., replace=False)`, take the best by score.",
    )
    mistakes = (
        Mistake(ALIVE, "sorted(range(birth), key=lambda number: scores[number])[-population_size:]",
                "The worst dies: in this method the oldest does, however good it is."),
        Mistake("max(drawn", "max(alive",
                "The best of the living is the parent each time: it must be drawn first."),
        Mistake("scores[number])", "score(born[number]))",
                "It trains again for each tournament: keep the scores."),
        Mistake("birth < population_size", "birth < 1",
                "It breeds from the start: nothing is known before the population is full.",
                {ALIVE: "range(max(0, birth - population_size), birth)",
                 "sample_size, replace": "min(sample_size, len(alive)), replace"}),
        Mistake("range(births)", "range(births + population_size)",
                "More are born than asked for: the first population counts, too."),
        Mistake("return born", "return born[-population_size:]",
                "Return every one, the dead included."),
        Mistake("rng.choice", "np.random.default_rng().choice",
                "The same seed gave another family: draw only from `rng`."),
    )  # fmt: skip
    reasons = {
        "births": "`births` is how many are born in all, the first population included.",
        "calls of score": "Each is trained once, when it is born: keep the scores.",
        "all in order of birth": "Return every one in the order of birth, the dead included.",
        "parents in the first population": "The first ones are drawn at random, by `space.sample`.",
        "children without a parent": "`space.mutate(parent, rng)` makes a child.",
        "parents that were dead": "A parent was dead by then: the oldest dies, however good it is.",
        "parents too low to win": "A parent is too low to win a tournament of different members.",
        "parents other than the best": "The best of the living must be drawn before it can win.",
        "the same from the same seed": "Draw only from `rng`.",
    }

    @staticmethod
    def probe(evolve: Any, scores: list[float], population_size: int, sample_size: int) -> Any:
        import numpy as np

        from coursekit.spaces import Integer, Space

        total = len(scores)

        def family() -> tuple[list[int], list[int], int]:
            """Births in the order returned, the parent of each birth (-1: none), calls of score."""
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
                return scores[number] if number < total else 0.0

            space = Recorded({"units": Integer(0, 10**12)})
            rng = np.random.default_rng(7)
            born = evolve(space, score, population_size, sample_size, total, rng)
            order = [births.get(each["units"], -1) for each in born]
            return order, [births.get(parents.get(unit, -1), -1) for unit in births], len(calls)

        order, parents, calls = family()
        dead = low = other = False
        for birth in range(population_size, min(total, len(parents))):
            alive = range(birth - population_size, birth)
            ranking = sorted(alive, key=lambda number: -scores[number])
            parent = parents[birth]
            dead |= parent >= 0 and parent not in alive
            low |= parent in ranking[population_size - sample_size + 1 :]
            other |= parent != ranking[0]
        some = sample_size < population_size and total > 3 * population_size
        return {
            "births": len(parents),
            "calls of score": "one each" if calls == len(parents) else "more",
            "all in order of birth": order == list(range(len(parents))),
            "parents in the first population": any(each >= 0 for each in parents[:population_size]),
            "children without a parent": any(each < 0 for each in parents[population_size:]),
            "parents that were dead": dead,
            "parents too low to win": low,
            "parents other than the best": other if some else "not asked",
            "the same from the same seed": family()[:2] == (order, parents),
        }


FULL = "len(history.completed) < self.population_size"
LAST = "history.completed[-self.population_size :]"
FEWER = {"self.sample_size, replace": "min(self.sample_size, len(population)), replace"}
COMPLETED = "[each for each in {} if each.status is Status.COMPLETED]"


class TwoWorkers(Exercise):
    """Find the bug: two workers"""

    key = "6.4"
    points = 2
    call = "the parent in a population of {0}, after {1} suggestions and results (trial, score) {2}"
    cases = {
        "trials complete in another order": (
            4, 8, [(3, 0.9), (0, 0.5), (1, 0.6), (2, 0.4), (4, 0.3)]),
        "one has failed": (4, 7, [(0, 0.8), (1, 0.6), (2, 0.5), (4, 0.4), (3, None), (5, 0.3)]),
        "nothing has completed": (4, 4, []),
        "the population is not full yet": (3, 5, [(4, 0.4)]),
    }  # fmt: skip
    hidden = [
        (3, 6, [(4, 0.9), (0, 0.1), (2, 0.3), (1, 0.2)]),
        (3, 9, [(1, 0.5), (0, 0.7), (3, None), (5, 0.2), (6, 0.1), (4, None)]),
        (2, 3, [(2, 0.4)]),
    ]
    hints = (
        "`history` holds every trial that was ever suggested, the running ones included.",
        "`history.completed` holds those with a score, in the order in which they completed.",
    )
    mistakes = (
        Mistake(LAST, COMPLETED.format("history") + "[-self.population_size :]",
                "Age counts from completion, not from the number of the trial."),
        Mistake(LAST, COMPLETED.format("history[-self.population_size :]") + " or history.completed",
                "That is a part of the population: alive are the last ones that *completed*.", FEWER),
        Mistake("history.completed", "history.finished",
                "A trial that failed has no score: it does not join the population."),
        Mistake(LAST, "sorted(history.completed, key=lambda trial: trial.score)"
                "[-self.population_size :]",
                "The parent is dead: the oldest dies, however good it is."),
        Mistake(FULL, "not history.completed",
                "The population is not full yet: draw at random until then.", FEWER),
        Mistake("len(history.completed) <", "len(history) <",
                "As many are suggested, but not as many have completed."),
    )  # fmt: skip
    otherwise = "Take the last `population_size` that have completed; with fewer, draw at random."

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


class LocalSearch(Exercise):
    """Local search"""

    key = "6.5"
    points = 4
    seconds = 60
    call = "Climb up a hill with its summit at {0}, and its promises ({1})"
    cases = [((8, 2), "small")]
    hidden = [((1, 11), "conditional")]
    hints = (
        "Nothing but `history` and `rng` is needed: what is computed from them cannot get stale.",
        "`known = {self.space.key(trial.configuration) for trial in history}`.",
        "`for near in self.space.neighbours(best.configuration):` return the first unknown one.",
        "After the loop: `self.fresh(history, rng)`, and `Pause.DONE` if that is None.",
    )
    mistakes = (
        Mistake("for near in self.space.neighbours(best.configuration):",
                "for near in [self.space.mutate(best.configuration, rng) for _ in range(30)]:",
                "It changes one value, but by more than a step: see `neighbours`."),
        Mistake("history.best()", "history.completed[-1]",
                "It continues from the last trial, better or not."),
        Mistake("new = self.fresh(history, rng)",
                "if history.completed:\n            return Pause.DONE\n"
                "        new = self.fresh(history, rng)",
                "It gives up on a summit: start again at random."),
        Mistake("for trial in history}", "for trial in history.finished}",
                "It suggests what is still running: those are in the history, too."),
        Mistake(code="""
            class Climb(Strategy):
                def suggest(self, history, rng):
                    new = self.fresh(history, rng)
                    return Pause.DONE if new is None else Suggestion(new)
        """, reason="Its trials are nowhere near the best so far: that is random search."),
        Mistake("if history.completed:", "self.known = getattr(self, 'known', set())\n"
                "        if history.completed:",
                "It remembers in `suggest`: asked twice, it answers differently.",
                {"known = {self": "known = self.known\n            known |= {self",
                 "                    return": "                    known.add(self.space.key(near))\n"
                 "                    return"}),
        Mistake("self.fresh(history, rng)", "self.fresh(history, np.random.default_rng())",
                "The same seed gave other trials: draw only from `rng`."),
        Mistake(", parent=best.number", "",
                "It names no parent: that is the trial from which it steps."),
        Mistake("Pause.DONE", "Pause.WAIT",
                "Where all is tried it waits for ever: answer `Pause.DONE`."),
    )  # fmt: skip
    reasons = {
        "a step from another trial": "Step from the best trial so far, to a neighbour of it.",
        "another trial as parent": "The parent is the trial from which it steps: the best so far.",
        "trials": "On a summit, start again at random: there are 169 places.",
        "a broken promise": "The conformance suite found what is named below.",
    }

    @staticmethod
    def probe(climb: Any, summit: tuple[int, int], space: str) -> Any:
        from coursekit.search import Search
        from coursekit.spaces import Integer, Space
        from coursekit.testing import SPACES, examine

        hill = Space({"x": Integer(0, 12), "y": Integer(0, 12)})
        search = Search(climb(hill), seed=7)
        place, apart, trials = "the best", False, 0
        for _ in range(60):
            history = search.history
            known = {hill.key(trial.configuration) for trial in history}
            best, around = None, set()
            if history.completed:
                best, last = history.best(), history.completed[-1]
                around = {hill.key(near) for near in hill.neighbours(best.configuration)}
                beside = {hill.key(near) for near in hill.neighbours(last.configuration)}
            asked = search.ask()
            if not hasattr(asked, "number"):
                break
            trials += 1
            x, y = key = hill.key(asked.configuration)
            if best and around - known:
                line = x == best.configuration["x"] or y == best.configuration["y"]
                if key not in around and place == "the best":
                    place = "the last" if key in beside else "a leap" if line else "elsewhere"
                apart |= key in around and asked.suggestion.parent != best.number
            search.tell(asked, -float((x - summit[0]) ** 2 + (y - summit[1]) ** 2))
        broken = examine(climb, spaces={space: SPACES[space]}, length=20).broken
        return {
            "a step from another trial": place,
            "another trial as parent": apart,
            "trials": trials,
            "a broken promise": "".join(f"{c}: {w.partition(';')[0]}" for _, c, w in broken[:1]),
        }
