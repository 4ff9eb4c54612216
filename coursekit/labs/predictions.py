"""Predict before you measure: an entry that is kept, and shown beside the result."""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coursekit.labs import record
from coursekit.labs.cards import Card
from coursekit.notebook import dead_widget, kernel

Entry = float | str
_UNITS: dict[str, str] = {}  # of the predictions asked for in this session, entered or not


def predict(
    key: str,
    question: str,
    *,
    unit: str = "",
    options: Sequence[str] | None = None,
    answer: Entry | None = None,
    least: float | None = None,
    most: float | None = None,
) -> None:
    """Asks for a prediction; the entry is saved at once and shown again after a restart.

    key: names the prediction, for `measured`.
    unit: of the number, like "trials".
    options: asks for one of these instead of a number.
    answer: enters the prediction from code, where widgets cannot be shown.
    least, most: limits of a sensible number; by default 0 and 100 for "%", no limits for "points",
        which may be negative, 0 and no upper limit for all other units.

    Raises ValueError if `answer` is not a number, not a sensible one, or not one of the options.
    """
    asked = Asked(key, question, unit, tuple(map(str, options or ())), least, most)
    _UNITS[key] = unit
    note = ""
    if answer is not None:
        note = _keep(key, asked.entry(answer), unit)
    entry = _entry(key)
    text = f"{question}\n  {_said(entry, unit) if entry else _how(asked)}"
    text += f"\n  Note: {note}" if note else ""
    if kernel() is None:
        print(text)
        return
    bundle = {"text/plain": text}
    try:
        view = _widget(asked, entry, note)._repr_mimebundle_() or {}
        bundle = {**(view[0] if isinstance(view, tuple) else view), **bundle}
    except ImportError:
        pass
    from IPython.display import display

    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def measured(key: str, value: Entry, unit: str | None = None) -> None:
    """Shows the prediction beside the measured value, with a remark; `unit`: as predicted."""
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
    except Exception as error:  # an experiment continues whatever the record says
        Card("measured", str(value), text=[f"{type(error).__name__}: {error}"]).show()


@dataclass(frozen=True)
class Asked:
    """A question, and the entries it allows; the arguments of `predict`."""

    key: str
    question: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    def entry(self, typed: Any) -> Entry:
        """The entry, as it is saved. Raises ValueError that says what to enter."""
        if self.choices:
            if str(typed) not in self.choices:
                offer = ", ".join(self.choices)
                raise ValueError(f"{typed!r} is not on offer: choose one of {offer}")
            return str(typed)
        value = number(str(typed), self.unit)
        least, most = self._limits()
        if value < least or value > most:
            wanted = f"from {least:g} to {most:g}" if math.isfinite(most) else f"{least:g} or more"
            wanted = wanted if math.isfinite(least) else f"at most {most:g}"
            raise ValueError(f"{_written(value, self.unit)} cannot be: enter a number {wanted}")
        if self.unit == "%" and 0 < value < 1 and isinstance(typed, str) and "%" not in typed:
            meant = _written(100 * value, "%")
            raise ValueError(
                f"Is {meant} meant? Enter {meant}; or {_written(value, '%')}, with its sign, if it"
                " is less than one percent"
            )
        return value

    def _limits(self) -> tuple[float, float]:
        least = -math.inf if self.unit in ("", "points") else 0.0
        most = 100.0 if self.unit == "%" else math.inf
        return (
            least if self.least is None else self.least,
            most if self.most is None else self.most,
        )


def number(typed: str, unit: str = "") -> float:
    """The number in a text: "95.5 %", "10 points", "1,000", "0,5", "1e-3", "2/3".

    Raises ValueError if it is not a number, or has another unit.
    """
    text = typed.strip().lower().replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    text = re.sub(r"^(about|approximately|approx\.?|around|circa|ca\.?|roughly|[~≈+])\s*", "", text)
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"{typed!r} is not a number: enter digits, like 12 or 0.9")
    named = (found["unit"] or "").strip()
    named = named.rstrip(".")
    known = {"", unit.lower(), unit.lower().removesuffix("s"), *ALSO.get(unit.split(" ")[0], ())}
    if named not in known:
        asked = f"a number of {unit}" if unit else "a number without a unit"
        raise ValueError(f"{typed!r} has another unit: enter {asked}")
    thousand = re.fullmatch(r"([1-9]\d{0,2})\.(\d{3})", found["number"].strip())
    if thousand and unit.endswith("s") and unit not in PARTLY:
        whole = "".join(thousand.groups())
        raise ValueError(f"{typed!r}: is {whole} meant? Enter {whole}, or {thousand[1]}")
    try:
        parts = [_digits(part) for part in found["number"].split("/")]
    except ValueError:
        raise ValueError(f"{typed!r} is not a number: enter digits, like 12 or 0.9") from None
    if len(parts) == 2 and not parts[1]:
        raise ValueError(f"{typed!r} divides by 0: enter digits, like 12 or 0.9")
    value = parts[0] / parts[1] if len(parts) == 2 else parts[0]
    if not math.isfinite(value):
        raise ValueError(f"{typed!r} is not a finite number: enter digits, like 12 or 0.9")
    return value


