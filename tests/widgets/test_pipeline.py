"""The pipeline panel, without a browser and without TFX."""

from dataclasses import replace

import pytest

from coursekit.tfx.picture import LOOKS
from coursekit.tfx.steps import Artifact, Step
from coursekit.widgets import PipelinePanel

CHAIN = [
    Step("Source"),
    Step("Schema", after=("Source",)),
    Step("Train", after=("Source", "Schema")),
    Step("Baseline"),
    Step("Judge", after=("Train", "Baseline")),
]


class Pipeline:
    """Five components; `failing` ones fail, the others say a line and write a model."""

    def __init__(self, failing: str = "") -> None:
        self.steps = list(CHAIN)
        self.failing = failing
        self.seen: list[str] = []  # what the panel shows while each of them runs
        self.see = lambda steps: None

    def watch(self, see):
        self.see = see
        see(self.steps)

    def set(self, name, **changes):
        self.steps = [replace(s, **changes) if s.name == name else s for s in self.steps]
        self.see(self.steps)

    def run(self, name):
        self.set(name, state="running")
        print(f"    {name} is at it")
        self.seen.append(self.panel.line.value)
        if name == self.failing:
            self.set(name, state="failed", error="no <data>")
            raise RuntimeError("no <data>")
        model = Artifact(7, "Model", "/somewhere/<else>/7")
        self.set(
            name,
            state="done",
            seconds=1.25,
            outputs={"model": [model]},
            properties={
                "num_steps": 94,
                "seed": 0,
                "left_out": None,
                "run_id": "now",
                "long": "x" * 500,
            },
        )


@pytest.fixture
def source() -> Pipeline:
    source = Pipeline()
    source.panel = PipelinePanel(source)
    return source


def test_a_component_is_lit_as_it_runs(source: Pipeline):
    button = source.panel.components["Source"]
    assert button.layout.border_top.startswith("1px dashed")
    assert button.style.button_color == "transparent"
    source.set("Source", state="running")
    assert button.style.button_color == LOOKS["running"][0] + "55"
    assert button.description == "▶ Source" and "2px solid" in button.layout.border_top
    assert "Source is running" in source.panel.line.value and "status" in source.panel.line.value
    assert source.panel.next_button.disabled  # two at once would be one too many
    source.set("Source", state="done", seconds=2.0)
    assert button.description == "✓ Source  2.0 s" and button.style.button_color == "transparent"
    assert "1 of 5 components have run, in 2.0 s." in source.panel.line.value
    source.set("Schema", state="reused")
    assert "(1 taken from an earlier run)" in source.panel.line.value


def test_a_click_tells_artifacts_properties_and_time(source: Pipeline):
    panel = source.panel
    assert "Click a component" in panel.detail.value
    panel.components["Source"].click()
    assert "Source: waiting" in panel.detail.value and "<table" not in panel.detail.value
    source.run("Source")
    told = panel.detail.value
    assert (
        "Source: done in 1.2 s" in told and "/somewhere/&lt;else&gt;/7" in told and "Model" in told
    )
    assert "num_steps" in told and "94" in told
    assert "left_out" not in told and "run_id" not in told and "x" * 200 not in told
    assert panel.components["Source"].style.font_weight == "bold"
    panel.components["Train"].click()
    assert panel.components["Source"].style.font_weight == "normal"
    assert "Train: waiting" in panel.detail.value


def test_the_buttons_run_what_waits(source: Pipeline, capsys: pytest.CaptureFixture[str]):
    panel = source.panel
    panel.next_button.click()
    assert [step.state for step in source.steps] == ["done"] + 4 * ["waiting"]
    assert "Source is at it" in source.seen[0]  # what it prints is in the panel
    assert "at it" not in panel.line.value and capsys.readouterr().out == ""
    panel.all_button.click()
    assert {step.state for step in source.steps} == {"done"}
    assert panel.next_button.disabled and panel.all_button.disabled


def test_a_failure_is_told_and_ends_it():
    source = Pipeline(failing="Schema")
    source.panel = panel = PipelinePanel(source)
    panel.all_button.click()
    assert [step.state for step in source.steps] == ["done", "failed", *3 * ["waiting"]]
    assert "Schema failed. no &lt;data&gt;" in panel.line.value
    assert "no &lt;data&gt;" in panel.detail.value  # it is chosen, and says why
    assert not panel.next_button.disabled  # to try again


def test_who_cannot_run_has_no_buttons_for_it():
    class Shown:
        steps = CHAIN

        def watch(self, see):
            see(self.steps)

    panel = PipelinePanel(Shown())
    assert panel.box.children[0].children == ()


def test_components_are_below_what_they_need(source: Pipeline):
    area = {name: b.layout.grid_area.split(" / ") for name, b in source.panel.components.items()}
    row = {name: int(where[0]) for name, where in area.items()}
    assert row == {"Source": 1, "Schema": 2, "Train": 3, "Baseline": 3, "Judge": 4}
    column = {name: int(where[1]) for name, where in area.items()}
    assert column["Train"] + 2 == column["Baseline"] and column["Judge"] == column["Train"] + 1


def test_places_without_widgets_get_html(source: Pipeline):
    source.run("Source")
    bundle = source.panel._repr_mimebundle_()
    assert "<svg" in bundle["text/html"] and "Source" in bundle["text/html"]
    assert repr(source.panel).startswith("PipelinePanel: 1 of 5 components have run")
