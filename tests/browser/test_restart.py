"""A kernel that is restarted: dead widgets say so, and a check says which cells to run."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(20)
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


def test_dead_widgets_and_checks_say_what_to_run(lab: Callable[[str], Notebook]) -> None:
    notebook = lab("06_evolution.ipynb")
    for text in ("import inspect", "world = NASBench201"):
        notebook.run(notebook.code(text))
    panel, predicted = notebook.code("strip = Population"), notebook.code('predict("06-pressure"')
    notices = []
    for cell in (panel, predicted):
        notebook.run(cell)
        notices.append(cell.locator(".coursekit-dead"))
        expect(notices[-1]).to_be_hidden()
    notebook.page.evaluate(RESTART)
    for notice in notices:
        expect(notice).to_be_visible()
        expect(notice).to_contain_text("does not answer any more: its kernel was restarted")
    for text, told in (
        ('check("6.1")', ("The kernel is new", "Run All Above Selected Cell")),
        ('measured("06-fate"', ("NameError", "An earlier cell defines it")),
    ):
        cell = notebook.code(text)
        notebook.run(cell)
        for words in told:  # a busy browser draws an output after the cell has ended
            expect(cell.locator(".jp-OutputArea").first).to_contain_text(words)
