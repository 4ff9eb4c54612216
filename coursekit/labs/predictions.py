"""Predict before you measure: an entry that is kept, and shown beside what came out."""

import html
import math
from collections.abc import Sequence
from typing import Any

from coursekit.labs import record
from coursekit.labs.cards import Card
from coursekit.labs.guard import shell

Entry = float | str
_UNITS: dict[str, str] = {}  # of what was asked for in this session, entered or not


def predict(
    key: str,
    question: str,
    *,
    unit: str = "",
    options: Sequence[str] | None = None,
    answer: Entry | None = None,
) -> None:
    """Asks for a prediction; what is entered is kept at once and shown again after a restart.

    key: names the prediction, for `measured`.
    unit: of the number that is asked for, like "trials".
    options: asks for one of these instead of a number.
    answer: enters the prediction from code, where no widgets render.

    Raises ValueError if `answer` is not a number or not one of the options.
    """
    choices = [str(option) for option in options or ()]
    _UNITS[key] = unit
    note = ""
    if answer is not None:
        note = _keep(key, _checked(answer, choices), unit)
    entry = _entry(key)
    text = f"{question}\n  {_said(entry, unit) if entry else _how(key, question, choices)}"
    text += f"\n  Note: {note}" if note else ""
    if shell() is None or getattr(shell(), "kernel", None) is None:
        print(text)
        return
    bundle = {"text/plain": text}
    try:
        view = _widget(key, question, unit, choices, entry, note)._repr_mimebundle_() or {}
        bundle = {**(view[0] if isinstance(view, tuple) else view), **bundle}
    except ImportError:
        pass
    from IPython.display import display

    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def measured(key: str, value: Entry, unit: str | None = None) -> None:
    """Shows the prediction beside what was measured, with a remark; `unit`: as predicted."""
    try:
        kept = _entry(key) or {}
        unit = unit if unit is not None else str(kept.get("unit", _UNITS.get(key, "")))
        got = _written(value, unit)
        if "value" not in kept:
            Card("measured", f"No prediction was entered · measured {got}").show()
            return
        predicted = kept["value"]
        title = f"You predicted {_written(predicted, unit)} · measured {got}"
        Card("measured", title, text=[_remark(predicted, value, unit)]).show()
    except Exception as error:  # an experiment goes on whatever the record says
        Card("measured", str(value), text=[f"{type(error).__name__}: {error}"]).show()


def _checked(answer: Any, choices: Sequence[str]) -> Entry:
    if choices:
        if str(answer) not in choices:
            raise ValueError(f"{answer!r} is not on offer: choose one of {', '.join(choices)}")
        return str(answer)
    try:
        number = float(str(answer).strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"{answer!r} is not a number: enter digits, like 12 or 0.9") from None
    if not math.isfinite(number):
        raise ValueError(f"{answer!r} is not a finite number: enter digits, like 12 or 0.9")
    return number


def _keep(key: str, value: Entry, unit: str) -> str:
    def enter(kept: dict[str, Any]) -> None:
        kept["predictions"][key] = {"value": value, "unit": unit}

    return record.update(enter)[1]


def _entry(key: str) -> dict[str, Any] | None:
    entry: dict[str, Any] | None = record.read()[0]["predictions"].get(key)
    return entry


def _said(entry: dict[str, Any], unit: str) -> str:
    return f"Your prediction: {_written(entry['value'], unit)}"


def _how(key: str, question: str, choices: Sequence[str]) -> str:
    offer = f" ({', '.join(choices)})" if choices else ""
    return f"Without widgets: predict({key!r}, …, answer=…){offer}"


def _written(value: Any, unit: str) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    text = f"{number:,.0f}" if number.is_integer() else f"{number:.4g}"
    if text == "1" and len(unit) > 3:  # "points" and the like, no "s" or "ms"
        unit = unit.removesuffix("s")
    return f"{text} {unit}".strip()


def _remark(predicted: Any, value: Any, unit: str) -> str:
    if isinstance(predicted, str) or isinstance(value, str):
        return "Right." if str(predicted) == str(value) else "It came out differently. Why?"
    off = float(predicted) - float(value)
    if unit == "%":
        return _remark_on_percentages(off)
    if math.isclose(float(predicted), float(value), rel_tol=1e-9):
        return "Right."
    way = "above" if off > 0 else "below"
    share = f", {abs(off / float(value)):.0%} of it" if value else ""
    close = "Close: " if value and abs(off / float(value)) <= 0.1 else ""
    text = f"{close}{_written(abs(off), unit)} {way} what was measured{share}."
    return text[0].upper() + text[1:]


def _remark_on_percentages(off: float) -> str:
    if math.isclose(off, 0, abs_tol=1e-9):
        return "Right."
    close = "Close: " if abs(off) <= 1 else ""
    way = "above" if off > 0 else "below"
    return f"{close}{_written(abs(off), 'points')} {way} what was measured."


def _widget(
    key: str, question: str, unit: str, choices: list[str], entry: dict[str, Any] | None, note: str
) -> Any:
    import ipywidgets  # type: ignore[import-untyped]

    before = entry["value"] if entry else None
    prompt = ipywidgets.HTML(f"<strong>{html.escape(question)}</strong>")
    label = f"Your prediction{f', in {unit}' if unit else ''}:"
    wide = {"description_width": "initial"}
    field: Any
    if choices:
        field = ipywidgets.RadioButtons(
            options=choices,
            value=before if before in choices else None,
            description=label,
            style=wide,
            layout={"width": "max-content"},
        )
    else:
        field = ipywidgets.Text(
            value="" if before is None else _written(before, ""),
            placeholder="a number",
            description=label,
            style=wide,
            continuous_update=False,
            layout={"width": "auto", "max_width": "30em"},
        )
    field.tooltip = question
    status = ipywidgets.HTML(_status(_said(entry, unit) if entry else "", note))

    def enter(change: dict[str, Any]) -> None:
        if change["new"] in (None, ""):
            return
        try:
            value = _checked(change["new"], choices)
        except ValueError as error:
            status.value = _status("", str(error))
            return
        trouble = _keep(key, value, unit)
        status.value = _status(f"Kept: {_written(value, unit)}", trouble)

    field.observe(enter, "value")
    return ipywidgets.VBox([prompt, field, status])


def _status(said: str, note: str) -> str:
    both = " · ".join(html.escape(part) for part in (said, note) if part)
    return f'<span role="status">{both}</span>'
