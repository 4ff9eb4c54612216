"""Predictions: entered by widget or by code, kept at once, shown beside what was measured."""

import html
from pathlib import Path
from typing import Any

import pytest

from coursekit.labs import measured, predict, predictions, record

pytestmark = pytest.mark.usefixtures("work")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda: capsys.readouterr().out


def widget_of(question: str, unit: str, choices: list[str], entry: Any = None) -> Any:
    asked = predictions.Asked("p", question, unit, tuple(choices))
    return predictions._widget(asked, entry, "")


def field(widget: Any) -> Any:
    return widget.children[1]


def status(widget: Any) -> str:
    return widget.children[2].value


def test_a_number_typed_is_kept_and_shown_again(said: Any) -> None:
    widget = widget_of("How many trials?", "trials", [], None)
    assert field(widget).value == ""
    field(widget).value = "48"
    assert "Kept: 48 trials" in status(widget)
    again = widget_of("How many?", "trials", [], predictions._entry("p"))
    assert field(again).value == "48"
    measured("p", 30)
    text = said()
    assert "You predicted 48 trials · measured 30 trials" in text
    assert "18 trials above what was measured." in text
    measured("p", 1)
    assert "measured 1 trial\n" in said()


def test_an_option_is_kept(said: Any) -> None:
    widget = widget_of("Which wins?", "", ["random", "grid"], None)
    assert field(widget).value is None
    field(widget).value = "grid"
    measured("p", "grid")
    assert "Right." in said()
    measured("p", "random")
    assert "It came out differently" in said()


@pytest.mark.parametrize("typed", ["many", "nan", "1e999", "<b>"])
def test_what_is_no_number_is_said_and_not_kept(typed: str) -> None:
    widget = widget_of("How many?", "", [], None)
    field(widget).value = typed
    assert "number" in status(widget)
    assert "<b>" not in status(widget)
    assert predictions._entry("p") is None


def test_every_input_has_a_label_and_the_question() -> None:
    for choices in ([], ["a", "b"]):
        widget = widget_of("How <many>?", "trials", choices, None)
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
        (31, 30, "Close: 1 above what was measured."),
        (10, 30, "20 below what was measured. What was measured is 3 times as much."),
        (90, 30, "60 above what was measured. You predicted 3 times as much."),
        (1, 0, "1 above what was measured."),
        (-1, 1, "2 below what was measured."),
        (0.5, 0.8, "0.3 below what was measured."),
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


def test_points_are_compared_by_difference_alone(said: Any) -> None:
    predict("p", "By how much does it lead?", unit="points", answer="2 points")
    said()
    measured("p", 0.5)
    assert said().splitlines()[-1].strip() == "1.5 points above what was measured."


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("95.5 %", "%", 95.5),
        ("95.5%", "%", 95.5),
        ("97 percent", "%", 97),
        ("0.97 %", "%", 0.97),
        ("10 points", "points", 10),
        ("-1 point", "points", -1),
        ("\N{MINUS SIGN}1", "points", -1),
        ("1,000", "trials", 1000),
        ("12 000.5", "trials", 12000.5),
        ("1 trial", "trials", 1),
        ("3 epochs", "epochs", 3),
        ("3e2 epochs", "epochs", 300),
        ("0,5", "s", 0.5),
        ("1e-3", "", 0.001),
        (".97", "", 0.97),
        ("2/3", "", 2 / 3),
        ("about 40", "cells", 40),
        ("~40", "cells", 40),
        ("ca. 95%.", "%", 95),
        ("95 %", "% of the draws", 95),
        ("10 percentage points", "points", 10),
        ("5 sec", "s", 5),
        ("3x", "times", 3),
        ("1.250", "times", 1.25),
        ("1.000.000", "draws", 1_000_000),
    ],
)
def test_numbers_as_people_write_them(typed: str, unit: str, value: float) -> None:
    field_ = field(widget := widget_of("How much?", unit, []))
    field_.value = typed
    assert "Kept: " in status(widget)
    assert predictions._entry("p") == {"value": pytest.approx(value), "unit": unit}


@pytest.mark.parametrize(
    ("typed", "unit", "words"),
    [
        ("150", "%", "150 % cannot be: enter a number from 0 to 100"),
        ("-3", "%", "-3 % cannot be: enter a number from 0 to 100"),
        ("-3", "trials", "-3 trials cannot be: enter a number 0 or more"),
        (".97", "%", "Is 97 % meant? Enter 97 %; or 0.97 %, with its sign"),
        ("50 %", "trials", "has another unit: enter a number of trials"),
        ("5 apples", "", "has another unit: enter a number without a unit"),
        ("1/0", "", "divides by 0"),
        ("1.2.3", "", "is not a number: enter digits"),
        ("1.000", "trials", "is 1000 meant? Enter 1000, or 1"),
    ],
)
def test_nonsense_is_refused_in_words(typed: str, unit: str, words: str) -> None:
    widget = widget_of("How much?", unit, [])
    field(widget).value = typed
    assert words in html.unescape(status(widget))
    assert predictions._entry("p") is None


def test_limits_may_be_given(said: Any) -> None:
    predict("p", "A share above 1?", unit="%", most=200, answer="150 %")
    with pytest.raises(ValueError, match="0 cannot be: enter a number from 1 to 9"):
        predict("p", "Which?", least=1, most=9, answer=0)
    with pytest.raises(ValueError, match="12 cannot be: enter a number at most 9"):
        predict("p", "Which?", most=9, answer=12)


def test_an_emptied_field_takes_the_error_away() -> None:
    widget = widget_of("How many?", "trials", [])
    field(widget).value = "lots"
    assert "not a number" in status(widget)
    field(widget).value = ""
    assert status(widget) == '<span role="status"></span>'
    field(widget).value = "4"
    field(widget).value = ""
    assert "Your prediction: 4 trials" in status(widget)


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
