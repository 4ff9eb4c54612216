"""The race track as a learner meets it: raced, scrubbed, stepped; the page answers all along."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import Notebook, Server, write_and_open

pytestmark = pytest.mark.slow(10)
CELLS = (
    "from coursekit.widgets import RaceTrack\n"
    'track = RaceTrack("cells", trials=40, seeds=4)\n'
    "track",
    "6 * 7",
    'late = RaceTrack("cells", ["random(repeats=True)"], trials=10**8, seeds=2)\n'
    "late.start()\n"
    "late",
    "late.race",
)


@pytest.fixture(scope="module")
def notebook(shared_page: Page, lab_server: Server) -> Notebook:
    return write_and_open(shared_page, lab_server, "race", *CELLS)


@pytest.fixture
def track(notebook: Notebook) -> Locator:
    """A new one, with the race that it begins with."""
    cell = notebook.code("RaceTrack")
    notebook.run(cell)
    return cell


def order(track: Locator) -> list[str]:
    """The strategies as the leaderboard has them."""
    return [name.strip() for name in track.locator("tbody td:nth-child(2)").all_inner_texts()]


def test_a_race_is_run_while_the_page_answers(notebook: Notebook, track: Locator):
    figure = track.locator("svg[role=img]")
    expect(figure).to_contain_text(re.compile("(: 1 seed|quartiles of [23] seeds)"))
    track.get_by_role("button", name="Start").click()
    expect(track.get_by_role("button", name="Stop")).to_be_enabled()
    assert notebook.run(notebook.code("6 * 7")).strip() == "42"
    expect(track.get_by_role("button", name="Start")).to_be_enabled(timeout=120_000)
    expect(track).to_contain_text("Done: 20 searches, 800 trials")
    expect(figure).to_contain_text("quartiles of 4 seeds")
    assert notebook.errors() == []


def test_time_is_scrubbed_stepped_and_played(notebook: Notebook, track: Locator):
    told, figure = track.get_by_role("status").nth(1), track.locator("svg[role=img]")
    clip = "node => +node.querySelector('clipPath rect').getAttribute('width')"
    expect(told).to_contain_text("After 40 of 40 trials")
    whole = figure.evaluate(clip)
    handle = track.locator(".widget-slider", has_text="after trials").locator(".noUi-handle")
    handle.press("Home")
    expect(told).to_contain_text("No result yet: 40 trials to go")
    for _ in range(3):
        track.get_by_role("button", name="Step").click()
    expect(told).to_contain_text("After 3 of 40 trials")
    expect(figure).to_have_attribute("aria-label", re.compile("After 3 of 40 trials"))
    assert figure.evaluate(clip) == pytest.approx(whole * 3 / 40, abs=0.01)
    early = order(track)
    track.get_by_role("button", name="Play").click()
    expect(told).to_contain_text("After 40 of 40 trials", timeout=120_000)
    expect(track.get_by_role("button", name="Play")).to_be_visible()
    assert sorted(order(track)) == sorted(early) and order(track) != early
    assert notebook.errors() == []


def test_a_click_shows_what_a_strategy_has_tried(notebook: Notebook, track: Locator):
    figure = track.locator("svg[role=img]")
    expect(figure).to_contain_text("tried by random, seed 0")
    picture = "node => node.querySelector('image').getAttribute('xlink:href')"
    before = figure.evaluate(picture)
    track.get_by_role("button", name="grid").last.click()
    expect(figure).to_contain_text("tried by grid, seed 0")
    assert figure.evaluate(picture) != before
    assert notebook.errors() == []


def test_what_cannot_race_is_told_and_greyed_out(notebook: Notebook, track: Locator):
    track.get_by_label("world").select_option("mlps on digits")
    expect(track).to_contain_text(re.compile("Cannot race here: progressive: .*candidates grow"))
    expect(track.get_by_role("button", name="progressive")).to_be_disabled()
    expect(track.get_by_role("button", name="hyperband")).to_be_enabled()
    assert notebook.errors() == []


def test_an_endless_race_is_stopped(notebook: Notebook):
    cell = notebook.code("late.start")
    notebook.run(cell)
    cell.get_by_role("button", name="Stop").click()
    expect(cell).to_contain_text("Stopped: 0 of 2 searches")
    assert "Race(" in notebook.run(notebook.code("late.race"))
    assert notebook.errors() == []
