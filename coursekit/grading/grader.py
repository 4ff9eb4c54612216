"""Grades submissions: the controller, which holds the answers and runs no submission."""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from coursekit import guard
from coursekit.grading import matching, wire
from coursekit.grading.reached import named
from coursekit.grading.submissions import Submission
from coursekit.grading.warm import Ran
from coursekit.labs import exercises
from coursekit.labs.answers import Observed
from coursekit.labs.cards import Card
from coursekit.labs.exercises import Exercise, Lab
from coursekit.labs.names import names
from coursekit.labs.verdicts import judged

STATUSES = ("ok", "partial", "timeout", "crashed", "out of memory", "unreadable", "needs review")
# Seconds, to find the mistake that was made: each runs once for the class, and who is graded first
# gets the same sentence as the others.
PATIENCE = 600.0
REACHED = "it reached into the process that grades it, where results can be forged"
FORGED = "it has written results of its own, which do not count"
JUDGING = (
    "child.py",
    "grader.py",
    "matching.py",
    "reached.py",
    "wire.py",
)  # what a mark depends on
Run = Callable[[dict[str, Any]], Ran]


@dataclass(frozen=True)
class Mark:
    """The verdict on one exercise. points: None if it could not be judged; `card.status` says why.

    trouble: "", or the status that it gives its submission.
    """

    points: float | None
    most: int
    card: Card
    trouble: str = ""


@dataclass(frozen=True)
class Grade:
    """What grading a notebook gave. status: one of STATUSES; notes: why, in words.

    marks: by exercise. conclusion: what was written; its points and a comment come by hand.
    seconds: by the clock. again: whether another run may give more, so that it is not kept.
    """

    status: str
    notes: tuple[str, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict)
    conclusion: str = ""
    seconds: float = 0.0
    conclusion_points: float | None = None
    conclusion_comment: str = ""
    again: bool = False

    @property
    def points(self) -> float | None:
        """The sum of what is judged; None if nothing is."""
        all_points = [mark.points for mark in self.marks.values()] + [self.conclusion_points]
        given = [points for points in all_points if points is not None]
        return sum(given) if given else None

    def doubted(self, doubts: Sequence[str]) -> Grade:
        """The same with doubts about the submission, which a human has to settle."""
        if not doubts:
            return self
        status = self.status if self.status == "unreadable" else "needs review"
        return replace(self, status=status, notes=(*self.notes, *doubts))

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)

    @classmethod
    def of(cls, record: dict[str, Any]) -> Grade:
        """From what `record` gave."""
        marks = {
            key: Mark(**{**mark, "card": _card(mark["card"])})
            for key, mark in record["marks"].items()
        }
        return cls(**{**record, "marks": marks, "notes": tuple(record["notes"])})


def _card(record: dict[str, Any]) -> Card:
    return Card(**{**record, "rows": [(label, value) for label, value in record["rows"]]})


@dataclass
class Answered:
    """What the children of a submission told; it may be forged.

    records: by exercise. troubles: the exercises without one, and why. seconds: by the clock.
    forged: whether a submission has written records itself. reached: how it reached for the process
    that grades it. before: what is known already.
    """

    matched: matching.Matched
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    forged: bool = False
    reached: list[str] = field(default_factory=list)
    before: Grade | None = None

    def stopped_by_the_clock(self) -> bool:
        """Whether something was stopped, and it took so long that it may have had to wait."""
        steps = [
            case
            for record in self.records.values()
            for step in ("cases", "hidden")
            for case in _list(record.get(step))
        ]
        stopped = any(isinstance(each, dict) and each.get("stopped") == "time" for each in steps)
        late = self.seconds > guard.PATIENCE * Exercise.seconds
        return late and (stopped or "timeout" in self.troubles.values())


