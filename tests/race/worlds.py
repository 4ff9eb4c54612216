"""Small worlds whose every score is known."""

from __future__ import annotations

import math

from coursekit.spaces import Choice, Space
from coursekit.trials import Epoch, Evaluation, Trial
from coursekit.worlds import World


class Sum(World):
    """A world of 81 points: the score is the sum of four digits, a trial costs 10 s."""

    datasets = ("digits",)
    early = False

    def __init__(self, dataset="digits"):
        self.dataset, self.epochs, self.optimum = dataset, 1, 8.0
        self.space = Space({name: Choice((0, 1, 2)) for name in "abcd"})

    def __str__(self):
        return "sums"

    def train(self, trial, history=None):
        found = self.evaluate(trial)
        yield Epoch(found.score, found.cost)

    def evaluate(self, trial, history=None):
        score = sum(trial.configuration.values())
        return Evaluation(math.nan if score == 0 else score, (), 10.0)


class Crossing(World):
    """Curves that cross: n begins at 0.9 - n / 10 and ends at 0.1 + n / 10, n = 0 ... 8.

    Who looks at the first epoch alone takes the worst for the best. An epoch costs 1 s, a quarter
    of one with less data, where each scores 0.01 less.
    """

    datasets = ("lines",)
    early = True
    fidelities = ("full", "quarter data")
    bounds = (0.0, 1.0)
    measure, percent = "validation accuracy", True

    def __init__(self, dataset="lines", fidelity="full"):
        self.dataset, self.epochs, self.optimum, self.fidelity = dataset, 4, 0.9, fidelity
        self.space = Space({"n": Choice(range(9), ordered=True)})

    def __str__(self):
        return "crossing lines"

    def at(self, fidelity):
        assert fidelity in self.fidelities
        return type(self)(self.dataset, fidelity)

    def train(self, trial, history=None):
        suggestion = Trial.of(trial).suggestion
        n, cheap = suggestion.configuration["n"], self.fidelity != "full"
        start, end = 0.9 - n / 10, 0.1 + n / 10
        for epoch in range(suggestion.budget or self.epochs):
            score = start + (end - start) * epoch / (self.epochs - 1) - 0.01 * cheap
            yield Epoch(score, 0.25 if cheap else 1.0)


class Loss(Sum):
    """The same sums as losses: people read what is lost, the lower the better."""

    measure, minimised = "validation loss", True

    def __init__(self, dataset="digits"):
        super().__init__(dataset)
        self.optimum = -0.125

    def evaluate(self, trial, history=None):
        found = -0.125 - sum(trial.configuration.values()) / 8
        return Evaluation(found, (), 10.0, 0.0, {"parameters": 100.0}, "")
