"""Hyperparameters that are discovered while trials run: the space grows."""

import pytest

from coursekit.spaces import Integer, Space
from coursekit.strategies import Strategy
from coursekit.trials import Suggestion
from coursekit.tuners import TUNERS, StrategyTuner


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
    lines = (tuner.oracle.folder / "journal.jsonl").read_text().splitlines()
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
