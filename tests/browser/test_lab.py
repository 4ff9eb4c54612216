"""JupyterLab as a learner meets it: it opens without a question, runs cells, keeps the work."""

import json

import pytest
from playwright.sync_api import Page

from coursekit.shipped import shipped
from tests.browser.harness import Notebook, Server, open_beside, write_and_open

pytestmark = pytest.mark.slow(10)
CELLS = ["import os\nos.environ['COURSEKIT_DIR']", "print(6 * 7)", "1 / 0", "pass"]


@pytest.fixture(scope="module")
def small(shared_page: Page, lab_server: Server) -> Notebook:
    """A notebook of four cells."""
    return write_and_open(shared_page, lab_server, "small", *CELLS)


def test_cells_run_and_know_the_work_folder(small: Notebook, lab_server: Server):
    assert small.run(small.cell(0)) == repr(str(lab_server.folder))
    assert small.run(small.code("6 * 7")).strip() == "42"
    assert small.errors() == []
    assert "ZeroDivisionError" in small.run(small.code("1 / 0"))
    assert len(small.errors()) == 1


def test_what_is_typed_is_run_and_saved(small: Notebook, lab_server: Server):
    cell = small.cell(3)
    small.write(cell, "if True:\n    print('typed')")
    assert small.source(cell) == "if True:\n    print('typed')"
    assert small.run(cell).strip() == "typed"
    small.save()
    saved = json.loads((lab_server.folder / "small.ipynb").read_text())
    assert "".join(saved["cells"][3]["outputs"][0]["text"]) == "typed\n"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes(small: Notebook, theme: str):
    small.theme(theme)
    colour = small.page.evaluate(
        "() => getComputedStyle(document.querySelector('.jp-Notebook')).color"
    )
    brightness = sum(int(part) for part in colour.strip("rgba()").split(",")[:3])
    assert (brightness > 380) is (theme == "dark")


def test_nothing_is_asked_and_no_tool_of_authors_is_shown(small: Notebook):
    page = small.page
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    menus = page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").all_inner_texts()
    assert "Kernel" in menus
    assert "Nbgrader" not in menus


@pytest.mark.parametrize(
    "path", sorted(shipped("notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_every_lab_opens_and_its_first_cell_runs(base: Notebook, path, lab_server: Server):
    assert (lab_server.folder / path.name).exists()
    notebook = open_beside(base.page, path.name, kernel_of=base)
    notebook.run(notebook.page.locator(".jp-Notebook:visible .jp-CodeCell").first, seconds=120)
    assert notebook.errors() == []
    notebook.close(shutdown=False)
