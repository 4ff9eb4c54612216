"""The kit's answers in a notebook: a card in HTML, and the same in plain text."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from coursekit.notebook import shell

# status: (sign, word, colour). The colours are JupyterLab's, which change with its theme.
LOOKS = {
    "right": ("✓", "Right", "var(--jp-success-color1, #2e7d32)"),
    "not right": ("✗", "Not right", "var(--jp-error-color1, #c62828)"),
    "not yet": ("…", "Not yet", "var(--jp-info-color1, #1565c0)"),
    "error": ("!", "Error", "var(--jp-error-color1, #c62828)"),
    "stopped": ("■", "Stopped", "var(--jp-warn-color1, #b26a00)"),
    "hint": ("?", "Hint", "var(--jp-info-color1, #1565c0)"),
    "solution": ("=", "Solution", "var(--jp-info-color1, #1565c0)"),
    "measured": ("→", "", "var(--jp-info-color1, #1565c0)"),
}

_FONT = "color:var(--jp-content-font-color1,inherit);background:var(--jp-layout-color1,transparent)"
_CODE = (
    "font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap;overflow-wrap:anywhere"
)


@dataclass(frozen=True)
class Card:
    """An answer: status (a key of LOOKS), title, prose, rows of (label, code), code, notes.

    Prose comes first: the reason, then its evidence. rows and code are shown as code; text and
    notes as prose, in which `code` and *emphasis* are formatted.
    """

    status: str
    title: str
    rows: Sequence[tuple[str, str]] = ()
    text: Sequence[str] = ()
    code: str = ""
    output: str = ""
    notes: Sequence[str] = field(default_factory=list)

    def plain(self) -> str:
        sign, word, _ = LOOKS[self.status]
        lines = [f"{sign} {word}: {self.title}" if word else f"{sign} {self.title}"]
        width = max((len(label) for label, _ in self.rows), default=0)
        lines += [f"  {line}" for line in self.text]
        lines += [f"  {label:{width}}  {value}" for label, value in self.rows]
        lines += [f"    {line}" for line in self.code.splitlines()]
        if self.output:
            lines += ["  your code wrote:", *(f"    {line}" for line in self.output.splitlines())]
        return "\n".join([*lines, *(f"  Note: {note}" for note in self.notes)])

    def html(self) -> str:
        sign, word, colour = LOOKS[self.status]
        parts = [
            f'<div style="font-weight:600"><span aria-hidden="true" style="color:{colour}">{sign}'
            f"</span> {f'{word} · ' if word else ''}{prose(self.title)}</div>"
        ]
        parts += [f'<div style="margin:4px 0">{prose(line)}</div>' for line in self.text]
        if self.rows:
            cells = "".join(
                '<tr style="background:none"><th scope="row" style="text-align:left;'
                'font-weight:normal;opacity:.8;padding:1px 12px 1px 0;vertical-align:top">'
                f"{html.escape(label)}</th>"
                f'<td style="text-align:left;padding:1px 0;{_CODE}">{html.escape(value)}</td></tr>'
                for label, value in self.rows
            )
            parts.append(
                f'<table style="margin:4px 0;border:0;font-size:inherit;{_FONT}">{cells}</table>'
            )
        if self.code:
            parts.append(_block(self.code))
        if self.output:
            parts.append(f"<div>Your code wrote:</div>{_block(self.output)}")
        parts += [
            f'<div style="opacity:.8"><em>{html.escape(note)}</em></div>' for note in self.notes
        ]
        return (
            f'<div role="status" class="coursekit-card" data-status="{self.status}" style="'
            f"border:1px solid var(--jp-border-color2,#bbb);border-left:5px solid {colour};"
            f'border-radius:3px;padding:8px 12px;margin:4px 0;max-width:52em;{_FONT}">'
            f"{''.join(parts)}</div>"
        )

    def show(self) -> None:
        show(self.plain(), self.html())


def show(text: str, markup: str) -> None:
    """Displays HTML in a notebook, the text where HTML is not shown, and prints without IPython."""
    if shell() is None:
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": markup}, raw=True)  # type: ignore[no-untyped-call]


def _block(text: str) -> str:
    return (
        '<pre style="margin:4px 0;padding:6px 8px;background:var(--jp-layout-color2,#f4f4f4);'
        f'color:inherit;{_CODE}">{html.escape(text)}</pre>'
    )


def prose(text: str) -> str:
    """Text as HTML, with `code` and *emphasis*."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])", r"<em>\1</em>", text)
