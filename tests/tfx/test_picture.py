"""Pipelines as pictures."""

from coursekit.tfx import picture
from coursekit.tfx.picture import around, layout
from coursekit.tfx.steps import Step, arrows, tell

STEPS = [
    Step("a", state="done", seconds=2.5),
    Step("b", after=("a",), state="reused"),
    Step("c", after=("a", "b"), state="running", waits=("b",)),
    Step("d", after=("elsewhere",)),
    Step("e", after=("c", "d"), state="failed"),
]


def test_arrows_are_what_is_read_and_apart_from_them_what_is_waited_for():
    assert arrows(STEPS) == [("a", "b"), ("a", "c"), ("c", "e"), ("d", "e")]
    assert arrows(STEPS, told=True) == [("b", "c")]


def test_no_arrow_runs_behind_a_box():
    names, chain = "abcde", [*zip("abcd", "bcde", strict=True)]
    further = [("a", "c"), ("a", "e"), ("b", "e"), ("b", "d")]
    places = layout(names, chain)
    routes = around([*chain, *further], places)
    for (start, end), route in zip([*chain, *further], routes, strict=True):
        assert route[0] == (places[start][0], places[start][1] - 0.3)
        assert route[-1] == (places[end][0], places[end][1] + 0.3)
        for x, y in route[1:-1]:
            assert all(abs(x - left) > 0.5 for left, row in places.values() if abs(row - y) < 0.4)
    lanes = [frozenset(x for x, _ in route[1:-1]) for route in routes[4:]]
    assert len(set(lanes)) == len(lanes), "each has a lane of its own"


def test_long_names_neither_touch_nor_hide_an_arrow():
    names = ["ImportedSchemaGenerator", "ImportedExampleGenerator", "HyperParameters of a run", "c"]
    boxes = {name: picture.Box(name) for name in names}
    pairs = [(names[0], names[2]), (names[1], names[2]), (names[2], "c"), (names[0], "c")]
    axes = picture.flow(boxes, pairs)
    axes.figure.canvas.draw()
    extents = [text.get_bbox_patch().get_window_extent() for text in axes.texts]
    for place, one in enumerate(extents):
        assert not any(one.overlaps(other) for other in extents[:place])
    for (start, end), route in zip(pairs, around(pairs, axes.places), strict=True):
        passed = [extents[names.index(name)] for name in names if name not in (start, end)]
        for spot in axes.transData.transform(route[1:-1]):
            assert not any(box.contains(*spot) for box in passed)


def test_each_is_below_all_that_lead_to_it():
    places = layout([step.name for step in STEPS], arrows(STEPS) + arrows(STEPS, told=True))
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
