"""Sliders with their names beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as w


def slider(
    description: str,
    value: float,
    least: float,
    most: float,
    step: float = 1,
    *,
    form: str | None = None,
    live: bool = False,
    width: int = 300,
    label: int = 80,
) -> Any:
    """A slider over numbers, of whole ones if the value and the step are whole.

    form: how the value is written, such as ".1f". live: whether it reports while it is dragged, not
    only when it is released. width, label: of the whole and of its name, in pixels.
    """
    whole = isinstance(value, int) and isinstance(step, int)
    look = {} if form is None else {"readout_format": form}
    return (w.IntSlider if whole else w.FloatSlider)(
        value=value, min=least, max=most, step=step, continuous_update=live, **look,
        **_named(description, width, label),
    )  # fmt: skip


def scale(
    description: str, options: Sequence[Any], value: Any, *, width: int = 300, label: int = 80
) -> w.SelectionSlider:
    """A slider over the given options: values, numbers as short as they can be written, or pairs
    of a text and a value."""
    return w.SelectionSlider(
        options=[each if isinstance(each, tuple)
                 else (each if isinstance(each, str) else f"{each:g}", each) for each in options],
        value=value, continuous_update=False, **_named(description, width, label),
    )  # fmt: skip


def _named(description: str, width: int, label: int) -> dict[str, Any]:
    return {
        "description": description,
        "style": {"description_width": f"{label}px"},
        "layout": w.Layout(width=f"{width}px"),
    }
