"""Brackets of successive halving: how many trials at which budget, and which are promoted.

Successive halving, Hyperband (Li et al., 2018, JMLR 18, arXiv:1603.06560; `li2018hyperband`) and
BOHB share them.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from coursekit.arguments import whole_number
from coursekit.spaces import Configuration, Space
from coursekit.strategies.base import Strategy
from coursekit.trials import History, Pause, Status, Suggestion, Trial

ROUNDINGS = ("algorithm", "table", "keras_tuner")


class Rung(NamedTuple):
    """One rung: `trials` candidates are trained from epoch `start` to epoch `stop`."""

    bracket: int
    rung: int
    trials: int
    start: int
    stop: int

    @property
    def cost(self) -> int:
        """Epochs that the whole rung trains."""
        return self.trials * (self.stop - self.start)


def halvings(max_budget: int, factor: int = 3, *, min_budget: int = 1) -> int:
    """How often a budget can be divided (s_max in Hyperband's paper), in integer arithmetic.

    max_budget: R in the paper, in epochs. min_budget: its unit, r. factor: eta.
    Raises ValueError if a budget is below 1, min_budget above max_budget, or factor below 2.
    """
    whole_number("min_budget", min_budget)
    if whole_number("max_budget", max_budget) < min_budget:
        raise ValueError(f"max_budget={max_budget} is less than {min_budget=}: give more epochs")
    whole_number("factor", factor, 2)
    count = 0
    while min_budget * factor ** (count + 1) <= max_budget:
        count += 1
    return count


def halve(bracket: int, trials: int, max_budget: int, factor: int = 3) -> list[Rung]:
    """A bracket's rungs (the inner loop of the paper's algorithm).

    Each has 1/eta of the trials and eta times the epochs of the rung below, both rounded down; the
    last rung trains for max_budget.
    """
    stops = [max_budget // factor ** (bracket - rung) for rung in range(bracket + 1)]
    return [
        Rung(bracket, rung, trials // factor**rung, start, stop)
        for rung, (start, stop) in enumerate(zip([0, *stops], stops, strict=False))
    ]


def bracket_table(
    max_budget: int, factor: int = 3, *, min_budget: int = 1, rounding: str = "algorithm"
) -> list[Rung]:
    """Every rung of one Hyperband iteration, the most aggressive bracket first.

    rounding: how many trials bracket s starts with, and how fractions are rounded.
        "algorithm": ceil((s_max + 1) eta^s / (s + 1)), the paper's algorithm; later rungs and
            epochs are rounded down. For R = 81: 81, 34, 15, 8, 5.
        "table": floor((s_max + 1) / (s + 1)) eta^s, the rule of the paper's table of brackets, of
            its authors' code and of HpBandSter. For R = 81: 81, 27, 9, 6, 5.
        "keras_tuner": everything is rounded up, each rung separately, and there may be one more
            finalist, ceil(1 + log_eta R). For R = 81: 81, 34, 15, 8, 5, then 12 after 34.
    """
    if rounding not in ROUNDINGS:
        raise ValueError(f"{rounding=} is none of {', '.join(ROUNDINGS)}")
    most = halvings(max_budget, factor, min_budget=min_budget)
    table: list[Rung] = []
    for s in range(most, -1, -1):
        if rounding == "keras_tuner":
            finalists = most + 1 + (min_budget * factor**most < max_budget)
            stops = [math.ceil(max_budget / factor ** (s - rung)) for rung in range(s + 1)]
            sizes = [math.ceil(finalists / (s + 1) * factor ** (s - rung)) for rung in range(s + 1)]
            rows = zip(range(s + 1), sizes, [0, *stops], stops, strict=False)
            table += [Rung(s, *row) for row in rows]
        elif rounding == "table":
            table += halve(s, (most + 1) // (s + 1) * factor**s, max_budget, factor)
        else:
            table += halve(s, -(-(most + 1) * factor**s // (s + 1)), max_budget, factor)
    return table


class Bracket:
    """The results of one bracket's trials, rung by rung."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self.rungs = rungs
        self.finished = [0 for _ in rungs]
        # (-score, number) of each rung's completed trials, the best first.
        self.ranked: list[list[tuple[float, int]]] = [[] for _ in rungs]

    def add(self, rung: int, trial: Trial) -> None:
        """Add a finished trial; a failed one is never promoted."""
        self.finished[rung] += 1
        if trial.status is Status.COMPLETED:
            insort(self.ranked[rung], (-trial.score, trial.number))

    def sizes(self, first: int) -> list[int]:
        """How many trials each rung gets, as far as known: a rung is filled when all trials of the
        rung below have finished; failures may leave fewer to promote than planned.

        first: how many trials the lowest rung gets.
        """
        sizes = [first]
        while len(sizes) < len(self.rungs) and self.finished[len(sizes) - 1] == sizes[-1]:
            here = len(sizes)
            sizes.append(min(self.rungs[here].trials, len(self.ranked[here - 1])))
        return sizes

    @property
    def over(self) -> bool:
        """Whether every rung is filled and has finished."""
        sizes = self.sizes(self.rungs[0].trials)
        return len(sizes) == len(self.rungs) and self.finished[-1] == sizes[-1]

    def promotion(self, running: Mapping[int, int], short: bool = False) -> tuple[int, int] | None:
        """The number of the trial to promote next and its next rung; None if there is none yet.

        running: how many trials run in each rung. short: whether no more trials will enter the
        lowest rung.
        """
        first = self.finished[0] + running.get(0, 0) if short else self.rungs[0].trials
        sizes = self.sizes(first)
        rung = len(sizes) - 1
        entered = self.finished[rung] + running.get(rung, 0)
        if rung == 0 or entered >= sizes[rung]:
            return None
        return self.ranked[rung - 1][entered][1], rung


