"""Every learner notebook runs from top to bottom, unsolved, without an exception."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow(150)
def test_untouched_notebook_runs_through(
    lab_source: Path, run_notebook: Callable[..., None]
) -> None:
    run_notebook(lab_source, solved=False)
