"""Claims: a sentence of a lab about a result, with the code that tests it."""

import ast
import re
from typing import Any

from coursekit.labs.source import Cell

_defined: dict[str, dict[str, Any]] = {}  # by file: what earlier claims have defined


def wrapped(lab: str, cell: Cell) -> str:
    """The claim's cell in a notebook that is built with claims."""
    place = f"{lab}.py:{cell.line}"
    plain = '"""' not in cell.text and "\\" not in cell.text and not cell.text.endswith('"')
    code = f'"""{cell.text}"""' if plain else repr(cell.text)
    module = '__import__("coursekit.labs.claims", fromlist=["hold"])'  # binds no name
    return f"{module}.hold({cell.claim!r}, {place!r}, globals(), {code})"


def hold(claim: str, place: str, names: dict[str, Any], code: str) -> None:
    """Runs a claim's code with a notebook's names; it defines no names there.

    claim: the sentence. place: "06_evolution.py:123", of the claim's `# %%` line. names: the
    notebook's globals; the code gets a copy. Raises AssertionError that names the claim, the source
    line, and the values in the assertion that does not hold. What the code defines is known to the
    later claims of the same file, such as one that measures again.
    """
    file, _, start = place.rpartition(":")
    # Blank lines before it, so that tracebacks have the source's line numbers.
    compiled = compile("\n" * int(start) + code, file, "exec")
    try:
        defined = _defined.setdefault(file, {})
        scope = defined | names
        exec(compiled, scope)
        defined.update((name, scope[name]) for name in scope.keys() - names.keys())
    except Exception as error:
        trace = error.__traceback__
        line, values = int(start), {}
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == file:
                line = trace.tb_lineno
                values = {**trace.tb_frame.f_globals, **trace.tb_frame.f_locals}
            trace = trace.tb_next
        kind = "does not hold" if isinstance(error, AssertionError) else "cannot be examined"
        said = f": {error}" if str(error) else ""
        text = f"claim {claim!r} {kind}: {file}:{line}: {type(error).__name__}{said}"
        raise AssertionError(text + _facts(code, line - int(start), values)) from error


def _facts(code: str, line: int, values: dict[str, Any]) -> str:
    """The statement on this line of the code, and the plain values of the names in it."""
    statement = next(
        (
            node
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or line)
        ),
        None,
    )
    if statement is None:
        return ""
    read = dict.fromkeys(node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
    shown = [
        f"{name} = {text[:200]}"
        for name in read
        if name in values
        and not callable(values[name])
        and not re.search(r"object at 0x|^<module ", text := repr(values[name]))
    ]
    return "".join(f"\n  {each}" for each in [ast.unparse(statement), *shown])
