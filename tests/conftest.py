"""What all tests share: what stays on one worker, what comes first, and skips nobody overlooks."""

import gc
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import PurePath
from typing import Any, NoReturn

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("coursekit", deadline=None)  # a busy machine is not a fault
settings.register_profile("fast", deadline=None, max_examples=25)

UNTOLD = "NOT TESTED"
SECONDS_IF_SLOW, SECONDS_IF_FAST = 20, 0.2
# Each of their cases, a lab, takes minutes.
BY_CASE = ("tests/labs/test_notebooks.py", "tests/labs/test_nbgrader.py")
NIGHTLY = "COURSEKIT_NIGHTLY"
# Where one of many is tested in turn; fixed here, before there are workers.
os.environ.setdefault("COURSEKIT_TURN", str(date.today().isocalendar().week))
# A worker a core: with more threads than that, they wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def unit(nodeid: str) -> str:
    """What stays on one worker: one case of a dear file, or a file with its fixtures.

    By the test's name, since xdist's groups do not reach it from pytest 9.2 on.
    """
    file, _, test = nodeid.partition("::")
    case = test.partition("[")[2]
    return f"{file}[{case}" if file in BY_CASE and case else file


class ByUnit(LoadScopeScheduling):
    """`--dist loadscope` by `unit`."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit | None:
    return ByUnit(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_configure(config: pytest.Config) -> None:
    """Where slow tests are left out, properties are tried on a quarter of the examples."""
    quick = "not slow" in config.getoption("markexpr")
    settings.load_profile("fast" if quick else "coursekit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `-m nightly` or COURSEKIT_NIGHTLY=1 no nightly tests; the longest units first.

    Workers take units in this order (`--no-loadscope-reorder`), so that they end about together.
    """
    if "nightly" not in config.getoption("markexpr") and os.environ.get(NIGHTLY) != "1":
        nightly = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if not item.get_closest_marker("nightly")]
    seconds: dict[str, float] = defaultdict(float)
    for item in items:
        seconds[unit(item.nodeid)] += _seconds(item)
    items.sort(key=lambda item: (-seconds[unit(item.nodeid)], unit(item.nodeid)))


def _seconds(item: pytest.Item) -> float:
    marker = item.get_closest_marker("slow") or item.get_closest_marker("nightly")
    if marker is None:
        return SECONDS_IF_FAST
    return marker.args[0] if marker.args else SECONDS_IF_SLOW


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> Iterator[None]:
    """A shell that starts tests in the background lets them ignore Ctrl-C; some are about it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
    """What was skipped for want of something, a line each; then the workers' seconds by folder."""
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and UNTOLD in str(report.longrepr[2])
    }
    for reason in sorted(reasons):
        terminalreporter.write_line(reason, yellow=True, bold=True)
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folders = PurePath(report.nodeid.split("::")[0]).parts[:-1]
                seconds["/".join(folders[:2])] += report.duration
    ordered = sorted(seconds.items(), key=lambda pair: -pair[1])
    told = ", ".join(f"{folder} {duration:.0f}" for folder, duration in ordered if duration >= 1)
    if told:
        terminalreporter.write_line(f"workers' seconds by folder: {told}")
