"""The notebook that code runs in, if any, and what it says when its kernel was restarted."""

import sys
from html import escape
from typing import Any

RUN_ABOVE = "Run the cells above it first: in the menu *Run*, *Run All Above Selected Cell*."
DEAD = (
    "This panel does not answer any more: its kernel was restarted. Run the cells above it (menu "
    "Run, Run All Above Selected Cell), then this cell."
)


def shell() -> Any:
    """The running IPython shell, or None. Imports nothing: without IPython there is no shell."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def kernel() -> Any:
    """The kernel of a notebook, or None in a script and on a terminal."""
    return getattr(shell(), "kernel", None)


def cell() -> str:
    """The id of the cell that is running, "" if that is not known."""
    message = shell().get_parent() if hasattr(shell(), "get_parent") else {}
    return str((message or {}).get("metadata", {}).get("cellId", ""))


def dead_widget() -> str:
    """A line as HTML for a box of widgets, which the browser shows once their kernel is gone.

    ipywidgets marks a box whose kernel is gone with the class `jupyter-widgets-disconnected`; no
    code of ours runs then, but a style sheet does.
    """
    rules = (
        ".coursekit-dead{display:none}"
        ".jupyter-widgets-disconnected .coursekit-dead,"
        ".jupyter-widgets-disconnected.coursekit-dead{display:block}"
    )
    look = (
        "margin:4px 0;padding:6px 10px;max-width:52em;line-height:1.4;"
        "border-left:5px solid var(--jp-warn-color1,#b26a00);"
        "background:var(--jp-layout-color2,#f4f4f4);color:var(--jp-content-font-color1,inherit)"
    )
    return (
        f'<style>{rules}</style><div class="coursekit-dead" role="status" style="{look}">'
        f"{escape(DEAD)}</div>"
    )
