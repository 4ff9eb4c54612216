"""The fidelity panel, without a browser."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from coursekit.estimators.agreement import agreement, kendall, overlap, regret
from coursekit.widgets import Fidelity
from coursekit.widgets import panel as panel_module
from coursekit.worlds import Cells, MLPs


@pytest.fixture
def panel() -> Fidelity:
    return Fidelity({"cells": Cells(), "perceptrons": MLPs()}, fidelity="quarter data", epochs=6)


def rows(panel: Fidelity) -> list[list[str]]:
    table = ET.fromstring(panel.list.value)
    return [[cell.text or "" for cell in row] for row in table.iter("tr")][1:]


def test_it_tells_the_agreement_of_the_scores(panel: Fidelity):
    cheap, full = Cells(seed=0, fidelity="quarter data").results(6), Cells().results()
    found = agreement(cheap, full)
    a, b = (np.array([each.score for each in made]) for made in (cheap, full))
    told = panel.line.value
    assert "aria-live" in told and "cells, quarter data, 6/12 epochs" in told
    assert f"{found.share:.0%} of the seconds" in told
    assert f"Tau {found.pairs:.2f} over all 1,011, {kendall(a, b, best=0.1):.2f} among" in told
    assert f"it finds {overlap(a, b, 101):.0%}" in told
    assert f"Regret of its choice: {100 * found.regret:.2f} points" in told
    panel.finalists.value = 5
    lost = 100 * regret(a, b, finalists=5)
    assert lost < 100 * found.regret
    assert f"Regret of the best of its 5 finalists: {lost:.2f} points" in panel.line.value


def test_sliders_change_the_figure_and_the_table_keeps_the_last_settings(panel: Fidelity):
    drawn = panel.figure.value
    panel.kind.value = "half resolution"
    assert panel.figure.value != drawn and "half resolution" in panel.line.value
    panel.brush.value = 0.5
    assert "the best 50%" in panel.figure.value
    panel.scores.value = "their mean"
    found = rows(panel)
    settings = [row[1].split(", ") for row in found]
    assert [each[-1] for each in settings] == ["mean", "one", "one", "one"]
    assert [each[0] for each in settings] == ["½ pixels"] * 3 + ["¼ data"]
    panel.scores.value = "one training each"
    assert len(rows(panel)) == 4  # a setting stands there once, and comes first again
    assert rows(panel)[0] == found[1]


def test_another_table_keeps_the_kind_and_the_share_of_the_epochs(panel: Fidelity):
    panel.pick.value = "perceptrons"
    assert (panel.kind.value, panel.epochs.value, panel.epochs.max) == ("quarter data", 20, 40)
    assert "perceptrons, quarter data, 20/40 epochs" in panel.line.value
    assert len(rows(panel)) == 2  # one picture, not one for each slider that moved


def test_a_full_training_of_the_mean_agrees_with_itself(panel: Fidelity):
    panel.kind.value, panel.epochs.value, panel.scores.value = "full", 12, "their mean"
    assert "100% of the seconds. Tau 1.00 over all" in panel.line.value
    assert "Regret of its choice: 0.00 points" in panel.line.value


def test_settings_outlive_their_cell(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(panel_module, "cell", lambda: "cell 7")
    Fidelity({"cells": Cells()}).epochs.value = 3
    assert len(rows(Fidelity({"cells": Cells()}))) == 2
    assert len(rows(Fidelity({"cells": Cells()}, epochs=5))) == 1


def test_what_the_table_does_not_hold_is_refused():
    with pytest.raises(ValueError, match="no fidelity 'half width': there are full"):
        Fidelity(fidelity="half width")
    with pytest.raises(ValueError, match="epochs=13: the first world has 1 to 12"):
        Fidelity(epochs=13)


def test_the_stand_in_needs_no_widgets(panel: Fidelity):
    bundle = panel._repr_mimebundle_()
    html = bundle["text/html"]
    assert "6/12 epochs" in html and "<table" in html
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed
    assert bundle["text/plain"].startswith("Fidelity: cells, quarter data")
