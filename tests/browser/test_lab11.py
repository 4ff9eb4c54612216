"""Lab 11 as a learner meets it: the forecast panel, and the checks."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(40)


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    notebook = lab("11_learning_curves.ipynb")
    for text in ("import math", "world = MLPs"):
        notebook.run(notebook.code(text))
    return notebook


def test_the_band_breathes_and_the_decision_changes(notebook: Notebook):
    cell = notebook.code("panel = ForecastPanel")
    notebook.run(notebook.code("sample = seen"))
    notebook.run(cell)
    line, verdict = cell.get_by_role("status"), cell.locator(".coursekit-verdict")
    expect(line).to_contain_text("10 of 40 epochs seen")
    expect(verdict).to_contain_text("Continue")
    seen = cell.locator(".widget-slider", has_text="seen").locator(".noUi-handle")
    seen.press("ArrowRight")
    expect(line).to_contain_text("11 of 40 epochs seen")
    cell.locator("select").select_option("poor")
    expect(verdict).to_contain_text("Stop")
    expect(cell.locator("svg[role=img]")).to_have_attribute("aria-label", re.compile("Stop"))
    cell.locator("select").select_option("my own")
    expect(cell.locator(".widget-slider", has_text="noise")).to_be_visible()
    assert notebook.errors() == []


def test_a_known_mistake_is_named(notebook: Notebook):
    notebook.write(
        notebook.code("def pow3"), "def pow3(x, c, a, alpha):\n    return c + a * x**-alpha"
    )
    notebook.run(notebook.code("def pow3"))
    assert "the curve rises to c" in notebook.run(notebook.code('check("11.1")'))
    assert notebook.errors() == []
