"""The cell builder, without a browser."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from coursekit.widgets import CellBuilder
from coursekit.worlds import Cells
from coursekit.worlds.atlas import Atlas

C3, SKIP = "nor_conv_3x3", "skip_connect"


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return Atlas(Cells())


@pytest.fixture
def nothing(atlas: Atlas) -> dict[str, str]:
    return dict.fromkeys(atlas.world.space.edges, "none")


def test_an_edge_changes_and_everything_answers(atlas: Atlas, nothing: dict[str, str]):
    builder = CellBuilder(atlas, start=nothing, trials=9)
    assert "0 of 6 edges" in builder.tell() and "1 cell trained" in builder.tell()
    before = builder.picture.value, builder.figure.value
    builder.edges["0-3"].value = C3
    assert builder.cell == nothing | {"0-3": C3}
    accuracy = atlas.world.accuracy(builder.cell)
    for told in (
        "1 of 6 edges",
        f"{atlas.world.parameters(builder.cell):,} parameters",
        f"{len(atlas.twins(builder.cell))} isomorphic twins",
        f"Accuracy {100 * accuracy:.2f} %, rank {atlas.rank(builder.cell):,} of 4,096",
        "2 cells trained",
    ):
        assert told in builder.line.value, told
    assert (builder.picture.value, builder.figure.value) != before
    assert "Isomorphic twins of this cell, 8 of" in builder.list.value


def test_a_twin_is_the_network_of_an_earlier_training(atlas: Atlas, nothing: dict[str, str]):
    builder = CellBuilder(atlas, start=nothing | {"0-3": C3}, trials=9)
    assert "same network" not in builder.tell()
    builder.go(nothing | {"0-1": C3, "1-3": SKIP})
    assert "the same network as in training 1" in builder.tell()
    assert [trial.score for trial in builder.history] == [builder.history[0].score] * 2


def test_a_cell_that_was_shown_is_not_trained_again(atlas: Atlas, nothing: dict[str, str]):
    builder = CellBuilder(atlas, start=nothing, trials=9)
    builder.edges["0-3"].value = C3
    builder.edges["0-3"].value = "none"
    assert len(builder.history) == 2
    builder.back()
    assert builder.cell["0-3"] == builder.edges["0-3"].value == C3 and len(builder.history) == 2
    builder.reset()
    assert builder.cell == nothing and len(builder.history) == 1


def test_local_search_has_as_many_trainings_from_the_same_start(atlas: Atlas):
    start = atlas.cells[100]
    builder = CellBuilder(atlas, start=start, trials=9)
    assert all(history[0].configuration == start for history in builder.rivals)
    for cell in list(atlas.world.space.neighbours(start))[:4]:
        builder.go(cell)
    best = [max(trial.score for trial in history[:5]) for history in builder.rivals]
    assert f"after as many: {100 * float(np.median(best)):.2f} %" in builder.tell()


def test_nothing_is_told_before_the_guess(atlas: Atlas):
    start = atlas.cells[1000]
    builder = CellBuilder(atlas, guess=True, start=start)
    accuracy = 100 * atlas.world.accuracy(start)
    shown = builder.line.value + builder.picture.value + builder.figure.value + builder.list.value
    assert f"{accuracy:.2f} %" not in shown and "are hidden" in shown
    assert not builder.show_button.disabled and not builder.history
    builder.entry.value = accuracy - 4
    builder.show_button.click()
    assert f"Accuracy {accuracy:.2f} %" in builder.line.value
    assert "1 guess, off by 4.0 points" in builder.line.value
    assert builder.show_button.disabled  # one guess for each cell
    builder.show()
    assert len(builder.history) == 1 and "-4.0" in builder.list.value
    builder.edges["0-1"].value = next(o for o in builder.space.operations if o != start["0-1"])
    assert "are hidden" in builder.line.value and not builder.show_button.disabled


def test_what_is_clicked_has_a_name_in_the_drawing(atlas: Atlas, nothing: dict[str, str]):
    builder = CellBuilder(atlas, start=nothing, trials=9)
    for edge in atlas.world.space.edges:
        assert f'id="edge-{edge}"' in builder.picture.value
        assert f'id="name-{edge}"' in builder.picture.value
        assert f"coursekit-edge-{edge}" in builder.edges[edge]._dom_classes


def test_the_stand_in_needs_no_widgets(atlas: Atlas):
    html = CellBuilder(atlas, trials=9)._repr_mimebundle_()["text/html"]
    assert "1 cell trained" in html
    ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])  # well-formed


def test_a_start_that_is_no_cell_is_refused(atlas: Atlas):
    with pytest.raises(ValueError, match="0-1='conv' is not one of"):
        CellBuilder(atlas, start=atlas.cells[0] | {"0-1": "conv"})
