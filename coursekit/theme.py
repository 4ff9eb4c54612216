"""The look of figures: they follow the notebook's theme, light or dark, and read well in grey.

Text and frames have one neutral colour, which `svg` replaces by that of the theme. Labels on
lines have the theme's background. Series differ in marker and dash as well as in colour.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.extras import from_extras

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#767676"  # contrast 4.5 on white and on near-black, so readable even without a theme
PAPER = "#fefefe"  # background of text that lines would cross; INK is readable on it in any theme
PALETTE = ("#2f86c9", "#e0641b", "#1b9e77", "#9467bd", "#c0427a", "#8a8a2a")
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)), "-", "-")

STYLE: dict[str, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.framealpha": 0.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "axes.grid": True,
    "axes.axisbelow": True,  # no grid across bars
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "svg.fonttype": "none",  # text stays text: sharp, small, readable by a screen reader
    "figure.figsize": (7.0, 3.6),
    "lines.markersize": 4.5,
}


def use() -> None:
    """Make all matplotlib figures of this session follow the notebook's theme.

    Sets rcParams and, inside IPython, shows figures as themed SVG with a text alternative
    (`figure.alt`, or one made from titles and labels).
    """
    with from_extras():
        import matplotlib as mpl
        from cycler import cycler
        from matplotlib.figure import Figure

    mpl.rcParams.update(STYLE)
    mpl.rcParams["axes.prop_cycle"] = cycler(
        color=list(PALETTE), marker=list(MARKERS), linestyle=list(DASHES)
    )
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return
    import matplotlib.pyplot  # noqa: F401  (activates the inline backend, which we then adjust)
    from matplotlib_inline.config import InlineBackend

    inline = InlineBackend.instance(parent=shell)
    inline.figure_formats = set()  # the themed SVG below replaces the PNG
    inline.rc = {}
    shell.display_formatter.formatters["text/html"].for_type(Figure, svg)


def svg(figure: Figure, alt: str | None = None) -> str:
    """The figure as inline SVG in the theme's text colour, with a text alternative.

    alt: text for screen readers; by default `figure.alt`, or else made from titles and labels.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(INK, f"var(--jp-content-font-color1, {INK})")
    text = text.replace(PAPER, f"var(--jp-layout-color0, {PAPER})")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    alt = alt or getattr(figure, "alt", None) or describe(figure)
    width = figure.get_size_inches()[0] * 96
    opening = f'<svg role="img" aria-label="{escape(alt)}" style="max-width:{width:.0f}px" '
    text = text.replace("<svg ", opening, 1)
    return re.sub(
        r'(<svg [^>]*?)width="[^"]*pt" height="[^"]*pt"|height="[^"]*pt" width="[^"]*pt"',
        r'\1width="100%"',
        text,
        count=1,
    )


def describe(figure: Figure) -> str:
    """A text alternative: titles, axes and, for each labelled series, where it starts and ends."""
    parts = []
    for axes in figure.axes:
        title = axes.get_title() or "Figure"
        parts.append(f"{title}: {axes.get_ylabel() or 'y'} against {axes.get_xlabel() or 'x'}.")
        for line in axes.get_lines():
            label, ys = str(line.get_label()), np.asarray(line.get_ydata(), dtype=float)
            ys = ys[np.isfinite(ys)]
            if not line.get_transform().contains_branch_seperately(axes.transData)[1]:
                continue  # its heights are those of the frame, not of data
            if not label.startswith("_") and len(ys):
                parts.append(f"{label}: from {ys[0]:.3g} to {ys[-1]:.3g}.")
    return " ".join(parts)
