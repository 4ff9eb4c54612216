"""The page on which an instructor looks at a class and marks: who gets in, what a mark does."""

import csv
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coursekit.grading.grader import Grade, Grader, Mark
from coursekit.grading.marking_page import MarkingPage
from coursekit.grading.results import ClassResults
from coursekit.grading.submissions import Submission
from coursekit.labs.cards import Card
from tests.commands import coursekit
from tests.grading.conftest import HOSTILE, SAMPLE, results


@pytest.fixture(autouse=True)
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))


@pytest.fixture
def page(tmp_path: Path, grader: Grader) -> Iterator[MarkingPage]:
    results(tmp_path / "graded", grader)
    with MarkingPage([tmp_path / "graded"]) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def ask(
    page: MarkingPage, path: str, body: Any = None, key: str | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", page.server_address[1], timeout=30)
    address = f"/{page.key if key is None else key}/{path}"
    kind = {"Content-Type": "application/json"} if body is not None else {}
    content = None if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    connection.request(method, address, content, {**kind, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


def marking(exercise: str, points: str = "", comment: str = "", place: str = "ada.ipynb") -> Any:
    return {"lab": "99_sample", "place": place, "exercise": exercise, "points": points,
            "comment": comment}  # fmt: skip


def book(page: MarkingPage) -> dict[str, dict[str, str]]:
    with (page.folders[0] / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        return {row["submission"]: row for row in csv.DictReader(file)}


def test_only_who_has_the_address_is_answered(page: MarkingPage) -> None:
    assert ask(page, "")[0] == ask(page, "data")[0] == 200
    for given in ({"key": "x"}, {"key": ""}, {"Host": "evil.example"}, {"Host": "localhost"}):
        for body in (None, marking("99.1", "0")):
            status, text, _ = ask(page, "mark" if body else "data", body, **given)  # type: ignore[arg-type]
            assert status == 403 and "ada" not in text
    assert page.server_address[0] == "127.0.0.1"
    # As a form of another site's page would send it.
    assert ask(page, "mark", marking("99.1", "0"), **{"Content-Type": "text/plain"})[0] == 400
    assert book(page)["ada.ipynb"]["99.1"] == "2"


def test_nothing_of_a_submission_is_markup_and_no_other_file_is_served(page: MarkingPage) -> None:
    status, text, headers = ask(page, "")
    assert "default-src 'none'" in headers["Content-Security-Policy"] and "ada" not in text
    shown = json.loads(ask(page, "data")[1])["labs"][0]
    for row in shown["rows"]:
        status, text, headers = ask(page, f"feedback/99_sample/{row['page']}")
        assert status == 200 and "<script" not in text
        assert headers["Content-Security-Policy"].startswith("sandbox;")
    for path in ("feedback/99_sample/..%2fclass.json", "feedback/99_sample/../marks.csv",
                 "../class.json", "marking_page.py", "feedback/99_sample/nobody.html"):  # fmt: skip
        assert ask(page, path)[0] == 404


def test_the_class_in_numbers(page: MarkingPage) -> None:
    shown = json.loads(ask(page, "data")[1])
    (lab,) = shown["labs"]
    assert lab["most"] == 7 and len(lab["rows"]) == 6 and len(lab["rubric"]) == 2
    first = lab["exercises"][0]
    assert [first[each] for each in ("key", "right", "wrong", "untouched", "unjudged")] == [
        "99.1", 2, 3, 0, 1,
    ]  # fmt: skip
    (idea,) = lab["ideas"]
    assert (idea["said"], len(idea["places"]), idea["tried"]) == ("Round *down*.", 3, 5)
    assert sum(each["learners"] for each in lab["bins"]) == 6
    assert lab["help"][0] == {
        "place": "bob.ipynb", "points": 0, "wrong": ["99.1"], "untouched": ["99.2"],
    }  # fmt: skip
    waits = {row["place"]: row["waits"] for row in lab["rows"]}
    assert waits["ada.ipynb"] and waits["cid.ipynb"] and not waits["bob.ipynb"]


def test_a_mark_reaches_gradebook_and_feedback_and_can_be_taken_back(page: MarkingPage) -> None:
    status, text, _ = ask(page, "mark", marking("conclusion", "1.5", "Good"))
    assert status == 200, text
    ada = json.loads(text)["labs"][0]["rows"][0]
    assert (ada["points"], ada["conclusion_points"], ada["waits"]) == (3.5, 1.5, False)
    assert book(page)["ada.ipynb"]["points"] == "3.5"
    assert "Your conclusion: 1.5 of 2" in (page.folders[0] / "feedback" / "ada.html").read_text()
    # A spreadsheet adds a row meanwhile: both are kept.
    with (page.folders[0] / "marks.csv").open("a") as file:
        file.write("bob,99.1,1,Nearly\n")
    assert ask(page, "mark", marking("conclusion", "2"))[0] == 200
    lines = (page.folders[0] / "marks.csv").read_text().splitlines()[1:]
    assert lines[0] == "bob,99.1,1,Nearly" and lines[1].startswith("ada,conclusion,2,,")
    assert book(page)["bob.ipynb"]["points"] == "1"
    assert ask(page, "mark", marking("conclusion"))[0] == 200
    assert book(page)["ada.ipynb"]["to be marked"] == "conclusion"


def test_a_mark_is_of_one_submission(page: MarkingPage) -> None:
    assert ask(page, "mark", marking("settled", place="dan 2.ipynb"))[0] == 200
    assert ask(page, "mark", marking("99.1", "1", "=1+1", place=f"{HOSTILE}.ipynb"))[0] == 200
    found = book(page)
    assert [found[f"dan {n}.ipynb"]["status"] for n in (1, 2)] == ["needs review", "ok"]
    assert next(row for place, row in found.items() if "cmd" in place)["99.1"] == "1"
    lines = (page.folders[0] / "marks.csv").read_text().splitlines()
    assert not any(line.startswith("=") or ",=" in line for line in lines)


def test_a_mark_does_not_outlive_its_notebook(page: MarkingPage, grader: Grader) -> None:
    assert ask(page, "mark", marking("99.1", "1", place="ada.ipynb"))[0] == 200
    assert ask(page, "mark", marking("settled", place="ada.ipynb"))[0] == 200
    found = ClassResults.read(page.folders[0], grader.lab)
    assert found is not None
    rows = [(replace(each, digest="f" * 64), grade) for each, grade in found.rows]
    now = {each.place: grade for each, grade in replace(found, rows=rows).marked()}
    assert now["ada.ipynb"].status == "needs review"
    assert "99.1 was marked by hand for another notebook" in now["ada.ipynb"].notes
    before = {each.place: grade for each, grade in found.rows}["ada.ipynb"]
    assert now["ada.ipynb"].marks["99.1"] == before.marks["99.1"]


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        (marking("99.1", "3"), "'3' is not from 0 to 2"),
        (marking("99.9", "1"), "'99.9' is none of 99.1"),
        (marking("99.1", "1", place="nobody"), "there is no submission 'nobody'"),
        ({"lab": "98"}, "there is no submission ''"),
        ([], "a mark is an object"),
        ("x" * 200_000, "at most 100 kB"),
    ],
)
def test_a_bad_mark_changes_nothing_and_says_why(page: MarkingPage, mark: Any, why: str) -> None:
    before = (page.folders[0] / "marks.csv").read_text()
    status, text, _ = ask(page, "mark", mark)
    assert status == 400 and why in text
    assert (page.folders[0] / "marks.csv").read_text() == before


def test_totals_over_labs(tmp_path: Path, grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    labs = tmp_path / "labs"
    for name in ("98_other", "99_sample"):
        for kind in ("source", "exercises"):
            text = (SAMPLE.parent.parent / kind / SAMPLE.name).read_text()
            (labs / kind).mkdir(parents=True, exist_ok=True)
            text = text if name == "99_sample" else text.replace("99", "98")
            (labs / kind / f"{name}.py").write_text(text)
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(labs))
    results(tmp_path / "99", Grader(labs / "source" / "99_sample.py"))
    other = Grader(labs / "source" / "98_other.py")
    (tmp_path / "98").mkdir()
    grade = Grade("ok", marks={"98.1": Mark(1, 2, Card("right", "x"))})
    ClassResults(tmp_path / "98", other.lab, [(Submission("x", "ada", digest="x"), grade)]).keep()
    table = tmp_path / "totals.csv"
    done = coursekit("gradebook", tmp_path / "99", tmp_path / "98", "--totals", table)
    assert done.returncode == 0 and "5 learners" in done.stdout, done.stderr
    with table.open(newline="") as file:
        found = {row["learner"]: row for row in csv.DictReader(file)}
    ada, dan = found["ada"], found["dan"]
    assert [ada[each] for each in ("98_other", "99_sample", "total", "of")] == ["1", "2", "3", "14"]
    assert ada["waits for you"] == "99_sample: conclusion"
    assert dan["99_sample"] == "" and "99_sample: 2 submissions" in dan["waits for you"]


@pytest.mark.parametrize(
    ("words", "message"),
    [(["nowhere"], "there are no results in nowhere: name a folder"),
     (["graded", "graded"], "the results of 99_sample are in graded, too")],
)  # fmt: skip
def test_misuse_of_the_page_names_the_cure(
    tmp_path: Path, grader: Grader, words: list[str], message: str
) -> None:
    results(tmp_path / "graded", grader)
    done = coursekit("gradebook", *words, folder=tmp_path)
    assert done.returncode == 1 and message in done.stderr
