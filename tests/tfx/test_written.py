"""Functions as a module file."""

import importlib
import math
from pathlib import Path

import numpy as np
import pytest

from coursekit.tfx.written import write_module
from coursekit.trials import Suggestion as Proposal

RATE = 0.5
TABLE = np.zeros(3)


class Doubled:
    def __init__(self, value):
        self.value = half(value) * 4


def half(value):
    return RATE * value


def recursive(depth):
    return depth and recursive(depth - 1)


def whole(value):
    """Needs a function, a class, modules and something out of a module, some of them within."""
    inner = [(lambda each: math.floor(Doubled(each).value) + np.int64(1))(value)]
    return Proposal({"x": int(inner[0])}, budget=recursive(2))


def greedy():
    return TABLE


def imported(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(path.parent))
    return importlib.import_module(path.stem)


def test_the_file_does_what_the_functions_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_module(tmp_path / "my_written.py", whole)
    module = imported(path, monkeypatch)
    assert module.whole(3.2) == whole(3.2)
    assert module.whole.__module__ == "my_written" and module.Doubled is not Doubled
    text = path.read_text()
    assert text.count("def recursive") == 1
    assert "import numpy as np\n" in text and "RATE = 0.5\n" in text
    assert "from coursekit.trials import Suggestion as Proposal" in text


def test_a_name_for_another_function_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(globals(), "RATE", 3)

    def other(value):
        return 7 * value

    other.__module__ = __name__
    monkeypatch.setitem(globals(), "half", other)
    module = imported(write_module(tmp_path / "my_alias.py", Doubled), monkeypatch)
    assert module.half is module.other and module.Doubled(1).value == 28


def test_what_a_file_cannot_take_along_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match="greedy uses TABLE, a ndarray of the notebook"):
        write_module(tmp_path / "my_written.py", greedy)
    with pytest.raises(ValueError, match=r"'my-file\.py': give a module's file"):
        write_module("my-file.py", half)
    with pytest.raises(ValueError, match="<lambda>: only a cell's own"):
        write_module(tmp_path / "my_written.py", lambda: 1)

    def within():
        return tmp_path

    with pytest.raises(ValueError, match="this uses tmp_path of a function around it"):
        write_module(tmp_path / "my_written.py", within)
    namespace: dict = {}
    exec("def typed(): pass", namespace)
    with pytest.raises(ValueError, match="typed: its source is unknown"):
        write_module(tmp_path / "my_written.py", namespace["typed"])
