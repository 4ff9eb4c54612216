"""Equal values keep their order: NumPy's default sort orders them otherwise on some processors.

With AVX-512 its quicksort is another one, so what a strategy chose or a lab showed by it would
change with the machine.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import coursekit
from coursekit.labs import source
from coursekit.shipped import shipped

PACKAGE = Path(coursekit.__file__).parent
SORTS = {"argsort", "argpartition", "sort_values"}


def unstable(code: str) -> Iterator[str]:
    """The calls that may order equal values in another way on another machine."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            kinds = [ast.unparse(word.value) for word in node.keywords if word.arg == "kind"]
            if node.func.attr in SORTS and kinds != ["'stable'"]:
                yield ast.unparse(node)


def test_the_package_sorts_stably():
    found = {
        str(path.relative_to(PACKAGE)): calls
        for path in sorted(PACKAGE.rglob("*.py"))
        if (calls := list(unstable(path.read_text(encoding="utf-8"))))
    }
    assert not found, 'give it kind="stable"'


@pytest.mark.parametrize(
    "lab", sorted(shipped("notebooks").glob("source/*.py")), ids=lambda p: p.stem
)
def test_labs_sort_stably(lab: Path):
    """But for exercises, whose inputs have no equal values that matter."""
    cells = [each for each in source.read(lab) if each.kind == "code" and not each.exercise]
    found = [call for each in cells for call in unstable(each.text)]
    assert not found, 'give it kind="stable"'


def test_an_unstable_sort_would_be_found():
    text = 'np.argsort(x)\nx.argsort(kind="stable")\ntable.sort_values("a", kind="quicksort")'
    assert list(unstable(text)) == ["np.argsort(x)", "table.sort_values('a', kind='quicksort')"]
