"""Exercises as small classes, and the labs that they belong to."""

import builtins
import dis
import functools
import importlib.util
import math
import os
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

from coursekit.labs import answers, source
from coursekit.labs.names import names, needed
from coursekit.labs.plain import close
from coursekit.shipped import shipped


@dataclass(frozen=True)
class Finding:
    """What is wrong with an answer.

    expected: the right value, or a text that describes it.
    reason: one or two sentences; they name the misconception if the answer reveals it.
    received: the learner's result in words, if the probe's own report would puzzle a learner.
    """

    expected: Any
    reason: str
    received: str = ""


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: an edit of the lab's own solution, and the sentence that names it.

    old, new: a text in the solution, and its replacement.
    reason: one or two sentences for the learner who makes this mistake.
    also: further edits.
    code: a whole answer, if an edit is not enough.
    """

    old: str = ""
    new: str = ""
    reason: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    def applied(self, solution: str) -> str:
        """The wrong code. Raises ValueError if the solution does not hold the text to replace."""
        edits = {self.old: self.new, **self.also} if self.old else dict(self.also)
        if not self.reason or bool(edits) == bool(self.code):
            raise ValueError(f"{self}: give a reason, and either edits or code")
        for old, new in edits.items():
            if old not in solution:
                raise ValueError(f"the solution does not hold {old!r}: change the mistake's edit")
            solution = solution.replace(old, new)
        return textwrap.dedent(self.code).strip() if self.code else solution


class Exercise:
    """One exercise; a subclass in `exercises/NN_slug.py` describes it by attributes.

    The docstring's first line is the title. `probe` runs the learner's code and holds no answers.
    If the answer is a function of the case, nothing else is needed: the lab's own solution gives
    the right result, and the mistakes give the reasons. If behaviour is sampled, a `judge` holds
    the answers; it sees only plain data (`coursekit.labs.plain`).

    key: lab and number, like "1.2".
    cases, hidden: arguments for `probe` after the answer; `hidden` are used at grading. `cases` may
        be a dict from requirements, in words, to arguments.
    mistakes: two or more `Mistake`s that run and give a wrong answer. After the lab is loaded, a
        dict from the reason to the wrong code.
    reasons: what to say if an entry of the probe's report (a dict) is wrong, in this order.
    otherwise: what to say about any other wrong answer.
    hints: one step each.
    points: for a right answer.
    answer: the name of the function or class that the learner defines; by default the one that the
        exercise cell defines.
    expected: a static method of the case that returns the probe's result for a right answer; by
        default the lab's solution is run.
    tolerance: within which numbers agree, relative to the larger.
    changes: whether the answer may change its arguments.
    returns: the type of what `probe` returns, as plain data; by default that of the right answer.
    or_none: whether None may be an answer too, if `returns` is given.
    seconds: limit of one check, of computing.
    call: the question in a verdict, a format of the case; by default a function call.
    """

    key: ClassVar[str]
    answer: ClassVar[str]
    points: ClassVar[int] = 1
    returns: ClassVar[type | None] = None
    or_none: ClassVar[bool] = False
    cases: ClassVar[Any] = ()  # a sequence of tuples, after the class is made
    hidden: ClassVar[Sequence[tuple[Any, ...]]] = ()
    hints: ClassVar[tuple[str, ...]] = ()
    mistakes: ClassVar[Any] = ()
    reasons: ClassVar[Mapping[str, str]] = {}
    otherwise: ClassVar[str] = ""
    expected: ClassVar[Callable[..., Any] | None] = None
    tolerance: ClassVar[float] = 1e-6
    changes: ClassVar[bool] = False
    seconds: ClassVar[float] = 10.0
    call: ClassVar[str] = ""

    requirements: ClassVar[Sequence[str]] = ()  # of the cases, if they are named
    solution: ClassVar[str] = ""  # the lab's own
    setting: ClassVar[str] = ""  # the statements of the lab that solution and mistakes need
    explained: ClassVar[bool] = False  # whether the mistakes are sentences for the learner

    @staticmethod
    def probe(answer: Any, *case: Any) -> Any:
        """The result of the learner's answer for this case; runs where the answers are absent."""
        return answer(*case)

    @classmethod
    def judge(cls, received: Any, *case: Any) -> Finding | None:
        """None when the received value is right."""
        expected = answers.right(cls, case)
        if cls.alike(received, expected):
            return None
        wrong = answers.wrong_entry(received, expected, cls.alike)
        if reason := cls.reasons.get(wrong):
            return Finding(expected, reason)
        words = answers.difference(received, expected, cls.alike)
        return Finding(expected, f"{words} {cls.otherwise}".strip())

    @classmethod
    def alike(cls, received: Any, expected: Any) -> bool:
        """Whether two plain values are the same answer."""
        return close(received, expected, cls.tolerance)

    @classmethod
    def declared(cls) -> bool:
        """Whether the answer is a function of the case, so that no judge is needed."""
        return "judge" not in {name for each in cls.__mro__[:-2] for name in vars(each)}

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or "").strip().partition("\n")[0]

    @classmethod
    def question(cls, *case: Any) -> str:
        """The question as the learner would type it."""
        if cls.call:
            return cls.call.format(*case)
        return f"{cls.answer}({', '.join(map(repr, case))})"

    @classmethod
    def bind(cls, cell: source.Cell, setting: Sequence[str]) -> None:
        """Takes answer, solution and mistakes from the exercise's cell.

        setting: the cells that always run before it. Raises ValueError.
        """
        solution, own = cell.solution, names(cell.solution)
        if not hasattr(cls, "answer"):
            defined = sorted(own.defines)
            if len(defined) != 1:
                cure = "say which is the answer, by `answer`"
                raise ValueError(f"exercise {cls.key} defines {defined}: {cure}")
            cls.answer = defined[0]
        cls.solution, cls.explained = solution, not isinstance(cls.mistakes, Mapping)
        if cls.explained:
            planted = {mistake.reason: mistake.applied(solution) for mistake in cls.mistakes}
            if len(planted) < len(cls.mistakes):
                cure = "give each its own"
                raise ValueError(f"exercise {cls.key}: two mistakes have one reason: {cure}")
            cls.mistakes = planted
        wanted = set().union(*(names(code).reads for code in (solution, *cls.planted().values())))
        cls.setting = needed(wanted, setting)

    @classmethod
    def planted(cls) -> Mapping[str, str]:
        """The wrong code of each mistake, by its reason (or its name); only in a loaded lab."""
        return {name: textwrap.dedent(code).strip() for name, code in cls.mistakes.items()}

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "key"):
            return
        if not cls.title() or cls.__doc__ == Exercise.__doc__:
            raise ValueError(f"exercise {cls.key} has no title: give {cls.__name__} a docstring")
        if cls.returns not in (None, bool, int, float, str, list, dict):
            cure = "take bool, int, float, str, list or dict"
            raise ValueError(f"exercise {cls.key} returns {cls.returns!r}: {cure}")
        if not cls.declared() and cls.returns is None:
            cure = f"set it in {cls.__name__}, whose judge sees that type"
            raise TypeError(f"exercise {cls.key} has no 'returns': {cure}")
        if not cls.cases:
            raise ValueError(f"exercise {cls.key} has no cases: give at least one")
        if "mistakes" in vars(cls):
            cls.explained = False  # until they are bound to the lab's solution
        if isinstance(cls.cases, Mapping):
            cls.requirements, cls.cases = tuple(cls.cases), tuple(cls.cases.values())
        if foreign := sorted(_globals(cls.probe.__code__)):
            cure = "import or define it inside the probe, which may run on its own"
            raise ValueError(f"the probe of exercise {cls.key} uses {foreign[0]!r}: {cure}")


