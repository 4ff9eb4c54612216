"""What all tests of pipelines share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def written_modules_are_forgotten(tmp_path: Path) -> Iterator[None]:
    """A module that a test writes and imports is not there for the next one."""
    yield
    for name, module in list(sys.modules.items()):
        if str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]
