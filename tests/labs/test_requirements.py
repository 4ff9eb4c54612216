"""Each requirement has a visible case: what passes the visible cases passes the hidden ones.

The solution is changed in one place at a time, as learners go wrong: a border is missed, 0 counts
as nothing, a condition is left out.
"""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coursekit.labs import answers
from coursekit.labs.exercises import Exercise, Mistake, Sampled, Value, load

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.FloorDiv: ast.Div, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of this part of the code."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        if isinstance(node.ops[0], ast.IsNot):
            yield node.left
        elif isinstance(node.ops[0], ast.Is):
            yield ast.UnaryOp(ast.Not(), node.left)
        elif swap := SWAPPED.get(type(node.ops[0])):
            yield ast.Compare(node.left, [swap()], node.comparators)  # type: ignore[list-item]
    elif isinstance(node, ast.BinOp) and (swap := SWAPPED.get(type(node.op))):
        yield ast.BinOp(node.left, swap(), node.right)  # type: ignore[arg-type]
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    elif isinstance(node, ast.If):
        yield ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.BoolOp(ast.Or(), [node.value, ast.Constant(None)]))


def mutants(code: str) -> Iterator[str]:
    """The code with one change each."""
    tree = ast.parse(code)
    for place, node in enumerate(ast.walk(tree)):
        for changed in changes(node):
            fresh = copy.deepcopy(tree)
            target = list(ast.walk(fresh))[place]

            class Swap(ast.NodeTransformer):
                def visit(self, node: ast.AST, target=target, changed=changed) -> Any:
                    return changed if node is target else self.generic_visit(node)

            yield ast.unparse(ast.fix_missing_locations(Swap().visit(fresh)))


def unasked(exercise: type[Exercise]) -> list[str]:
    """Wrong code that passes the visible cases and fails a hidden one."""

    def passes(answer: Any, cases: Any) -> bool:
        for case in cases:
            observed = answers.observe(exercise, answer, case, min(exercise.seconds, 1.0))
            right = answers.right(exercise, case)
            fine = not observed.outcome.failure and not observed.outcome.stopped
            if not fine or not exercise.alike(observed.outcome.value, right):
                return False
        return True

    found = []
    for code in mutants(exercise.solution):
        try:
            answer = answers.defined(exercise, code)
        except Exception:  # it does not even get as far as a definition
            continue
        if passes(answer, exercise.cases) and not passes(answer, exercise.hidden):
            found.append(f"{exercise.key}: passes the visible cases alone:\n{code}")
    return found


def test_hidden_cases_ask_for_nothing_new(lab_source: Path) -> None:
    for exercise in load(lab_source).exercises.values():
        quick = exercise.declared() and not issubclass(exercise, Value | Sampled)
        if quick and exercise.seconds <= 10:
            assert unasked(exercise) == []


def test_a_hidden_requirement_is_found() -> None:
    sample = Path(__file__).parent / "lab" / "source" / "99_sample.py"

    class Hidden(Exercise):
        """No visible case reaches the border"""

        key = "99.3"
        cases = ((1, 240, 3),)
        hidden = ((1, 243, 3),)
        mistakes = (Mistake("return found", "return found[1:]", "The smallest is missing."),)

    Hidden.bind(load(sample).exercise_cell("99.3"), [])
    (found,) = unasked(Hidden)
    assert "found[-1] * factor < largest" in found
