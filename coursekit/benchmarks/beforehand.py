"""What is known beforehand: how much it gains, and how much it costs when it is wrong.

Ways to tell a search what is known, each against the same search without it, paired seeds:
  belief   `Around` each ordered parameter: good (the optimum's coordinate, .05 of the range aside),
           off (.25 aside), wrong (at the far end of the range);
  enqueue  the best 5 of 50 random trials run first: good (of the same function, its coordinates
           moved by .05), off (moved by .25), wrong (of the negated function);
  add      those 50 trials handed in as if they were this search's own.
Figures are differences of the regret (0 at the optimum, 1000 at the median of random points), below
0 for a gain, with their standard errors. The first column is the regret without anything known.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import cache

import numpy as np

from coursekit.arguments import count
from coursekit.benchmarks.problems import Configuration, Problem, problems
from coursekit.benchmarks.strategies import some_of
from coursekit.search import Search
from coursekit.spaces import Around, Conditional, Domain, Space
from coursekit.strategies import STRATEGIES, LocalSearch, Random, make
from coursekit.trials import History, Trial

MARKS = (10, 25, 50, 100)
PROBLEMS = ("hartmann 6", "rosenbrock 4", "a network", "boosted trees")
USUAL = ("random", "regularized_evolution", "local_search", "tpe", "bayesian")
WAYS, KINDS = ("belief", "enqueue", "add"), ("good", "off", "wrong")
ASIDE = {"good": 0.05, "off": 0.25}
EARLIER, BEST = 50, 5  # trials of the earlier search, and how many of them are enqueued


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    usual = [name for name, cls in STRATEGIES.items() if not cls.budgeted]
    known = problems(False)
    add = parser.add_argument
    add("--problems", type=some_of(*known), default=list(PROBLEMS), help=", ".join(PROBLEMS))
    add("--strategies", type=some_of(*usual), default=list(USUAL), help=",".join(USUAL))
    add("--ways", type=some_of(*WAYS), default=list(WAYS), help=",".join(WAYS))
    add("--trials", type=count, default=50, help="of each search (50)")
    add("--seeds", type=count, default=20, help="of each search (20)")


def run(options: argparse.Namespace) -> None:
    """Measure, and print a table for each problem."""
    marks = [mark for mark in MARKS if mark < options.trials] + [options.trials]
    seeds = range(options.seeds)
    told = "".join(f"{f'after {mark}':>18}" for mark in marks)
    for name in options.problems:
        print(f"\n{name}: regret, then differences from it, over {options.seeds} seeds")
        print(f"{'':40}{told}")
        problem = problems(False)[name]
        for strategy in options.strategies:
            if not STRATEGIES[strategy].supports(problem.space):
                continue
            plain = [_regrets(problem, Search(make(strategy, problem.space), seed=seed),
                              options.trials) for seed in seeds]  # fmt: skip
            print(f"{strategy:24}{'nothing':16}{_cells(np.array(plain), marks)}")
            for way in options.ways:
                for kind in KINDS:
                    found = [
                        _regrets(problem, _knowing(problem, strategy, way, kind, seed),
                                 options.trials) for seed in seeds
                    ]  # fmt: skip
                    cells = _cells(np.array(found) - np.array(plain), marks, sign="+")
                    print(f"{'':24}{f'{way}, {kind}':16}{cells}", flush=True)


def _knowing(problem: Problem, strategy: str, way: str, kind: str, seed: int) -> Search:
    if way == "belief":
        return Search(make(strategy, _believing(problem, kind, seed)), seed=seed)
    search = Search(make(strategy, problem.space), seed=seed)
    earlier = _earlier(problem, kind, seed)
    if way == "add":
        search.learn_from(earlier)
    else:
        for trial in earlier.top(BEST):
            search.enqueue(trial.configuration)
    return search


@cache
def optimum(name: str) -> np.ndarray:
    """The encoded best of a long search for the true value."""
    problem = problems(False)[name]
    history = Search(LocalSearch(problem.space)).run(
        lambda suggestion: problem.value(suggestion.configuration), trials=3000, progress=False
    )
    return problem.space.encode(history.best().configuration)


def _believing(problem: Problem, kind: str, seed: int) -> Space:
    """The space with a belief about each ordered parameter."""
    rng, known = np.random.default_rng((seed, 1)), optimum(problem.name)

    def parameters() -> Iterator[tuple[str, Domain | Conditional]]:
        for parameter, u in zip(problem.space.parameters, known.tolist(), strict=True):
            domain, side = parameter.domain, rng.choice([-1, 1])
            u = 0.5 if np.isnan(u) else u
            if domain.ordered and domain.count > 1:
                there = float(u < 0.5) if kind == "wrong" else _folded(u + side * ASIDE[kind])
                domain = Around(domain, domain.at(float(there)))
            held = parameter.conditions
            yield parameter.name, domain.when(held) if held else domain

    return Space(list(parameters()))


def _earlier(problem: Problem, kind: str, seed: int) -> History:
    """A random search on a relative of the problem, with scores of another scale."""
    rng = np.random.default_rng((seed, 2))
    aside = rng.choice([-1, 1], len(problem.space)) * ASIDE.get(kind, 0.0)
    space = problem.space
    numbers = [parameter.domain.ordered for parameter in space.parameters]

    def value(configuration: Configuration) -> float:
        if kind == "wrong":
            return -problem.value(configuration)
        moved = space.encode(configuration)
        moved = np.where(numbers, _folded(moved + aside), moved)
        return problem.value(space.decode(np.where(np.isnan(moved), 0.5, moved)))

    return Search(Random(space), seed=seed + 1000).run(
        lambda suggestion: value(suggestion.configuration), trials=EARLIER, progress=False
    )


def _folded(u: np.ndarray | float) -> np.ndarray:
    """Coordinates, reflected at 0 and 1."""
    there = np.abs(u) % 2
    return np.minimum(there, 2 - there)


def _regrets(problem: Problem, search: Search, trials: int) -> np.ndarray:
    """Of the best of the search's own trials, after each; a search without one is at 1000."""
    best, found = -np.inf, []
    for number in range(trials):
        trial = search.ask()
        assert isinstance(trial, Trial)  # no problem has that few points
        value = problem.value(trial.configuration)
        rng = np.random.default_rng((search.seed, number))
        search.tell(trial, problem.score(trial.configuration, rng))
        best = max(best, value) if value == value else best
        found.append(problem.regret(best) if np.isfinite(best) else 1000.0)
    return np.array(found)


def _cells(regrets: np.ndarray, marks: list[int], sign: str = "") -> str:
    chosen = regrets[:, [mark - 1 for mark in marks]]
    errors = chosen.std(axis=0, ddof=1) / len(chosen) ** 0.5 if len(chosen) > 1 else 0 * chosen[0]
    pairs = zip(chosen.mean(axis=0), errors, strict=True)
    return "".join(f"{f'{mean:{sign}.3g} ± {error:.2g}':>18}" for mean, error in pairs)
