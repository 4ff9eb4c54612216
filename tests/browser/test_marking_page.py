"""The gradebook's page in a browser: sort, filter, wrong ideas, a mark by hand."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from coursekit.grading.grader import Grader
from coursekit.grading.marking_page import MarkingPage
from tests.browser.harness import Notebook
from tests.grading.conftest import HOSTILE, SAMPLE, results

pytestmark = pytest.mark.slow(10)


def test_an_instructor_looks_and_marks(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))
    out = tmp_path / "graded"
    results(out, Grader(SAMPLE))
    with MarkingPage([out]) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        try:
            page.on("dialog", lambda dialog: pytest.fail("a submission's script has run"))
            page.goto(served.address)
            looks_and_marks(page, out)
        finally:
            served.shutdown()
            thread.join()


def looks_and_marks(page: Page, out: Path) -> None:
    rows, learners = page.locator("#rows tr"), page.locator("#rows th")
    expect(rows).to_have_count(6)
    expect(page.locator("#counts")).to_contain_text(
        "6 submissions: 3 ok, 1 partial, 2 needs review"
    )
    assert page.locator("#table script, #table img").count() == 0
    expect(learners.first).to_have_text(HOSTILE)
    bars = page.locator("#points .column > div").evaluate_all(
        "all => all.map(e => [parseInt(e.innerText), e.querySelector('span').offsetHeight])"
    )
    counted = [(count, height) for count, height in bars if height > 1]
    most, tallest = max(counted)
    assert tallest > 40
    assert all(abs(height - count / most * tallest) <= 1 for count, height in counted)
    points = page.locator("#columns button", has_text="of 7")
    points.click()
    points.click()
    expect(learners.first).to_have_text("ada")
    expect(page.locator("#columns th[aria-sort=descending]")).to_have_count(1)
    page.fill("#words", "crash")
    expect(learners).to_have_text(["cid"])
    page.fill("#words", "")
    expect(page.locator("#ideas td em")).to_have_text("down")
    page.locator("#ideas button").click()
    expect(rows).to_have_count(3)
    page.locator("#chosen button").click()
    page.check("#waits")
    expect(rows).to_have_count(4)

    page.locator("#rows button", has_text="ada").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("pre")).to_have_text("It halves. <b>")
    feedback = page.frame_locator("#feedback")
    expect(feedback.locator("h2").first).to_contain_text("Exercise 99.1: 2 of 2")
    dialog.get_by_label("points for conclusion").fill("3")
    dialog.locator("form", has=page.get_by_label("points for conclusion")).get_by_text(
        "Save"
    ).click()
    assert "ada" not in (out / "marks.csv").read_text()  # the browser itself says: at most 2
    dialog.get_by_label("points for conclusion").fill("1.5")
    dialog.get_by_label("comment on conclusion").fill("Good <i>")
    dialog.get_by_label("comment on conclusion").press("Enter")
    expect(page.locator("#who")).to_have_text("ada: 3.5 of 7")
    assert "ada,conclusion,1.5,Good <i>" in (out / "marks.csv").read_text()
    page.locator("#next").click()
    expect(page.locator("#who")).to_have_text("cid: 0 of 7")
    dialog.get_by_text("Settle", exact=True).click()
    expect(page.locator("#counts")).to_contain_text("4 ok")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(2)


def test_a_notebook_shows_the_page(written: Callable[..., Notebook], tmp_path: Path) -> None:
    out = tmp_path / "graded"
    results(out, Grader(SAMPLE))
    labs = f"import os; os.environ['COURSEKIT_NOTEBOOKS'] = {str(SAMPLE.parent.parent)!r}"
    notebook = written("class", f"{labs}\nfrom coursekit.grading import show\nshow({str(out)!r})")
    for _ in range(2):  # to run it again is no second server
        notebook.run(notebook.cell(0))
        inside = notebook.cell(0).frame_locator("iframe")
        expect(inside.locator("#counts")).to_contain_text("6 submissions")
    notebook.page.emulate_media(color_scheme="null")  # as outside of a test
    for theme, colour in (("dark", "rgb(28, 28, 28)"), ("light", "rgb(255, 255, 255)")):
        notebook.theme(theme)
        expect(inside.locator("body")).to_have_css("background-color", colour)
    inside.locator("#rows button", has_text="ada").click()
    expect(inside.frame_locator("#feedback").locator("h2").first).to_contain_text("99.1: 2 of 2")
    assert not notebook.errors()
