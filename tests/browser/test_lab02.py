"""Lab 02 as a learner meets it: a pipeline in a panel that runs it and answers clicks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Notebook

pytestmark = pytest.mark.slow(60)
TIGHTEN = """def tighten(schema, classes):
    tfdv.set_domain(schema, "label", schema_pb2.IntDomain(min=0, max=classes))
    return schema
"""


@pytest.fixture
def notebook(lab: Callable[[str], Notebook]) -> Notebook:
    notebook = lab("02_tfx_pipelines.ipynb")
    for text in ("from coursekit.labs", "from coursekit.tfx.interactive", "from dataclasses"):
        assert notebook.run(notebook.code(text)) == ""  # not a word, and no script
    return notebook


def test_a_pipeline_runs_lights_up_and_tells_what_it_wrote(notebook: Notebook):
    cell = notebook.code("plan = Plan(")
    notebook.run(cell)
    line = cell.get_by_role("status").first
    expect(line).to_contain_text("0 of 11 components have run")
    cell.get_by_role("button", name="Run next").click()
    expect(line).to_contain_text("1 of 11 components have run")
    source = cell.get_by_role("button", name="ImportExampleGen")
    expect(source).to_contain_text("✓")
    expect(cell).to_contain_text("ImportExampleGen: done in")
    expect(cell.get_by_role("table").first).to_contain_text("my-pipeline/artifacts")

    run = notebook.code('pipeline.run("StatisticsGen")')
    notebook.run(run, wait=False)  # lit by a cell as well, while that runs
    expect(line).to_contain_text("StatisticsGen is running")
    expect(cell.get_by_role("button", name="Run next")).to_be_disabled()
    expect(line).to_contain_text("2 of 11 components have run")
    chosen = cell.get_by_role("button", name="StatisticsGen")
    chosen.focus()
    chosen.press("Enter")
    expect(cell).to_contain_text("StatisticsGen: done in")
    expect(cell.get_by_role("table").first).to_contain_text("ExampleStatistics")
    assert notebook.errors() == []


def test_an_exercise_is_judged(notebook: Notebook):
    check = notebook.code('check("2.1")')
    notebook.run(notebook.code("def tighten"))
    assert "Not yet" in notebook.run(check)
    notebook.write(notebook.code("def tighten"), TIGHTEN)
    notebook.run(notebook.code("def tighten"))
    assert "the last label is 9" in notebook.run(check)
    assert notebook.errors() == []
