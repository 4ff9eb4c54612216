"""Takes the README's picture of lab 01: python -m tests.browser.pictures [FILE] [light|dark]."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.harness import jupyterlab

ATTEMPTS = ("units a layer", "units a layer", "learning rate", "learning rate", "dropout")


def main(picture: Path, theme: str) -> None:
    with tempfile.TemporaryDirectory() as work, jupyterlab(Path(work) / "my-labs") as notebook:
        notebook.theme(theme)
        for text in ("from coursekit.labs", "import keras\n"):
            notebook.run(notebook.code(text))
        cell = notebook.code("explorer = Explorer")
        notebook.run(cell)
        status = cell.get_by_role("status")
        for attempt, label in enumerate(ATTEMPTS, start=2):
            slider = cell.locator(".widget-slider", has_text=label)
            slider.locator(".noUi-handle").press("ArrowRight")
            expect(status).to_contain_text(f"Attempt {attempt} ")
        cell.get_by_role("button", name="Tuner's turn").click()
        expect(status).to_contain_text("Best: you")
        notebook.page.set_viewport_size({"width": 1180, "height": 912})
        heading = notebook.page.get_by_role("heading", name="2. By hand")
        heading.evaluate("node => node.scrollIntoView({block: 'start'})")
        notebook.screenshot(picture)


if __name__ == "__main__":
    chosen = sys.argv[1:] + ["references/lab_01.png", "light"][len(sys.argv) - 1 :]
    main(Path(chosen[0]), chosen[1])
