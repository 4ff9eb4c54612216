"""Several workers on a simulated clock: nothing starts before it can, and waiting is counted."""

import itertools
import math

import pytest

from coursekit.search import Search
from coursekit.spaces import Float, Integer, Space
from coursekit.strategies import ASHA, Hyperband, Random, RegularizedEvolution, SuccessiveHalving
from coursekit.trials import Evaluation
from coursekit.worlds import MLPs
from coursekit.worlds.clock import Continued, Job, Stragglers, simulate, waiting

LINE = Space({"x": Float(0, 1)})


class Priced:
    """Scores by x; each epoch takes the seconds that are given for the trial, by default one."""

    def __init__(self, **seconds: float) -> None:
        self.seconds = {int(name.strip("t")): each for name, each in seconds.items()}

    def evaluate(self, trial, history):
        pace = self.seconds.get(trial.number, 1.0)
        return Evaluation(trial.configuration["x"], cost=pace * (trial.suggestion.budget or 1))


def test_one_bracket_on_two_workers_by_hand() -> None:
    # 3 candidates for one epoch, the best for three; trial 1 is a straggler.
    search = Search(SuccessiveHalving(LINE, max_budget=3, iterations=1))
    jobs = simulate(search, Priced(t1=5.0), workers=2, seconds=100)
    assert jobs == [Job(0, 0, 0, 1), Job(1, 1, 0, 5), Job(0, 2, 1, 2), Job(0, 3, 5, 8)]
    assert search.history[3].suggestion.parent is not None
    # Worker 0 waits for the straggler from 2 to 5, worker 1 from 5 to 8.
    assert waiting(jobs, 2, 8) == pytest.approx([3 / 8, 3 / 8])
    assert waiting(jobs, 2, 4) == pytest.approx([2 / 4, 0])
    assert waiting([], 2, 4) == pytest.approx([1, 1])


def test_asha_has_nobody_wait() -> None:
    search = Search(ASHA(LINE, max_budget=9))
    jobs = simulate(search, Priced(t1=50.0), workers=3, seconds=60)
    assert waiting(jobs, 3, 60) == pytest.approx([0, 0, 0])
    assert {trial.suggestion.budget for trial in search.history.completed} == {1, 3, 9}


@pytest.mark.parametrize("strategy", [ASHA, Hyperband, Random, RegularizedEvolution])
@pytest.mark.parametrize("workers", [1, 5])
def test_a_worker_has_one_job_at_a_time_and_a_parent_ends_before_its_child(strategy, workers):
    world = MLPs()
    options = {"max_budget": 9} if strategy.budgeted else {}
    search = Search(strategy(world.space, **options), seed=workers)
    jobs = simulate(search, world, workers=workers, seconds=3.0)
    ends = {job.trial: job.end for job in jobs}
    assert len(jobs) == len(search.history) > 25
    assert [job.start for job in jobs] == sorted(job.start for job in jobs)
    for worker in range(workers):
        own = [job for job in jobs if job.worker == worker]
        assert all(one.end <= other.start for one, other in itertools.pairwise(own))
    for job in jobs:
        parent = search.history[job.trial].suggestion.parent
        assert parent is None or ends[parent] <= job.start
    assert {j.trial for j in jobs if j.end > 3.0} == {t.number for t in search.history.running}


def test_one_worker_is_the_usual_search() -> None:
    world = MLPs()
    alone = Search(Hyperband(world.space, max_budget=9), seed=3).run(world, seconds=1.0)
    clocked = Search(Hyperband(world.space, max_budget=9), seed=3)
    simulate(clocked, world, workers=1, seconds=1.0)
    same = min(len(alone), clocked.history.count_finished)
    assert same > 30
    assert alone.finished[:same] == clocked.history.finished[:same]


def test_a_promotion_costs_only_what_it_adds() -> None:
    world = MLPs()
    search = Search(SuccessiveHalving(world.space, max_budget=9, iterations=1), seed=1)
    history = search.run(Continued(world))
    for trial in history:
        whole = world.evaluate(trial)
        parent = trial.suggestion.parent
        before = 0 if parent is None else history[parent].suggestion.budget
        share = 1 - before / trial.suggestion.budget
        assert trial.cost == pytest.approx(share * whole.cost)
        assert (trial.score, trial.curve) == (whole.score, whole.curve)
    assert {round(t.cost / world.evaluate(t).cost, 6) for t in history} == {1, round(2 / 3, 6)}


def test_other_children_cost_their_whole_training() -> None:
    world = MLPs()
    search = Search(RegularizedEvolution(world.space, population_size=3, sample_size=2), seed=1)
    for trial in search.run(Continued(world), trials=8):
        assert trial.cost == world.evaluate(trial).cost


def test_stragglers_are_one_in_ten_and_have_the_same_scores() -> None:
    world = MLPs()
    plain = Search(Random(world.space), seed=1).run(world, trials=1000)
    slow = Search(Random(world.space), seed=1).run(Stragglers(world, 1), trials=1000)
    factors = [one.cost / other.cost for one, other in zip(slow, plain, strict=True)]
    assert [trial.score for trial in slow] == [trial.score for trial in plain]
    assert {round(factor, 6) for factor in factors} == {1, 8}
    assert 60 < sum(factor > 2 for factor in factors) < 140  # 100 of 1,000; beyond: 2e-5


def test_a_finite_search_ends_and_failures_are_told() -> None:
    search = Search(ASHA(Space({"a": Integer(0, 5)}), max_budget=3))
    jobs = simulate(search, _Failing(), workers=2, seconds=1e9)
    assert not search.history.running and len(jobs) == len(search.history)


class _Failing:
    def evaluate(self, trial, history):
        score = math.nan if trial.number % 2 else float(trial.configuration["a"])
        return Evaluation(score, cost=1.0)


@pytest.mark.parametrize(
    ("options", "named"), [({"workers": 0}, "workers"), ({"seconds": 0}, "seconds")]
)
def test_bad_limits_are_named(options, named) -> None:
    with pytest.raises(ValueError, match=named):
        simulate(Search(Random(LINE)), Priced(), **{"workers": 1, "seconds": 1.0, **options})


def test_equal_ends_are_told_before_anything_starts() -> None:
    # Three workers end at once. If one asked before the others have told, ASHA knew one result
    # only, and a new candidate would start; with all three the best is promoted.
    search = Search(ASHA(LINE, max_budget=3))
    jobs = simulate(search, Priced(), workers=3, seconds=4)
    best = max(range(3), key=lambda number: search.history[number].score)
    assert jobs[3] == Job(0, 3, 1, 4)
    assert search.history[3].suggestion.parent == best
