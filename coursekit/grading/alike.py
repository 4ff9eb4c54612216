"""Pairs of submissions that share more than the lab explains: evidence to look at, not a verdict.

Compared are lines of code and sentences that neither the handed-out notebook, nor a solution, nor
a known mistake holds, and that few others have. Two who worked together share such lines, too, and
so do two who read the same page: only a conversation tells.
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from coursekit.grading import feedback, matching
from coursekit.grading.submissions import Submission
from coursekit.labs.exercises import Lab

LEAST = 3  # lines that a pair shares
FEW = 0.05  # of the class: what more of them have is common knowledge
LETTERS = 8  # in a line that can be somebody's own
PAIRS = 100


@dataclass(frozen=True)
class Pair:
    """Two submissions, and the lines that they alone (or few others) have, in their order.

    weight: the sum over the lines of log(submissions / those that have the line).
    """

    first: Submission
    second: Submission
    lines: tuple[str, ...]
    weight: float


def pairs(
    lab: Lab, given: Iterable[matching.Found], submissions: Sequence[Submission]
) -> list[Pair]:
    """The pairs that share most, first. given: the cells as they were handed out."""
    known = set(_lines(cell.text for cell in given))
    for exercise in lab.exercises.values():
        known |= set(_lines([exercise.solution, *exercise.planted().values()]))
    own = [_own(submission, known) for submission in submissions]
    holders: dict[str, list[int]] = defaultdict(list)
    for number, lines in enumerate(own):
        for line in lines:
            holders[line].append(number)
    few = max(2, int(FEW * len(submissions)))
    shared: Counter[tuple[int, int]] = Counter()
    for who in holders.values():
        if 2 <= len(who) <= few:
            shared.update(combinations(who, 2))
    found = []
    for (one, other), count in shared.items():
        first, second = submissions[one], submissions[other]
        if count >= LEAST and (not first.learner or first.learner != second.learner):
            lines = [each for each in own[one] if other in holders[each]]
            rare = [each for each in lines if len(holders[each]) <= few]
            weight = sum(math.log(len(submissions) / len(holders[each])) for each in rare)
            found.append(Pair(first, second, tuple(rare), weight))
    return sorted(found, key=lambda pair: -pair.weight)[:PAIRS]


def page(lab: Lab, found: Sequence[Pair]) -> str:
    """The pairs side by side: what they share is marked."""
    parts = [
        f"<h1>Alike in {html.escape(lab.title)}</h1><p>Lines that the lab does not explain and few "
        "others have. This is evidence to talk about, not a verdict: two may have worked together "
        "as they were allowed to, or read the same page.</p>"
    ]
    for pair in found:
        both = pair.first, pair.second
        names = [html.escape(each.learner or each.place) for each in both]
        columns = "".join(f"<td><pre>{_marked(each, pair)}</pre></td>" for each in both)
        parts.append(
            f"<h2>{names[0]} and {names[1]}: {len(pair.lines)} lines</h2><details><summary>side by "
            f'side</summary><div class="wide"><table><tr>{columns}</tr></table></div></details>'
        )
    return feedback.document(f"Alike in {lab.title}", "".join(parts))


def _marked(submission: Submission, pair: Pair) -> str:
    """The cells that hold a shared line, with these lines marked."""
    shared, cells = set(pair.lines), []
    for text in _texts(submission):
        if shared & set(_lines([text])):
            marked = [
                f"<mark>{html.escape(line)}</mark>"
                if shared & set(_lines([line]))
                else html.escape(line)
                for line in text.splitlines()
            ]
            cells.append("\n".join(marked))
    return "\n\n".join(cells)


def _own(submission: Submission, known: set[str]) -> list[str]:
    return [line for line in dict.fromkeys(_lines(_texts(submission))) if line not in known]


def _texts(submission: Submission) -> list[str]:
    try:
        return [cell.text for cell in matching.read(submission.content)[0]]
    except ValueError:
        return []


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in re.split(r"\n|(?<=[.!?]) ", text):
            plain = " ".join(line.split())
            if sum(map(str.isalnum, plain)) >= LETTERS:
                yield plain
