"""`import coursekit` offers what an engineer types first, and loads it when it is asked for."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import coursekit

FIRST = [
    "Search", "Space", "Integer", "Float", "Choice", "Boolean", "Chain", "EdgeCells", "Suggestion",
    "Evaluation", "Pause", "Strategy", "conform", "History", "Trial",
]  # fmt: skip
FOLDER = Path(coursekit.__file__).parent


def test_tab_shows_these_names_and_no_others():
    packages = {path.parent.name for path in FOLDER.glob("*/__init__.py")} - {"benchmarks"}
    shown = {name for name in dir(coursekit) if not name.startswith("_")}
    assert shown == set(coursekit.__all__) == {*FIRST, *packages}


@pytest.mark.parametrize("name", FIRST)
def test_each_name_is_the_object_itself(name: str):
    found = getattr(coursekit, name)
    assert found is getattr(importlib.import_module(found.__module__), name)
    assert found is getattr(coursekit, name)


def test_what_type_checkers_read_is_what_there_is():
    tree = ast.parse(Path(coursekit.__file__).read_text())
    (block,) = (
        node for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )  # fmt: skip
    told = {
        alias.name: node.module
        for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }  # fmt: skip
    assert set(told) == set(coursekit.__all__)
    for name, module in told.items():
        if name in FIRST:
            assert getattr(importlib.import_module(module), name) is getattr(coursekit, name)


def test_an_editor_knows_the_names():
    jedi = pytest.importorskip("jedi")
    script = jedi.Script("import coursekit\ncoursekit.Search(", path=FOLDER.parent / "mine.py")
    assert set(coursekit.__all__) <= {found.name for found in script.complete(2, 10)}
    (signature,) = script.get_signatures()
    assert [each.name for each in signature.params][:3] == ["strategy", "seed", "journal"]


def test_a_misspelled_name_is_answered_with_what_there_is():
    with pytest.raises(AttributeError, match=r"no 'Serch' \(did you mean Search\?\); it has Bool"):
        getattr(coursekit, "Serch")  # noqa: B009
    assert not hasattr(coursekit, "nothing_like_it")
    with pytest.raises(ImportError, match="cannot import name 'Serch'"):
        from coursekit import Serch  # noqa: F401


def test_a_search_needs_nothing_but_the_front_room():
    program = (
        "import coursekit\n"
        "from coursekit import Float, Integer, Search, Space, strategies\n"
        "space = Space({'a': Integer(1, 9), 'b': Float(0, 1)})\n"
        "search = Search(strategies.make('tpe(initial=3)', space), seed=0)\n"
        "print(len(search.run(lambda s: s.configuration['b'], trials=5)))\n"
        "import sys; print('matplotlib' in sys.modules, 'keras' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["5", "False", "False"], done.stderr


def test_the_registries_names_are_seen_by_type_checkers():
    """A `__all__` that is computed is not: mypy would refuse `coursekit.strategies.TPE`."""
    for package, registry in (("strategies", "STRATEGIES"), ("estimators", "ESTIMATORS")):
        module = getattr(coursekit, package)
        tree = ast.parse(inspect.getsource(module))
        (told,) = (
            ast.literal_eval(node.value) for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        )  # fmt: skip
        wanted = {cls.__name__ for cls in getattr(module, registry).values()}
        lacking = sorted(wanted - set(told))
        assert not lacking, f"coursekit/{package}/__init__.py: __all__ lacks {lacking}"
