"""What all tests share: the longest files first, and skips that nobody overlooks."""

import gc
import os
from collections import defaultdict
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import settings

settings.register_profile("coursekit", deadline=None)  # a busy machine is no fault
settings.load_profile("coursekit")

UNTOLD = "NOT TESTED"
SECONDS_IF_SLOW = 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of their slow tests' seconds, so that two workers end about together."""
    seconds: dict[str, float] = defaultdict(float)
    for item in items:
        marker = item.get_closest_marker("slow")
        if marker:
            seconds[item.location[0]] += marker.args[0] if marker.args else SECONDS_IF_SLOW
    items.sort(key=lambda item: -seconds[item.location[0]])


@pytest.fixture(scope="module", autouse=True)
def _older_objects_spared() -> None:
    """Keras Tuner collects garbage twice a trial, which takes a second where all was imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def not_testable() -> Callable[[str], NoReturn]:
    """Call it with what is missing and the cure: a loud skip, and in CI a failure."""

    def stop(reason: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(f"{UNTOLD}: {reason}")

    return stop


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip for want of something is said in a line of its own, not hidden in a count."""
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and UNTOLD in str(report.longrepr[2])
    }
    for reason in sorted(reasons):
        terminalreporter.write_line(reason, yellow=True, bold=True)
