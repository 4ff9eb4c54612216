"""Lab 13 as a learner meets it: a race that is watched, a comparison that is judged."""

import re
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
            history = search.run(world.estimate, seconds=seconds)
            found[name].append(max(world.test(each.configuration) for each in history))
    return found
"""


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    notebook = lab("13_judging.ipynb")
    notebook.run(notebook.code("from itertools import product"))
    return notebook


def test_single_runs_are_predicted_and_then_watched_by_the_dozen(notebook: Notebook):
    predicted = notebook.code("13-single")
    notebook.run(predicted)
    number = predicted.get_by_label("Your prediction, in %:")
    number.fill("5")
    number.press("Enter")
    single = notebook.code("runs = race(")
    said = notebook.run(single, seconds=120)
    assert re.search(r"You predicted 5 % · measured 30 %", said), said

    track = notebook.code("RaceTrack(world")
    notebook.run(track)
    track.get_by_role("button", name="Start").click()
    line = track.get_by_role("status").filter(has_text="Done: 80 searches, 16,000 trials")
    expect(line).to_be_visible(timeout=120_000)
    board = track.get_by_role("table")
    expect(board).to_contain_text("local_search")
    expect(track.locator("svg[role=img]").first).to_be_visible()
    track.get_by_role("button", name="Reset").click()
    track.get_by_role("button", name="Step").click()
    expect(track).to_contain_text(re.compile("after 1 trial", re.IGNORECASE))
    assert notebook.errors() == []


def test_a_comparison_that_chooses_on_the_test_images_is_found_out(notebook: Notebook):
    cell = notebook.code("def compare")
    notebook.write(cell, CHOSEN_ON_TEST)
    notebook.run(cell)
    said = notebook.run(notebook.code('check("13.5")'))
    assert "Not right" in said
    assert "has chosen by them" in said
    assert notebook.errors() == []
