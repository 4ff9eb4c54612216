"""What the checks of lab 08 ask."""

from __future__ import annotations

from typing import Any

from coursekit.labs.exercises import Exercise, Mistake

FORM = "space.canonical(child)"


class Expand(Exercise):
    """Expand without twins"""

    key = "8.1"
    points = 3
    call = "expand(space, parents, known) with parents {0} and the known cells {1}"
    cases = {
        "one parent": (["a-none-none"], []),
        "children of two parents may be twins": (["a-none-none", "skip-none-none"], []),
        "a cell that does not grow": (["a-a-a"], []),
        "twins of what is known": (["a-none-none"], ["a-none-none", "none-skip-a"]),
    }
    hidden = [
        (["b-none-none", "a-none-none", "skip-none-none"], ["a-none-none", "a-a-a"]),
        (["skip-none-none", "none-none-none"], ["none-a-b"]),
        (["b-a-none", "none-none-none"], []),
    ]
    hints = (
        "`for parent in parents:` and in it `for child in space.grow(parent):`.",
        "`space.canonical(child)` is equal for two cells exactly if they are twins.",
        "Keep a set of the forms that you have, `seen = set(known)`, and add to it.",
    )
    mistakes = (
        Mistake("form = space.canonical(child)", "form = space.key(child)",
                "Two cells can be twins without being equal: compare their canonical forms."),
        Mistake("seen = set(known)", "seen = set()",
                "Some children are twins of known cells: leave those out."),
        Mistake("            seen.add(form)\n", "",
                "It compares only with the known cells: children can be twins of each other."),
        Mistake("    for parent in parents:", "    for parent in parents:\n        seen = set(known)",
                "The children of two parents can be twins, too: keep one set for all parents."),
    )  # fmt: skip
    otherwise = "Keep the first of several twins, in the order of the parents and of `space.grow`."

    @staticmethod
    def probe(expand: Any, parents: list[str], known: list[str]) -> Any:
        from coursekit.spaces import EdgeCells

        space = EdgeCells(("none", "skip_connect", "a", "b"), nodes=3)

        def cell(text: str) -> dict[str, str]:  # "0-2", "0-1" and "1-2", in the order of growing
            values = [value.replace("skip", "skip_connect") for value in text.split("-")]
            return dict(zip(("0-2", "0-1", "1-2"), values, strict=True))

        forms = {space.canonical(cell(each)) for each in known}
        found = expand(space, [cell(each) for each in parents], forms)
        return ["-".join(each[edge] for edge in ("0-2", "0-1", "1-2")) for each in found]


class Features(Exercise):
    """Features of cells of any size"""

    key = "8.2"
    points = 2
    cases = {
        "three edges": ({"0-1": "conv", "0-2": "skip", "1-2": "conv"}, ["skip", "conv", "pool"]),
        "none is not an operation": (
            {"0-1": "conv", "0-2": "none", "1-2": "none"},
            ["skip", "conv"],
        ),
        "a cell without operations": ({"0-1": "none", "0-2": "none"}, ["skip", "conv"]),
    }
    hidden = [
        ({"0-1": "pool"}, ["pool", "conv"]),
        ({f"{i}-9": name for i, name in enumerate(["a", "b", "none", "b", "c"])}, ["c", "b", "a"]),
        ({"x": "none"}, ["a"]),
    ]
    hints = (
        '`used = [each for each in cell.values() if each != "none"]`.',
        "`used.count(operation) / len(used)` is a share; there may be no used edge at all.",
    )
    mistakes = (
        Mistake("/ max(1, len(used))", "", "Those are counts: return shares."),
        Mistake("/ max(1, len(used))", "/ max(1, len(cell))",
                'An edge with "none" holds no operation: shares are of the edges that hold one.'),
        Mistake(" + [len(used)]", "", "The last feature is missing: how many edges are used."),
        Mistake(" + [len(used)]", " + [len(cell)]",
                'The last feature counts the edges that are not "none".'),
        Mistake("for each in operations", "for each in sorted(operations)",
                "The features are in the order of `operations`."),
    )  # fmt: skip
    otherwise = 'Shares among the edges that are not "none", then the number of these edges.'

    @staticmethod
    def probe(features: Any, cell: dict[str, str], operations: list[str]) -> Any:
        return [float(each) for each in features(dict(cell), list(operations))]


