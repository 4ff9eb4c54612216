"""CMA-ES: evaluations to a target, of the kit's strategy and of the library `cmaes`.

Both minimise the field's functions over the unit cube, from its middle, with a step size of .3 and
the tutorial's population; the kit's restarts after it has converged. A search ends at --target of
the value in the middle, or after --most evaluations: it has failed then. Medians over the seeds
with the quartiles, the ratio of the means with its standard error, and how many searches failed (on
many optima, a search can end in another one). The library is in the peers' environment: see
`strategies --help`; without it, the kit's figures are printed alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from coursekit.arguments import count, positive
from coursekit.benchmarks import problems
from coursekit.search import Search
from coursekit.spaces import Float, Space
from coursekit.strategies import CMAES
from coursekit.trials import Trial

Function = Callable[[np.ndarray], float]
FUNCTIONS: dict[str, tuple[Function, tuple[float, float]]] = {
    "sphere": (problems.sphere, problems.moved(-5, 5)),
    "ellipsoid": (problems.ellipsoid, problems.moved(-5, 5)),
    "rosenbrock": (problems.rosenbrock, problems.moved(-2, 2)),
    "ackley": (problems.ackley, problems.moved(-15, 15)),
    "rastrigin": (problems.rastrigin, problems.moved(-5, 5)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("--dimensions", type=count, nargs="+", default=[2, 5, 10], help="(2 5 10)")
    add("--seeds", type=count, default=20, help="of each function (20)")
    add("--target", type=float, default=1e-6, help="part of the value in the middle (1e-6)")
    add("--most", type=count, default=10_000, help="evaluations of a search (10000)")


def run(options: argparse.Namespace) -> None:
    """Measure, and print the table."""
    positive("--target", options.target)
    there = find_spec("cmaes") is not None
    if not there:
        print("not installed, left out: cmaes (see --help)", file=sys.stderr)
    print(f"Evaluations to {options.target:g} of the start's value, {options.seeds} seeds")
    print(f"{'':16}{'kit':>22}{'failed':>8}{'cmaes':>22}{'failed':>8}{'ratio':>16}")
    for name, (function, box) in FUNCTIONS.items():
        for dimensions in options.dimensions:
            if name == "rosenbrock" and dimensions < 2:
                continue
            kit = _all(_kit, function, box, dimensions, options)
            line = f"{name:12}{dimensions:4}{_cell(kit)}"
            if there:
                theirs = _all(_library, function, box, dimensions, options)
                line += f"{_cell(theirs)}{_ratio(kit, theirs):>16}"
            print(line, flush=True)


def _all(
    search: Callable[[Function, int, float, int, int], int | None],
    function: Function,
    box: tuple[float, float],
    dimensions: int,
    options: argparse.Namespace,
) -> np.ndarray:
    """Evaluations of each seed; NaN where the target was not reached."""
    low, width = box[0], box[1] - box[0]

    def on_cube(point: np.ndarray) -> float:
        return function(low + width * point)

    target = options.target * on_cube(np.full(dimensions, 0.5))
    found = [
        search(on_cube, dimensions, target, seed, options.most) for seed in range(options.seeds)
    ]
    return np.array(found, dtype=float)


def _kit(function: Function, n: int, target: float, seed: int, most: int) -> int | None:
    search = Search(CMAES(Space({f"x{i}": Float(0.0, 1.0) for i in range(n)})), seed=seed)
    for number in range(1, most + 1):
        trial = search.ask()
        assert isinstance(trial, Trial)  # a continuum never ends
        value = function(np.array(list(trial.configuration.values())))
        if value <= target:
            return number
        search.tell(trial, -value)
    return None


def _library(function: Function, n: int, target: float, seed: int, most: int) -> int | None:
    from cmaes import CMA

    cube = np.tile([0.0, 1.0], (n, 1))
    made, number = CMA(mean=np.full(n, 0.5), sigma=0.3, bounds=cube, seed=seed), 0
    while number < most and not made.should_stop():
        told = []
        for _ in range(made.population_size):
            point = made.ask()
            value = function(point)
            number += 1
            if value <= target:
                return number
            told.append((point, value))
        made.tell(told)
    return None


def _cell(found: np.ndarray) -> str:
    good = found[np.isfinite(found)]
    if not len(good):
        return f"{'-':>22}{len(found):8}"
    low, middle, high = np.quantile(good, (0.25, 0.5, 0.75))
    return f"{f'{middle:.0f} ({low:.0f} to {high:.0f})':>22}{len(found) - len(good):8}"


def _ratio(kit: np.ndarray, theirs: np.ndarray) -> str:
    """Of the mean evaluations of the searches that succeeded, with its standard error."""
    both = [each[np.isfinite(each)] for each in (kit, theirs)]
    if min(map(len, both)) < 2:
        return "-"
    ratio = both[0].mean() / both[1].mean()
    relative = [each.var(ddof=1) / len(each) / each.mean() ** 2 for each in both]
    return f"{ratio:.3f} ± {ratio * sum(relative) ** 0.5:.3f}"
