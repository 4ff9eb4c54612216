"""Trials that were run elsewhere, handed in to a tuner."""

import json

import keras_tuner as kt
import pytest

from coursekit.spaces import Around, Choice, Float, Integer, Space
from coursekit.trials import Status
from coursekit.tuners import TUNERS, Hyperband
from tests.tuners.untrained import CONDITIONAL, configuration, summed

GOOD = [
    {"optimizer": "sgd", "momentum": 0.5, "depth": 3, "units": 64},
    {"optimizer": "adam", "depth": 2, "units": 56},
    {"optimizer": "adam", "depth": 1},
]


def add_all(tuner):
    for values in GOOD:
        tuner.add(values, summed(values))


def told(tuner):
    return [(t.suggestion, t.status, t.score) for t in tuner.oracle.history]


@pytest.mark.parametrize("name", ["random", "tpe", "regularized_evolution"])
def test_they_come_first_and_count_in_no_limit(make, name, capsys):
    tuner = make(TUNERS[name])
    add_all(tuner)
    assert tuner.remaining_trials == 6
    tuner.search()
    history = tuner.oracle.history
    assert len(history) == 9 and tuner.remaining_trials == 0
    assert [dict(t.configuration) for t in history[:3]] == GOOD
    assert [t.number for t in history.completed][:3] == [0, 1, 2]
    assert {t.suggestion.parent for t in history} <= {None, *range(9)}
    tuner.results_summary(20)
    shown = capsys.readouterr().out
    assert all(f"Trial {trial_id} summary" in shown for trial_id in tuner.oracle.trials)
    best = tuner.get_best_hyperparameters()[0]
    assert best.values == dict(history.best().configuration)


@pytest.mark.parametrize("name", ["tpe", "regularized_evolution"])
def test_a_program_that_adds_its_trials_again_resumes(make, name):
    options = {"initial": 2} if name == "tpe" else {"population_size": 3, "sample_size": 2}
    whole = make(TUNERS[name], project_name="whole", **options)
    add_all(whole)
    whole.search()
    for trials in range(1, 7):
        tuner = make(TUNERS[name], max_trials=trials, **options)
        add_all(tuner)
        tuner.search()
        assert len(tuner.oracle.history) == 3 + trials
    assert told(tuner) == told(whole)
    for trial_id, trial in tuner.oracle.trials.items():
        file = tuner.oracle.folder / f"trial_{trial_id}" / "trial.json"
        assert json.loads(file.read_text()) == json.loads(json.dumps(trial.get_state()))
    lines = (tuner.oracle.folder / "journal.jsonl").read_text().splitlines()
    assert sum(line.startswith('{"add":') for line in lines) == 3


def test_during_a_search(make):
    def run(tuner, trial):
        if trial.trial_id == "0001":
            tuner.add(GOOD[0], 0.9)
        return summed(configuration(trial))

    tuner = make(run=run, max_trials=4)
    tuner.search()
    assert [t.added for t in tuner.oracle.history] == [False, False, True, False, False]
    assert [t.number for t in tuner.oracle.history.completed] == [0, 2, 1, 3, 4]
    again = make(run=run, max_trials=4)
    assert told(again) == told(tuner)


def test_a_loss_keeps_its_sign_and_hyperband_its_brackets(tmp_path):
    class Untrained(Hyperband):
        def run_trial(self, trial, *args, **kwargs):
            return trial.hyperparameters["x"]

    def make(name):
        hp = kt.HyperParameters()
        hp.Float("x", 0, 1)
        tuner = Untrained(
            objective=kt.Objective("loss", "min"), directory=tmp_path, project_name=name,
            hyperparameters=hp, max_budget=4, factor=2, seed=0,
        )  # fmt: skip
        tuner.oracle.verbose = 0
        return tuner

    plain, tuner = make("plain"), make("added")
    tuner.add({"x": 0.001}, 0.001, curve=[0.5, 0.001], cost=3, epochs=2)
    added = tuner.oracle.history[0]
    assert (added.score, added.curve, added.cost) == (-0.001, (-0.5, -0.001), 3.0)
    assert added.suggestion.budget == 2 and tuner.oracle.trials["0000"].score == 0.001
    plain.search()
    tuner.search()
    places = [t.suggestion.info for t in tuner.oracle.history]
    assert places[1:] == [t.suggestion.info for t in plain.oracle.history]
    assert all(t.suggestion.parent != 0 for t in tuner.oracle.history)
    assert tuner.oracle.get_best_trials()[0].score == 0.001


