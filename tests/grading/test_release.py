"""What is handed out holds no answers, and replaces nobody's work."""

import json
from pathlib import Path

import pytest

from coursekit.labs.build import build
from tests.commands import coursekit
from tests.grading.conftest import SAMPLE


def test_learners_get_the_notebook_without_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))
    for words in (["99"], ["all"]):
        assert coursekit("release", *words, "--out", tmp_path).returncode == 0
    path = tmp_path / "99_sample.ipynb"
    assert path.read_text() == build(SAMPLE)
    text = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])
    assert "hidden=True" not in text and "candidates // factor" not in text
    path.write_text("mine")
    done = coursekit("release", "99", "--out", tmp_path)
    assert done.returncode == 1 and "is there and differs: delete it" in done.stderr
    assert path.read_text() == "mine"
    assert "choose one of 99" in coursekit("release", "7", "--out", tmp_path).stderr
