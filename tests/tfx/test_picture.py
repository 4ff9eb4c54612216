"""Pipelines as pictures."""

from coursekit.tfx import picture
from coursekit.tfx.picture import layout
from coursekit.tfx.steps import Step, arrows, tell

STEPS = [
    Step("a", state="done", seconds=2.5),
    Step("b", after=("a",), state="reused"),
    Step("c", after=("a", "b"), state="running"),
    Step("d", after=("elsewhere",)),
    Step("e", after=("c", "d"), state="failed"),
]


def test_an_arrow_that_a_longer_way_stands_for_is_left_out():
    assert arrows(STEPS) == [("a", "b"), ("b", "c"), ("c", "e"), ("d", "e")]


def test_each_is_below_all_that_lead_to_it():
    places = layout([step.name for step in STEPS], arrows(STEPS))
    assert [places[name][1] for name in "abcde"] == [0, -1, -2, -2, -3]
    assert places["c"][0] == -places["d"][0] != 0


def test_how_far_it_is_in_words():
    assert tell(STEPS) == (
        "2 of 5 components have run, in 2.5 s (1 taken from an earlier run)."
        " c is running. e failed."
    )
    assert tell([]) == "0 of 0 components have run, in 0.0 s."


def test_the_picture_says_state_and_time():
    axes = picture.pipeline(STEPS)
    texts = [text.get_text() for text in axes.texts]
    assert "✓ a  2.5 s" in texts and "▶ c" in texts and "✗ e" in texts
    assert axes.figure.alt.startswith("Pipeline: a done, b reused, c running")
