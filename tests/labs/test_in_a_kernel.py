"""The same in a real kernel: cards, widgets, interrupts, cells that fail, kernels that are new."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel


def outputs(*cells: str) -> list[dict[str, Any]]:
    """The last output of each cell, executed in one kernel; any exception fails."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=60).execute()
    return [cell.outputs[-1] if cell.outputs else {} for cell in notebook.cells]


Run = Callable[..., str]  # code, cell="": what the cell shows, as text


@pytest.fixture
def run(work: Path) -> Iterator[Run]:
    """Runs cells as JupyterLab does, with their ids, in a kernel as `coursekit lab` starts it."""
    manager: KernelManager
    manager, client = start_new_kernel(
        extra_arguments=["--ext=coursekit.labs.restart"], cwd=str(work)
    )

    def execute(code: str, cell: str = "") -> str:
        content = {"code": code, "silent": False, "store_history": True, "stop_on_error": False}
        metadata = {"cellId": cell} if cell else {}
        message = client.session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(message)
        said = []
        while True:
            reply = client.get_iopub_msg(timeout=60)
            if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            content = reply["content"]
            if reply["msg_type"] == "status" and content["execution_state"] == "idle":
                return "\n".join(said)
            if "data" in content:
                said.append(content["data"]["text/plain"])
            elif reply["msg_type"] == "stream":
                said.append(content["text"])
            elif reply["msg_type"] == "error":
                said.append(f"{content['ename']}: {content['evalue']}")

    yield execute
    client.stop_channels()
    manager.shutdown_kernel(now=True)


RIGHT = "def survivors(candidates, factor):\n    return candidates // factor"
CELL = "exercise-99-1"


def test_a_tick_judges_what_the_cell_defines_now(run: Run) -> None:
    run("from coursekit.labs import check")
    run(RIGHT, CELL)
    assert "✓ Right" in run("check('99.1')")
    # A broken cell leaves the old definition in memory.
    assert "SyntaxError" in run(RIGHT.replace(":", ""), CELL)
    said = run("check('99.1')")
    assert "Not yet" in said and "The last run of the exercise's cell failed (SyntaxError)." in said
    run(RIGHT.replace("survivors", "survive"), CELL)
    said = run("check('99.1')")
    assert "Not yet" in said and "does not define `survivors` any more" in said
    # A definition elsewhere, later than that, is the answer; so is one before a line that fails.
    run(RIGHT.replace("//", "+"), "a-copy")
    assert "Not right" in run("check('99.1')")
    run(RIGHT + "\n1 / 0", CELL)
    assert "✓ Right" in run("check('99.1')")
    run("1 / 0\n" + RIGHT, CELL)
    assert "✓ Right" in run("check('99.1')"), "the same code is in memory"
    run("1 / 0\n" + RIGHT.replace("//", "-"), CELL)
    assert "failed (ZeroDivisionError)" in run("check('99.1')")
    # Magics are part of cells.
    run("%config InlineBackend\n" + RIGHT, CELL)
    assert "✓ Right" in run("check('99.1')")


def test_a_tick_without_cell_ids(run: Run) -> None:
    run("from coursekit.labs import check")
    run(RIGHT)
    assert "✓ Right" in run("check('99.1')")
    run(RIGHT.replace("return", "return ("))
    assert "failed (SyntaxError)" in run("check('99.1')")


def test_a_new_kernel_says_what_to_run(run: Run) -> None:
    above = "in the menu *Run*, *Run All Above Selected Cell*"
    said = run("print(rungs)")
    assert said.startswith("NameError") and above in said
    assert "`rungs` is not defined\n" in said
    assert above not in run("print(rongs)"), "a typing error is no cell that has not run"
    said = run("from coursekit.labs import check\ncheck('99.3')")
    assert "`budgets` is not defined" in said and "The kernel is new" in said and above in said
    run("def budgets(a, b, c):\n    return [math.floor(a)]", "exercise-99-3")
    said = run("check('99.3')")
    assert "`math` is not defined: a cell above defines it." in said and above in said


def test_panels_know_their_cell(run: Run) -> None:
    code = "from coursekit.notebook import cell, kernel\nprint(cell(), kernel() is not None)"
    assert run(code, "code-7") == "code-7 True\n"
    assert run(code) == " True\n"


def test_a_cell_that_changes_the_folder_begins_no_second_record(run: Run, work: Path) -> None:
    run("import os\ndel os.environ['COURSEKIT_DIR']\nfrom coursekit.labs import check")
    run("os.mkdir('below')\nos.chdir('below')")
    run(RIGHT, CELL)
    assert "✓ Right" in run("check('99.1')")
    assert (work / ".coursekit" / "progress.json").is_file()
    assert not (work / "below" / ".coursekit").exists()


def test_checks_and_predictions(work: Path) -> None:
    start, right, _, interrupted, alive, number, options, folded, table = outputs(
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
        "recall('r', 'Why <b>?', answer='`x`')",
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
    markup = folded["data"]["text/html"]
    assert "Why &lt;b&gt;?" in markup and markup.index("<summary") < markup.index("<code>x</code>")
    assert "1 of 4 exercises solved" in table["data"]["text/html"]
