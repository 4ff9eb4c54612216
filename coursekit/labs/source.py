"""Reads a lab's source: py:percent cells, and the exercises in them with stubs and solutions."""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.labs.recalls import asked

STUB = "...  # your code here"

_HEADER = re.compile(r"# %%(?: (?P<rest>.*))?$")
_OPTION = re.compile(r'(\w+)=("[^"]*"|\[[^\]]*\])')
_OPTIONS = {"check", "claim", "conclusion", "exercise", "needs", "tags"}
_KEY = re.compile(r"\d+\.\d+")
BEGIN, END, _GIVEN = "### BEGIN SOLUTION", "### END SOLUTION", "#:"


class SourceError(ValueError):
    """The builder cannot use a lab's source; the message names file, line and cure."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


@dataclass(frozen=True)
class Cell:
    """One cell as the author wrote it: markers in code, Markdown without its comment signs.

    line: of its `# %%`, counted from 1.
    exercise, check: the key that the cell answers or checks, or None.
    claim: the sentence about a result that the cell's code tests, or None.
    conclusion: the key of the written conclusion that the cell asks for, or None.
    needs: keys of exercises whose answers the cell needs without naming them.
    """

    kind: str
    text: str
    line: int
    exercise: str | None = None
    check: str | None = None
    claim: str | None = None
    conclusion: str | None = None
    needs: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    @property
    def nightly(self) -> bool:
        """Whether the cell is a claim that measures again, such as on other seeds."""
        return self.claim is not None and "nightly" in self.tags

    @property
    def rubric(self) -> list[str]:
        """The points of a good conclusion: the list at the end of its cell."""
        return [line[2:] for line in self.text.splitlines() if line.startswith("- ")]

    @property
    def question(self) -> str:
        """The question of a conclusion: its cell without the rubric."""
        lines = [line for line in self.text.splitlines() if not line.startswith("- ")]
        return "\n".join(lines).strip()

    @property
    def stub(self) -> str:
        """The learner's version: each solution is replaced by the lines marked `#:`."""
        return _replace_regions(self.text, _handed_out)

    @property
    def solution(self) -> str:
        """The cell solved, as plain code."""
        return _replace_regions(self.text, _solved)

    @property
    def marked(self) -> str:
        """The cell solved, between nbgrader's markers."""
        return _replace_regions(
            self.text,
            lambda indent, lines: [indent + BEGIN, *_solved(indent, lines), indent + END],
        )


def _handed_out(indent: str, lines: list[str]) -> list[str]:
    marked = [line.lstrip() for line in lines if line.lstrip().startswith(_GIVEN)]
    given = [(indent + line[2:].removeprefix(" ")).rstrip() for line in marked]
    return given or [indent + STUB]


def _solved(indent: str, lines: list[str]) -> list[str]:
    return [line for line in lines if not line.lstrip().startswith(_GIVEN)]


def _replace_regions(text: str, replace: Callable[[str, list[str]], list[str]]) -> str:
    result: list[str] = []
    region: list[str] | None = None
    indent = ""
    for line in text.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            region, indent = [], line[: len(line) - len(line.lstrip())]
        elif mark == END:
            result += replace(indent, region or [])
            region = None
        else:
            (result if region is None else region).append(line)
    return "\n".join(result)


