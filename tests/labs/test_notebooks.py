"""Every lab runs as a learner gets it, its claims hold, and its solutions pass their checks.

One kernel runs all of it, as a learner's does: the untouched notebook with its claims; then the
solved exercises, their checks, and the cells that depend on an answer. The other cells would do the
same again.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coursekit.labs.build import build
from coursekit.labs.exercises import load
from coursekit.labs.names import dependent

Run = Callable[[str, Path], None]
SAMPLE = Path(__file__).parent / "lab" / "source" / "99_sample.py"
# From here on a failed check raises.
STRICT = 'import os; os.environ["NBGRADER_EXECUTION"] = "validate"'


def examined(source: Path) -> str:
    """The learner's notebook with the claims, and after it what an answer has a say in, solved."""
    notebook = json.loads(build(source, claims=True))
    needed = {_unmasked(cell.text) for cell in dependent(load(source).cells)}
    solved = [
        cell | {"id": f"answer-{cell['id']}"}
        for cell in json.loads(build(source, solved=True))["cells"]
        if cell["metadata"].get("coursekit", {}).keys() & {"exercise", "check"}
        or "".join(cell["source"]) in needed
    ]
    notebook["cells"] += [code(STRICT), *solved]
    return json.dumps(notebook)


def code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "strict",
        "metadata": {},
        "outputs": [],
        "source": text,
    }


def _unmasked(text: str) -> str:
    """A cell's text with its magics as they stand in the notebook."""
    return re.sub(r"^# (?=[%!])", "", text, flags=re.MULTILINE)


def test_a_lab_runs_untouched_its_claims_hold_and_its_answers_pass(
    lab_to_run: Path, run_notebook: Run
) -> None:
    run_notebook(examined(lab_to_run), lab_to_run)


def test_claims_that_measure_again_hold(lab_to_measure: Path, run_notebook: Run) -> None:
    run_notebook(build(lab_to_measure, claims=True, nightly=True), lab_to_measure)


def test_what_runs_with_claims_is_what_learners_get(lab_source: Path) -> None:
    learners = json.loads(build(lab_source))["cells"]
    examined = json.loads(build(lab_source, claims=True))["cells"]
    assert [cell for cell in examined if not cell["id"].startswith("claim-")] == learners
    claims = [cell for cell in load(lab_source).cells if cell.claim is not None]
    assert len(examined) - len(learners) == sum(not cell.nightly for cell in claims)
    night = json.loads(build(lab_source, claims=True, nightly=True))["cells"]
    assert len(night) - len(learners) == len(claims)


@pytest.mark.slow(10)
def test_a_missing_answer_and_a_wrong_claim_fail_the_run(run_notebook: Run, tmp_path: Path) -> None:
    """What passes above can fail."""
    source = tmp_path / "source" / SAMPLE.name
    source.parent.mkdir()
    source.write_text(SAMPLE.read_text() + '\n# %% claim="One is two"\nassert 1 == 2\n')
    (tmp_path / "exercises").symlink_to(SAMPLE.parent.parent / "exercises")
    notebook = json.loads(build(source, claims=True))
    notebook["cells"].insert(0, code(STRICT))
    with pytest.raises(AssertionError) as error:
        run_notebook(json.dumps(notebook), source)
    for told in ("claim 'One is two' does not hold", 'check("99.1")', "Not yet"):
        assert told in str(error.value)