class Grader:
    """Grades the notebooks of one lab; source: its file, `source/NN_slug.py`."""

    def __init__(self, source: Path) -> None:
        self.lab: Lab = exercises.load(source)
        self.given = matching.handed_out(self.lab, source)
        self._texts = {cell.text: _names(cell.text) for cell in self.given if cell.kind == "code"}
        self._setup = [
            matching.normal(cell.text) for cell in self.lab.cells if "setup" in cell.tags
        ]
        self._asked = [self._question(exercise) for exercise in self.lab.exercises.values()]
        self.versions = self._versions(source)

    def imports(self) -> list[str]:
        """The import statements of the lab and its probes, for the fork server."""
        found: dict[str, None] = {}
        for code in (*self._texts, *(each["probe"] for each in self._asked)):
            try:
                nodes = list(ast.walk(ast.parse(code)))
            except SyntaxError:  # a cell with IPython's commands
                continue
            for node in nodes:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    found[ast.unparse(node)] = None
        return sorted(found)

    def grade(self, submission: Submission, run: Run) -> Grade:
        """Never raises for what is in a submission. run: as `Warm.run`."""
        asked = self.ask(submission, run)
        return asked if isinstance(asked, Grade) else self.judge(asked)

    def still(self, grade: Grade, versions: dict[str, str]) -> Grade:
        """The part of an older grade that holds: of the exercises that are as they were.

        versions: by which it was made.
        """
        same = {key for key, version in self.versions.items() if versions.get(key) == version}
        marks = {key: mark for key, mark in grade.marks.items() if key in same}
        gone = self.lab.exercises.keys() - same
        notes = tuple(note for note in grade.notes if note.partition(":")[0] not in gone)
        return replace(grade, marks=marks, notes=notes)

    def ask(
        self, submission: Submission, run: Run, before: Grade | None = None
    ) -> Answered | Grade:
        """The first half of `grade`: reads the notebook and runs it in children.

        before: marks that are known already (see `still`), whose exercises do not run.
        """
        if submission.problem:
            return Grade("unreadable", (submission.problem,))
        try:
            matched = matching.match(submission.content, self.lab)
            job = self._job(matched)
        except ValueError as error:
            return Grade("unreadable", (str(error),))
        except Exception as error:  # a fault of the kit costs one row, not the class
            why = f"the grader failed on it ({type(error).__name__}: {str(error)[:200]})"
            return Grade("needs review", (why,))
        if matched.lab and matched.lab != self.lab.name:
            why = f"it says that it is {matched.lab[:60]!r}, not {self.lab.name!r}"
            return Grade("needs review", (why,), conclusion=matched.conclusion)
        keys = self.lab.exercises.keys()
        answered = Answered(matched, before=before)
        for cell in matched.cells:
            if cell.kind == "code" and cell.text not in self._texts:
                answered.reached += sorted(named(cell.text))
        records, troubles = answered.records, answered.troubles
        kept = set(before.marks) if before else set()
        while left := keys - records.keys() - troubles.keys() - kept:
            ran = run({**job, "without": [*records, *troubles, *kept]})
            if not ran.records:
                why = f"its process did not start (status {ran.status}): give the command again"
                return Grade("needs review", (why,), conclusion=matched.conclusion, again=True)
            answered.seconds += ran.seconds
            answered.forged |= ran.forged
            for record in ran.records:
                if "setup" in record:
                    why = f"the lab's own set-up fails here: {wire.text(record['setup'])}"
                    return Grade("needs review", (why,), conclusion=matched.conclusion)
                if way := wire.text(record.get("reached")):
                    answered.reached.append(way)
                if (key := wire.text(record.get("exercise"))) in left:
                    records.setdefault(key, record)
            if not ran.ended:
                break
            guilty = {ran.at} & left - records.keys()
            troubles |= dict.fromkeys(guilty or left - records.keys(), _trouble(ran))
        return answered

    def judge(self, asked: Answered) -> Grade:
        """The second half of `grade`: compares with the answers."""
        before = asked.before if asked.before and asked.before.marks else Grade("ok")
        marks, notes = dict[str, Mark](), list(before.notes)
        if asked.forged:
            notes.append(FORGED)
        if asked.reached:
            ways = ", ".join(dict.fromkeys(asked.reached[:20]))
            notes.append(f"{REACHED} ({ways})")
        for key, exercise in self.lab.exercises.items():
            if key in before.marks:
                marks[key] = before.marks[key]
                continue
            record = asked.records.get(key, {})
            trouble = asked.troubles.get(key, "crashed")
            marks[key] = self._mark(exercise, record, trouble, key in asked.matched.missing)
            changed = [wire.text(each) for each in _list(record.get("changed"))[:20]]
            if changed:
                notes.append(f"{key}: it replaced {', '.join(changed)}, which was put back")
            if marks[key].trouble == "needs review":
                notes.append(f"{key}: {' '.join(marks[key].card.text)}")
        troubles = [mark.trouble for mark in marks.values() if mark.trouble]
        for key, mark in marks.items():
            if mark.trouble and mark.trouble != "needs review" and key not in before.marks:
                notes.append(f"{key}: {mark.trouble}")
        status = "ok"
        if troubles:
            status = "partial" if len(troubles) < len(marks) else troubles[0]
        replaced = any("put back" in note for note in notes)
        reached = any(note.startswith(REACHED) for note in notes)
        if replaced or reached or FORGED in notes or "needs review" in troubles:
            status = "needs review"
        written, seconds = asked.matched.conclusion, round(asked.seconds, 3)
        return Grade(status, tuple(notes), marks, written, seconds)

    def _job(self, matched: matching.Matched) -> dict[str, Any]:
        checks = set(matched.checks.values())
        cells, places = list[dict[str, Any]](), dict[int, int]()
        for place, cell in enumerate(matched.cells):
            if cell.kind != "code":
                continue
            places[place] = len(cells)
            is_answer = any(place in each for each in matched.exercises.values())
            skip = (place in checks and not is_answer) or cell.text in self._setup
            given = cell.text in self._texts
            identity = cell.identity or f"cell-{place}"
            known = self._texts.get(cell.text)
            kept = {"id": identity, "text": cell.text, "given": given}
            cells.append({**kept, "skip": skip, "names": known})
        asked = []
        for each in self._asked:
            own = [places[place] for place in matched.exercises[each["key"]]]
            check = matched.checks.get(each["key"])
            for place in own:
                # By this name a run of the cell is known as the exercise's.
                cells[place]["id"] = f"exercise-{each['key'].replace('.', '-')}"
            asked.append(each | {"cells": own, "check": _end(places, check, own)})
        return {"setup": self._setup, "cells": cells, "exercises": asked}

    def _versions(self, source: Path) -> dict[str, str]:
        """A digest of what a mark depends on, by exercise: its class, its cell, and what all share.

        Prose is not in it.
        """
        package = Path(__file__).parents[1]
        shared = [*package.glob("labs/*.py"), package / "guard.py"]
        shared += [Path(__file__).parent / name for name in JUDGING]
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(shared)))
        cells = [cell.text for cell in self.lab.cells if cell.kind == "code" and not cell.exercise]
        classes, rest = _classes(source.parent.parent / "exercises" / source.name)
        digest.update(repr((cells, rest)).encode())
        found = {}
        for asked, (key, exercise) in zip(self._asked, self.lab.exercises.items(), strict=True):
            own = digest.copy()
            setting = exercise.setting, self.lab.exercise_cell(key).solution
            own.update(repr((asked, classes.get(exercise.__name__), setting)).encode())
            found[key] = own.hexdigest()[:16]
        return found

    def _question(self, exercise: type[Exercise]) -> dict[str, Any]:
        source = textwrap.dedent(inspect.getsource(exercise.probe))
        return {
            "key": exercise.key,
            "answer": exercise.answer,
            "probe": source[source.index("def ") :],
            "cases": [wire.packed(tuple(case)) for case in exercise.cases],
            "hidden": [wire.packed(tuple(case)) for case in exercise.hidden],
            "seconds": exercise.seconds,
            "stub": self.lab.exercise_cell(exercise.key).stub,
            "value": issubclass(exercise, exercises.Value),
        }

    def _mark(
        self, exercise: type[Exercise], record: dict[str, Any], trouble: str, missing: bool
    ) -> Mark:
        title = f"{exercise.key} {exercise.title()}"
        if not record:
            card = Card("stopped", title, text=[f"It could not be judged: {_WORDS[trouble]}."])
            return Mark(None, exercise.points, card, trouble)
        try:
            answer = wire.seen(record.get("answer"))
            if stale := wire.text(record.get("stale")):
                return Mark(0, exercise.points, Card("not yet", title, text=[stale]))
            if missing and answer.state == "missing":
                text = [f"Neither its cell nor `{exercise.answer}` is in the notebook."]
                return Mark(
                    None, exercise.points, Card("not yet", title, text=text), "needs review"
                )
            cases = _observations(exercise.cases, record.get("cases"))
            hidden = _observations(exercise.hidden, record.get("hidden"))
            if _out_of_memory([*cases.values(), *hidden.values()]):
                text = [f"It could not be judged: {_WORDS['out of memory']}."]
                card = Card("stopped", title, text=text)
                return Mark(None, exercise.points, card, "out of memory")
            card = judged(self.lab, exercise, answer, _given(cases), False, PATIENCE)
            if card.status == "right" and exercise.hidden:
                card = judged(self.lab, exercise, answer, _given(hidden), True, PATIENCE)
                card = _without_inputs(card)
            card = replace(card, text=[wire.clean(line) for line in card.text])
            if card.status == "right":
                return Mark(exercise.points, exercise.points, replace(card, text=[]))
            return Mark(0, exercise.points, card)
        except Exception as error:  # whatever a hostile record makes of the comparison
            why = f"It could not be judged ({type(error).__name__}: {str(error)[:200]})."
            card = Card("error", title, text=[wire.clean(why)])
            return Mark(None, exercise.points, card, "needs review")


