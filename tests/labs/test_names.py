"""What code reads and defines, and which cells of a lab depend on an answer."""

from pathlib import Path

import pytest

from coursekit.labs.names import dependent, names, needed
from coursekit.labs.source import read

LAB = """
# %% tags=["setup"]
import math

# %%
world = math.pi

# %% exercise="7.1"
def double(number):
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION

# %% check="7.1"
check("7.1")

# %%
twice = double(world)

# %%
print(world)

# %%
double = 3

# %%
print(double)

# %%
print(twice)

# %% needs=["7.1"]
print("as the check said")
"""


@pytest.mark.parametrize(
    ("code", "reads", "defines"),
    [
        ("a = b + 1", {"b"}, {"a"}),
        ("a = 1\nc = a", set(), {"a", "c"}),
        ("a += 1", {"a"}, {"a"}),
        ("for i in xs:\n    s.append(i)", {"xs", "s"}, {"i"}),
        ("with f(x) as g:\n    g.read()", {"f", "x"}, {"g"}),
        ("[i * k for i in xs]", {"xs", "k"}, set()),
        ("def f(x):\n    y = x + z\n    return y", {"z"}, {"f"}),
        ("class A(B):\n    c = d\n    def m(self): return e", {"B", "d", "e"}, {"A"}),
        ("import a.b as c, d.e\nfrom f import g", set(), {"c", "d", "g"}),
        ("try:\n    a = 1\nexcept E:\n    a = b", {"E", "b"}, {"a"}),
        ("if t:\n    a = 1\nelse:\n    b = a", {"t"}, {"a", "b"}),
        ("x[0] = y", {"x", "y"}, set()),
        ("f = lambda v: v + w", {"w"}, {"f"}),
    ],
)
def test_names(code: str, reads: set[str], defines: set[str]) -> None:
    found = names(code)
    assert (found.reads - set(dir(__builtins__)), found.defines) == (reads, defines)


def test_needed_statements_only() -> None:
    codes = ["import a\nimport b\nb.use()", "c = a.d\ne = b.f\nprint(c)"]
    assert needed({"c"}, codes) == "import a\nc = a.d"


def test_cells_that_depend_on_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "07_lab.py"
    path.write_text(LAB.lstrip())
    found = [cell.text for cell in dependent(read(path))]
    # A name that is taken again depends on nothing.
    assert found == [
        "twice = double(world)",
        "print(twice)",
        'print("as the check said")',
    ]
