"""Lab 12 as a learner meets it: the network that grows, and an exercise that is judged."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(30)
WIDER = """def wider(kernel, bias, following, origin):
    return [kernel[:, origin], bias[origin], following[origin]]
"""


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    notebook = lab("12_weight_inheritance.ipynb")
    notebook.run(notebook.code("import matplotlib.pyplot"))
    return notebook


def test_a_network_is_grown_by_clicks(notebook: Notebook):
    cell = notebook.code("grower = Growing")
    notebook.run(cell)
    line, figure = cell.get_by_role("status"), cell.locator("svg[role=img]")
    expect(line).to_contain_text("Hidden units 4, 310 weights, 0 epochs")
    cell.get_by_role("button", name="Train 5 epochs").click()
    expect(line).to_contain_text("5 epochs")
    cell.get_by_role("button", name="Widen").click()
    expect(line).to_contain_text(re.compile(r"Hidden units 8,.*moved by more than \d\.\de-0\d;"))
    cell.get_by_role("button", name="Deepen").click()
    expect(line).to_contain_text("Step 2, layer 2 is new: 8 units")
    cell.get_by_role("button", name="Train 5 epochs").click()
    expect(line).to_contain_text("10 epochs")
    cell.get_by_label("beside it: from scratch").check()
    expect(figure).to_have_attribute("aria-label", re.compile("From scratch: "))
    cell.get_by_role("button", name="Reset").click()
    expect(line).to_contain_text("It has not grown yet")
    assert notebook.errors() == []


def test_an_answer_is_judged(notebook: Notebook):
    notebook.write(notebook.code("def wider("), WIDER)
    notebook.run(notebook.code("def wider("))
    assert "hears it as often as there are copies" in notebook.run(notebook.code('check("12.1")'))
    assert notebook.errors() == []
