"""The last run of each cell of a notebook: a check judges what a cell defines now."""

import itertools
import re
from dataclasses import dataclass
from typing import Any

from coursekit.labs.names import names
from coursekit.labs.restart import load_ipython_extension
from coursekit.labs.verdicts import untouched
from coursekit.notebook import shell

_order = itertools.count()
_cells: dict[str, "Execution"] = {}  # the last run of each cell, by its id
_anywhere: list[
    "Execution"
] = []  # the last runs of cells without an id (clients other than JupyterLab)
_defined: dict[str, int] = {}  # name to the number of the last whole run that defined it


@dataclass(frozen=True)
class Execution:
    """One execution. defines: names, or None if the code is not Python; error: exception or ""."""

    number: int
    code: str
    defines: set[str] | None
    error: str


def watch() -> None:
    """From now on, record the runs of the notebook's cells."""
    running = shell()
    if running is not None:
        load_ipython_extension(running)
    if running is not None and _note not in running.events.callbacks["post_run_cell"]:
        running.events.register("post_run_cell", _note)


def stale(key: str, name: str, answer: Any) -> str:
    """Why the answer in memory is not the one that the exercise's cell defines now; else "".

    key: of the exercise. name, answer: what the cell should define, and its value in memory.
    """
    last = _last(key, name)
    if last is None or _defined.get(name, -1) > last.number:
        return ""
    if last.error and untouched(last.code, name, answer):
        return ""  # it failed after the definition
    older = f"What `{name}` is in memory is older, so it is not judged."
    again = f"Mend the cell, run it, then `check({key!r})`."
    if last.error:
        return f"The last run of the exercise's cell failed ({last.error}). {older} {again}"
    if name not in (last.defines or ()):
        return f"The exercise's cell does not define `{name}` any more. {older} {again}"
    return ""


def _last(key: str, name: str) -> Execution | None:
    if own := _cells.get(f"exercise-{key.replace('.', '-')}"):
        return own
    head = re.compile(
        rf"^\s*(?:(?:def|class)\s+{name}\b|{name}\s*(?::[^=\n]+)?=(?!=))", re.MULTILINE
    )
    return next((run for run in reversed(_anywhere) if head.search(run.code)), None)


def _note(result: Any) -> None:
    info = result.info
    code = str(getattr(info, "raw_cell", ""))
    error = result.error_before_exec or result.error_in_exec
    defines: set[str] | None
    try:
        code = shell().transform_cell(code)
        defines = names(code).defines
    except Exception:  # whatever IPython's own transformations raise for what is not Python
        defines = None
    run = Execution(next(_order), code, defines, type(error).__name__ if error else "")
    if cell := getattr(info, "cell_id", None):
        _cells[cell] = run
    else:
        _anywhere.append(run)
        del _anywhere[:-100]
    if not error:
        _defined.update(dict.fromkeys(defines or (), run.number))
