"""Advice in a new kernel: which cells to run for an undefined name that a lab's cells define.

An IPython extension (`--ext=coursekit.labs.restart`, as `coursekit lab` starts its kernels), since
a new kernel has not imported the kit before a lab's first cell has run.
"""

import os
from pathlib import Path
from typing import Any

from coursekit.labs.cards import Card
from coursekit.labs.exercises import load, sources
from coursekit.labs.names import names
from coursekit.notebook import RUN_ABOVE


def load_ipython_extension(shell: Any) -> None:
    """Adds the advice to each NameError that a cell raises; the traceback stays."""
    if not shell.custom_exceptions:
        shell.set_custom_exc((NameError,), _explain)


def _explain(shell: Any, kind: type, error: NameError, trace: Any, tb_offset: Any = None) -> None:
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    try:
        name = getattr(error, "name", None)
        if name and name in _defined():
            text = f"An earlier cell defines it, and this kernel has not run that cell. {RUN_ABOVE}"
            Card("not yet", f"`{name}` is not defined", text=[text]).show()
    except Exception:  # even if a lab cannot be read, the traceback is shown
        return


def _defined() -> set[str]:
    """The names that the cells of the open lab define; those of all labs if it is unknown."""
    opened = Path(os.environ.get("JPY_SESSION_NAME", "")).name
    labs = [path for path in sources() if not opened or opened.startswith(path.stem)]
    return {
        name
        for path in labs
        for cell in load(path).cells
        if cell.kind == "code" and cell.claim is None
        for name in names(cell.solution).defines
    }
