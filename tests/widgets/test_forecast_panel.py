"""The forecast panel, without a browser."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure

from coursekit.forecasting.experience import Experience
from coursekit.plots.forecasts import GO, STOP, forecast
from coursekit.widgets import ForecastPanel
from coursekit.widgets import panel as panel_module

EPOCHS = 20
CURVES = {
    "good": [0.9 - 0.8 / epoch for epoch in range(1, EPOCHS + 1)],
    "poor": [0.5 - 0.4 / epoch for epoch in range(1, EPOCHS + 1)],
}


@pytest.fixture
def panel() -> ForecastPanel:
    return ForecastPanel(CURVES, incumbent=0.8, seen=8)


def test_the_decision_is_told_and_coloured(panel: ForecastPanel):
    assert panel.verdict.value.count(GO) and "Continue" in panel.verdict.value
    assert GO in panel.figure.value and STOP not in panel.figure.value
    assert "<pattern" not in panel.figure.value
    panel.pick.value = "poor"
    assert panel.verdict.value.count(STOP) and "Stop" in panel.verdict.value
    assert STOP in panel.figure.value and "<pattern" in panel.figure.value  # hatched
    assert "P(beats 80.0 %) = 0.0" in panel.line.value and "aria-live" in panel.line.value


def test_the_band_breathes_with_the_part_that_is_seen(panel: ForecastPanel):
    widths = []
    for seen in (3, 8, 15):
        panel.seen.value = seen
        low, high = panel.decision.forecast.quantiles([0.1, 0.9])
        widths.append(high - low)
        assert f"{seen} of {EPOCHS} epochs seen" in panel.line.value
    assert widths == sorted(widths, reverse=True)


def test_what_others_came_to_is_a_box_to_tick(panel: ForecastPanel):
    assert panel.learn.layout.display == "none"
    experience = Experience(EPOCHS, bounds=(0, 1))
    for _ in range(20):
        experience.learn(CURVES["good"])
    panel = ForecastPanel(CURVES, seen=4, experience=experience)
    assert "20 finished curves" in panel.learn.description and not panel.learn.layout.display
    before, drawn = abs(panel.decision.forecast.median - CURVES["good"][-1]), panel.figure.value
    panel.learn.value = True
    assert abs(panel.decision.forecast.median - CURVES["good"][-1]) < 0.8 * before
    assert panel.figure.value != drawn
    with pytest.raises(ValueError, match="experience=<Experience of 0 curves of 9 epochs>"):
        ForecastPanel(CURVES, experience=Experience(9))
    with pytest.raises(ValueError, match=r"bounds=None: these are accuracies"):
        ForecastPanel(CURVES, experience=Experience(EPOCHS))


@pytest.mark.parametrize(("level", "best", "floor"), [(0.98, 98, 80), (0.75, 75, 60),
                                                      (0.25, 25, 0), (0.98, 50, 40)])  # fmt: skip
def test_the_axis_leaves_the_band_its_room_and_shows_the_best(
    level: float, best: float, floor: int
):
    curve = [level - 0.1 / epoch for epoch in range(1, EPOCHS + 1)]
    panel = ForecastPanel({"steady": curve}, seen=10)
    panel.best.value = best
    assert panel._floor(panel.decision) == floor
    low = min(panel.decision.forecast.quantiles([0.025])[0], *curve, best / 100)
    assert floor <= 100 * low < floor + 20


def test_a_legend_as_dense_as_what_it_stands_for(panel: ForecastPanel):
    axes = forecast(panel.decision, axes=Figure().subplots())
    patches = axes.collections
    named = {each.get_label(): each.get_alpha() for each in patches if "%" in each.get_label()}
    layers = [each.get_alpha() for each in patches if "%" not in each.get_label()]
    assert named["95 %"] == pytest.approx(layers[0])
    assert named["50 %"] == pytest.approx(1 - math.prod(1 - alpha for alpha in layers))


def test_the_bar_and_delta_decide(panel: ForecastPanel):
    assert not panel.decision.stop
    panel.best.value = 99
    assert panel.decision.stop
    panel.delta.value = 0
    assert not panel.decision.stop


def test_a_curve_is_held_against_the_best_of_the_others():
    panel = ForecastPanel(CURVES, seen=8)
    assert panel.pick.value == "good" and panel.best.value == round(100 * CURVES["poor"][-1], 1)
    panel.pick.value = "poor"
    assert panel.best.value == round(100 * CURVES["good"][-1], 1)
    panel.best.value = 70.3  # set by hand, it stays
    panel.pick.value = "good"
    assert panel.best.value == 70.3


def test_many_curves_are_chosen_by_rank():
    levels = [0.6, 0.9, 0.7]
    ranked = [[level - 0.4 / epoch for epoch in range(1, EPOCHS + 1)] for level in levels]
    panel = ForecastPanel({"poor": CURVES["poor"]}, ranked=ranked)
    assert panel.pick.options == ("poor", "by rank", "my own", "drawn by hand")
    assert panel.rank.layout.display == "none" and panel.best.value == 88.0
    panel.pick.value, panel.rank.value = "by rank", 2
    assert panel.rank.layout.display == "" and panel.curve == tuple(ranked[2])
    assert panel.best.value == 88.0 and repr(panel).startswith("ForecastPanel of rank 2")
    panel.rank.value = 1
    assert panel.curve == tuple(ranked[1]) and panel.best.value == 68.0


def test_a_curve_of_ones_own_is_shaped(panel: ForecastPanel):
    assert panel.own.layout.display == "none"
    panel.pick.value = "my own"
    assert panel.own.layout.display == "flex"
    panel.noise.value = 0
    panel.end.value, panel.speed.value = 100, 50
    assert panel.curve[0] == pytest.approx(0.2) and panel.curve[-1] == pytest.approx(1.0, abs=1e-4)
    assert not panel.decision.stop
    panel.end.value = 40
    assert panel.decision.stop


def test_a_curve_is_drawn_by_pulling_its_points(panel: ForecastPanel):
    assert panel.drawn.layout.display == "none"
    panel.pick.value = "drawn by hand"
    assert panel.drawn.layout.display == "flex" and panel.own.layout.display == "none"
    assert [int(point.description) for point in panel.points] == panel.epochs.tolist()
    for point, epoch in zip(panel.points, panel.epochs, strict=True):
        point.value = 30 if epoch < 12 else 90
    assert len(panel.curve) == EPOCHS and panel.curve[:6] == 6 * [0.3]
    assert panel.curve[-1] == pytest.approx(0.9) and panel.decision.stop
    panel.seen.value = EPOCHS - 1
    assert not panel.decision.stop


def test_what_came_is_shown_on_demand(panel: ForecastPanel):
    assert "what came" not in panel.figure.value
    panel.show.value = True
    assert "what came" in panel.figure.value


def test_the_stand_in_needs_no_widgets(panel: ForecastPanel):
    html = panel._repr_mimebundle_()["text/html"]
    assert "Continue" in html and "8 of 20 epochs seen" in html
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed
    assert repr(panel) == "ForecastPanel of good: continue"


def test_curves_are_checked():
    with pytest.raises(ValueError, match=r"curves of \[2, 3\] epochs"):
        ForecastPanel({"a": [0.1, 0.2], "b": [0.1, 0.2, 0.3]})
    with pytest.raises(ValueError, match=r"curves of \[2, 3\] epochs"):
        ForecastPanel({"a": [0.1, 0.2]}, ranked=[[0.1, 0.2, 0.3]])
    for name in ("my own", "drawn by hand", "by rank"):
        with pytest.raises(ValueError, match=name):
            ForecastPanel({name: [0.1, 0.2]})


def test_the_controls_survive_a_second_run_of_the_cell(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(panel_module, "cell", lambda: "code-1")
    monkeypatch.setattr(panel_module, "_kept", {})
    first = ForecastPanel(CURVES, incumbent=0.8, seen=8)
    first.pick.value, first.seen.value = "poor", 5
    first.points[2].value = 33
    again = ForecastPanel(CURVES, incumbent=0.8, seen=8)
    assert (again.pick.value, again.seen.value, again.points[2].value) == ("poor", 5, 33)
    assert ForecastPanel(CURVES, incumbent=0.8, seen=9).seen.value == 9
