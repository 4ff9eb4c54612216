"""Names and options of strategies, estimators and worlds: found, read, and refused in one form."""

import pytest

from coursekit import estimators, lookup, strategies, worlds
from coursekit.spaces import Integer, Space
from coursekit.strategies import TPE

SPACE = Space({"a": Integer(1, 9)})


def test_a_strategy_is_made_from_its_text():
    made = strategies.make("tpe(initial=5)", SPACE, candidates=7)
    assert isinstance(made, TPE) and made.options == {"initial": 5, "candidates": 7}
    assert strategies.make("tpe", SPACE).options == {}
    assert strategies.find("tpe") is TPE


def test_an_estimator_is_made_from_its_text():
    made = estimators.make("extrapolation(delta=0.2)", worlds.make("mlps"))
    assert isinstance(made, estimators.find("extrapolation")) and made.delta == 0.2


@pytest.mark.parametrize(
    ("make", "known"),
    [
        (lambda: strategies.make("tpee", SPACE), "no strategy 'tpee' (did you mean tpe?): there"),
        (lambda: strategies.find("magic"), "no strategy 'magic': there are grid, random, "),
        (lambda: estimators.make("extrapolate", None), "'extrapolate' (did you mean extrapolat"),
        (lambda: worlds.make("cell"), "no world 'cell' (did you mean cells?): there are nas"),
        (lambda: strategies.make("tpe(inital=5)", SPACE),
         "tpe has no option 'inital' (did you mean initial?): it has initial, candidates, "),
        (lambda: strategies.make("tpe", SPACE, inital=5), "tpe has no option 'inital'"),
        (lambda: strategies.make("local_search(x=1)", SPACE), "no option 'x': it has none"),
        (lambda: strategies.make("tpe(initial='many')", SPACE),
         "tpe(initial='many'): initial='many': give a whole number, 1 or more"),
        (lambda: strategies.make("tpe(initial=0)", SPACE), "initial=0: give a whole number"),
        (lambda: strategies.make("tpe(", SPACE), "'tpe(' describes no strategy: write name or"),
        (lambda: estimators.make("a b", None), "'a b' describes no estimator: write name or"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_there_is(make, known):
    with pytest.raises(ValueError) as caught:
        make()
    assert known in str(caught.value)


def test_what_a_text_tells_is_told_again():
    text = "tpe(initial=5, multivariate=False)"
    name, options = lookup.parse("strategy", text)
    assert lookup.text(name, options) == text
    assert lookup.text("tpe", {}) == "tpe"


def test_a_class_that_takes_anything_takes_anything():
    class Any:
        def __init__(self, space, **more):
            pass

    lookup.check_options("any", Any, ["whatever"])
