"""A real `coursekit lab` and a real Chromium, for tests and for scripts that take pictures.

with jupyterlab(Path("/tmp/work")) as notebook:   # lab 01, its kernel ready
    notebook.run(notebook.code("import coursekit"))
    notebook.screenshot(Path("picture.png"))
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import nbformat
import psutil
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from coursekit import doctor

expect.set_options(timeout=30_000)  # a machine may be busy
# A kernel that is stopped may say this of itself: ipykernel's own race.
RACE = re.compile(
    r"^Task was destroyed but it is pending!\ntask: <Task .*Kernel\.dispatch.*\n", re.M
)
QUIET = [
    "--no-sandbox",  # containers have none to offer
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ERRORS = (
    ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error'],"
    ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"
)


class Server(NamedTuple):
    """A running `coursekit lab`: its address without path, its token and its work folder."""

    url: str
    token: str
    folder: Path


@contextlib.contextmanager
def serve(folder: Path, private: Path) -> Iterator[Server]:
    """Runs `coursekit lab --dir folder`; at the end Ctrl-C must stop it and all its kernels.

    private: a folder for Jupyter's settings, so that the user's own are neither used nor changed.
    """
    log = private / "stderr"
    environment = os.environ | _private_jupyter(private)
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as probe:  # other workers start theirs at this moment
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "coursekit.cli", "lab", "--no-browser"]
    command += ["--dir", str(folder), "--port", str(port)]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout is not None
        address = None
        for line in process.stdout:
            address = address or re.search(r"http://\S+", line)
            if "Ctrl-C" in line:
                break
        assert address, f"coursekit lab did not start: {log.read_text()}"
        parts = urlsplit(address.group())
        yield Server(f"{parts.scheme}://{parts.netloc}", parts.query.removeprefix("token="), folder)
        kernels = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        last_words, _ = process.communicate(timeout=60)
        assert process.returncode == 0, log.read_text()
        assert last_words.startswith("Stopped."), last_words
        noise = RACE.sub("", log.read_text())
        assert not noise, f"the terminal was written to: {noise}"
        assert not psutil.wait_procs(kernels, timeout=10)[1], "kernels outlived the server"
    finally:
        process.kill()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; LookupError, with the cure, if this machine has none."""
    with sync_playwright() as playwright:
        path = doctor.chromium() or playwright.chromium.executable_path
        if not Path(path).exists():
            cure = "apt install chromium, or .venv/bin/playwright install chromium"
            raise LookupError(f"the labs in a browser: there is no Chromium ({cure})")
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def jupyterlab(
    folder: Path, name: str = "01_keras_tuner.ipynb", *, width: int = 1280, height: int = 900
) -> Iterator["Notebook"]:
    """All of it at once, for a script: serves `folder` and opens one notebook."""
    private = folder.with_name(f"{folder.name}-jupyter")
    private.mkdir(parents=True, exist_ok=True)
    with serve(folder, private) as server, chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(30_000)
        yield open_notebook(page, server, name)


