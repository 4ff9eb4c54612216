"""Every lab runs as a learner gets it, its claims hold, and its solutions pass their checks.

Of the solved notebook only those cells run that an answer has a say in: the experiments are the
same as in the learner's.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.labs.build import build
from coursekit.labs.exercises import load
from coursekit.labs.names import dependent

Run = Callable[..., None]
SAMPLE = Path(__file__).parent / "lab" / "source" / "99_sample.py"


def with_answers(source: Path) -> str:
    """The solved notebook's set-up, exercise and check cells, and those that need an answer."""
    lab = load(source)
    needed = {_unmasked(cell.text) for cell in dependent(lab.cells)}
    notebook = json.loads(build(source, solved=True))
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("coursekit", {}).keys() & {"exercise", "check"}
        or "setup" in cell["metadata"].get("tags", [])
        or "".join(cell["source"]) in needed
    ]
    return json.dumps(notebook)


def _unmasked(text: str) -> str:
    """A cell's text with its magics as they stand in the notebook."""
    return re.sub(r"^# (?=[%!])", "", text, flags=re.MULTILINE)


def test_an_untouched_notebook_runs_through_and_its_claims_hold(
    lab_to_run: Path, run_notebook: Run
) -> None:
    run_notebook(build(lab_to_run, claims=True), lab_to_run)


def test_answers_pass_every_check_and_what_follows_from_them_runs(
    lab_to_run: Path, run_notebook: Run
) -> None:
    run_notebook(with_answers(lab_to_run), lab_to_run, strict=True)


def test_what_runs_with_claims_is_what_learners_get(lab_source: Path) -> None:
    learners = json.loads(build(lab_source))["cells"]
    examined = json.loads(build(lab_source, claims=True))["cells"]
    assert [cell for cell in examined if not cell["id"].startswith("claim-")] == learners
    assert len(examined) - len(learners) == sum(c.claim is not None for c in load(lab_source).cells)


@pytest.mark.slow(10)
@pytest.mark.xdist_group("lab 99_sample")
def test_a_missing_answer_and_a_wrong_claim_fail_the_run(run_notebook: Run, tmp_path: Path) -> None:
    """What passes above can fail."""
    source = tmp_path / "source" / SAMPLE.name
    source.parent.mkdir()
    source.write_text(SAMPLE.read_text() + '\n# %% claim="One is two"\nassert 1 == 2\n')
    (tmp_path / "exercises").symlink_to(SAMPLE.parent.parent / "exercises")
    with pytest.raises(AssertionError) as error:
        run_notebook(build(source, claims=True), source, strict=True)
    for told in ("claim 'One is two' does not hold", 'check("99.1")', "Not yet"):
        assert told in str(error.value)
