"""The same in a real kernel: cards, widgets, and an interrupt that leaves the kernel working."""

from pathlib import Path
from typing import Any

import nbclient
import nbformat


def outputs(*cells: str) -> list[dict[str, Any]]:
    """The last output of each cell, executed in one kernel; any exception fails."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=60).execute()
    return [cell.outputs[-1] if cell.outputs else {} for cell in notebook.cells]


def test_checks_and_predictions(work: Path) -> None:
    start, right, _, interrupted, alive, number, options, table = outputs(
        "from coursekit.labs import *\nimport os, signal\n"
        "def survivors(candidates, factor): return candidates // factor",
        "check('99.1')",
        "def survivors(candidates, factor):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    while True:\n"
        "        try: display('endless')\n"
        "        except BaseException: pass",
        "check('99.1')",
        "display(1 + 1)",
        "predict('p', 'How many?', unit='trials')",
        "predict('q', 'Which?', options=['a', 'b'])",
        "progress()",
    )
    assert start == {}
    assert 'role="status"' in right["data"]["text/html"]
    assert right["data"]["text/plain"].startswith("✓ Right: 99.1")
    assert right["output_type"] == "display_data"  # an execute_result would be a partial grade
    assert "You interrupted it." in interrupted["data"]["text/plain"]
    assert alive["data"]["text/plain"] == "2"
    for field in (number, options):
        assert "application/vnd.jupyter.widget-view+json" in field["data"]
        assert "Without widgets" in field["data"]["text/plain"]
    assert "1 of 3 exercises solved" in table["data"]["text/html"]