def test_failures_elsewhere_do_not_end_the_search(make):
    tuner = make()
    for units in range(8, 64, 8):
        tuner.add({"optimizer": "adam", "depth": 2, "units": units}, float("nan"))
    tuner.search()
    assert [t.status for t in tuner.oracle.history] == [Status.FAILED] * 7 + [Status.COMPLETED] * 6


@pytest.mark.parametrize(
    ("values", "score", "wrong"),
    [
        ({"optimizer": "adam"}, 1.0, "depth is missing"),
        ({"optimizer": "adam", "depth": 9}, 1.0, "depth=9 is not a whole number from 1 to 3"),
        ({"optimizer": "adam", "depth": 1, "units": 8}, 1.0, "units=8 exists only when"),
        ({"optimizer": "adam", "depth": 1}, "0.9", "not a result"),
        (None, 0.9, "configuration=None"),
    ],
)
def test_what_does_not_fit_is_refused(make, values, score, wrong):
    tuner = make()
    with pytest.raises((TypeError, ValueError), match=wrong):
        tuner.add(values, score)
    assert not tuner.oracle.history and not tuner.oracle.trials


def test_hyperparameters_must_be_known(make):
    tuner = make(run=lambda tuner, trial: trial.hyperparameters.Int("a", 1, 9), space=None)
    with pytest.raises(ValueError, match="no hyperparameters are known yet"):
        tuner.add({"a": 3}, 1.0)
    tuner.search()
    tuner.add({"a": 3}, 1.0)
    tuner.add(tuner.get_best_hyperparameters()[0], 5.0)
    assert [t.added for t in tuner.oracle.history][-2:] == [True, True]


def test_a_grid_does_not_run_what_was_run(make):
    tuner = make(TUNERS["grid"], space=Space({"a": Integer(1, 4)}), max_trials=None)
    tuner.add({"a": 3}, 0.5)
    tuner.search()
    assert [t.configuration["a"] for t in tuner.oracle.history] == [3, 1, 2, 4]


def test_what_is_enqueued_runs_next_and_counts(make):
    tuner = make(max_trials=4)
    for values in (*GOOD[:2], GOOD[0]):
        tuner.enqueue(values)
    assert tuner.remaining_trials == 2
    tuner.search()
    history = tuner.oracle.history
    assert [dict(t.configuration) for t in history][:2] == GOOD[:2] and len(history) == 4
    assert not any(t.added for t in history)
    assert history[1].score == summed(GOOD[1])
    with pytest.raises(ValueError, match="max_trials=4: that many"):
        tuner.enqueue(GOOD[0] | {"momentum": 0.125})
    tuner.enqueue(GOOD[1])  # it has run


@pytest.mark.parametrize("done", range(4))
def test_a_program_that_enqueues_again_resumes(make, done):
    """Also where it was stopped before what is enqueued had run."""

    def stopping(tuner, trial):
        if int(trial.trial_id) == done:
            raise KeyboardInterrupt
        return summed(configuration(trial))

    def enqueued(**options):
        tuner = make(max_trials=5, **options)
        for values in GOOD[:2]:
            tuner.enqueue(values)
        return tuner

    whole = enqueued(project_name="whole")
    whole.search()
    with pytest.raises(KeyboardInterrupt):
        enqueued(run=stopping).search()
    again = enqueued()
    again.search()
    assert told(again) == told(whole)


def test_what_is_enqueued_grows_with_the_space(make):
    def run(tuner, trial):
        return trial.hyperparameters.Int("units", 1, 9, default=4)

    tuner = make(run=run, space=Space({"kind": Choice(["a", "b", "c"])}), max_trials=3)
    for kind in "bc":
        tuner.enqueue({"kind": kind})
    tuner.search()
    found = [dict(t.configuration) for t in tuner.oracle.history]
    assert found[:2] == [{"kind": kind, "units": 4} for kind in "bc"]