class TauAtTheTop(Exercise):
    """Rank correlation at the top"""

    key = "8.4"
    points = 2
    cases = {
        "by hand": ([0.1, 0.9, 0.7, 0.8], [0.2, 0.5, 0.9, 0.8], 3),
        "ties count for nothing": ([0.5, 0.5, 0.7, 0.1], [0.9, 0.8, 0.7, 0.1], 3),
        "nothing but ties": ([0.5, 0.5, 0.5], [0.3, 0.1, 0.2], 2),
        "all of them": ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0], 4),
    }
    hidden = [
        ([0.3, 0.8, 0.2, 0.6, 0.7], [0.1, 0.9, 0.8, 0.4, 0.2], 3),
        ([0.9, 0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.9, 0.8, 0.7, 0.6, 0.5], 5),
        ([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], 2),
    ]
    hints = (
        "`top = sorted(range(len(true)), key=lambda i: -true[i])[:count]`.",
        "For a pair of the top, better first: is the prediction of the first one higher, or lower?",
        "Divide by the number of pairs, count * (count - 1) / 2.",
    )
    mistakes = (
        Mistake("key=lambda i: -true[i]", "key=lambda i: -predicted[i]",
                "Those are the best by prediction: take the truly best."),
        Mistake("-true[i]", "true[i]", "Those are the worst ones: the highest scores are the best.",
                {"predicted[one] - predicted[two]": "predicted[two] - predicted[one]"}),
        Mistake("[:count]", "[:]", "That is the correlation of all: take the `count` best."),
        Mistake(" / len(pairs)", "", "Divide by the number of pairs."),
        Mistake("np.sign(predicted[one] - predicted[two])",
                "(1 if predicted[one] >= predicted[two] else -1)",
                "A tie is neither in the right order nor in the wrong one: it counts as 0."),
        Mistake("np.sign(predicted[one] - predicted[two])", "(predicted[one] > predicted[two])",
                "That is the share in the right order: pairs in the wrong order count as -1."),
    )  # fmt: skip
    otherwise = "Pairs in the right order, minus those in the wrong one, divided by all pairs."

    @staticmethod
    def probe(tau_at_top: Any, predicted: Any, true: Any, count: int) -> Any:
        return float(tau_at_top(list(predicted), list(true), count))


class Answers(Exercise):
    """Find the bug: it has seen the answers"""

    key = "8.3"
    points = 2
    call = "cells with scores {0} and sizes {1}: predict those of size {2}"
    cases = [([0.1, 0.5, 0.3, 0.9], [1, 1, 2, 2], 2), ([0.2, 0.4, 0.6, 0.8], [1, 2, 2, 3], 2)]
    hidden = [([0.3, 0.9, 0.1, 0.5, 0.7], [3, 1, 2, 3, 1], 3), ([0.4, 0.8, 0.6], [2, 1, 3], 2)]
    hints = (
        "Which cells does the surrogate learn from? Which of them will it be asked about?",
        "A search has trained only smaller cells at that time.",
    )
    mistakes = (
        Mistake("sizes[i] < size", "True",
                "The surrogate has seen the answers: at that time only smaller cells are trained."),
        Mistake("sizes[i] < size", "sizes[i] <= size",
                "It still learns from the cells that it is asked about."),
        Mistake("sizes[i] < size", "sizes[i] != size",
                "It learns from larger cells: those are trained later."),
        Mistake("if each == size", "if each >= size", "Only the cells of that size are asked for."),
    )  # fmt: skip
    otherwise = "Learn from the cells that are smaller, predict those of that size."

    @staticmethod
    def probe(predict_size: Any, scores: list[float], sizes: list[int], size: int) -> Any:
        learnt = []

        def fit(cells: Any, known: Any) -> Any:
            memory = dict(zip(cells, known, strict=True))
            learnt.append(sorted(memory))
            mean = sum(known) / max(1, len(known))
            return lambda cell: memory.get(cell, mean)

        cells = [f"cell {number}" for number in range(len(scores))]
        predicted = predict_size(fit, cells, list(scores), list(sizes), size)
        return {"learnt from": learnt, "predictions": [float(each) for each in predicted]}


class ChooseBeam(Exercise):
    """Find the bug: choose the beam"""

    key = "8.5"
    points = 2
    cases = {
        "more candidates than members": ([[0.1, 0.2, 0.9, 0.4], [0.3, 0.1, 0.8, 0.5]], 2),
        "one member, a tie": ([[0.5, 0.7, 0.5]], 3),
        "fewer candidates than the beam takes": ([[0.2, 0.4], [0.1, 0.4], [0.9, 0.5]], 5),
    }
    hidden = [
        ([[0.9, 0.1, 0.6], [0.0, 0.2, 0.6]], 1),
        ([[0.3, 0.3, 0.8, 0.3, 0.9, 0.1], [0.4, 0.2, 0.7, 0.3, 0.1, 0.0]], 3),
    ]
    hints = (
        "Print the shape of `votes` and of `mean`. How many candidates are there?",
        "`votes` has a row for each member of the ensemble: the mean of a candidate is that of a "
        "column.",
    )
    mistakes = (
        Mistake("votes.mean(axis=0)", "np.mean(votes, axis=1)",
                "That is the mean of each member over the candidates: it has the wrong size."),
        Mistake("votes.mean(axis=0)", "votes.max(axis=0)",
                "One hopeful member decides: take the mean of all."),
        Mistake("-mean", "mean", "Those are the least promising ones."),
        Mistake("[:width]", "", "It returns all candidates: take `width` of them."),
    )  # fmt: skip
    otherwise = "The beam is the `width` candidates with the highest mean over the members."

    @staticmethod
    def probe(choose_beam: Any, votes: Any, width: int) -> Any:
        import numpy as np

        return [int(each) for each in choose_beam(np.array(votes), width)]


