"""Which strategy to take: what the benchmark measured on spaces of the same kind.

`python -m coursekit.benchmarks spaces --write` measures the table that this reads,
`data/strategies.csv`; `data/README.md` has the whole commands.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit.arguments import truth, whole_number
from coursekit.shipped import shipped
from coursekit.spaces import Space
from coursekit.spaces.micro import BlockCells, EdgeCells
from coursekit.strategies.registry import find

MANY_VALUES = 32  # an axis with more values counts as numbers, one with fewer as a list
FEWEST_PROBLEMS = 2  # fewer say too little about a kind of space
ENOUGH = 0.9  # of a finite space: then nearly everything is tried, whatever the order


@dataclass(frozen=True)
class BenchmarkRow:
    """One row of the table: a strategy on a problem, after a number of trials.

    space: its kind, as `kind_of` says. at_once: how many trials ran at once. regret: mean over
    seeds, 0 at the optimum and 1000 at the median of random configurations. error: its standard
    error. rank: the mean over seeds of the place among the strategies, 1 is the best.
    """

    problem: str
    space: str
    noise: bool
    at_once: int
    trials: int
    strategy: str
    regret: float
    error: float
    rank: float


@dataclass(frozen=True)
class Recommendation:
    """A strategy, and what it rests on.

    strategy: its name, for `strategies.make`. reason: in words. problems: on which it was measured.
    ranks: the mean rank of each strategy on them, the best first; regrets: the mean regrets.
    """

    strategy: str
    reason: str
    problems: tuple[str, ...] = ()
    ranks: Mapping[str, float] | None = None
    regrets: Mapping[str, float] | None = None

    def __str__(self) -> str:
        return f"{self.strategy}: {self.reason}"


def kind_of(space: Space) -> str:
    """The kind of a space, as the table has it.

    That is "cells"; "conditional", if a parameter depends on another; "numbers" or "lists", if all
    parameters have more than 32 values or none has; else "mixed".
    """
    if isinstance(space, EdgeCells | BlockCells):
        return "cells"
    names = [parameter.name for parameter in space.parameters]
    if len(set(names)) < len(names) or any(each.conditions for each in space.parameters):
        return "conditional"
    many = [parameter.domain.count > MANY_VALUES for parameter in space.parameters]
    return "numbers" if all(many) else "mixed" if any(many) else "lists"


def recommend(
    space: Space, trials: int, *, noise: bool = False, workers: int = 1, budgeted: bool = False
) -> Recommendation:
    """The strategy with the best mean rank on the benchmark's problems of the same kind.

    trials: how many full trainings can be paid. noise: whether the same configuration gets another
    score each time, by as much as good configurations differ. workers: how many trials run at once.
    budgeted: whether a trial can be stopped early and continued, as a training can after an epoch.

    Raises TypeError or ValueError for an argument that is none of these.
    """
    if not isinstance(space, Space):
        raise TypeError(f"space={space!r}: give a Space, as Space({{'units': Integer(1, 9)}})")
    trials, workers = whole_number("trials", trials), whole_number("workers", workers)
    noise, budgeted = truth("noise", noise), truth("budgeted", budgeted)
    if not noise and trials >= ENOUGH * space.count:
        told = f"{trials} trials try nearly all of {space.count} configurations, in any order"
        return Recommendation("random", told)
    rows, told = _alike("budgets" if budgeted else kind_of(space), noise)
    at_once = nearest({row.at_once for row in rows}, workers)
    rows = [row for row in rows if row.at_once == at_once and _supports(row.strategy, space)]
    mark = nearest({row.trials for row in rows}, trials)
    rows = [row for row in rows if row.trials == mark]
    ranks = ranking(rows)
    problems = tuple(dict.fromkeys(row.problem for row in rows))
    best, *others = ranks
    reason = (
        f"mean rank {ranks[best]:.1f} of {len(ranks)} after {mark} trials, {at_once} at once, on "
        f"{len(problems)} problems: {told}"
    )
    if others:
        reason += f"; next is {others[0]} with {ranks[others[0]]:.1f}"
    regrets = {name: _mean([row.regret for row in rows if row.strategy == name]) for name in ranks}
    return Recommendation(best, reason, problems, ranks, regrets)


def ranking(rows: Iterable[BenchmarkRow]) -> dict[str, float]:
    """Each strategy's mean rank over the problems, the best first.

    A strategy that was not measured on all problems has none.
    """
    by: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by[row.strategy].append(row.rank)
    most = max(map(len, by.values()))
    means = {name: _mean(ranks) for name, ranks in by.items() if len(ranks) == most}
    return dict(sorted(means.items(), key=lambda pair: pair[1]))


def _alike(kind: str, noise: bool) -> tuple[list[BenchmarkRow], str]:
    """The rows of the most similar problems that are enough, and what they are."""
    words = {"lists": "lists of values", "mixed": "numbers and lists", "budgets": "with budgets"}
    told = words.get(kind, kind)
    rows = measured()
    for found, text in (
        (lambda row: row.space == kind and row.noise == noise, f"{told}{', noisy' * noise}"),
        (lambda row: row.space == kind, f"{told}, with noise or without"),
        (lambda row: row.noise == noise, f"of all kinds{', noisy' * noise}"),
    ):
        some = [row for row in rows if found(row)]
        if len({row.problem for row in some}) >= FEWEST_PROBLEMS:
            return some, text
    return list(rows), "of all kinds"


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def nearest(marks: Iterable[int], value: int) -> int:
    """The mark that is nearest by its ratio to the value; of two, the lower."""
    return min(marks, key=lambda mark: (abs(math.log(mark / value)), mark))


def _supports(name: str, space: Space) -> bool:
    return find(name).supports(space)


@cache
def measured() -> tuple[BenchmarkRow, ...]:
    """The benchmark's table, `data/strategies.csv`."""
    return rows_of(shipped("data") / "strategies.csv")


def rows_of(path: Path) -> tuple[BenchmarkRow, ...]:
    """The rows of such a file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(
            BenchmarkRow(
                row["problem"],
                row["space"],
                row["noise"] == "True",
                int(row["at_once"]),
                int(row["trials"]),
                row["strategy"],
                float(row["regret"]),
                float(row["error"]),
                float(row["rank"]),
            )
            for row in csv.DictReader(lines)
        )
