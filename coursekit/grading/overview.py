"""The class on one page: learners and exercises, wrong ideas by how many share them, what to do."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence

from coursekit.grading import feedback, gradebook
from coursekit.grading.gradebook import Row
from coursekit.grading.grader import STATUSES
from coursekit.grading.misconceptions import Idea, tally
from coursekit.labs.cards import prose
from coursekit.labs.exercises import Lab


def page(lab: Lab, rows: Sequence[Row], found: Sequence[Idea]) -> str:
    """The page as HTML; links lead to the feedback pages beside it."""
    most = gradebook.most(lab)
    count = Counter(grade.status for _, grade in rows)
    said = ", ".join(f"{count[status]} {status}" for status in STATUSES if count[status])
    parts = [
        f"<h1>{prose(lab.title)}</h1><p>{len(rows)} submissions: {said}.</p>",
        _looks(rows),
        _distribution([grade.points for _, grade in rows if grade.points is not None], most),
        _exercises(lab, rows, found),
        _learners(lab, rows, most),
    ]
    return feedback.document(lab.title, "\n".join(parts))


def _looks(rows: Sequence[Row]) -> str:
    """Where a person has to look."""
    waiting = sum(gradebook.to_be_marked(grade) for _, grade in rows)
    entries = [
        f'<li>{waiting} written conclusions to be marked: in marks.csv, with "conclusion" as the '
        "exercise"
    ] * bool(waiting)
    entries += [
        f"<li><strong>{_who(row)}</strong> ({grade.status}): {html.escape('; '.join(grade.notes))}"
        for row in rows
        if (grade := row[1]).status != "ok"
    ]
    if not entries:
        return "<h2>For you to look at</h2><p>Nothing.</p>"
    return f"<h2>For you to look at</h2><ul>{''.join(entries)}</ul>"


def _distribution(points: Sequence[float], most: int) -> str:
    bins = gradebook.distribution(points, most)
    highest = max(1, *(each["learners"] for each in bins))
    body = ""
    for each in bins:
        width = 100 * each["learners"] / highest
        body += (
            f'<tr><th scope="row">{each["label"]}</th><td>{each["learners"]}</td>'
            f'<td class="bar"><div style="width:{width:.0f}%"></div></td></tr>'
        )
    return _table("Points", ("points", "learners", ""), body)


def _exercises(lab: Lab, rows: Sequence[Row], found: Sequence[Idea]) -> str:
    body = ""
    for key, exercise in lab.exercises.items():
        each = tally(rows, key)
        numbers = (each.right, each.wrong, each.untouched, each.unjudged)
        cells = "".join(f"<td>{number}</td>" for number in numbers)
        body += f'<tr><th scope="row">{key} {prose(exercise.title())}</th>{cells}</tr>'
    parts = [_table("Exercises", ("exercise", "right", "wrong", "untouched", "not judged"), body)]
    for key in lab.exercises:
        own = [idea for idea in found if idea.key == key]
        if not own:
            continue
        body = "".join(map(_idea, own))
        heading = f"Wrong ideas in {key}"
        parts.append(_table(heading, ("answers", "of those who tried", "idea"), body))
    return "".join(parts)


def _idea(idea: Idea) -> str:
    came = f" <code>{html.escape(idea.came)}</code>" if idea.came else ""
    new = "" if idea.known else "<strong>New:</strong> "
    who = ", ".join(html.escape(each) for each in idea.learners)
    return (
        f"<tr><td>{len(idea.learners)}</td><td>{idea.share:.0%}</td><td>{new}{prose(idea.said)}"
        f"{came}<details><summary>whose</summary>{who}</details></td></tr>"
    )


def _learners(lab: Lab, rows: Sequence[Row], most: int) -> str:
    names = feedback.names([submission for submission, _ in rows])
    lines = sorted(
        zip(names, rows, strict=True),
        key=lambda line: -1 if line[1][1].points is None else line[1][1].points,
    )
    body = ""
    for name, (submission, grade) in lines:
        marks = [grade.marks.get(key) for key in lab.exercises]
        given = [grade.points, *(mark.points if mark else None for mark in marks)]
        cells = "".join(f"<td>{'' if each is None else each}</td>" for each in given)
        body += (
            f'<tr><th scope="row"><a href="feedback/{html.escape(name)}">'
            f"{_who((submission, grade))}</a></th><td>{grade.status}</td>{cells}</tr>"
        )
    titles = ("learner", "status", f"of {most}", *lab.exercises)
    return _table("Learners, those with the fewest points first", titles, body)


def _table(heading: str, titles: Iterable[str], body: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    return (
        f'<h2>{html.escape(heading)}</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _who(row: Row) -> str:
    return html.escape(row[0].learner or row[0].place)
