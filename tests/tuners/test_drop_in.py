"""The script of the README's section on drop-in tuners."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("drop_in.py")
README = SCRIPT.parent.parent.parent / "README.md"


@pytest.mark.nightly(80)
def test_it_finds_a_good_model_on_real_data(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(README.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, SCRIPT], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    summary = done.stdout.partition("Results summary")[2]
    scores = [float(score) for score in re.findall(r"^Score: ([\d.]+)", summary, re.MULTILINE)]
    # The configurations are always the same; only the weights are drawn anew.
    assert len(scores) == 3 and scores == sorted(scores, reverse=True) and scores[0] > 0.8
    assert len(list(tmp_path.glob("untitled_project/trial_*/checkpoint.weights.h5"))) == 16


def test_the_readme_shows_it():
    assert f"```python\n{SCRIPT.read_text()}```" in README.read_text()
