"""PED-ANOVA: near the truth of a whole table, nearer with more trials, and what it cannot see."""

import math

import numpy as np
import pytest

from coursekit.importance import functional_anova, main_effects, ped_anova
from coursekit.search import Search
from coursekit.spaces import Boolean, Choice, Float, Integer, Space
from coursekit.strategies import make
from coursekit.trials import History
from coursekit.worlds import Cells, MLPs

TOP = 0.25


def drawn(space: Space, function, trials: int, seed: int = 0) -> History:
    return Search(make("random(repeats=True)", space), seed=seed).run(
        lambda s: function(**s.configuration), trials=trials
    )


def wrong(estimate: dict[str, float], truth: dict[str, float]) -> float:
    return sum(abs(estimate[name] - truth[name]) for name in truth) / 2


@pytest.mark.parametrize("make_world", [MLPs, Cells])
def test_it_approaches_the_truth_of_a_table(make_world):
    world = make_world()
    scores = np.nan_to_num([world.accuracy(each) for each in world.space.enumerate()])
    best = scores >= np.sort(scores)[-math.ceil(TOP * len(scores))]
    truth = main_effects(functional_anova(world.space, best, most=1))
    errors = {}
    for trials in (50, 200, 800):
        searches = [Search(make("random", world.space), seed=seed) for seed in range(5)]
        histories = [search.run(world, trials=trials) for search in searches]
        errors[trials] = np.mean([wrong(ped_anova(world.space, h), truth) for h in histories])
    assert errors[50] > 1.3 * errors[200] > 1.6 * errors[800]
    assert errors[800] < 0.12 and errors[50] < 0.3  # Scott's rule on choices: over 0.4 on cells


def test_what_decides_alone_has_all_the_importance():
    space = Space({"x": Float(0, 1), "y": Float(0, 1), "n": Integer(1, 500), "only": Choice(["a"])})
    shares = ped_anova(space, drawn(space, lambda x, **_: -abs(x - 0.3), 400))
    assert list(shares) == ["x", "y", "n", "only"]
    assert shares["x"] > 0.95 and shares["only"] == 0
    assert sum(shares.values()) == pytest.approx(1.0)


def test_an_interaction_without_main_effects_does_not_show():
    space = Space({"a": Boolean(), "b": Boolean(), "c": Choice([0, 1, 2])})
    history = drawn(space, lambda a, b, c: (a == b) + 0.4 * c, 2000)
    assert ped_anova(space, history, top=0.3)["c"] > 0.95


def test_only_the_order_of_scores_counts():
    space = Space({"x": Float(1e-3, 1, log=True), "kind": Choice(["a", "b", "c"])})
    function = lambda x, kind: math.log10(x) + 2 * (kind == "a")  # noqa: E731
    plain = ped_anova(space, drawn(space, function, 100))
    bent = ped_anova(space, drawn(space, lambda x, kind: math.exp(3 * function(x, kind)), 100))
    assert plain == bent


def test_a_conditional_parameter_is_compared_where_it_exists():
    space = Space({"sgd": Boolean(), "momentum": Float(0, 1).when(sgd=True), "idle": Float(0, 1)})

    def score(sgd, idle, momentum=0.0):
        return momentum if sgd else 0.5

    shares = ped_anova(space, drawn(space, score, 1000))
    assert shares["momentum"] > 0.3 and shares["sgd"] > 0.2 and shares["idle"] < 0.05
    # That sgd is among the best is the share of sgd, not of the momentum that comes with it.
    even = ped_anova(space, drawn(space, lambda sgd, idle, momentum=0.0: float(sgd), 1000), top=0.4)
    assert even["sgd"] > 0.95 and even["momentum"] < 0.05


def test_the_global_reference_is_the_space_and_not_the_search():
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    history = History()
    search = Search(make("tpe", space), seed=0)
    history = search.run(lambda s: -abs(s.configuration["x"] - 0.2), trials=150)
    local, whole = (ped_anova(space, history, local=local) for local in (True, False))
    assert whole["x"] > 0.8 and local != whole


def test_failed_trials_are_not_good():
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    score = lambda x, y: math.nan if y > 0.5 else x  # noqa: E731
    shares = ped_anova(space, drawn(space, score, 600))
    assert shares["y"] > 0.25  # to be good, y must be low, too


def test_too_little_to_say_is_named():
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    with pytest.raises(ValueError, match=r"top=1.5 is a share of the trials"):
        ped_anova(space, History(), top=1.5)
    with pytest.raises(ValueError, match=r"4 completed trials, of which top=0.25 leaves 1"):
        ped_anova(space, drawn(space, lambda x, y: x, 4))
    with pytest.raises(ValueError, match=r"all 40 trials are as good as the best 25%"):
        ped_anova(space, drawn(space, lambda x, y: 0.5, 40))
    with pytest.raises(ValueError, match=r"0 completed trials"):
        ped_anova(space, drawn(space, lambda x, y: math.nan, 40))
