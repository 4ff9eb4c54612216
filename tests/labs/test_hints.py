"""What `hint` and `solution` say, and what is kept of it."""

import json
from pathlib import Path

import pytest

from coursekit.labs import check, hint, solution

pytestmark = pytest.mark.usefixtures("work")


def test_a_key_without_quotes_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    hint(99.1)  # type: ignore[arg-type]
    assert "put the key in quotes" in capsys.readouterr().out


def test_hints_one_by_one_then_the_solution(capsys: pytest.CaptureFixture[str]) -> None:
    solution("99.1")
    assert "Try it first" in capsys.readouterr().out
    hint("99.1")
    first = capsys.readouterr().out
    assert "1 of 2 hints" in first and "round down" not in first
    hint("99.1")
    assert "round down" in capsys.readouterr().out
    hint("99.1")
    assert "These are all 2" in capsys.readouterr().out
    solution("99.1")
    text = capsys.readouterr().out
    assert "return candidates // factor" in text and "BEGIN" not in text
    hint("99.2")
    assert "no hints" in capsys.readouterr().out


def test_solution_after_an_attempt(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "epochs", 40)
    check("99.2")
    solution("99.2")
    assert "epochs = 12 * 2 + 4 * 4 + 2 * 10" in capsys.readouterr().out
    kept = json.loads((work / ".coursekit" / "progress.json").read_text())
    assert kept["exercises"]["99.2"].keys() == {"attempts", "shown"}


def test_read_only_folder_is_one_note(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "file").touch()
    monkeypatch.setenv("COURSEKIT_DIR", str(work / "file"))  # a folder nobody can write, even root
    monkeypatch.setitem(globals(), "epochs", 40)
    check("99.2")
    text = capsys.readouterr().out
    assert "Not right" in text and text.count("Note: Your progress was not saved") == 1
    hint("99.1")
    capsys.readouterr()
    hint("99.1")
    assert "These are all 2" in capsys.readouterr().out