def grade_all(
    grader: Grader,
    submissions: Sequence[Submission],
    run: Run,
    jobs: int,
    before: Mapping[str, Grade] | None = None,
) -> Generator[tuple[Submission, Grade], None, None]:
    """Each submission with its outcome, as they finish, `jobs` at a time.

    before: what is known already of some, by their digest (see `Grader.still`).

    What was stopped by the clock runs again, alone, at the end: a neighbour may have slowed it.

    Closing the iterator forgets the rest; end the server then, and its children with it.
    """
    left, known = iter(submissions), before or {}
    pool = ThreadPoolExecutor(jobs)
    waiting: dict[Future[Answered | Grade], Submission] = {}
    slowed: list[Submission] = []
    try:
        while True:
            for submission in left:
                waiting[pool.submit(grader.ask, submission, run, known.get(submission.digest))] = (
                    submission
                )
                if len(waiting) > jobs:
                    break
            if not waiting:
                break
            for each in wait(waiting, return_when=FIRST_COMPLETED).done:
                submission, asked = waiting.pop(each), each.result()
                if jobs > 1 and isinstance(asked, Answered) and asked.stopped_by_the_clock():
                    slowed.append(submission)
                else:
                    yield submission, asked if isinstance(asked, Grade) else grader.judge(asked)
        for submission in slowed:
            asked = pool.submit(grader.ask, submission, run, known.get(submission.digest)).result()
            yield submission, asked if isinstance(asked, Grade) else grader.judge(asked)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C nobody waits for a child


