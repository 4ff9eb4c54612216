"""What a check asks: exercises as small classes, and the labs that they belong to."""

import builtins
import dis
import functools
import importlib.util
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

from coursekit.labs import source
from coursekit.shipped import shipped


@dataclass(frozen=True)
class Finding:
    """What is wrong with an answer.

    expected: the right value, or a text that describes it.
    reason: one or two sentences; they name the misconception where the answer gives it away.
    received: what came instead, in words, where the probe's own report would puzzle a learner.
    """

    expected: Any
    reason: str
    received: str = ""


class Exercise:
    """One exercise; a subclass in `exercises/NN_slug.py` describes it by attributes.

    The docstring's first line is the title. `probe` runs the learner's code and knows no answers;
    `judge` holds the answers and sees plain data only (`coursekit.labs.plain`).

    key: lab and number, like "1.2".
    answer: the name of the function or class that the learner defines.
    points: what it is worth.
    returns: the type of what `probe` returns, as plain data.
    or_none: whether None may be an answer too.
    cases, hidden: arguments for `probe` after the answer; `hidden` are asked at grading.
    hints: one step each.
    mistakes: misconception to code that holds it; each has the right type and a wrong answer.
    seconds: time limit of one check.
    call: how the question reads in a verdict, a format of the case; by default a function call.
    """

    key: ClassVar[str]
    answer: ClassVar[str]
    points: ClassVar[int] = 1
    returns: ClassVar[type]
    or_none: ClassVar[bool] = False
    cases: ClassVar[Sequence[tuple[Any, ...]]] = ()
    hidden: ClassVar[Sequence[tuple[Any, ...]]] = ()
    hints: ClassVar[tuple[str, ...]] = ()
    mistakes: ClassVar[Mapping[str, str]] = {}
    seconds: ClassVar[float] = 10.0
    call: ClassVar[str] = ""

    @staticmethod
    def probe(answer: Any, *case: Any) -> Any:
        """What the learner's answer gives for this case; runs where no answers are known."""
        return answer(*case)

    @staticmethod
    def judge(received: Any, *case: Any) -> Finding | None:
        """None when the received value is right."""
        raise NotImplementedError

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or "").strip().partition("\n")[0]

    @classmethod
    def question(cls, *case: Any) -> str:
        """The question as the learner would type it."""
        if cls.call:
            return cls.call.format(*case)
        return f"{cls.answer}({', '.join(map(repr, case))})"

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "key"):
            return
        for name in ("answer", "returns"):
            if not hasattr(cls, name):
                raise TypeError(f"exercise {cls.key} has no {name!r}: set it in {cls.__name__}")
        if not cls.title() or cls.__doc__ == Exercise.__doc__:
            raise ValueError(f"exercise {cls.key} has no title: give {cls.__name__} a docstring")
        if cls.returns not in (bool, int, float, str, list, dict):
            cure = "take bool, int, float, str, list or dict"
            raise ValueError(f"exercise {cls.key} returns {cls.returns!r}: {cure}")
        if not cls.cases:
            raise ValueError(f"exercise {cls.key} has no cases: give at least one")
        if cls.judge is Exercise.judge:
            raise TypeError(f"exercise {cls.key} has no judge: define it in {cls.__name__}")
        if foreign := sorted(_globals(cls.probe.__code__)):
            cure = "import or define it inside the probe, which may run on its own"
            raise ValueError(f"the probe of exercise {cls.key} uses {foreign[0]!r}: {cure}")


class Value(Exercise):
    """An exercise whose answer is a variable, taken as it is."""

    cases = ((),)

    @staticmethod
    def probe(answer: Any, *case: Any) -> Any:
        return answer

    @classmethod
    def question(cls, *case: Any) -> str:
        return cls.call or cls.answer


def close(received: Any, expected: Any, relative: float = 1e-6) -> bool:
    """Whether two plain values agree: numbers within `relative` of the larger, the rest equal."""
    if isinstance(received, bool) or isinstance(expected, bool):
        return received is expected
    if isinstance(received, int | float) and isinstance(expected, int | float):
        return math.isclose(received, expected, rel_tol=relative, abs_tol=1e-12)
    if type(received) is not type(expected):
        return False
    if isinstance(received, list):
        return len(received) == len(expected) and all(
            close(left, right, relative) for left, right in zip(received, expected, strict=True)
        )
    if isinstance(received, dict):
        return received.keys() == expected.keys() and all(
            close(received[key], expected[key], relative) for key in received
        )
    return bool(received == expected)


@dataclass(frozen=True)
class Lab:
    """A lab as its author wrote it. name: "01_keras_tuner"; exercises: by key, in order."""

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
    """Where the labs are: $COURSEKIT_NOTEBOOKS if set (labs of your own), else the kit's."""
    return Path(os.environ.get("COURSEKIT_NOTEBOOKS") or shipped("notebooks"))


def sources(notebooks: Path | None = None) -> list[Path]:
    """The labs' source files, in order."""
    return sorted(((notebooks or folder()) / "source").glob("[0-9][0-9]_*.py"))


def load(path: Path) -> Lab:
    """The lab whose source file this is. Raises SourceError, or what its exercises raise."""
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
    return Lab(path.stem, cells, {key: described[key] for key in keys})


def find(key: str) -> tuple[Lab, type[Exercise]]:
    """The lab and exercise of a key. Raises ValueError that names the keys there are."""
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