PARTLY = ("points", "s", "ms", "seconds", "minutes", "hours", "times", "degrees")  # not counted
# What people also write for a unit.
ALSO = {
    "%": ("%", "percent", "per cent"),
    "points": ("percentage points", "pp", "%"),
    "s": ("second", "seconds", "sec", "secs"),
    "seconds": ("s", "sec", "secs"),
    "ms": ("millisecond", "milliseconds"),
    "times": ("x", "×", "fold"),
}
_PART = r"-?(?:\d[\d,._' ]*|\.\d+)(?:e[+-]?\d+)?"
_NUMBER = re.compile(rf"(?P<number>{_PART}(?:\s*/\s*{_PART})?)(?P<unit>\s*[^\d\s.,/-][^\d]*)?")


def _digits(text: str) -> float:
    text = text.strip()
    if re.fullmatch(r"-?\d{1,3}([,_' ]\d{3})+(\.\d*)?", text):  # 1,000 and 1 000.5
        text = re.sub(r"[,_' ]", "", text)
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3}){2,}(,\d*)?", text):  # 1.000.000
        text = text.replace(".", "")
    return float(text.replace(",", "."))


def _keep(key: str, value: Entry, unit: str) -> str:
    def enter(kept: dict[str, Any]) -> None:
        kept["predictions"][key] = {"value": value, "unit": unit}

    return record.update(enter)[1]


def _entry(key: str) -> dict[str, Any] | None:
    entry: dict[str, Any] | None = record.read()[0]["predictions"].get(key)
    return entry


def _said(entry: dict[str, Any], unit: str) -> str:
    return f"Your prediction: {_written(entry['value'], unit)}"


def _how(asked: Asked) -> str:
    offer = f" ({', '.join(asked.choices)})" if asked.choices else ""
    return f"Without widgets: predict({asked.key!r}, …, answer=…){offer}"


def _written(value: Any, unit: str) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    text = f"{number:,.0f}" if number.is_integer() else f"{number:.4g}"
    if text == "1" and len(unit) > 3:  # words such as "points", not "s" or "ms"
        unit = unit.removesuffix("s")
    return f"{text} {unit}".strip()


def _remark(predicted: Any, value: Any, unit: str) -> str:
    if isinstance(predicted, str) or isinstance(value, str):
        return "Right." if str(predicted) == str(value) else "It came out differently. Why?"
    guess, true = float(predicted), float(value)
    off = abs(guess - true)
    if math.isclose(guess, true, rel_tol=1e-9, abs_tol=1e-9):
        return "Right."
    shares = unit in ("%", "points")  # for shares, differences matter, not ratios
    near = off <= 1 if shares else off <= 0.1 * abs(true)
    way = "above" if guess > true else "below"
    text = f"{_written(off, 'points' if shares else unit)} {way} what was measured."
    if not shares and min(guess, true) > 0 and (times := max(guess, true) / min(guess, true)) >= 2:
        more = "You predicted" if guess > true else "What was measured is"
        text += f" {more} {times:.2g} times as much."
    return f"Close: {text}" if near else text


def _widget(asked: Asked, entry: dict[str, Any] | None, note: str) -> Any:
    import ipywidgets  # type: ignore[import-untyped]

    before = entry["value"] if entry else None
    unit = asked.unit
    prompt = ipywidgets.HTML(f"<strong>{html.escape(asked.question)}</strong>")
    label = f"Your prediction{f', in {unit}' if unit else ''}:"
    wide = {"description_width": "initial"}
    field: Any
    if asked.choices:
        field = ipywidgets.RadioButtons(
            options=asked.choices,
            value=before if before in asked.choices else None,
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
    field.tooltip = asked.question
    status = ipywidgets.HTML(_status(_said(entry, unit) if entry else "", note))

    def enter(change: dict[str, Any]) -> None:
        if change["new"] in (None, ""):
            kept = _entry(asked.key)
            status.value = _status(_said(kept, unit) if kept else "", "")
            return
        try:
            value = asked.entry(change["new"])
        except ValueError as error:
            status.value = _status("", str(error))
            return
        trouble = _keep(asked.key, value, unit)
        status.value = _status(f"Kept: {_written(value, unit)}", trouble)

    field.observe(enter, "value")
    return ipywidgets.VBox([prompt, field, status, ipywidgets.HTML(dead_widget())])


def _status(said: str, note: str) -> str:
    both = " · ".join(html.escape(part) for part in (said, note) if part)
    return f'<span role="status">{both}</span>'
