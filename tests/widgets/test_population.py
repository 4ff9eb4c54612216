"""The population strip, without a browser."""

import xml.etree.ElementTree as ET

import pytest

from coursekit.spaces import Integer, Space
from coursekit.strategies.regularized_evolution import RegularizedEvolution
from coursekit.trials import Evaluation, History, Trial
from coursekit.widgets import Population


class Hill:
    """A small world that answers at once."""

    space = Space({"x": Integer(0, 99), "y": Integer(0, 99)})

    def evaluate(self, trial: Trial, history: History) -> Evaluation:
        return Evaluation(sum(trial.configuration.values()) / 200)

    def __str__(self) -> str:
        return "a hill"


@pytest.fixture
def strip() -> Population:
    return Population(Hill(), population_size=5, sample_size=2, trials=20)


def test_a_step_is_told_and_drawn(strip: Population):
    before = strip.figure.value
    assert "Before the first birth" in strip.line.value and "Before the first birth" in before
    strip.step_button.click()
    assert strip.moment.value == 1 and "Birth 1 of 20" in strip.line.value
    assert strip.figure.value != before and "aria-live" in strip.line.value
    strip.moment.value = 12
    assert "has a child" in strip.line.value and "7 dies" in strip.line.value
    strip.reset_button.click()
    assert strip.moment.value == 0 and "Before the first birth" in strip.figure.value


def test_steps_end_with_the_last_birth(strip: Population):
    strip.moment.value = 20
    assert strip.step_button.disabled
    strip.step()
    assert strip.moment.value == 20


def test_play_goes_on_from_here_and_pauses(strip: Population):
    strip.moment.value = 7
    strip.play_button.click()
    assert strip.clock.playing and strip.clock.value == 7
    assert strip.play_button.description == "Pause"
    strip.clock.value = 8  # a tick from the browser
    assert strip.moment.value == 8
    strip.play_button.click()
    assert not strip.clock.playing and strip.play_button.description == "Play"
    strip.clock.value = 9  # one that was on its way
    assert strip.moment.value == 8


def test_a_hand_on_the_slider_ends_the_play(strip: Population):
    strip.play_button.click()
    strip.clock.value = 3
    assert strip.moment.value == 3 and strip.clock.playing
    strip.moment.value = 20  # the End key
    assert not strip.clock.playing and strip.moment.value == 20
    strip.clock.value = 4  # a tick that was under way
    assert strip.moment.value == 20 and "Birth 20 of 20" in strip.line.value


def test_play_stops_at_the_end_and_begins_anew(strip: Population):
    strip.moment.value = 19
    strip.play()
    strip.clock.value = 20
    assert strip.moment.value == 20 and not strip.clock.playing
    strip.play()
    assert strip.moment.value == 0 and strip.clock.playing


def test_sliders_search_anew_and_the_tournament_fits_the_population(strip: Population):
    strip.moment.value = 12
    before = strip.births
    strip.sample_size.value = 5
    assert strip.births != before and strip.moment.value == 12
    strip.population_size.value = 3
    assert strip.sample_size.value == strip.sample_size.max == 3
    assert len(strip.births[-1].alive) == 3
    strip.population_size.value = 5
    assert strip.sample_size.max == 5


def test_another_rule_of_dying(strip: Population):
    class WorstDies(RegularizedEvolution):
        def alive(self, completed):
            return sorted(completed, key=lambda trial: trial.score)[-self.population_size :]

    other = Population(Hill(), WorstDies, population_size=5, sample_size=2, trials=20)
    scores = {birth.number: birth.score for birth in other.births}
    for birth in other.births:
        known = {number: scores[number] for number in range(birth.number + 1)}
        best = sorted(known.values())[-5:]
        assert sorted(known[number] for number in birth.alive) == best
    assert "WorstDies" in other.figure.value


def test_the_stand_in_needs_no_widgets(strip: Population):
    bundle = strip._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    html = bundle["text/html"]
    assert "Birth 10 of 20" in html  # not the empty beginning
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed
    assert strip.moment.value == 0
