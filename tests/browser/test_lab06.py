"""Lab 06 as a learner meets it: the population strip, and a strategy that is put to the test."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(30)
CLIMB = """class Climb(Strategy):
    def suggest(self, history, rng):
        return Suggestion(self.space.sample(rng))
"""


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    notebook = lab("06_evolution.ipynb")
    for text in ("import inspect", "world = NASBench201"):
        notebook.run(notebook.code(text))
    return notebook


def test_the_strip_is_stepped_through_and_played(notebook: Notebook):
    cell = notebook.code("strip = Population")
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("Nobody is born yet: 60 births to come")
    step = cell.get_by_role("button", name="Step")
    for _ in range(12):
        step.click()
    expect(line).to_contain_text(re.compile("Birth 12 of 60.*dies"))
    expect(figure).to_have_attribute("aria-label", re.compile("Birth 12 of 60"))
    cell.get_by_role("button", name="Play").click()
    expect(line).to_contain_text("Birth 14 of 60")
    cell.get_by_role("button", name="Pause").click()
    expect(cell.get_by_role("button", name="Play")).to_be_visible()
    tournament = cell.locator(".widget-slider", has_text="tournament")
    tournament.locator(".noUi-handle").press("ArrowLeft")
    expect(tournament).to_contain_text("2")
    cell.get_by_role("button", name="Reset").click()
    expect(line).to_contain_text("Nobody is born yet")
    assert notebook.errors() == []


def test_a_prediction_and_a_race(notebook: Notebook):
    predicted = notebook.code("question = ")
    notebook.run(predicted)
    number = predicted.get_by_label("Your prediction, in points:")
    number.fill("1")
    number.press("Enter")
    race = notebook.code("result = race(")
    notebook.run(race)
    assert race.locator(".jp-OutputArea-output").locator("img, svg").count() == 1
    measured = notebook.run(notebook.code("lead = 100"))
    assert re.search(r"You predicted 1 points? · measured 1\.\d+ points", measured), measured
    said = notebook.run(notebook.code("report.statement(result)"))
    assert "regularized_evolution is ahead of random" in said
    assert notebook.errors() == []


def test_a_strategy_of_ones_own_is_judged(notebook: Notebook):
    notebook.write(notebook.code("class Climb"), CLIMB)
    notebook.run(notebook.code("class Climb"))
    assert "Not right" in notebook.run(notebook.code('check("6.5")'))
    keeps = notebook.run(notebook.code("conform(LocalSearch)"))
    assert keeps.startswith("LocalSearch keeps its promises on mixed")
    assert notebook.errors() == []