_WORDS = {
    "timeout": "it took too long, and could not be stopped from inside",
    "crashed": "it ended the process",
    "out of memory": "it needed more memory than a submission may use",
}


def _classes(partner: Path) -> tuple[dict[str, str], str]:
    """The text of each class in a lab's file of exercises, and the rest of the file."""
    rest = partner.read_text(encoding="utf-8")
    classes = {
        node.name: ast.get_source_segment(rest, node) or ""
        for node in ast.parse(rest).body
        if isinstance(node, ast.ClassDef)
    }
    for text in classes.values():
        rest = rest.replace(text, "")
    return classes, rest


def _names(code: str) -> list[list[str]] | None:
    """What a cell of the lab reads and defines; None if it has IPython's commands."""
    try:
        found = names(code)
    except SyntaxError:
        return None
    return [sorted(found.reads), sorted(found.defines)]


def _trouble(ran: Ran) -> str:
    if ran.ended == "timeout":
        return "timeout"
    # Killed, and not by us: so ends a process when the machine has no memory left.
    return "out of memory" if ran.status == -9 and ran.ended == "crashed" else "crashed"


def _end(places: dict[int, int], check: int | None, own: list[int]) -> int | None:
    """How many of the code cells are above the check; None if it is not below the exercise."""
    if check is None:
        return None
    above = sum(place < check for place in places)
    return above if own and own[0] < above else places[check] + 1


def _observations(cases: Sequence[tuple[Any, ...]], given: Any) -> dict[str, Observed]:
    return {
        repr(case): wire.observed(each) for case, each in zip(cases, _list(given), strict=False)
    }


def _given(observations: dict[str, Observed]) -> Callable[[tuple[Any, ...]], Observed]:
    return lambda case: observations[repr(case)]


def _out_of_memory(observations: Sequence[Observed]) -> bool:
    failures = [each.outcome.failure for each in observations]
    return any(each is not None and each.kind == "MemoryError" for each in failures)


def _without_inputs(card: Card) -> Card:
    """A card on hidden cases: no text of the learner's code, which may hold the inputs.

    Not even the name of an exception that the learner's code has made.
    """
    rows = []
    for label, value in card.rows:
        kind = value.partition(":")[0]
        known = isinstance(getattr(builtins, kind, None), type)
        if label == "asked" or (label == "raised" and known):
            rows.append((label, kind if label == "raised" else value))
    return replace(card, rows=rows, output="")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
