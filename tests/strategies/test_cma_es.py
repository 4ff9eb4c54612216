"""CMA-ES: generations, margins, restarts, what is refused."""

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.strategies import CMAES, Random, make
from coursekit.trials import Evaluation

PLANE = Space({"x": Float(-5, 5), "y": Float(-5, 5)})


def sphere(suggestion):
    return -sum((value - 1.3) ** 2 for value in suggestion.configuration.values())


def test_it_converges_where_random_search_does_not():
    best = Search(CMAES(PLANE), seed=0).run(sphere, trials=200).best().score
    assert best > -1e-4
    assert Search(Random(PLANE), seed=0).run(sphere, trials=200).best().score < -1e-3


def test_a_generation_is_drawn_before_anything_is_learnt():
    search = Search(CMAES(PLANE), seed=0)
    size = 6
    first = [search.ask() for _ in range(size)]
    assert {tuple(trial.suggestion.info["generation"]) for trial in first} == {(0, 0)}
    for trial in first:
        search.tell(trial, sphere(trial.suggestion))
    assert search.ask().suggestion.info["generation"] == [0, 1]


def test_more_workers_than_a_generation_wait_for_nobody_and_late_ones_teach_nothing():
    search, other = Search(CMAES(PLANE), seed=0), Search(CMAES(PLANE), seed=0)
    trials = [search.ask() for _ in range(9)]
    for trial in trials[:6]:
        search.tell(trial, sphere(trial.suggestion))
    for trial in trials[6:]:
        search.tell(trial, 1e9)
    for _ in range(9):
        other.ask()
    for trial in trials[:6]:
        other.tell(trial.number, sphere(trial.suggestion))
    assert search.ask().configuration == other.ask().configuration


def test_only_the_order_of_scores_counts():
    plain = Search(CMAES(PLANE), seed=3).run(sphere, trials=60)
    bent = Search(CMAES(PLANE), seed=3).run(
        lambda suggestion: -((-sphere(suggestion)) ** 0.1), trials=60
    )
    assert [trial.configuration for trial in plain] == [trial.configuration for trial in bent]


def test_integers_and_ordered_choices_are_found():
    space = Space(
        {
            "layers": Integer(1, 9),
            "batch": Choice([16, 32, 64, 128], ordered=True),
            "bias": Boolean(),
            "rate": Float(1e-4, 1, log=True),
        }
    )

    def score(suggestion):
        c = suggestion.configuration
        away = abs(c["layers"] - 6) + abs(np.log2(c["batch"]) - 7) + (not c["bias"])
        return -away - abs(np.log10(c["rate"]) + 2)

    # 20 of 20 seeds find the three; 15 are asked for.
    found = [Search(CMAES(space), seed=s).run(score, trials=150).best() for s in range(20)]
    right = {"layers": 6, "batch": 128, "bias": True}
    hits = sum(all(t.configuration[name] == right[name] for name in right) for t in found)
    assert hits >= 15


def test_what_is_known_is_not_trained_again():
    space = Space({"a": Integer(1, 4), "b": Integer(1, 4)})
    history = Search(CMAES(space), seed=0).run(lambda s: -s.configuration["a"])
    keys = [space.key(trial.configuration) for trial in history]
    assert len(keys) == len(set(keys)) == 16


def test_a_converged_distribution_starts_again_with_twice_the_population():
    line = Space({"x": Float(0, 1), "y": Float(0, 1)})
    history = Search(CMAES(line), seed=0).run(
        lambda s: -abs(s.configuration["x"] - 0.3) - abs(s.configuration["y"] - 0.6), trials=1500
    )
    restarts = {trial.suggestion.info["generation"][0] for trial in history}
    assert {0, 1} <= restarts
    first = [t for t in history if t.suggestion.info["generation"] == [1, 0]]
    assert len(first) == 12


def test_it_begins_at_the_best_that_was_handed_in():
    search = Search(CMAES(PLANE, sigma=0.01), seed=0)
    search.add({"x": 4.0, "y": -4.0}, 0.9)
    search.add({"x": 0.0, "y": 0.0}, 0.1)
    asked = search.ask().configuration
    assert asked["x"] == pytest.approx(4, abs=0.6) and asked["y"] == pytest.approx(-4, abs=0.6)


def test_failed_trials_rank_last():
    def score(suggestion):
        failed = suggestion.configuration["x"] < 0
        return Evaluation(float("nan")) if failed else sphere(suggestion)

    history = Search(CMAES(PLANE), seed=0).run(score, trials=150)
    late = [trial.configuration["x"] for trial in history[100:]]
    assert min(late) > 0


def test_an_unordered_choice_is_refused_with_its_cure():
    with pytest.raises(ValueError, match=r"needs an order in every choice .*ordered=True"):
        CMAES(Space({"activation": Choice(["relu", "tanh", "gelu"])}))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"population_size": 3}, "population_size=3"),
        ({"population_size": 4.5}, "population_size=4.5"),
        ({"sigma": 0}, "sigma=0"),
        ({"sigma": "wide"}, "sigma='wide'"),
    ],
)
def test_options_are_checked(options, named):
    with pytest.raises(ValueError, match=named):
        make("cma_es", PLANE, **options)
