"""Every solved notebook runs from top to bottom, and every check in it is right."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow(180)
def test_solved_notebook_passes_every_check(
    lab_source: Path, run_notebook: Callable[..., None]
) -> None:
    run_notebook(lab_source, solved=True)
