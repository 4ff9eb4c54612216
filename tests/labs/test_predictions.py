"""Predictions: entered by widget or by code, kept at once, shown beside what was measured."""

from pathlib import Path
from typing import Any

import pytest

from coursekit.labs import measured, predict, predictions, record

pytestmark = pytest.mark.usefixtures("work")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda: capsys.readouterr().out


def field(widget: Any) -> Any:
    return widget.children[1]


def status(widget: Any) -> str:
    return widget.children[2].value


def test_a_number_typed_is_kept_and_shown_again(said: Any) -> None:
    widget = predictions._widget("p", "How many trials?", "trials", [], None, "")
    assert field(widget).value == ""
    field(widget).value = "48"
    assert "Kept: 48 trials" in status(widget)
    again = predictions._widget("p", "How many?", "trials", [], predictions._entry("p"), "")
    assert field(again).value == "48"
    measured("p", 30)
    text = said()
    assert "You predicted 48 trials · measured 30 trials" in text
    assert "18 trials above what was measured, 60% of it." in text
    measured("p", 1)
    assert "measured 1 trial\n" in said()


def test_an_option_is_kept(said: Any) -> None:
    widget = predictions._widget("p", "Which wins?", "", ["random", "grid"], None, "")
    assert field(widget).value is None
    field(widget).value = "grid"
    measured("p", "grid")
    assert "Right." in said()
    measured("p", "random")
    assert "It came out differently" in said()


@pytest.mark.parametrize("typed", ["many", "nan", "1e999", "<b>"])
def test_what_is_no_number_is_said_and_not_kept(typed: str) -> None:
    widget = predictions._widget("p", "How many?", "", [], None, "")
    field(widget).value = typed
    assert "number" in status(widget)
    assert "<b>" not in status(widget)
    assert predictions._entry("p") is None


def test_every_input_has_a_label_and_the_question() -> None:
    for choices in ([], ["a", "b"]):
        widget = predictions._widget("p", "How <many>?", "trials", choices, None, "")
        assert field(widget).description.startswith("Your prediction")
        assert field(widget).tooltip == "How <many>?"
        assert "How &lt;many&gt;?" in widget.children[0].value


def test_without_widgets_code_enters_it(said: Any) -> None:
    predict("p", "How many?", unit="trials")
    assert "answer=" in said()
    predict("p", "How many?", unit="trials", answer=0.9)
    assert "Your prediction: 0.9 trials" in said()
    predict("p", "How many?")
    assert "Your prediction: 0.9" in said()
    with pytest.raises(ValueError, match="'lots' is not a number: enter digits"):
        predict("p", "How many?", answer="lots")
    with pytest.raises(ValueError, match="'c' is not on offer: choose one of a, b"):
        predict("p", "Which?", options=["a", "b"], answer="c")


@pytest.mark.parametrize(
    ("predicted", "value", "remark"),
    [
        (30, 30, "Right."),
        (31, 30, "Close: 1 above what was measured, 3% of it."),
        (10, 30, "20 below what was measured, 67% of it."),
        (1, 0, "1 above what was measured."),
        (0.5, 0.8, "0.3 below what was measured, 38% of it."),
    ],
)
def test_remarks(predicted: float, value: float, remark: str, said: Any) -> None:
    predict("p", "How much?", answer=predicted)
    said()
    measured("p", value)
    assert remark in said()


@pytest.mark.parametrize(
    ("predicted", "remark"),
    [
        (93, "Right."),
        (93.5, "Close: 0.5 points above what was measured."),
        (80, "13 points below what was measured."),
    ],
)
def test_percentages_differ_by_points(predicted: float, remark: str, said: Any) -> None:
    predict("p", "Which accuracy?", unit="%", answer=predicted)
    said()
    measured("p", 93)
    assert remark in said().splitlines()[-1].strip()


def test_nothing_entered_but_asked_for(said: Any) -> None:
    predict("asked", "How many?", unit="epochs")
    said()
    measured("asked", 30)
    assert "No prediction was entered · measured 30 epochs" in said()


def test_nothing_entered(said: Any) -> None:
    measured("p", 30, unit="trials")
    assert "No prediction was entered · measured 30 trials" in said()


def test_a_damaged_entry_stops_no_experiment(said: Any, work: Path) -> None:
    record.update(lambda kept: kept["predictions"].update(p={"value": None}))
    measured("p", 30)
    assert "30" in said()