class Progress(Exercise):
    """All of it together"""

    key = "8.6"
    points = 4
    call = "progressive(space, score, rank, {0}) with operations {1}, predictions {2}"
    cases = [(2, "none a b", "right"), (3, "none a skip_connect", "wrong")]
    hidden = [(1, "none a b", "wrong"), (4, "none a b", "right")]
    hints = (
        "`beam = list(space.grow())` are the simplest cells, all of them.",
        "In a loop: train the beam, expand **the beam** without twins of anything that is known, "
        "rank the children, take the first `width`.",
        "`space.grow` of a cell of the largest size gives nothing: then the loop ends.",
    )
    mistakes = (
        Mistake("for parent in beam", "for parent in trained",
                "It expands old parents again: children come only from the last beam."),
        Mistake("order[:width]", "order[::-1][:width]",
                "It trains those that are predicted to be the worst."),
        Mistake("rank(trained, scores, pool)", "rank(beam, scores[-len(beam):], pool)",
                "The surrogate learns from all that is trained, not only from the last beam."),
        Mistake("beam = list(space.grow())", "beam = list(space.grow())[:width]",
                "The first round trains all of the simplest cells."),
        Mistake("if space.canonical(child) not in forms", "if True",
                "A child was trained although it is a twin of a cell that was trained."),
        Mistake("return trained", "return beam", "Return all cells that were trained, in order."),
    )  # fmt: skip
    reasons = {
        "trainings": "Count the rounds: all of the simplest cells, then `width` in each round.",
        "learnt from": "The surrogate learns from all that is trained, before each round.",
        "in order": "Return all cells in the order of their training.",
    }
    otherwise = "Each round expands the last beam, ranks the children and trains the first ones."

    @staticmethod
    def probe(progressive: Any, width: int, operations: str, kind: str) -> Any:
        from coursekit.spaces import EdgeCells

        space = EdgeCells(tuple(operations.split()), nodes=4)
        scored, learnt = [], []

        def worth(cell: Any) -> float:
            values = list(cell.values())
            return sum((place + 1) * (value == "a") for place, value in enumerate(values)) / 21

        def score(cell: Any) -> float:
            scored.append(list(cell.values()))
            return worth(cell)

        def rank(cells: Any, scores: Any, candidates: Any) -> list[float]:
            learnt.append([len(cells), round(sum(scores), 9), len(candidates)])
            sign = 1 if kind == "right" else -1
            return [sign * worth(each) for each in candidates]

        found = [list(each.values()) for each in progressive(space, score, rank, width)]
        return {
            "trainings": len(scored),
            "learnt from": learnt,
            "in order": found == scored,
            "cells": ["-".join(each) for each in found],
        }


class TrainingsUntil(Exercise):
    """How many trainings until"""

    key = "8.7"
    points = 2
    cases = {
        "the best of all": ([0.5, 0.9, 0.7, 0.8], 0.9, 1),
        "the mean of the best two": ([0.9, 0.1, 0.8, 0.7], 0.84, 2),
        "a level that is never reached": ([0.5, 0.9, 0.7], 0.95, 1),
        "fewer scores than are averaged": ([0.9, 0.8], 0.1, 3),
    }
    hidden = [
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.35, 3),
        ([0.7], 0.7, 1),
        ([0.6, 0.6, 0.1, 0.6], 0.59, 3),
        ([0.9, 0.1, 0.9, 0.9], 0.85, 3),
    ]
    or_none = True
    returns = int
    hints = (
        "For each number of trainings n, from `top` on: `sorted(scores[:n])[-top:]`.",
        "Return the first n whose mean is at least the level, and None after the loop.",
    )
    mistakes = (
        Mistake("sorted(scores[:n])[-top:]", "scores[:n][-top:]",
                "Those are the last ones: take the best ones so far."),
        Mistake("range(top, ", "range(1, ",
                "With fewer trainings than `top` there is no mean of the best `top` yet."),
        Mistake(">= level", "> level", "A mean that equals the level reaches it."),
        Mistake("return n", "return n - 1", "Count trainings, from 1 on: that is one too few."),
        Mistake("    return None", "    return len(scores)",
                "A search that never reaches the level has no such number: return None."),
    )  # fmt: skip
    otherwise = "It is the first n at which the mean of the `top` best so far reaches the level."

    @staticmethod
    def probe(until: Any, scores: Any, level: float, top: int) -> Any:
        return until(list(scores), level, top)