def read(path: Path) -> list[Cell]:
    """The cells of a source file, checked. Raises SourceError."""
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    if not starts or any(line.strip() for line in lines[: starts[0]]):
        raise SourceError(path, 1, "the first line starts no cell: begin with '# %% [markdown]'")
    cells = [
        _cell(path, start, lines[start:end])
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
    _refuse_unpaired(path, cells)
    return cells


def _cell(path: Path, start: int, lines: list[str]) -> Cell:
    header = _HEADER.match(lines[0])
    rest = (header and header["rest"]) or ""
    options = dict(_OPTION.findall(rest))
    kind = "markdown" if "[markdown]" in rest else "code"
    unknown = _OPTION.sub("", rest).replace("[markdown]", "").split()
    unknown += sorted(options.keys() - _OPTIONS)
    if unknown:
        cure = f"a cell takes [markdown] and {', '.join(sorted(_OPTIONS))}"
        raise SourceError(path, start + 1, f"{unknown[0]!r} is not known here: {cure}")
    body = lines[1:]
    while body and not body[-1].strip():
        body.pop()
    if kind == "markdown":
        for number, line in enumerate(body, start + 2):
            if line and not line.startswith("#"):
                raise SourceError(path, number, "Markdown stands in comments: start it with '# '")
        body = [line[1:].removeprefix(" ") for line in body]
    try:
        values = {name: json.loads(text) for name, text in options.items()}
    except ValueError:
        raise SourceError(path, start + 1, f'{rest!r} is not JSON: write tags=["name"]') from None
    cell = Cell(kind, "\n".join(body), start + 1, **values)
    if kind == "markdown" and (cell.exercise or cell.check or cell.claim is not None):
        raise SourceError(path, cell.line, "an exercise, check or claim is code: drop [markdown]")
    if cell.conclusion and not (kind == "markdown" and cell.question and cell.rubric):
        cure = "write # %% [markdown], the question, and a list of what a good answer holds"
        raise SourceError(path, cell.line, f"a conclusion is prose with a rubric: {cure}")
    _refuse_bad_markers(path, cell)
    if kind == "code":
        _refuse_bad_code(path, cell)
    return cell


def _refuse_bad_code(path: Path, cell: Cell) -> None:
    try:
        body = ast.parse(cell.solution)
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1)
        raise SourceError(path, line, f"{error.msg}: write IPython magics as comments") from None
    try:
        asked(cell.text)
    except ValueError as error:
        raise SourceError(path, cell.line, str(error)) from None
    asserts = any(isinstance(node, ast.Assert) for node in ast.walk(body))
    if cell.claim is not None and not (cell.claim.strip() and asserts):
        cure = 'write # %% claim="the sentence", and assert it in the code'
        raise SourceError(path, cell.line, f"a claim without a sentence or an assert: {cure}")


def _refuse_bad_markers(path: Path, cell: Cell) -> None:
    within, regions = False, 0
    for number, line in enumerate(cell.text.splitlines(), cell.line + 1):
        mark = line.strip()
        if mark.startswith("###") and "HIDDEN TESTS" in mark:
            raise SourceError(path, number, "the builder adds the hidden check: drop this line")
        if mark not in (BEGIN, END):
            continue
        if within == (mark == BEGIN):
            other = END if within else BEGIN
            raise SourceError(path, number, f"{mark!r} without {other!r} before it: add that")
        within, regions = not within, regions + within
        if not cell.exercise:
            cure = 'start the cell with # %% exercise="…"'
            raise SourceError(path, number, f"a solution outside an exercise: {cure}")
    if within:
        raise SourceError(path, cell.line, f"{BEGIN!r} is never closed: add {END!r}")
    if cell.exercise and not regions:
        cure = f"put it between {BEGIN!r} and {END!r}"
        raise SourceError(path, cell.line, f"exercise {cell.exercise} has no solution: {cure}")


def _refuse_unpaired(path: Path, cells: list[Cell]) -> None:
    exercises: dict[str, int] = {}
    checks: dict[str, int] = {}
    number = int(path.name.split("_")[0]) if path.name.split("_")[0].isdigit() else None
    for cell in cells:
        if cell.conclusion and cell.conclusion != path.name.split("_")[0]:
            cure = f'write conclusion="{path.name.split("_")[0]}", one in a lab'
            raise SourceError(path, cell.line, f"a conclusion's key is its lab's: {cure}")
        for key, seen in ((cell.exercise, exercises), (cell.check, checks)):
            if key is None:
                continue
            if not _KEY.fullmatch(key) or int(key.split(".")[0]) != number:
                raise SourceError(
                    path, cell.line, f"{key!r} is not a key: write lab.number, like 1.2"
                )
            if key in seen:
                cure = f"line {seen[key]} has it already; take another"
                raise SourceError(path, cell.line, f"duplicate key {key}: {cure}")
            seen[key] = cell.line
        if cell.check and cell.check not in exercises:
            cure = f'an earlier cell must start with # %% exercise="{cell.check}"'
            raise SourceError(path, cell.line, f"check {cell.check} has no exercise: {cure}")
        if cell.check and f'check("{cell.check}")' not in cell.text:
            raise SourceError(path, cell.line, f'the cell must call check("{cell.check}")')
    for key, line in exercises.items():
        if key not in checks:
            cure = f'add a cell # %% check="{key}" with check("{key}")'
            raise SourceError(path, line, f"exercise {key} has no check: {cure}")
