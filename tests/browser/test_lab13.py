"""Lab 13 as a learner meets it: a race that is watched, a comparison that is judged."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(60)
CHOSEN_ON_TEST = """def compare(world, strategies, seconds, seeds):
    found = {name: [] for name in strategies}
    for name, strategy in strategies.items():
        for seed in range(seeds):
            search = Search(strategy(world.space), seed=seed)
            history = search.run(world, seconds=seconds)
            found[name].append(max(world.test(each.configuration) for each in history))
    return found
"""


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    notebook = lab("13_judging.ipynb")
    notebook.run(notebook.code("from itertools import product"))
    return notebook


def test_what_a_single_run_says_is_predicted_and_measured(notebook: Notebook):
    predicted = notebook.code("13-single")
    notebook.run(predicted)
    number = predicted.get_by_label("Your prediction, in %:")
    number.fill("5")
    number.press("Enter")
    single = notebook.code("runs = race(")
    said = notebook.run(single, seconds=240)
    assert "You predicted 5 % · measured 30 %" in said
    assert notebook.errors() == []


def test_the_track_shows_this_world_and_goes_through_time(notebook: Notebook):
    notebook.run(notebook.code("world = NASBench201"), seconds=240)  # two hundred runs each
    track = notebook.code("RaceTrack(world")
    notebook.run(track)
    told = track.get_by_role("status").filter(has_text="of 200 trials")
    expect(told).to_contain_text("After 200 of 200 trials")
    for name in ("random", "regularized_evolution", "local_search", "tpe"):
        expect(track.get_by_role("table")).to_contain_text(name)
    slider = track.locator(".widget-slider", has_text="after trials")
    slider.locator(".noUi-handle").press("Home")
    for _ in range(20):
        track.get_by_role("button", name="Step").click()
    expect(told).to_contain_text("After 20 of 200 trials")
    assert notebook.errors() == []


def test_a_comparison_that_chooses_on_the_test_images_is_found_out(notebook: Notebook):
    cell = notebook.code("def compare")
    notebook.write(cell, CHOSEN_ON_TEST)
    notebook.run(cell)
    said = notebook.run(notebook.code('check("13.5")'))
    assert "Not right" in said
    assert "has chosen by them" in said
    assert notebook.errors() == []
