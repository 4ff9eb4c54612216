"""Which strategy to take: the answer is the row of the benchmark, and "auto" follows it."""

import csv
from dataclasses import fields
from pathlib import Path

import pytest

from coursekit import Choice, EdgeCells, Float, Integer, Search, Space, strategies
from coursekit.benchmarks.spaces import overview
from coursekit.race import race
from coursekit.shipped import shipped
from coursekit.strategies import STRATEGIES, recommend
from coursekit.strategies.recommendation import BenchmarkRow, kind_of, measured, ranking
from coursekit.worlds import MLPs

NUMBERS = Space({"a": Float(0, 1), "b": Integer(0, 1000)})
LISTS = Space({"a": Choice(["x", "y"]), "b": Integer(1, 9), "c": Integer(1, 9), "d": Integer(1, 9)})
NESTED = Space({"a": Choice(["x", "y"]), "b": Float(0, 1).when(a="x")})
PAGE = Path(__file__).parents[2] / "docs" / "which_strategy.md"


@pytest.mark.parametrize(
    ("space", "kind"),
    [
        (NUMBERS, "numbers"),
        (LISTS, "lists"),
        (Space({"a": Float(0, 1), "b": Integer(1, 9)}), "mixed"),
        (NESTED, "conditional"),
        (EdgeCells(), "cells"),
    ],
)
def test_a_space_has_a_kind(space, kind):
    assert kind_of(space) == kind


@pytest.mark.parametrize("space", [NUMBERS, LISTS, NESTED, EdgeCells()])
@pytest.mark.parametrize("noise", [False, True])
def test_it_has_the_best_mean_rank_of_those_that_were_measured(space, noise):
    for trials in (7, 30, 90, 500):
        found = recommend(space, trials, noise=noise)
        rows = [row for row in measured() if row.problem in found.problems and row.at_once == 1]
        mark = min({row.trials for row in rows}, key=lambda m: abs(m / trials - trials / m))
        theirs: dict[str, list[float]] = {}
        for row in rows:
            if row.trials == mark:
                theirs.setdefault(row.strategy, []).append(row.rank)
        means = {name: sum(ranks) / len(ranks) for name, ranks in theirs.items()}
        assert means[found.strategy] == pytest.approx(min(means.values()))
        assert f"after {mark} trials" in found.reason
        assert found.ranks is not None and next(iter(found.ranks)) == found.strategy


def test_workers_and_budgets_have_rows_of_their_own():
    assert "8 at once" in recommend(NUMBERS, 100, workers=6).reason
    early = recommend(NUMBERS, 10, budgeted=True)
    assert STRATEGIES[early.strategy].budgeted
    assert all("by epochs" in problem for problem in early.problems)


def test_a_space_that_the_trials_exhaust_needs_no_strategy():
    few = Space({"a": Integer(1, 9)})
    assert recommend(few, 9).strategy == "random"
    assert "nearly all of 9" in str(recommend(few, 9))
    assert "nearly all" not in str(recommend(few, 9, noise=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"space": {}}, "give a Space"),
        ({"trials": 0}, "trials=0"),
        ({"workers": 1.5}, r"workers=1\.5"),
        ({"noise": "much"}, "noise='much'"),
    ],
)
def test_what_cannot_be_is_refused(given, message):
    with pytest.raises((TypeError, ValueError), match=message):
        recommend(**{"space": NUMBERS, "trials": 50, **given})


def test_auto_searches_as_the_recommended_strategy_does():
    auto = strategies.make("auto(expected_trials=25)", NUMBERS)
    other = strategies.make(recommend(NUMBERS, 25).strategy, NUMBERS)
    score = lambda suggestion: -abs(suggestion.configuration["a"] - 0.3)  # noqa: E731
    found, theirs = (Search(each, seed=1).run(score, trials=25) for each in (auto, other))
    assert [t.configuration for t in found] == [t.configuration for t in theirs]


def test_a_race_tells_auto_its_trials():
    result = race(MLPs(), ["auto"], trials=10, seeds=2, workers=1)
    wanted = recommend(MLPs().space, 10).strategy
    other = race(MLPs(), [wanted], trials=10, seeds=2, workers=1)
    for seed in range(2):
        one, two = result.runs["auto"][seed], other.runs[wanted][seed]
        assert one.configurations == two.configurations


def test_the_table_is_complete_and_the_page_shows_it():
    with (shipped("data") / "strategies.csv").open(encoding="utf-8") as lines:
        assert next(csv.reader(lines)) == [field.name for field in fields(BenchmarkRow)]
    rows = measured()
    kinds = {"numbers", "lists", "mixed", "conditional", "cells", "budgets"}
    assert {row.space for row in rows} == kinds
    assert {row.trials for row in rows} == {10, 25, 50, 100, 200}
    for kind in kinds:
        some = [r for r in rows if r.space == kind and r.trials == 50 and r.at_once == 1]
        assert len(ranking(some)) >= 6
    assert overview(rows) in PAGE.read_text(encoding="utf-8")
