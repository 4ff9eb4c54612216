"""Hyperparameters that are discovered while trials run: the space grows."""

import pytest

from coursekit.spaces import Choice, Integer, Space
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


# Hyperparameters that are asked for only beside some values


def flat(hp):
    kind, found = hp.Choice("kind", ["a", "b", "c"]), {}
    if kind == "b":
        found = {"units": hp.Int("units", 1, 3), "flag": hp.Boolean("flag")}
    if kind == "c":
        found = {"rate": hp.Choice("rate", [0.1, 0.2])}
    return {"kind": kind, **found, "last": hp.Boolean("last")}


def deep(hp):
    depth = hp.Int("depth", 1, 3)
    return {"depth": depth, **{f"u{i}": hp.Choice(f"u{i}", [1, 2]) for i in range(depth)}}


def inner(hp):
    if not hp.Boolean("x"):
        return {"x": False}
    if not hp.Boolean("y"):
        return {"x": True, "y": False}
    return {"x": True, "y": True, "z": hp.Int("z", 1, 3)}


def scopes(hp):
    found = {"kind": hp.Choice("kind", ["a", "b"])}
    with hp.conditional_scope("kind", ["b"]):
        if found["kind"] == "b":
            found["wide"] = hp.Boolean("wide")
            with hp.conditional_scope("wide", [True]):
                if found["wide"]:
                    found["units"] = hp.Int("units", 1, 2)
    if hp.get("kind") == "a":
        found["late"] = hp.Int("late", 1, 3)
    return found


@pytest.mark.parametrize("name", ["grid", "random", "local_search", "reinforce"])
@pytest.mark.parametrize(
    ("ask", "models"), [(flat, 18), (deep, 14), (inner, 5), (scopes, 6)], ids=lambda x: str(x)[:13]
)
def test_no_model_is_trained_twice(make, name, ask, models):
    trained = []

    def run(tuner, trial):
        trained.append(tuple(ask(trial.hyperparameters).items()))
        return len(trained)

    limit = None if name == "grid" else 100
    tuner = make(TUNERS[name], run, space=None, max_trials=limit)
    tuner.search()
    assert len(trained) == len(set(trained)) == models
    stopped = []
    for trials in range(1, models + 1):
        part = make(TUNERS[name], run, space=None, max_trials=trials, project_name="parts")
        part.search()
        stopped = [t.suggestion for t in part.oracle.history]
    assert stopped == [t.suggestion for t in tuner.oracle.history]


@pytest.mark.parametrize("how", ["values", "copy", "get", "declared"])
def test_what_a_program_reads_in_another_way_is_not_taken_for_dead(make, how):
    trained = []

    def run(tuner, trial):
        hp = trial.hyperparameters
        hp.Int("a", 1, 3)
        if how == "copy":
            made = hp.copy()
            made.Int("b", 1, 4)
        if not trained:
            hp.Int("b", 1, 4)
        b = hp.values["b"] if how == "values" else hp.get("b")
        trained.append((hp.get("a"), b))
        return 1.0

    space = Space({"a": Integer(1, 3), "b": Integer(1, 4)}) if how == "declared" else None
    make(TUNERS["grid"], run, space=space, max_trials=None).search()
    assert len(set(trained)) == 12


def test_a_worker_waits_while_another_may_discover_something(make):
    tuner = make(TUNERS["grid"], space=Space({"kind": Choice(["a", "b"])}), max_trials=None)
    oracle = tuner.oracle
    first, second = oracle.create_trial("one"), oracle.create_trial("two")
    assert oracle.create_trial("three").status == "IDLE"
    second.hyperparameters.Int("units", 1, 2)
    for trial in (first, second):
        oracle.update_trial(trial.trial_id, {"score": 1.0})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    third = oracle.create_trial("three")
    assert third.status == "RUNNING" and third.hyperparameters.values["units"] == 2
    oracle.close()


@pytest.mark.parametrize(("retries", "limit"), [(0, None), (1, None), (0, 2), (1, 2)])
def test_a_worker_waits_while_another_may_fail(make, retries, limit):
    space = Space({"kind": Choice(["a", "b"])})
    tuner = make(
        TUNERS["grid"], space=space, max_trials=limit, max_retries_per_trial=retries,
        tune_new_entries=False,
    )  # fmt: skip
    oracle = tuner.oracle
    running = [oracle.create_trial(name) for name in ("one", "two")]
    assert oracle.create_trial("three").status == ("IDLE" if retries else "STOPPED")
    running[0].status = "INVALID"
    oracle.end_trial(running[0])
    assert oracle.create_trial("three").status == ("RUNNING" if retries else "STOPPED")
    oracle.close()
