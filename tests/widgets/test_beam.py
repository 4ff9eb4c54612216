"""The beam, without a browser."""

import xml.etree.ElementTree as ET

import pytest

from coursekit.spaces import EdgeCells, Integer, Space
from coursekit.trials import Evaluation, History, Trial
from coursekit.widgets import Beam


class Convolutions:
    """A small world of cells that answers at once."""

    space = EdgeCells(("none", "skip_connect", "conv"), nodes=4)

    def worth(self, configuration) -> float:
        return sum(value == "conv" for value in configuration.values()) / 6

    def evaluate(self, trial: Trial, history: History) -> Evaluation:
        return Evaluation(self.worth(trial.configuration))

    def __str__(self) -> str:
        return "convolutions"


@pytest.fixture
def panel() -> Beam:
    return Beam(Convolutions(), beam_width=3, members=2)


def test_steps_are_told_and_drawn_to_the_end(panel: Beam) -> None:
    assert "Round 1 of 3, expanded" in panel.line.value
    seen = set()
    while not panel.step_button.disabled:
        seen.add(panel.line.value)
        before = panel.figure.value
        panel.step_button.click()
        assert panel.figure.value != before and "aria-live" in panel.line.value
    assert len(seen) == panel.moment.max == len(panel.steps) - 1
    assert "Round 3 of 3, dropped" in panel.line.value
    panel.step()
    assert panel.moment.value == panel.moment.max
    panel.reset_button.click()
    assert panel.moment.value == 0 and "Round 1 of 3" in panel.line.value


def test_candidates_can_be_chosen_as_soon_as_they_are_drawn(panel: Beam) -> None:
    assert panel.picture.value == ""  # nothing is chosen, nothing is ranked
    assert [label for label, _ in panel.candidate.options] == ["none"] + [
        f"round 1, place {place}" for place in (1, 2, 3)
    ]
    panel.moment.value = 2  # round 2 is expanded, and not in order yet
    assert not any(label.startswith("round 2") for label, _ in panel.candidate.options)
    panel.step()
    chosen = dict(panel.candidate.options)["round 2, place 2"]
    panel.candidate.value = chosen
    index, one = panel.chosen
    assert index == 1 and one is panel.rounds[1].beam[1]
    assert "A cell of round 2, trained" in panel.about.value
    assert "Kendall" in panel.picture.value
    kind = next(value for value in one.configuration.values() if value != "none")
    assert kind in panel.picture.value  # the cell, in words
    for _ in range(3):  # it stays while the search is stepped through
        panel.step()
        assert panel.chosen == (1, one)
    panel.reset()
    assert panel.chosen is None and "Click a candidate" in panel.about.value


def test_sliders_search_again_at_the_same_step(panel: Beam) -> None:
    panel.moment.value = 4
    before = panel.rounds
    panel.beam_width.value = 1
    assert panel.moment.value == 4 and [len(each.trained) for each in panel.rounds] == [1, 1, 1]
    panel.beam_width.value = 3
    assert [len(each.trained) for each in panel.rounds] == [3, 3, 3]
    panel.members.value = 5
    kept = [[one.predicted for one in each[1].ranking] for each in (before, panel.rounds)]
    assert kept[0] != kept[1]


def test_worlds_without_cells_are_refused() -> None:
    class Hill(Convolutions):
        space = Space({"x": Integer(0, 9)})

    with pytest.raises(TypeError, match="the beam shows cells, not"):
        Beam(Hill())


def test_the_stand_in_needs_no_widgets(panel: Beam) -> None:
    bundle = panel._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(bundle)
    html = bundle["text/html"]
    assert "Round 3 of 3" in html  # not the empty beginning
    for part in html.split("<svg")[1:]:
        ET.fromstring("<svg" + part[: part.index("</svg>") + 6])  # well-formed
    assert panel.moment.value == 0
