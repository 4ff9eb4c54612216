"""Fixtures of the browser tests: one server and one browser a worker, a fresh page a test."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.harness import (
    Notebook,
    Server,
    chromium,
    new_page,
    open_beside,
    open_notebook,
    serve,
    write,
    write_and_open,
)


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real `coursekit lab` with an empty work folder; its end is tested too."""
    with serve(tmp_path_factory.mktemp("my-labs"), tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="session")
def browser(not_testable: Callable[[str], NoReturn]) -> Iterator[Browser]:
    """A headless Chromium; without one the test is skipped loudly, and fails in CI."""
    running = chromium()
    try:
        found = running.__enter__()
    except LookupError as error:
        not_testable(str(error))
    yield found
    running.__exit__(None, None, None)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without history: no cookie, no setting of an earlier test."""
    with new_page(browser) as page:
        yield page


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    """One page for a file whose tests do not get into each other's way: to open one takes long."""
    with new_page(browser) as page:
        yield page


@pytest.fixture
def lab(page: Page, lab_server: Server) -> Callable[[str], Notebook]:
    """`lab("01_keras_tuner.ipynb")` opens a notebook of the work folder, its kernel ready."""
    return lambda name: open_notebook(page, lab_server, name)


@pytest.fixture(scope="session")
def base(browser: Browser, lab_server: Server) -> Iterator[Notebook]:
    """A notebook in a JupyterLab that stays open, whose kernel others use too."""
    with new_page(browser) as page:
        yield write_and_open(page, lab_server, "base", "import coursekit.widgets")


@pytest.fixture
def written(base: Notebook, lab_server: Server) -> Iterator[Callable[..., Notebook]]:
    """`written("small", "6 * 7", "1 / 0")` opens small.ipynb, made of these code cells.

    It runs in the kernel of `base`: what earlier tests have imported is there.
    """
    opened: list[Notebook] = []

    def opener(name: str, *sources: str) -> Notebook:
        write(lab_server, name, *sources)
        opened.append(open_beside(base.page, f"{name}.ipynb", kernel_of=base))
        return opened[-1]

    yield opener
    for notebook in opened:
        notebook.close(shutdown=False)


@pytest.fixture
def alone(page: Page, lab_server: Server) -> Callable[..., Notebook]:
    """Like `written`, with a page and a kernel of its own."""
    return partial(write_and_open, page, lab_server)
