"""A surrogate of ranks: what it orders, and that only the order of scores counts."""

import math

import numpy as np

from coursekit.spaces import Choice, Space
from coursekit.surrogates.rank_ensemble import Ranked, RankEnsemble
from coursekit.trials import Evaluation, History, Suggestion, Trial

SPACE = Space({f"g{i}": Choice(list("abc")) for i in range(4)})


def trained(count: int) -> list[Trial]:
    """Completed trials; the score is the number of "b"."""
    history, rng = History(), np.random.default_rng(0)
    for _ in range(count):
        made = SPACE.sample(rng)
        number = history.add(Suggestion(made)).number
        history.finish(number, Evaluation(float(list(made.values()).count("b"))))
    return list(history)


def ordered(trials: list[Trial], *, explore: bool = False) -> list[Ranked]:
    pool = [Ranked(each, 7) for each in SPACE.enumerate()]
    rng = np.random.default_rng(1)
    return RankEnsemble(SPACE, 5).order(trials, pool, rng, explore=explore)


def test_the_most_promising_come_first() -> None:
    found = ordered(trained(30))
    assert len(found) == 81 and {each.parent for each in found} == {7}
    assert (np.diff([each.predicted for each in found]) <= 0).all()
    hits = [list(each.configuration.values()).count("b") for each in found]
    assert np.mean(hits[:10]) > 2.5 and np.mean(hits[-10:]) < 0.5  # 4/3 on average


def test_scores_count_by_their_order_alone() -> None:
    trials = trained(30)
    other = History()
    for trial in trials:
        number = other.add(trial.suggestion).number
        other.finish(number, Evaluation(-1e6 + math.exp(trial.score)))
    assert ordered(trials) == ordered(list(other))


def test_exploring_changes_the_order_and_not_the_predictions() -> None:
    plain, explored = ordered(trained(30)), ordered(trained(30), explore=True)
    assert plain != explored
    assert sorted(each.predicted for each in plain) == sorted(each.predicted for each in explored)


def test_no_candidates_no_order() -> None:
    rng = np.random.default_rng(0)
    assert RankEnsemble(SPACE, 5).order(trained(3), [], rng, explore=False) == []
