"""The oracle: the strategies' own configurations, in Keras Tuner's terms. Nothing is trained."""

import math

import keras_tuner as kt
import pytest

import coursekit.tuners
from coursekit.search import Search
from coursekit.spaces import Choice, EdgeCells, Float, Integer, Space
from coursekit.strategies import STRATEGIES, Strategy
from coursekit.trials import Evaluation, Pause, Status, Suggestion
from coursekit.tuners import TUNERS, StrategyOracle, StrategyTuner
from coursekit.tuners.spaces import from_hyperparameters, to_hyperparameters

SPACES = (
    Space(
        {
            "optimizer": Choice(["sgd", "adam"]),
            "momentum": Float(0, 0.99).when(optimizer="sgd"),
            "depth": Integer(1, 3),
            "units": Integer(8, 64, step=8).when(depth=[2, 3]),
        }
    ),
    Space({"a": Choice("xyz"), "b": Integer(1, 6), "c": Choice([1, 2, 4], ordered=True)}),
    EdgeCells(),
)


def objective(configuration):
    numbers = [value for value in configuration.values() if not isinstance(value, str)]
    return sum(numbers) / 100 + 0.1 * ("adam" in configuration.values())


def untrained(tuner_class, run=None):
    """The same tuner, for trials that train nothing."""

    class Untrained(tuner_class):
        def run_trial(self, trial, *args, **kwargs):
            if run is not None:
                return run(self, trial)
            return objective(configuration(trial))

    return Untrained


def configuration(trial):
    values = trial.hyperparameters.values
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}


@pytest.fixture
def make(tmp_path):
    def make(tuner_class=TUNERS["random"], run=None, *, space=SPACES[0], **options):
        options = {"objective": kt.Objective("score", "max"), "max_trials": 6, "seed": 0} | options
        if space is not None:
            options["hyperparameters"] = space
        folder = {"directory": tmp_path, "project_name": "search"} | options
        tuner = untrained(tuner_class, run)(**folder)
        tuner.oracle.verbose = 0
        return tuner

    return make


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("seed", [0, 7])
def test_the_configurations_are_those_of_a_search(make, name, seed):
    cls = STRATEGIES[name]
    space = next(space for space in SPACES if cls.supports(space))
    tuner = make(TUNERS[name], space=space, seed=seed, max_trials=30)
    tuner.search()
    assert tuner.oracle.make_strategy().space.count == space.count
    search = Search(cls(space, **tuner.oracle.options), seed=seed)
    wanted = search.run(lambda s: Evaluation(objective(s.configuration)), trials=30)
    found = tuner.oracle.history
    assert [t.suggestion for t in found] == [t.suggestion for t in wanted]
    assert [t.score for t in found] == [t.score for t in wanted]
    assert len(found) > 5
    for trial, theirs in zip(found, tuner.oracle.trials.values(), strict=True):
        assert configuration(theirs) == trial.configuration
        assert theirs.score == trial.score


def test_what_exists_under_conditions_is_what_trials_get(make):
    def run(tuner, trial):
        hp = trial.hyperparameters
        values = dict(hp.values)
        found = {"optimizer": hp.Choice("optimizer", ["sgd", "adam"])}
        with hp.conditional_scope("optimizer", ["sgd"]):
            found["momentum"] = hp.Float("momentum", 0.0, 0.99)
        assert found["optimizer"] == values["optimizer"]
        assert found["momentum"] == values.get("momentum")
        assert (found["momentum"] is None) == (found["optimizer"] == "adam")
        return 1.0

    tuner = make(run=run, max_trials=12)
    tuner.search()
    assert len(tuner.oracle.history.completed) == 12


def test_less_is_better_when_it_is_to_be_minimised(make):
    tuner = make(TUNERS["regularized_evolution"], objective=kt.Objective("loss", "min"))
    tuner.search()
    best = tuner.oracle.get_best_trials()[0]
    assert best.score == min(trial.score for trial in tuner.oracle.trials.values())
    assert tuner.oracle.history.best().score == -best.score
    assert int(best.trial_id) == tuner.oracle.history.best().number


def test_the_mean_of_several_executions_counts(make):
    tuner = make(run=lambda tuner, trial: [1.0, 2.0, 6.0], max_trials=2)
    tuner.search()
    assert [trial.score for trial in tuner.oracle.history] == [3.0, 3.0]


def test_an_exhausted_space_ends_the_search(make):
    tuner = make(TUNERS["grid"], space=Space({"a": Integer(1, 4)}), max_trials=None)
    tuner.search()
    assert sorted(t.configuration["a"] for t in tuner.oracle.history) == [1, 2, 3, 4]
    assert tuner.remaining_trials is None


# Hyperparameters that are discovered late


def discover(tuner, trial):
    """A model that asks for more the deeper it is, without saying so beforehand."""
    hp = trial.hyperparameters
    depth = hp.Int("depth", 1, 3)
    return sum(hp.Int(f"units_{i}", 10, 20, default=12) for i in range(depth)) / 100


