"""Lab 01 as a learner meets it: a slider, an exercise, a search that is stopped and resumed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(60)
UNTIL_THE_SEARCH = (
    "from coursekit.labs",
    "import keras\n",
    "def compiled",
    "images = ",
    "def build(hp)",
)
HEAD = "def grid_size(low, high, step, choices):\n"


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    return lab("01_keras_tuner.ipynb")


def test_a_slider_trains_a_network_and_the_figure_changes(notebook: Notebook):
    for text in ("from coursekit.labs", "import keras\n"):
        notebook.run(notebook.code(text))
    cell = notebook.code("explorer = Explorer")
    notebook.run(cell)
    status, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(status).to_contain_text("Attempt 1 (you)")
    before = figure.get_attribute("aria-label")
    assert before and "Learning curves of 1 attempts" in before
    units = cell.locator(".widget-slider", has_text="units a layer")
    units.locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowRight")  # the keyboard will do
    expect(status).to_contain_text("Attempt 2 (you)")
    assert "Learning curves of 2 attempts" in (figure.get_attribute("aria-label") or "")
    expect(units).to_contain_text("32")
    cell.get_by_role("button", name="Tuner's turn").click()
    expect(status).to_contain_text("random search")
    expect(cell.get_by_role("row")).to_have_count(5)  # a heading, two attempts of each
    assert notebook.errors() == []


def test_an_exercise_is_solved_by_typing(notebook: Notebook):
    for text in ("from coursekit.labs", "import keras\n"):
        notebook.run(notebook.code(text))
    stub, check = notebook.code("def grid_size"), notebook.code('check("1.2")')
    notebook.run(stub)
    assert "Not yet" in notebook.run(check)
    notebook.type(stub, f"{HEAD}return (high - low) // step * choices")
    notebook.run(stub)
    wrong = notebook.run(check)
    assert "Not right" in wrong and "one more integer than steps" in wrong
    notebook.type(stub, f"{HEAD}return ((high - low) // step + 1) * choices")
    notebook.run(stub)
    assert "Right" in notebook.run(check)
    assert "1 of 9" in notebook.run(notebook.code("progress()"))
    assert notebook.errors() == []


def test_a_search_is_stopped_while_a_trial_trains_and_goes_on(notebook: Notebook):
    for text in UNTIL_THE_SEARCH:
        notebook.run(notebook.code(text))
    cell = notebook.code("random = kt.RandomSearch")
    notebook.run(cell, wait=False)
    status = cell.get_by_role("status")
    expect(status).to_contain_text("trials 1 of 8", timeout=60_000)  # the second trial trains now
    cell.get_by_role("button", name="Stop").click()
    notebook.wait(cell, seconds=60)
    expect(status).to_contain_text("stopped")
    assert "stopped · trials 8" not in status.inner_text()
    cell.get_by_role("button", name="Resume").click()
    expect(status).to_contain_text("finished · trials 8 of 8", timeout=90_000)
    expect(cell.locator("svg[role=img]")).to_have_attribute("aria-label", status.inner_text())
    assert notebook.errors() == []
