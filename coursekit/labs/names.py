"""The names that code reads and defines: what a cell needs from other cells, by its syntax."""

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from coursekit.labs.source import Cell


@dataclass
class Names:
    """reads: names that code takes from outside; defines: names that it leaves behind."""

    reads: set[str] = field(default_factory=set)
    defines: set[str] = field(default_factory=set)


def names(code: str) -> Names:
    """The names of a cell's code. Raises SyntaxError."""
    found = Names()
    _scan(ast.parse(code).body, found)
    return found


def needed(wanted: Iterable[str], codes: Sequence[str]) -> str:
    """The statements of these cells, in their order, that define the wanted names.

    Statements that only call something are left out: `theme.use()` defines nothing.
    """
    statements = [statement for code in codes for statement in ast.parse(code).body]
    missing, kept = set(wanted), set[int]()
    for place in reversed(range(len(statements))):
        own = Names()
        _scan([statements[place]], own)
        if own.defines & missing:
            kept.add(place)
            missing |= own.reads
    return "\n".join(ast.unparse(statements[place]) for place in sorted(kept))


def dependent(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, besides exercises and checks, that depend on an answer, in their order.

    A cell depends on an answer if it reads a name that an exercise cell defines, or one that a
    dependent cell defines, or if its author says so (`needs=["6.3"]`).
    """
    found: list[Cell] = []
    answers: set[str] = set()
    for cell in cells:
        if cell.kind != "code" or cell.check or cell.claim is not None:
            continue
        own = names(cell.solution)
        if cell.exercise:
            answers |= own.defines
        elif cell.needs or own.reads & answers:
            found.append(cell)
            answers |= own.defines
        else:
            answers -= own.defines
    return found


def _scan(statements: Iterable[ast.stmt], found: Names) -> None:
    for statement in statements:
        if isinstance(statement, ast.For | ast.AsyncFor):
            _read(statement.iter, found)
            _define(statement.target, found)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                _read(item.context_expr, found)
                if item.optional_vars:
                    _define(item.optional_vars, found)
        elif isinstance(statement, ast.If | ast.While):
            _read(statement.test, found)
        elif isinstance(statement, ast.Try):
            _scan(statement.body, found)
            for handler in statement.handlers:
                if handler.type:
                    _read(handler.type, found)
                _scan(handler.body, found)
            _scan([*statement.orelse, *statement.finalbody], found)
            continue
        else:
            _simple(statement, found)
            continue
        _scan([*statement.body, *getattr(statement, "orelse", [])], found)


def _simple(statement: ast.stmt, found: Names) -> None:
    if isinstance(statement, ast.AugAssign):
        _read(ast.parse(ast.unparse(statement.target), mode="eval").body, found)
    table = symtable.symtable(ast.unparse(statement), "", "exec")
    found.reads |= set(_read_in(table)) - found.defines
    found.defines |= {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }


def _read(expression: ast.expr, found: Names) -> None:
    _simple(ast.Expr(expression), found)


def _define(target: ast.expr, found: Names) -> None:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            (found.defines if isinstance(node.ctx, ast.Store) else found.reads).add(node.id)


def _read_in(table: symtable.SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (outermost or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _read_in(inner)
