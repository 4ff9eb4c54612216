"""A learner's feedback: one page without links to anything, readable on a telephone."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Sequence

from coursekit.grading import gradebook
from coursekit.grading.figures import Figure
from coursekit.grading.grader import Grade
from coursekit.grading.submissions import Submission
from coursekit.labs.cards import prose
from coursekit.labs.exercises import Lab

_WORDS = {
    "ok": "Graded.",
    "partial": "Some exercises could not be judged; a person looks at them.",
    "timeout": "It took too long and could not be judged; a person looks at it.",
    "crashed": "It ended the process that runs it and could not be judged; a person looks at it.",
    "out of memory": "It needed too much memory and could not be judged; a person looks at it.",
    "unreadable": "It could not be read.",
    "needs review": "A person looks at it before this counts.",
}
STYLE = """
:root{color-scheme:light dark;--jp-content-font-color1:#1b1b1b;--jp-layout-color1:#fff;
--jp-layout-color2:#f4f4f4;--jp-border-color2:#bbb;--jp-success-color1:#2e7d32;
--jp-error-color1:#c62828;--jp-info-color1:#1565c0;--jp-warn-color1:#8a5300}
@media(prefers-color-scheme:dark){:root{--jp-content-font-color1:#ececec;--jp-layout-color1:#1c1c1c;
--jp-layout-color2:#2a2a2a;--jp-border-color2:#555;--jp-success-color1:#81c784;
--jp-error-color1:#ef9a9a;--jp-info-color1:#90caf9;--jp-warn-color1:#ffcc80}}
body{font:16px/1.5 system-ui,sans-serif;max-width:54rem;margin:0 auto;padding:1rem;
color:var(--jp-content-font-color1);background:var(--jp-layout-color1);overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.5rem 0 .25rem}pre{white-space:pre-wrap}a{color:inherit}
.wide{overflow-x:auto}.wide table{border-collapse:collapse}.wide th,.wide td{text-align:left;
vertical-align:top;padding:2px 12px 2px 0;border-bottom:1px solid var(--jp-border-color2)}
.coursekit-card th{overflow-wrap:normal}
figure{margin:.5rem 0}figcaption{font-size:.9rem}img{max-width:100%;background:#fff}
.bar{width:16rem}.bar div{background:var(--jp-info-color1);height:.8rem;margin-top:.4rem}
"""


def page(lab: Lab, submission: Submission, outcome: Grade, figures: Sequence[Figure] = ()) -> str:
    """The page as HTML; every text of the submission is escaped."""
    given = outcome.points
    points = "not judged" if given is None else f"{given} of {gradebook.most(lab)} points"
    name = html.escape(submission.learner or submission.place)
    parts = [
        f"<h1>{prose(lab.title)}</h1>",
        f"<p><strong>{name}</strong>: {points}. {_WORDS[outcome.status]}</p>",
    ]
    if outcome.notes:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in outcome.notes)
        parts.append(f"<ul>{notes}</ul>")
    for key, mark in outcome.marks.items():
        said = "not judged" if mark.points is None else f"{mark.points} of {mark.most}"
        parts.append(f'<h2 id="exercise-{key}">Exercise {key}: {said}</h2>{mark.card.html()}')
        parts += [_figure(each) for each in figures if each.exercise == key]
    if rubric := gradebook.rubric(lab):
        written = html.escape(outcome.conclusion) or "Nothing is written."
        asked = "".join(f"<li>{prose(each)}</li>" for each in rubric)
        marked = outcome.conclusion_points
        state = "to be marked" if outcome.conclusion else "0"
        state = state if marked is None else f"{marked} of {len(rubric)}"
        parts.append(
            f"<h2>Your conclusion: {state}</h2><pre>{written}</pre>"
            f"<p>{html.escape(outcome.conclusion_comment)}</p>"
            f"<p>What a good answer holds, one point each:</p><ul>{asked}</ul>"
        )
    if others := [each for each in figures if each.exercise not in outcome.marks]:
        parts += ["<h2>Your other figures</h2>", *map(_figure, others)]
    return document(lab.title, "\n".join(parts))


def _figure(figure: Figure) -> str:
    where = f"exercise {figure.exercise}" if figure.exercise else f"“{figure.title}”"
    said = html.escape(f"A figure below {where}, as the notebook held it when it was handed in")
    return (
        f'<figure><img alt="{said}" src="data:image/png;base64,{html.escape(figure.png)}">'
        f"<figcaption>{said}.</figcaption></figure>"
    )


def document(title: str, body: str) -> str:
    """A page that loads nothing and runs nothing, as text that can be written."""
    text = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )
    return text.encode("utf-8", "replace").decode()


def names(submissions: Iterable[Submission]) -> Sequence[str]:
    """A file name for each submission's page, none twice, safe on every system."""
    found: list[str] = []
    for each in submissions:
        wanted = each.learner or each.place
        plain = re.sub(r"[^\w.-]+", "_", wanted.encode("utf-8", "replace").decode())[:50].strip(
            "._"
        )
        taken = {name.casefold() for name in found}
        if plain != wanted or f"{plain}.html".casefold() in taken:
            place = f"{wanted}\n{each.place}".encode("utf-8", "surrogatepass")
            plain = f"{plain or 'learner'}-{hashlib.sha256(place).hexdigest()[:8]}"
        found.append(f"{plain}.html")
    return found
