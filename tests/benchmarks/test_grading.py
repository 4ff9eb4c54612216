"""The benchmark of grading: every notebook is graded, and what is printed was measured."""

import re

import pytest

from tests.commands import benchmark
from tests.grading.conftest import SAMPLE

LINE = r"coursekit, 1 jobs +3 +\d+\.\d s +\d+\.\d\d s +\d+ MB"


def test_it_measures_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))
    words = ("--lab", "99", "--submissions", "3", "--jobs", "1")
    done = benchmark("grading", *words, "--peers", "0")
    assert done.returncode == 0, done.stderr
    assert re.search(LINE, done.stdout), done.stdout


@pytest.mark.nightly(60)
def test_it_measures_nbgrader_in_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_NOTEBOOKS", str(SAMPLE.parent.parent))
    words = ("--lab", "99", "--submissions", "3", "--jobs", "1")
    done = benchmark("grading", *words, "--peers", "1", "--whole")
    assert re.search(LINE, done.stdout), done.stderr
    assert re.search(r"nbgrader autograde +1 .*\ncoursekit, 1 jobs takes \d+ times", done.stdout)
