"""Every lab: untouched cells give "not yet", the solution is right, each known mistake is not."""

import ast
import textwrap
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from coursekit.labs.answers import problems
from coursekit.labs.exercises import Exercise, Finding, Lab, Mistake, Value, load
from coursekit.labs.plain import close
from coursekit.labs.verdicts import verdict

SAMPLE = Path(__file__).parent / "lab" / "source" / "99_sample.py"


@pytest.fixture
def setup(lab_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The globals of the lab's set-up cells, executed in an empty folder."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in load(lab_source).cells:
        if "setup" in cell.tags:
            exec(compile(cell.text, f"{lab_source.stem}:{cell.line}", "exec"), namespace)
    return namespace


def execute(lab: Lab, key: str, code: str, namespace: dict[str, Any]) -> dict[str, Any]:
    exec(compile(textwrap.dedent(code), f"{lab.name}:{key}", "exec"), namespace)
    return namespace


def solved(lab: Lab, namespace: dict[str, Any]) -> dict[str, Any]:
    for key in lab.exercises:
        execute(lab, key, lab.exercise_cell(key).solution, namespace)
    return namespace


@pytest.mark.slow(30)
def test_each_known_mistake_is_found_and_the_rest_is_right(
    lab_source: Path, setup: dict[str, Any]
) -> None:
    lab = load(lab_source)
    stubs = dict(setup)
    for key in lab.exercises:
        execute(lab, key, lab.exercise_cell(key).stub, stubs)
    for exercise in lab.exercises.values():
        for hidden in (False, True):
            card = verdict(lab, exercise, stubs, hidden)
            assert card.status == "not yet", card.plain()

    answers = solved(lab, setup)
    for key, exercise in lab.exercises.items():
        for hidden in (False, True):
            card = verdict(lab, exercise, answers, hidden)
            assert card.status == "right", card.plain()
        wrong = 0
        assert problems(exercise) == []  # and now all mistakes are known, however slow they are
        for mistake, code in exercise.planted().items():
            card = verdict(lab, exercise, execute(lab, key, code, dict(answers)), False)
            assert card.status in ("not right", "error"), f"{mistake}: {card.plain()}"
            assert not any(line.startswith("Wrong type") for line in card.text), mistake
            assert all(len(line) > 10 for line in card.text), mistake
            wrong += card.status == "not right"
            if exercise.declared() and exercise.explained and "argument" not in card.text[0]:
                assert card.text[0] == mistake, card.plain()
        assert wrong >= 2, f"{key} needs two known mistakes that run and give a wrong answer"


class WithoutReturn(ast.NodeTransformer):
    """Drops the `return` of values, but for those of functions inside."""

    depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.depth += 1
        kept = node if self.depth > 1 else self.generic_visit(node)
        self.depth -= 1
        return kept

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        value = node.value or ast.Constant(None)
        return node if ast.unparse(value) == "None" else ast.Expr(value)


def test_a_missing_return_is_called_that(lab_source: Path, setup: dict[str, Any]) -> None:
    lab = load(lab_source)
    answers = solved(lab, setup)
    for key in lab.exercises:
        exercise, tree = lab.exercises[key], ast.parse(lab.exercise_cell(key).solution)
        silent = ast.unparse(ast.fix_missing_locations(WithoutReturn().visit(tree)))
        if silent == ast.unparse(ast.parse(lab.exercise_cell(key).solution)):
            continue  # it returns nothing
        if not isinstance(answers[exercise.answer], FunctionType):
            continue
        if isinstance(getattr(tree.body[-1], "body", [None])[-1], ast.Raise):
            continue  # it raises where nothing was returned
        card = verdict(lab, exercise, execute(lab, key, silent, dict(answers)), False)
        assert "Is there a `return`?" in card.text[0], f"{key}: {card.plain()}"


def test_a_mistake_that_is_none_is_found() -> None:
    lab = load(SAMPLE)
    cell = lab.exercise_cell("99.1")

    class Wrong(Exercise):
        """Three of these fail"""

        key = "99.1"
        cases = ((12, 3),)
        mistakes = (
            Mistake("//", "// 1 //", "It is right."),
            Mistake("// factor", "// 2", "It is half."),
            Mistake("// factor", "- 6", "It is 6."),
        )

    Wrong.bind(cell, [])
    right, pair = problems(Wrong)
    assert "'It is right.' is given for a right answer" in right
    assert "'It is 6.' and 'It is half.' give one answer" in pair
    for mistakes, cure in (
        ((Mistake("factory", "", "x"),), "the solution does not hold 'factory'"),
        ((Mistake("//", "/", "x"), Mistake("//", "-", "x")), "two mistakes have one reason"),
        ((Mistake(reason="x"),), "give a reason, and either edits or code"),
    ):
        bad = type("Bad", (Wrong,), {"__doc__": "Bad", "mistakes": mistakes})
        with pytest.raises(ValueError, match=cure):
            bad.bind(cell, [])


def test_every_exercise_can_be_understood(lab_source: Path) -> None:
    for key, exercise in load(lab_source).exercises.items():
        assert exercise.points > 0, key
        assert exercise.hidden or issubclass(exercise, Value), f"{key} has no hidden cases"
        assert not set(map(repr, exercise.hidden)) & set(map(repr, exercise.cases)), key
        for case in (*exercise.cases, *exercise.hidden):
            assert exercise.question(*case), key


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"judge": None, "cases": [(1,)]}, "has no 'returns'"),
        ({"answer": "f", "returns": tuple}, "take bool, int"),
        ({"answer": "f", "returns": int}, "has no cases"),
        (
            {"answer": "f", "returns": int, "cases": [(1,)], "__doc__": ""},
            "give Broken a docstring",
        ),
    ],
)
def test_incomplete_exercises_are_refused(attributes: dict[str, Any], message: str) -> None:
    described = {"__doc__": "A title", "key": "1.1", **attributes}
    with pytest.raises((TypeError, ValueError), match="exercise") as error:
        type("Broken", (Exercise,), described)
    assert message in str(error.value)


def test_a_probe_must_stand_on_its_own() -> None:
    with pytest.raises(ValueError, match="uses 'Path': import or define it inside"):

        class Broken(Value):
            """A title"""

            key = "1.1"
            answer = "x"
            returns = str

            @staticmethod
            def probe(answer: Any, *case: Any) -> Any:
                return str(Path(answer))

            @staticmethod
            def judge(received: Any, *case: Any) -> Finding | None:
                return None


@pytest.mark.parametrize(
    ("received", "expected", "same"),
    [
        (1.0, 1, True),
        (0.1 + 0.2, 0.3, True),
        (0.31, 0.3, False),
        (True, 1, False),
        ([1, [2.0]], [1.0, [2]], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        ("a", "a", True),
        (float("nan"), 1.0, False),
        ([float("nan")], [float("nan")], True),
    ],
)
def test_close(received: Any, expected: Any, same: bool) -> None:
    assert close(received, expected) is same
