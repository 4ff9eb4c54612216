"""The line that says how far something is: on a terminal, in a notebook, and nowhere else."""

import itertools
from typing import Any

import pytest

import coursekit.status_line
from coursekit.status_line import Line, counted


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes between two looks at the clock."""
    seconds = itertools.count()
    monkeypatch.setattr(coursekit.status_line.time, "monotonic", lambda: next(seconds))


def test_steps_are_counted_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert list(counted(range(4), "trainings")) == [0, 1, 2, 3]
    said = capsys.readouterr().err
    assert said.startswith("\r2 of 4 trainings, 2 s, 2 s to go")
    assert said.endswith("\n")
    assert list(counted(iter("abc"), "letters")) == ["a", "b", "c"]
    assert "2 letters, 2 s" in capsys.readouterr().err


def test_nothing_is_written_where_nobody_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(counted(range(9), "trainings")) == list(range(9))
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_it_is_one_output_that_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    class Place:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            shown.append(bundle["text/plain"])

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Place:
        shown.append(bundle["text/plain"])
        return Place()

    monkeypatch.setattr(coursekit.status_line, "kernel", lambda: object())
    monkeypatch.setattr("IPython.display.display", display)
    list(counted(range(4), "trainings"))
    assert shown == [
        "2 of 4 trainings, 2 s, 2 s to go",
        "3 of 4 trainings, 3 s, 1 s to go",
        "4 of 4 trainings, 4 s, 0 s to go",
        "",
    ]
    shown.clear()
    Line(False).end()
    assert shown == []