def test_discovered_hyperparameters_are_searched_from_then_on(make):
    tuner = make(TUNERS["regularized_evolution"], discover, space=None, max_trials=12)
    tuner.search()
    history = tuner.oracle.history
    names = {"depth", "units_0", "units_1", "units_2"}
    assert {hp.name for hp in tuner.oracle.get_space().space} == names
    assert all(set(trial.configuration) == names for trial in history)
    assert history[0].configuration == {"depth": 1, **dict.fromkeys(sorted(names)[1:], 12)}
    assert len({trial.configuration["units_2"] for trial in history}) > 2
    for trial in history:
        units = [trial.configuration[f"units_{i}"] for i in range(trial.configuration["depth"])]
        assert trial.score == pytest.approx(sum(units) / 100)


def test_a_grown_search_resumes_like_one_that_was_not_interrupted(make):
    options = {"run": discover, "space": None}
    evolution = TUNERS["regularized_evolution"]
    whole = make(evolution, max_trials=20, project_name="whole", **options)
    whole.search()
    for trials in range(1, 21):
        tuner = make(evolution, max_trials=trials, **options)
        tuner.search()
        assert len(tuner.oracle.history) == trials
    assert [t.suggestion for t in tuner.oracle.history] == [
        t.suggestion for t in whole.oracle.history
    ]
    lines = (tuner.oracle._folder() / "journal.jsonl").read_text().splitlines()
    assert sum(line.startswith('{"space":') for line in lines) > 1


def test_the_old_trials_are_observed_again_when_the_space_grows(make):
    seen = []

    class Watching(Strategy):
        def suggest(self, history, rng):
            return Suggestion(self.space.sample(rng))

        def observe(self, trial, rng):
            seen.append((len(self.space), trial.number, dict(trial.configuration)))

    class Tuner(StrategyTuner):
        strategy = Watching

    def run(tuner, trial):
        hp = trial.hyperparameters
        hp.Int("a", 1, 9)
        if trial.trial_id == "0002":
            hp.Int("b", 5, 9)
        return 1.0

    tuner = make(Tuner, run, space=Space({"a": Integer(1, 9)}), max_trials=4)
    tuner.search()
    assert [entry[:2] for entry in seen] == [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3)]
    assert [entry[2]["b"] for entry in seen[2:5]] == [5, 5, 5]


def test_a_tuner_that_may_not_tune_what_is_new_keeps_its_space(make):
    tuner = make(run=discover, space=Space({"depth": Integer(1, 3)}), tune_new_entries=False)
    tuner.search()
    assert [set(t.configuration) for t in tuner.oracle.history] == [{"depth"}] * 3  # it is used up
    assert all(trial.hyperparameters["units_0"] == 12 for trial in tuner.oracle.trials.values())
    again = make(run=discover, space=Space({"depth": Integer(1, 3)}), tune_new_entries=False)
    assert all(trial.hyperparameters["units_0"] == 12 for trial in again.oracle.trials.values())


def test_nothing_to_tune_is_one_trial(make):
    tuner = make(run=lambda tuner, trial: 1.0, space=None)
    tuner.search()
    assert len(tuner.oracle.history) == 1


# Trials that fail


def test_a_failed_trial_is_tried_again_as_often_as_it_may(make):
    runs = []

    def run(tuner, trial):
        runs.append((trial.trial_id, configuration(trial)))
        fails = trial.trial_id == "0001" or (trial.trial_id == "0003" and len(runs) < 6)
        return math.nan if fails else 1.0

    tuner = make(run=run, max_trials=5, max_retries_per_trial=2)
    tuner.search()
    ids = [trial_id for trial_id, _ in runs]
    assert ids == ["0000", "0001", "0001", "0001", "0002", "0003", "0004"]
    assert runs[1] == runs[2] == runs[3]
    assert [t.status for t in tuner.oracle.history].count(Status.FAILED) == 1
    assert tuner.oracle.trials["0001"].status == "FAILED"


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_a_failure_in_both_tongues(make, score):
    tuner = make(run=lambda tuner, trial: score if trial.trial_id == "0001" else 1.0)
    tuner.search()
    assert tuner.oracle.trials["0001"].status == "FAILED"
    assert tuner.oracle.history[1].status is Status.FAILED
    assert len(tuner.oracle.history.completed) == 5


def test_after_a_second_chance_only_the_second_score_counts(make):
    scores = iter([1.0, math.nan, 5.0, 1.0])
    tuner = make(run=lambda tuner, trial: next(scores), max_trials=3, max_retries_per_trial=1)
    tuner.search()
    assert [trial.score for trial in tuner.oracle.history] == [1.0, 5.0, 1.0]


def test_failures_in_a_row_end_the_search_and_not_the_next_one(make):
    bad = ["0001", "0002", "0003", "0005"]

    def run(tuner, trial):
        if trial.trial_id in bad:
            raise ArithmeticError("no good")
        return 1.0

    tuner = make(run=run, max_trials=7, max_consecutive_failed_trials=3)
    with pytest.raises(RuntimeError, match=r"(?s)3 trials failed in a row.*no good"):
        tuner.search()
    assert tuner.oracle.history.count_finished == 4
    tuner.search()  # a failure, one between others, is no row
    again = make(run=run, max_trials=7, max_consecutive_failed_trials=3)
    again.search()
    assert again.oracle.history.count_finished == 7
    assert "no good" in again.oracle.trials["0001"].message


