"""The Explorer and what it stands on, without a browser."""

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import ipywidgets
import pytest

from coursekit import data
from coursekit.training.numpy.perceptron import train_perceptron
from coursekit.widgets import Explorer, panel
from coursekit.widgets.attempts import CHOICES, Attempts


@pytest.fixture
def explorer():
    return Explorer("digits", epochs=3)


def test_each_release_trains_for_real_and_is_drawn(explorer):
    before = explorer.figure.value
    explorer.controls["units"].value = 64
    assert explorer.figure.value != before
    attempt = explorer.attempts.runs[-1]
    _, run = train_perceptron(explorer.configuration, data.load("digits"), epochs=3, seed=0)
    assert attempt.curve == tuple(score for score, _ in run)
    assert f"{attempt.score:.1%}" in explorer.line.value
    assert "aria-live" in explorer.line.value
    assert "Units a layer: 64." in explorer.line.value


def test_attempts_survive_a_second_run_of_the_cell(monkeypatch):
    monkeypatch.setattr(panel, "cell", lambda: "code-1")
    monkeypatch.setattr(panel, "_kept", {})
    first = Explorer("digits", epochs=2)
    first.controls["units"].value = 64
    again = Explorer("digits", epochs=2)
    assert [run.by for run in again.attempts.runs] == ["start", "you"]
    assert again.configuration["units"] == 64 and "Attempt 2 (you)" in again.line.value
    assert len(Explorer("digits", epochs=3).attempts.runs) == 1, "other arguments: another panel"
    monkeypatch.setattr(panel, "cell", lambda: "code-2")
    assert len(Explorer("digits", epochs=2).attempts.runs) == 1, "another cell: another panel"


def test_every_setting_can_be_chosen_and_trained(explorer):
    for key, options in CHOICES.items():
        explorer.controls[key].value = options[-1]
    assert explorer.attempts.runs[-1].configuration == {k: v[-1] for k, v in CHOICES.items()}


def test_sliders_answer_on_release_and_can_be_used_by_keyboard(explorer):
    sliders = [c for c in explorer.controls.values() if isinstance(c, ipywidgets.SelectionSlider)]
    assert len(sliders) == 5 and not any(slider.continuous_update for slider in sliders)
    assert all(control.description for control in explorer.controls.values())


def test_the_tuner_gets_as_many_turns_as_the_learner(explorer):
    for units in (8, 32, 64):
        explorer.controls["units"].value = units
    explorer.opponent.click()
    players = [run.by for run in explorer.attempts.runs]
    assert players.count("random search") == players.count("you") == 3
    assert "random search" in explorer.board.value
    explorer.again.click()
    assert [run.by for run in explorer.attempts.runs] == ["start"], "nobody has chosen it"
    explorer.opponent.click()
    assert "Try something yourself first" in explorer.line.value


def test_the_stand_in_needs_no_widgets(explorer):
    bundle = explorer._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    assert "<svg" in bundle["text/html"] and "<table" in bundle["text/html"]
    ET.fromstring(bundle["text/html"][: bundle["text/html"].index("</svg>") + 6])  # well-formed


def test_the_leaderboard_prefers_accuracy_then_the_smaller_network():
    attempts = Attempts(data.load("digits"), epochs=2)
    for units in (8, 64, 128):
        attempts.add({"units": units})
    ranking = attempts.ranking()
    assert [(-r.score, r.parameters) for r in ranking] == sorted(
        (-r.score, r.parameters) for r in attempts.runs
    )
    assert attempts.add({"units": 8}) is attempts.runs[0]  # not trained again
    assert attempts.best("random search") is None


def test_random_search_is_seeded():
    data_set = data.load("digits", size=100)
    first, second, other = (Attempts(data_set, epochs=1, seed=seed) for seed in (0, 0, 1))
    for attempts in (first, second, other):
        for _ in range(3):
            attempts.random()
    configurations = [[run.configuration for run in a.runs] for a in (first, second, other)]
    assert configurations[0] == configurations[1] != configurations[2]


def test_random_search_never_repeats_itself_and_begins_anew():
    attempts = Attempts(data.load("digits", size=10), epochs=1)
    first = [attempts.random().configuration for _ in range(30)]
    assert all(first.count(configuration) == 1 for configuration in first)
    attempts.clear()
    assert attempts.random().configuration == first[0]


def test_the_leader_is_who_has_the_best_score():
    attempts = Attempts(data.load("digits", size=100), epochs=3)
    attempts.add({"units": 8, "learning_rate": 1e-4})
    assert attempts.leader() is None
    attempts.random()
    mine, theirs = attempts.best("you").score, attempts.best("random search").score
    assert attempts.leader() == ("you" if mine > theirs else "random search") and mine != theirs
    attempts.runs.append(replace(attempts.best("random search"), by="you"))
    assert attempts.leader() == "a draw"


def test_a_diverged_run_is_shown_as_one():
    explorer = Explorer("digits", epochs=3)
    shown = explorer.attempts.runs[0]
    broken = type(shown)(2, "you", shown.configuration, (0.2, math.nan), 0.1, 10)
    explorer.attempts.runs.append(broken)
    explorer._draw(broken)
    assert "diverged" in explorer.line.value and "<svg" in explorer.figure.value


def test_an_unknown_data_set_is_named():
    with pytest.raises(ValueError, match="cats"):
        Explorer("cats")
