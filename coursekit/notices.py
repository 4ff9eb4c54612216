"""What a notebook says of itself when its kernel was restarted: which cells to run."""

from html import escape

RUN_ABOVE = "Run the cells above it first: in the menu *Run*, *Run All Above Selected Cell*."
DEAD = (
    "This panel does not answer any more: its kernel was restarted. Run the cells above it (menu "
    "Run, Run All Above Selected Cell), then this cell."
)


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
