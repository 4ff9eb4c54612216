"""The benchmark over many kinds of problems: their optima, their noise, and the tables."""

import re
from pathlib import Path

import numpy as np
import pytest

from coursekit.benchmarks.problems import FUNCTIONS, problems
from coursekit.search import Search
from coursekit.strategies import TPE
from coursekit.strategies.recommendation import rows_of
from tests.commands import benchmark

QUICK = problems(tables=False)


@pytest.mark.parametrize("name", QUICK)
def test_nothing_random_is_above_the_optimum_and_all_values_are_told(name: str) -> None:
    problem, rng = QUICK[name], np.random.default_rng(1)
    drawn = [problem.value(problem.space.sample(rng)) for _ in range(300)]
    assert np.nanmax(drawn) <= problem.optimum + 1e-4
    assert problem.regret(problem.optimum) == 0
    assert np.nanmedian([problem.regret(value) for value in drawn]) == pytest.approx(1000, rel=0.3)
    assert np.isnan(drawn).any() == (problem.kind == "failures")


@pytest.mark.parametrize("name", ["hartmann 6", "hartmann 3", "camel 2", "styblinski-tang 5"])
def test_the_optima_are_those_of_the_literature(name: str) -> None:
    from scipy.optimize import minimize

    function, dimensions, box, lowest, _, _ = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    starts = rng.uniform(*box, (40, dimensions))
    found = min(
        minimize(function, start, method="L-BFGS-B", bounds=[box] * dimensions).fun
        for start in starts
    )
    assert found == pytest.approx(lowest, abs=1e-3)


def test_both_halves_have_every_kind() -> None:
    kinds = [{p.kind for p in QUICK.values() if p.report == half} for half in (False, True)]
    assert kinds[0] == kinds[1]


def test_noise_is_as_large_as_it_says_and_grows_with_the_score() -> None:
    problem, rng = QUICK["rosenbrock 4, noise 0.3, growing"], np.random.default_rng(2)
    best = {f"x{i}": 1.0 for i in range(4)}
    poor = {f"x{i}": 2.4 for i in range(4)}
    spread = [np.std([problem.score(c, rng) for _ in range(2000)]) for c in (best, poor)]
    assert spread[0] == pytest.approx(0.3 * problem._random.std(), rel=0.08)  # 5 sigma
    assert spread[1] < 0.5 * spread[0]


def test_conditions_hold_in_what_a_strategy_finds() -> None:
    problem = QUICK["optimizers and layers, nested"]
    history = Search(TPE(problem.space), seed=0).run(
        lambda suggestion: problem.value(suggestion.configuration), trials=60, progress=False
    )
    assert problem.regret(history.best().score) < 700


def test_a_small_run_prints_every_table() -> None:
    done = benchmark(
        "spaces", "--kinds=failures,nested", "--strategies=random,tpe", "--peers=",
        "--trials=30", "--seeds=2", "--workers=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^Regret after (\d+) trials", done.stdout, re.M) == ["10", "25", "30"]
    rows = re.findall(
        r"^(hartmann 3, failing|optimizers and layers, nested)  +\d", done.stdout, re.M
    )
    assert len(rows) == 6
    assert re.search(r"^mean rank +[\d.]+ +[\d.]+$", done.stdout, re.M)


@pytest.mark.slow(15)
def test_figures_of_several_workers_stand_in_one_table(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    for at_once, strategies in (("1", "random,asha"), ("4", "random")):
        done = benchmark(
            "spaces", "--kinds=budgets", "--problems=perceptrons on digits, by epochs", "--peers=",
            f"--strategies={strategies}", "--trials=12", "--seeds=2", "--workers=1",
            f"--at-once={at_once}", f"--write={table}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    rows = rows_of(table)
    found = {(row.at_once, row.trials, row.strategy, row.noise) for row in rows}
    each = [(1, "random"), (1, "asha"), (4, "random")]
    assert found == {(n, m, s, b) for n, s in each for m in (10, 12) for b in (False, True)}
    assert len(rows) == len(found) and {row.space for row in rows} == {"budgets"}
    assert all(0 <= row.regret < 1000 for row in rows if row.trials == 12 and row.at_once == 1)


def test_a_problem_that_does_not_exist_is_named() -> None:
    done = benchmark("spaces", "--problems=rosenbork")
    assert done.returncode == 2
    assert "no problem of these kinds has 'rosenbork' in its name" in done.stderr