class Halving(Strategy):
    """Runs bracket after bracket; the best of each rung are promoted to the next, with more epochs.

    A rung's trials are promoted when all of them have finished, the best score first. While some
    still run, the lowest rung of the next bracket begins, so no worker waits. When a finite space
    is exhausted, a rung's trials are promoted even if they are fewer than planned.

    table: the rungs of all brackets of one iteration, in order.
    iterations: how many to run; None: no limit.

    Suggestions carry the budget; a promotion names the trial that it continues as its parent.
    `info` holds iteration, bracket (s in Hyperband's paper) and rung (i), all from 0.
    """

    budgeted = True

    def __init__(self, space: Space, table: Iterable[Rung], iterations: int | None) -> None:
        super().__init__(space)
        self.table = [Rung(*map(int, rung)) for rung in table]
        self.iterations = None if iterations is None else whole_number("iterations", iterations)
        self._brackets = [list(rungs) for _, rungs in groupby(self.table, lambda r: r.bracket)]
        self._order = {rungs[0].bracket: place for place, rungs in enumerate(self._brackets)}
        self._open: dict[int, Bracket] = {}  # by their numbers over all iterations
        self._latest = 0  # all earlier brackets have their lowest rung filled

    def candidate(self, history: History, rng: np.random.Generator) -> Configuration | None:
        """A new configuration for a lowest rung; None when the space is exhausted."""
        return self.fresh(history, rng)

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        running: dict[int, Counter[int]] = defaultdict(Counter)
        for trial in history.running:
            if place := self._place(trial):
                running[place[0]][place[1]] += 1
        brackets = {number: Bracket(self._rungs(number)) for number in running} | self._open
        for number in sorted(brackets):
            if promotion := brackets[number].promotion(running[number]):
                return self._promote(number, promotion, history)
        latest = max([self._latest, *brackets])
        if latest in brackets:
            bracket = brackets[latest]
            latest += bracket.finished[0] + running[latest][0] >= bracket.rungs[0].trials
        if self.iterations is None or latest < self.iterations * len(self._brackets):
            configuration = self.candidate(history, rng)
            if configuration is not None:
                return self._suggestion(latest, 0, configuration)
            for number in sorted(brackets):
                if promotion := brackets[number].promotion(running[number], short=True):
                    return self._promote(number, promotion, history)
        return Pause.WAIT if history.running else Pause.DONE

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        if place := self._place(trial):
            number, rung = place
            bracket = self._open.setdefault(number, Bracket(self._rungs(number)))
            bracket.add(rung, trial)
            self._latest = max(self._latest, number + bracket.over)
            if bracket.over:
                del self._open[number]

    def _promote(self, number: int, promotion: tuple[int, int], history: History) -> Suggestion:
        parent, rung = promotion
        return self._suggestion(number, rung, history[parent].configuration, parent)

    def _suggestion(
        self,
        number: int,
        rung: int,
        configuration: Mapping[str, object],
        parent: int | None = None,
    ) -> Suggestion:
        here = self._rungs(number)[rung]
        iteration = number // len(self._brackets)
        info = {"iteration": iteration, "bracket": here.bracket, "rung": rung}
        return Suggestion(dict(configuration), here.stop, parent, info)

    def _rungs(self, number: int) -> list[Rung]:
        return self._brackets[number % len(self._brackets)]

    def _place(self, trial: Trial) -> tuple[int, int] | None:
        """The number of a trial's bracket and its rung; None if another strategy suggested it."""
        info = trial.suggestion.info
        if "rung" not in info:
            return None
        number = info["iteration"] * len(self._brackets) + self._order[info["bracket"]]
        return number, info["rung"]