def test_a_strategy_with_budgets_refuses_what_is_enqueued(make):
    with pytest.raises(ValueError, match="plans the budget"):
        make(TUNERS["hyperband"], max_budget=4).enqueue(GOOD[0])


def test_another_strategy_learns_from_a_search(make):
    first = make(project_name="first")
    first.search()
    second = make(TUNERS["tpe"], initial=2, max_trials=3)
    second.learn_from(first.oracle.history)
    second.learn_from(first.oracle.history)
    assert second.remaining_trials == 3
    second.search()
    history = second.oracle.history
    assert [t.added for t in history] == [True] * 6 + [False] * 3
    assert [t.score for t in history][:6] == [t.score for t in first.oracle.history]


def test_losses_are_learned_with_their_sign(tmp_path):
    class Untrained(TUNERS["random"]):
        def run_trial(self, trial, *args, **kwargs):
            return trial.hyperparameters["x"]

    def made(direction, name):
        tuner = Untrained(
            objective=kt.Objective("loss", direction), directory=tmp_path, project_name=name,
            hyperparameters=Space({"x": Float(0, 1)}), max_trials=3,
        )  # fmt: skip
        tuner.oracle.verbose = 0
        return tuner

    first, second = made("min", "first"), made("min", "second")
    first.search()
    second.learn_from(first.oracle.history)
    scores = [first.oracle.trials[name].score for name in ("0000", "0001", "0002")]
    assert [second.oracle.trials[name].score for name in ("0000", "0001", "0002")] == scores
    with pytest.raises(ValueError, match="minimise=True, this one False"):
        made("max", "third").learn_from(first.oracle.history)


@pytest.mark.parametrize("told_in", ["the space", "the tuner"])
def test_a_belief_draws_values_near_it(make, told_in):
    rate = Float(1e-6, 1.0, log=True)
    given = Around(rate, 1e-3) if told_in == "the space" else rate
    options = {} if told_in == "the space" else {"around": {"rate": 1e-3}}
    tuner = make(space=Space({"rate": given}), run=lambda *_: 0.0, max_trials=100, **options)
    tuner.search()
    rates = [t.configuration["rate"] for t in tuner.oracle.history]
    # 44 expected, 20 without a belief. The seed is fixed; of others 3 in 1,000 would fail.
    assert sum(1e-3 / 4 < each < 4e-3 for each in rates) > 30
    with pytest.raises(ValueError, match="around"):
        make(space=Space({"rate": rate}), run=lambda *_: 0.0, max_trials=101)


@pytest.mark.parametrize(
    ("around", "wrong"),
    [
        ({"rate": 7.0}, "hyperparameter 'rate': value=7.0 is not"),
        ({"rate": {"value": 0.1, "trust": 2}}, "trust=2"),
        ({"kind": "a"}, "needs several values"),
    ],
)
def test_a_belief_that_does_not_fit_is_refused(make, around, wrong):
    with pytest.raises(ValueError, match=wrong):
        make(space=Space({"rate": Float(0, 1), "kind": Choice(["a"])}), around=around)


def test_a_belief_about_nothing_is_told(make):
    with pytest.warns(UserWarning, match="'rat', which .*did you mean rate"):
        make(space=Space({"rate": Float(0, 1)}), around={"rat": 0.1})


def test_its_model_is_not_here(make_tuner):
    tuner = make_tuner(TUNERS["random"])
    tuner.add({"units": 8}, 0.9)
    with pytest.raises(ValueError, match=r"trial 0000 has no weights .* run elsewhere"):
        tuner.get_best_models()


def test_what_is_written_into_the_oracles_trials_is_told(make):
    tuner = make(space=Space({"kind": Choice(["a", "b"])}))
    trial = kt.engine.trial.Trial(tuner.oracle.get_space(), "warm", "COMPLETED")
    tuner.oracle.trials[trial.trial_id] = trial
    with pytest.warns(UserWarning, match=r"trials\['warm'\] was not made .* tuner\.add\(values"):
        tuner.search()
    assert list(tuner.oracle.trials) == ["0000", "0001"]


def test_an_added_trial_is_checked_against_what_is_conditional(make):
    tuner = make(space=CONDITIONAL)
    tuner.add(GOOD[0], 1)
    assert configuration(tuner.oracle.trials["0000"]) == GOOD[0]
