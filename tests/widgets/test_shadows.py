"""The shadows of three designs, without a browser."""

import xml.etree.ElementTree as ET

import pytest

from coursekit.plots.projections import mean_best
from coursekit.widgets import Shadows


@pytest.fixture
def panel() -> Shadows:
    return Shadows(x=1.0, y=0.0, count=9, seed=3)


def test_a_slider_is_told_drawn_and_counted(panel: Shadows):
    told, drawn, listed = panel.line.value, panel.figure.value, panel.list.value
    assert "9 points, hill 3" in told and "aria-live" in told and "hill 3" in drawn
    panel.seed.value = 4
    assert "hill 4" in panel.line.value and panel.figure.value != drawn
    assert panel.list.value == listed  # the grid has its three values whatever the seed
    panel.count.value = 16
    assert "16 points" in panel.list.value and "16 points" in panel.line.value
    panel.y.value = 1.0
    mean = mean_best("grid", 16, (1.0, 1.0))
    assert f"{mean:.1%}" in panel.list.value


def test_the_table_has_the_best_first_and_the_size_of_the_shadows(panel: Shadows):
    table = ET.fromstring(panel.list.value)
    rows = [[cell.text for cell in row] for row in table.iter("tr")][1:]
    assert [row[0] for row in rows] == ["Sobol", "random", "grid"]
    assert [row[1:3] for row in rows] == [["9", "9"], ["9", "9"], ["3", "3"]]
    assert [row[3] for row in rows] == [
        f"{mean_best(kind, 9, (1.0, 0.0)):.1%}" for kind in ("Sobol", "random", "grid")
    ]


def test_two_zeros_count_as_equal(panel: Shadows):
    panel.x.value = 0.0
    assert panel.importance == (1.0, 1.0)
    assert f"{mean_best('grid', 9, (1.0, 1.0)):.1%}" in panel.list.value


def test_a_grid_that_would_take_fewer_points_is_refused():
    with pytest.raises(ValueError, match="count=10: there are 4, 9, 16"):
        Shadows(count=10)


def test_the_stand_in_needs_no_widgets(panel: Shadows):
    bundle = panel._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    html = bundle["text/html"]
    assert "9 points, hill 3" in html and "<table" in html
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed
    assert bundle["text/plain"].startswith("Shadows: 9 points")
