"""The network that grows by clicks."""

import pytest

from coursekit import data
from coursekit.widgets import Growing
from coursekit.widgets import panel as panel_module
from coursekit.widgets.growing_network import LAYERS


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def test_every_button_does_what_it_says(digits):
    panel = Growing(digits)
    assert "It has not grown yet" in panel.line.value and panel.list.value == ""
    panel.train_button.click()
    accuracy = panel.network.curve[-1]
    panel.widen_button.click()
    panel.deepen_button.click()
    assert panel.network.units == (8, 8) and panel.layer.options == (1, 2)
    assert f"accuracy {accuracy:.1%} before it and {accuracy:.1%} after" in panel.line.value
    assert "Step 2, layer 2 is new: 8 units" in panel.line.value
    assert panel.list.value.count("<tr>") == 3 and "layer 1: 4 to 8 units" in panel.list.value
    panel.layer.value = 2
    panel.widen_button.click()
    assert panel.network.units == (8, 16) and panel.layer.value == 2
    panel.reset_button.click()
    assert panel.network.units == (4,) and panel.layer.value == 1 and panel.list.value == ""


def test_the_difference_is_always_shown(digits):
    panel = Growing(digits)
    panel.train_button.click()
    panel.noise.value = 1.0
    panel.widen_button.click()
    moved = panel.network.steps[-1].difference
    assert moved > 1e-3
    assert f"by more than {moved:.3f}" in panel.line.value and f"{moved:.3f}" in panel.list.value
    step = panel.network.steps[-1]
    assert f"step 1 moved the accuracy from {step.before:.1%} to {step.after:.1%}" in (
        panel.figure.value
    )
    panel.deepen_button.click()
    assert "step 2 kept every answer" in panel.figure.value


def test_no_step_is_lost_from_the_list(digits):
    panel = Growing(digits)
    for _ in range(6):
        panel.widen_button.click()
    panel.deepen_button.click()
    panel.deepen_button.click()
    assert panel.list.value.count("<tr>") == 1 + 8 and "overflow:auto" in panel.list.value


def test_the_accuracy_is_the_present_one(digits):
    panel = Growing(digits)
    panel.noise.value = 1.0
    panel.train_button.click()
    panel.widen_button.click()
    step, before = panel.network.steps[-1], panel.network.curve[-1]
    assert step.after != before
    assert f"validation accuracy {step.after:.1%}" in panel.line.value
    panel.train_button.click()
    assert f"validation accuracy {panel.network.curve[-1]:.1%}" in panel.line.value
    panel.deepen_button.click()
    assert "no probability moved at all;" in panel.line.value


def test_beside_it_from_scratch(digits):
    panel = Growing(digits)
    panel.scratch.value = True
    assert "scratch" not in panel.figure.value  # not before there is a curve
    panel.train_button.click()
    assert "from scratch" in panel.figure.value
    assert f"From scratch: {panel.network.scratch()[-1]:.1%}" in panel.figure.value


def test_what_would_be_refused_cannot_be_clicked(digits):
    panel = Growing(digits, units=(200, 4))
    assert panel.widen_button.disabled and "At most 256 units" in panel.widen_button.tooltip
    panel.layer.value = 2
    assert not panel.widen_button.disabled
    for _ in range(LAYERS - 2):
        assert not panel.deepen_button.disabled
        panel.deepen_button.click()
    assert panel.deepen_button.disabled and "At most 5" in panel.deepen_button.tooltip


def test_places_without_widgets_get_html(digits):
    panel = Growing(digits)
    panel.network.train(1)
    panel.network.widen(0)
    bundle = panel._repr_mimebundle_()
    assert "<svg" in bundle["text/html"] and "layer 1: 4 to 8 units" in bundle["text/html"]
    assert repr(panel).startswith("Growing: Hidden units 8, 610 weights, 1 epochs")


def test_the_network_survives_a_second_run_of_the_cell(digits, monkeypatch):
    monkeypatch.setattr(panel_module, "cell", lambda: "code-1")
    monkeypatch.setattr(panel_module, "_kept", {})
    Growing(digits).widen_button.click()
    assert Growing(digits).network.units == (8,)
    assert Growing(digits, units=(5,)).network.units == (5,)