class Value(Exercise):
    """An exercise whose answer is a variable; its value is the result."""

    cases = ((),)

    @staticmethod
    def probe(answer: Any, *case: Any) -> Any:
        return answer

    @classmethod
    def question(cls, *case: Any) -> str:
        return cls.call or cls.answer


class Sampled(Exercise):
    """An exercise whose probe calls an answer `draws` times and counts the results.

    Whole numbers in the report count draws; two of them agree if they differ by less than six
    standard deviations (one of 10^9 right answers fails), so a learner may draw in any order. An
    event that may never happen is reported as True or False.
    """

    draws: ClassVar[int] = 2000

    @classmethod
    def alike(cls, received: Any, expected: Any) -> bool:
        if isinstance(received, dict) and isinstance(expected, dict):
            return received.keys() == expected.keys() and all(
                cls.alike(received[key], expected[key]) for key in expected
            )
        if type(received) is not int or type(expected) is not int:
            return close(received, expected, cls.tolerance)
        chance = min(1.0, abs(received + expected) / (2 * cls.draws))
        return abs(received - expected) <= 6 * math.sqrt(2 * cls.draws * chance * (1 - chance))


@dataclass(frozen=True)
class Lab:
    """A lab, read from its source. name: "01_keras_tuner"; exercises: by key, in order."""

    name: str
    cells: Sequence[source.Cell]
    exercises: Mapping[str, type[Exercise]]

    @property
    def number(self) -> int:
        return int(self.name.split("_")[0])

    @property
    def title(self) -> str:
        """The first heading."""
        lines = (line for cell in self.cells for line in cell.text.splitlines())
        heading = next((line for line in lines if line.startswith("# ")), self.name)
        return heading.removeprefix("# ").strip()

    def exercise_cell(self, key: str) -> source.Cell:
        return next(cell for cell in self.cells if cell.exercise == key)


