"""Names that can be found: no file name and no class name stands for two things."""

import ast
from collections import defaultdict
from pathlib import Path

import coursekit

PACKAGE = Path(coursekit.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# The same idea in several packages: what all its members share, and its command line.
SHARED = {"__init__.py", "__main__.py", "base.py", "command.py"}


def test_a_file_name_stands_for_one_thing():
    found = defaultdict(list)
    for path in FILES:
        found[path.name].append(str(path.relative_to(PACKAGE)))
    twice = {name: paths for name, paths in found.items() if len(paths) > 1 and name not in SHARED}
    assert not twice, f"rename one of each: {twice}"


def test_a_class_name_stands_for_one_thing():
    found = defaultdict(set)
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].add(str(path.relative_to(PACKAGE)))
    # A tuner has the name of its strategy: it is the same algorithm, in Keras Tuner.
    tuners = "tuners/__init__.py"
    twice = {
        name: paths
        for name, paths in found.items()
        if len({path.partition("/")[0] if path == tuners else path for path in paths}) > 1
        and not (tuners in paths and len(paths) == 2 and any("strategies/" in p for p in paths))
    }
    assert not twice, f"rename one of each: {twice}"
