"""Rungs, without a browser."""

import re
import xml.etree.ElementTree as ET

import pytest

from coursekit.widgets import Rungs
from coursekit.widgets.rung_panel import ALL, ASYNCHRONOUS
from coursekit.worlds import MLPs, NASBench201


@pytest.fixture
def rungs() -> Rungs:
    return Rungs(MLPs())


def waited(panel: Rungs) -> int:
    return int(re.search(r"have waited (\d+) % of the time", panel.line.value)[1])


def test_the_plan_is_told_before_anything_runs(rungs: Rungs):
    assert "Planned: 27 to epoch 1, 9 to epoch 4, 3 to epoch 13, 1 to epoch 40" in rungs.line.value
    assert f"That is {27 + 9 * 3 + 3 * 9 + 27} epochs" in rungs.line.value
    assert "Planned" in rungs.figure.value  # for a screen reader


def test_events_are_stepped_through(rungs: Rungs):
    rungs.step_button.click()
    assert rungs.moment.value == 1 and "4 candidates have started, 3 train" in rungs.line.value
    before = rungs.figure.value
    rungs.end_button.click()
    assert "27 candidates have started, 0 train, 26 are stopped" in rungs.line.value
    assert "1 are trained in full" in rungs.line.value and rungs.figure.value != before
    assert rungs.step_button.disabled and rungs.end_button.disabled
    rungs.reset_button.click()
    assert "Planned" in rungs.line.value and not rungs.step_button.disabled


def test_eta_changes_the_brackets_and_the_choice_stays(rungs: Rungs):
    rungs.pick.index = 1
    rungs.factor.value = 2
    assert rungs.pick.index == 1 and "bracket 4" in rungs.pick.value
    assert "to epoch 2, " in rungs.line.value and rungs.moment.value == 0
    rungs.pick.index = 7  # ASHA; with four there are fewer brackets
    rungs.factor.value = 4
    assert rungs.pick.value in rungs.brackets


def test_stragglers_make_a_bracket_wait_and_asha_not(rungs: Rungs):
    rungs.stragglers.value = True
    rungs.end_button.click()
    assert waited(rungs) > 30
    end = rungs.events[-1]
    rungs.pick.value = ASYNCHRONOUS
    assert "One in 3 is promoted, at epochs 1, 4, 13" in rungs.line.value
    rungs.end_button.click()
    assert waited(rungs) == 0 and rungs.events[-1] == end
    assert len({job.worker for job in rungs.jobs}) == 4


def test_one_worker_never_waits(rungs: Rungs):
    rungs.workers.value = 1
    rungs.pick.value = ALL
    rungs.end_button.click()
    assert waited(rungs) == 0 and "49 candidates have started" in rungs.line.value


def test_a_world_without_curves_is_refused():
    with pytest.raises(ValueError, match="only the end of each training"):
        Rungs(NASBench201())


def test_the_stand_in_needs_no_widgets(rungs: Rungs):
    html = rungs._repr_mimebundle_()["text/html"]
    assert "candidates have started" in html  # not the empty beginning
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])
    assert rungs.moment.value == 0