# Several workers


class InPairs(Strategy):
    """Waits for each second trial's end."""

    def suggest(self, history, rng):
        if len(history) % 2 == 0 and history.running:
            return Pause.WAIT
        return Suggestion(self.space.sample(rng))


def test_who_has_to_wait_is_told_to_ask_again(make):
    tuner = make(type("Tuner", (StrategyTuner,), {"strategy": InPairs}))
    oracle = tuner.oracle
    first, second = oracle.create_trial("one"), oracle.create_trial("two")
    assert (first.trial_id, second.trial_id) == ("0000", "0001")
    assert oracle.create_trial("one").trial_id == "0000"  # it has one already
    assert oracle.create_trial("three").status == "IDLE"
    for trial in (second, first):
        assert oracle.create_trial("three").status == "IDLE"
        oracle.update_trial(trial.trial_id, {"score": 1.0})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    assert [t.number for t in oracle.history.completed] == [1, 0]
    assert oracle.create_trial("three").trial_id == "0002"
    oracle.close()


def test_waiting_sleeps_and_leaves_the_oracle_to_others(make, monkeypatch):
    tuner = make(type("Tuner", (StrategyTuner,), {"strategy": InPairs}), max_trials=4)
    other = tuner.oracle.create_trial("other")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            from threading import Thread  # whoever held the lock here would wait for ever

            def finish():
                tuner.oracle.update_trial(other.trial_id, {"score": 1.0})
                other.status = "COMPLETED"
                tuner.oracle.end_trial(other)

            thread = Thread(target=finish, name="other")
            thread.start()
            thread.join(timeout=60)
            assert not thread.is_alive()

    monkeypatch.setattr(coursekit.tuners.tuner.time, "sleep", sleep)
    tuner.search()
    assert len(slept) == 3 and 0 < slept[0] < slept[1] < slept[2]
    assert tuner.oracle.history.count_finished == 4


def test_to_wait_for_nothing_is_an_error(make):
    class Stuck(Strategy):
        def suggest(self, history, rng):
            return Pause.WAIT

    tuner = make(type("Tuner", (StrategyTuner,), {"strategy": Stuck}))
    with pytest.raises(RuntimeError, match="Stuck waits for results, but nothing runs"):
        tuner.search()


def test_a_worker_given_up_for_dead_may_still_report(make):
    oracle = make().oracle
    lost = oracle.create_trial("one")
    oracle.close()  # as if the chief had been started again
    taken = oracle.create_trial("two")
    assert taken.trial_id == lost.trial_id
    oracle.update_trial(lost.trial_id, {"score": 1.0})
    lost.status = "COMPLETED"
    oracle.end_trial(lost)
    oracle.update_trial(taken.trial_id, {"score": 2.0})
    taken.status = "COMPLETED"
    oracle.end_trial(taken)
    assert [trial.score for trial in oracle.history.completed] == [1.0]
    assert oracle.trials["0000"].score == 1.0
    oracle.close()


# What goes in


def test_options_are_checked_when_the_tuner_is_made(make):
    with pytest.raises(ValueError, match="sample_size=9"):
        make(TUNERS["regularized_evolution"], population_size=4, sample_size=9)
    with pytest.raises(TypeError, match="max_epochs"):
        make(TUNERS["hyperband"], max_epochs=9)
    with pytest.raises(ValueError, match="seed=-1"):
        make(seed=-1)
    with pytest.raises(ValueError, match="no strategy 'magic': there are grid, random"):
        StrategyOracle("magic")
    with pytest.raises(ValueError, match="gs://bucket"):
        make(directory="gs://bucket")


def test_a_seed_is_drawn_and_kept(make):
    tuner = make(seed=None, max_trials=2)
    tuner.search()
    again = make(seed=None, max_trials=4)
    again.search()
    other = make(seed=None, project_name="other")
    assert again.oracle.seed == tuner.oracle.seed != other.oracle.seed
    search = Search(STRATEGIES["random"](SPACES[0]), seed=tuner.oracle.seed)
    assert [search.ask().suggestion for _ in range(4)] == [
        trial.suggestion for trial in again.oracle.history
    ]


def test_keras_tuners_own_tuners_take_the_oracle(tmp_path):
    class Plain(kt.Tuner):
        def run_trial(self, trial, *args, **kwargs):
            return objective(configuration(trial))

    def make():
        oracle = StrategyOracle(
            "tpe", kt.Objective("score", "max"), max_trials=5, seed=1,
            hyperparameters=to_hyperparameters(SPACES[0]),
        )  # fmt: skip
        return Plain(oracle, directory=tmp_path, project_name="search")

    tuner = make()
    tuner.oracle.max_trials = 3
    tuner.search()
    again = make()  # in the same process, while the first one has the journal open
    assert again.oracle.history.count_finished == 3
    again.search()
    assert again.oracle.history.count_finished == 5
    assert from_hyperparameters(again.oracle.get_space()).count == SPACES[0].count