@contextlib.contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """A page of a laptop's size, closed at the end."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    try:
        yield page
    finally:
        page.close()


class Notebook:
    """A notebook that is open in JupyterLab. Cells are found by number or by text of the source."""

    def __init__(self, page: Page, kernel: str = "") -> None:
        self.page, self.kernel = page, kernel

    def code(self, text: str) -> Locator:
        """The first code cell whose source contains `text`."""
        index = self.page.evaluate(
            """text => jupyterapp.shell.currentWidget.content.widgets.findIndex(
                cell => cell.model.type === 'code' && cell.model.sharedModel.source.includes(text))
            """,
            text,
        )
        if index < 0:
            raise LookupError(f"no code cell contains {text!r}")
        return self.cell(index)

    def cell(self, number: int) -> Locator:
        """The cell of that number, counted from 0, of whatever kind."""
        return self.page.locator(".jp-Notebook:visible .jp-Cell").nth(number)

    def run(self, cell: Locator, seconds: float = 60, wait: bool = True) -> str:
        """Runs a code cell with Ctrl-Enter; returns the text of its output once it has ended."""
        before = self._prompt(cell).inner_text()
        self._focus(cell)
        self.page.keyboard.press("Control+Enter")
        if not wait:
            return ""
        self.wait(cell, before, seconds)
        return self.output(cell)

    def wait(self, cell: Locator, before: str = "", seconds: float = 60) -> None:
        """Waits until a cell has ended: its prompt is a number, and not `before`."""
        self.page.wait_for_function(
            r"([at, before]) => /\[\d+\]/.test(at.innerText) && at.innerText !== before",
            arg=[self._prompt(cell).element_handle(), before],
            timeout=1000 * seconds,
        )

    def output(self, cell: Locator) -> str:
        """The text of a cell's outputs."""
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())

    def errors(self) -> list[str]:
        """The text of every exception and of all that was written to stderr, in any cell."""
        return self.page.locator(".jp-Notebook:visible").locator(ERRORS).all_inner_texts()

    def write(self, cell: Locator, source: str) -> None:
        """Replaces a cell's source, as by pasting."""
        self._focus(cell)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def type(self, cell: Locator, source: str) -> None:
        """Replaces a cell's source key by key; the editor indents after a colon by itself."""
        self._focus(cell)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(source)

    def source(self, cell: Locator) -> str:
        """A cell's source, all of it, also what is scrolled out of sight."""
        return self.page.evaluate(
            """node => jupyterapp.shell.currentWidget.content.widgets.find(
                cell => cell.node === node).model.sharedModel.source""",
            cell.element_handle(),
        )

    def theme(self, name: str) -> None:
        """Switches to "light" or "dark"."""
        command = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
        self.page.evaluate(command, f"JupyterLab {name.capitalize()}")
        light = str(name == "light").lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def close(self, *, shutdown: bool = True) -> None:
        """Ends the kernel, unless told otherwise, and closes the notebook without a question."""
        self.page.evaluate(
            """async shutdown => {
                if (shutdown) await jupyterapp.shell.currentWidget.sessionContext.shutdown();
                jupyterapp.shell.currentWidget.dispose();
            }""",
            shutdown,
        )

    def save(self) -> None:
        """Saves the notebook, and waits until that is done."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")

    def screenshot(self, path: Path, of: Locator | None = None) -> None:
        """A picture of the page, or of one part of it, scrolled into view."""
        if of is None:
            self.page.screenshot(path=path)
        else:
            of.scroll_into_view_if_needed()
            of.screenshot(path=path)

    def _prompt(self, cell: Locator) -> Locator:
        return cell.locator(".jp-InputPrompt")

    def _focus(self, cell: Locator) -> None:
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputArea-editor .cm-line").first.click()


def open_notebook(page: Page, server: Server, name: str, seconds: float = 60) -> Notebook:
    """Opens a notebook of the work folder, and waits until its kernel is ready."""
    page.goto(f"{server.url}/lab/tree/{name}?reset&token={server.token}")
    return _ready(page, name, seconds)


def open_beside(
    page: Page, name: str, *, kernel_of: Notebook | None = None, seconds: float = 60
) -> Notebook:
    """Opens a notebook in a JupyterLab that is open already, which is quicker.

    kernel_of: a notebook whose kernel this one uses too, instead of starting one.
    """
    page.evaluate(
        "async ([path, id]) => { await jupyterapp.commands.execute("
        "'docmanager:open', {path, kernel: id ? {id} : undefined}); }",
        [name, kernel_of and kernel_of.kernel],
    )
    return _ready(page, name, seconds)


def write_and_open(page: Page, server: Server, name: str, *sources: str) -> Notebook:
    """Opens name.ipynb in the work folder, made of these code cells."""
    write(server, name, *sources)
    return open_notebook(page, server, f"{name}.ipynb")


def write(server: Server, name: str, *sources: str) -> None:
    """Makes name.ipynb in the work folder, of these code cells."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(made, server.folder / f"{name}.ipynb")


def _ready(page: Page, name: str, seconds: float) -> Notebook:
    page.wait_for_function(
        """name => {
            const widget = window.jupyterapp?.shell.currentWidget;
            return widget?.context?.path === name && widget.context.isReady
                && widget.sessionContext?.session?.kernel?.status === 'idle';
        }""",
        arg=name,
        timeout=1000 * seconds,
    )
    page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for()
    kernel = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"
    return Notebook(page, page.evaluate(kernel))


def _private_jupyter(private: Path) -> dict[str, str]:
    settings = private / "settings"
    every_cell = {"windowingMode": "none"}  # also those out of sight are in the page
    for name, content in (
        # Puts `jupyterapp` into the page: how this harness asks JupyterLab what it is doing.
        ("config/jupyter_lab_config.json", {"LabApp": {"expose_app_in_browser": True}}),
        ("settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings", every_cell),
    ):
        (private / name).parent.mkdir(parents=True, exist_ok=True)
        (private / name).write_text(json.dumps(content))
    return {
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "IPYTHONDIR": str(private / "ipython"),
    }
