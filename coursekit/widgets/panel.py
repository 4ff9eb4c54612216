"""Shared by the widgets: a figure and a table as HTML, and a static version without widgets."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar, cast

import ipywidgets

from coursekit import theme
from coursekit.notebook import cell, dead_widget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

State = TypeVar("State")
DRAWING = threading.RLock()  # rc_context is global, and a search may run beside a cell
# ipywidgets gives a slider no name, and tells a screen reader the position or 0.15000000000000002.
# Once in a page: each slider is called by its label, and its value is the text that it shows.
SLIDERS = """
if (!window.coursekitSliders) {
  const tell = () => {
    for (const handle of document.getElementsByClassName("noUi-handle")) {
      const slider = handle.closest(".widget-slider");
      for (const [name, part] of [["label", "label"], ["valuetext", "readout"]]) {
        const text = slider?.querySelector(`.widget-${part}`)?.textContent;
        if (text && handle.getAttribute(`aria-${name}`) !== text)
          handle.setAttribute(`aria-${name}`, text);
      }
    }
  };
  window.coursekitSliders = new MutationObserver(tell);
  const wanted = {subtree: true, childList: true, attributeFilter: ["aria-valuetext"]};
  window.coursekitSliders.observe(document.body, wanted);
  tell();
}
"""


def draw(
    paint: Callable[..., str],
    *,
    width: float = 7.0,
    height: float = 3.0,
    columns: Sequence[float] = (1,),
    rows: Sequence[float] = (1,),
) -> str:
    """Themed SVG of what `paint(axes, ...)` draws; its return value is the description in words.

    width, height: inches. columns, rows: relative widths and heights of the axes.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure  # not pyplot: nothing global, nothing to close

    with DRAWING, mpl.rc_context(theme.STYLE):
        figure: Figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(
            len(rows),
            len(columns),
            width_ratios=list(columns),
            height_ratios=list(rows),
            squeeze=False,
        )
        return theme.svg(figure, paint(*axes.flat))


class Markup(str):
    """Text that is already HTML."""


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    caption: str,
    best_first: bool = True,
) -> str:
    """An HTML table, its first row in bold if that is the best; its last column may break lines.

    Texts are escaped, `Markup` is not.
    """
    style = "padding:1px 10px 1px 0;text-align:left;vertical-align:top"
    whole = f"{style};white-space:nowrap"
    head = "".join(f'<th scope="col" style="{whole}">{escape(str(h))}</th>' for h in headings)
    lines = []
    for place, row in enumerate(rows):
        bold = ";font-weight:bold" if best_first and place == 0 else ""
        styles = [*[whole] * (len(row) - 1), style]
        cells = zip(styles, row, strict=True)
        lines.append(
            "".join(f'<td style="{look}{bold}">{_html(cell)}</td>' for look, cell in cells)
        )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        '<table style="font-size:var(--jp-ui-font-size1,13px);line-height:1.5;'
        'border-collapse:collapse"><caption style="text-align:left;font-weight:bold">'
        f"{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _html(content: object) -> str:
    return content if isinstance(content, Markup) else escape(str(content))


def status(text: str) -> str:
    """A line that a screen reader reads out when it changes."""
    return f'<div role="status" aria-live="polite" style="line-height:1.5">{escape(text)}</div>'


def button(description: str, icon: str, tooltip: str) -> ipywidgets.Button:
    """A button as wide as its text. icon: of Font Awesome, such as "play"."""
    return ipywidgets.Button(description=description, icon=icon, tooltip=tooltip,
                             layout=ipywidgets.Layout(width="auto"))  # fmt: skip


def answer_while_busy(*controls: ipywidgets.Widget) -> None:
    """Let these controls respond while a cell runs, in the front end's subshell.

    ipykernel 7.4 answers a widget in the shell that last used it, which is the busy one.
    """
    for control in controls:
        if hasattr(control.comm, "_reply_subshell_for"):
            control.comm._reply_subshell_for = lambda data, default: default


_kept: dict[tuple[Hashable, ...], Any] = {}


def kept(make: Callable[[], State], *key: Hashable) -> State:
    """The result of `make`, kept from the first run of this cell in this kernel.

    A panel thus keeps its state when its cell runs again. key: the panel's kind and all arguments;
    with another key the state is new. Outside of a notebook nothing is kept.
    """
    place = (cell(), *key)
    if not place[0]:
        return make()
    if place not in _kept:
        _kept[place] = make()
    return cast(State, _kept[place])


class Panel:
    """Something with a `box` of widgets and a `static()` HTML for places without widgets."""

    box: ipywidgets.Widget

    @functools.cached_property
    def _notice(self) -> ipywidgets.HTML:
        # A script in the text of a widget does not run; that of an image that fails to load does.
        script = f'<img src="data:," alt="" hidden onerror="{escape(SLIDERS)}">'
        return ipywidgets.HTML(dead_widget() + script)

    def static(self) -> str:
        """The present state as HTML without widgets."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self._notice not in self.box.children:
            self.box.children = (self._notice, *self.box.children)
        # A front end shows the richest type that it can render: the widget, else the HTML.
        view = "application/vnd.jupyter.widget-view+json"
        return {
            view: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id},
            "text/html": self.static(),
            "text/plain": repr(self),
        }