def folder() -> Path:
    """Where the labs are: $COURSEKIT_NOTEBOOKS if set (your own labs), else the kit's."""
    return Path(os.environ.get("COURSEKIT_NOTEBOOKS") or shipped("notebooks"))


def sources(notebooks: Path | None = None) -> list[Path]:
    """The labs' source files, in order."""
    return sorted(((notebooks or folder()) / "source").glob("[0-9][0-9]_*.py"))


def load(path: Path) -> Lab:
    """The lab in this source file. Raises SourceError, or what its exercises raise."""
    partner = path.parent.parent / "exercises" / path.name
    changed = partner.stat().st_mtime_ns if partner.is_file() else 0
    return _load(path, path.stat().st_mtime_ns, changed)


@functools.lru_cache(maxsize=64)
def _load(path: Path, *changed: int) -> Lab:
    cells = source.read(path)
    partner = path.parent.parent / "exercises" / path.name
    described: dict[str, type[Exercise]] = {}
    if partner.is_file():
        spec = importlib.util.spec_from_file_location(f"exercises_{path.stem}", partner)
        if spec is None or spec.loader is None:
            raise ImportError(f"{partner} cannot be imported: is it a Python file?")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, item in vars(module).items():
            if isinstance(item, type) and issubclass(item, Exercise) and hasattr(item, "key"):
                if item.key in described:
                    raise ValueError(
                        f"{partner}: {name} has the key {item.key} of another: change it"
                    )
                described[item.key] = item
    keys = [cell.check for cell in cells if cell.check]
    for cell in cells:
        if cell.check and cell.check not in described:
            problem = (
                f"check {cell.check} has no definition: add a class with this key to {partner}"
            )
            raise source.SourceError(path, cell.line, problem)
    if unused := sorted(described.keys() - set(keys)):
        raise ValueError(f"{partner}: no cell checks exercise {unused[0]}: add it to {path}")
    setting: list[str] = []
    for cell in cells:
        if cell.exercise:
            try:
                described[cell.exercise].bind(cell, setting)
            except ValueError as error:
                raise source.SourceError(path, cell.line, str(error)) from None
        if cell.exercise or "setup" in cell.tags:
            setting.append(cell.solution)
    return Lab(path.stem, cells, {key: described[key] for key in keys})


def find(key: str) -> tuple[Lab, type[Exercise]]:
    """The lab and exercise of a key. Raises ValueError that lists the known keys."""
    if not isinstance(key, str):
        raise ValueError(f'there is no exercise {key!r}: put the key in quotes, like "1.2"')
    number = key.split(".")[0]
    for path in sources():
        if number.isdigit() and int(path.name[:2]) == int(number):
            lab = load(path)
            if key in lab.exercises:
                return lab, lab.exercises[key]
            known = ", ".join(lab.exercises) or "none"
            raise ValueError(f"there is no exercise {key!r}: lab {number} has {known}")
    raise ValueError(f'there is no exercise {key!r}: keys are lab and number, like "1.2"')


def _globals(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and not hasattr(builtins, step.argval):
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)
