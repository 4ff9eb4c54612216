"""Claims: cut from what learners get, held in the tests, and named when they do not hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from coursekit.labs.build import build
from coursekit.labs.claims import hold, wrapped
from coursekit.labs.source import Cell

CLAIM = """
# %% claim="A rung of \\"12\\" keeps 4"
kept = 12 // 3
text = "a\\nb"
assert kept == 4, "by a third"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "source" / "97_claims.py"
    path.parent.mkdir()
    path.write_text("# %%\nkept = 1\n" + text, encoding="utf-8")
    return path


def code(notebook: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]


def test_claims_are_in_no_notebook_but_that_of_the_tests(tmp_path: Path) -> None:
    path = write(tmp_path, CLAIM.replace('\\"', ""))
    assert code(build(path)) == code(build(path, solved=True)) == ["kept = 1"]
    _, claim = code(build(path, claims=True))
    names: dict[str, Any] = {"kept": 1}
    before = dict(names)
    exec(claim, names)
    names.pop("__builtins__")
    assert names == before, "a claim leaves no name behind"


@pytest.mark.parametrize(
    "text", ['a = """x"""\nassert a == "x"', "assert 'a\\n' == chr(97) + '\\n'"]
)
def test_any_code_can_be_wrapped(text: str) -> None:
    exec(wrapped("97_claims", Cell("code", text, 3, claim="true")), {})


def test_a_later_claim_knows_what_an_earlier_one_of_its_lab_defined() -> None:
    names = {"best": 4}
    hold("a", "b.py:1", names, "def leads(score):\n    return best > score\n\nassert leads(2)")
    hold("c", "b.py:9", names, "assert not leads(5)")
    assert names == {"best": 4}
    with pytest.raises(AssertionError, match="name 'leads' is not defined"):
        hold("c", "d.py:9", names, "assert leads(2)")


def test_a_failure_names_the_claim_the_line_and_the_values() -> None:
    text = "lead = best - worst\n\nassert (\n    lead > 3\n), 'seeds 20-39'"
    with pytest.raises(AssertionError) as error:
        hold("evolution leads", "06_evolution.py:120", {"best": 4, "worst": 2}, text)
    assert str(error.value).splitlines() == [
        "claim 'evolution leads' does not hold: 06_evolution.py:124: AssertionError: seeds 20-39",
        "  assert lead > 3, 'seeds 20-39'",
        "  lead = 2",
    ]
    with pytest.raises(AssertionError, match=r"cannot be examined: a\.py:2: NameError: name 'x'"):
        hold("x is 1", "a.py:1", {}, "assert x == 1")
