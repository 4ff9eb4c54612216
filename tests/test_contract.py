"""Who imports whom, and what an import may load."""

import ast
import graphlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import coursekit

CHECKOUT = Path(coursekit.__file__).parent.parent
# The layers from `search` down.
LIGHT = [
    "arguments", "atomic", "data", "estimators", "forecasting", "guard", "journal", "lazy",
    "loading", "log", "lookup", "notebook", "processes", "search", "shipped", "spaces",
    "status_line", "strategies", "surrogates", "theme", "trials",
]  # fmt: skip
HEAVY = {
    "IPython", "ipywidgets", "keras", "keras_tuner", "matplotlib", "pandas", "ray", "scipy",
    "sklearn", "tensorflow", "tfx",
}  # fmt: skip


def modules_of(layers: list[str]) -> list[str]:
    """Every module of these layers that exists, `coursekit` itself first."""
    package, names = CHECKOUT / "coursekit", ["coursekit"]
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts[0] in layers:
            names.append(".".join(["coursekit", *parts]).removesuffix(".__init__"))
    return names


def loaded_after(*modules: str) -> set[str]:
    """The top-level packages that a new process has loaded after importing `modules`."""
    script = "import sys, importlib\n[importlib.import_module(name) for name in sys.argv[1:]]\n"
    script += "print(*{name.split('.')[0] for name in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", script, *modules], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_finds_the_modules():
    assert {"coursekit", "coursekit.data", "coursekit.trials"} <= set(modules_of(LIGHT))


def test_what_stands_below_the_search_loads_nothing_heavy():
    assert not HEAVY & loaded_after(*modules_of(LIGHT))


def test_the_package_itself_loads_nothing_at_all():
    assert not (HEAVY | {"numpy"}) & loaded_after("coursekit")


def test_training_loads_no_keras_until_it_is_needed():
    assert not HEAVY & loaded_after("coursekit.training", "coursekit.worlds", "coursekit.race")


def test_heavy_modules_would_be_seen():
    assert "matplotlib" in loaded_after("matplotlib.cbook")


def imports(path: Path, modules: set[str]) -> set[str]:
    """The modules that a file imports, in functions too, but for those that only types need."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{each.name}" for each in node.names}
            found |= {name if name in modules else node.module for name in names}
        waiting += ast.iter_child_nodes(node)
    return found & modules


def graph(package: Path) -> dict[str, set[str]]:
    """What each module of a package imports of it."""
    files = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in package.rglob("*.py")
    }
    return {name: imports(path, set(files)) for name, path in files.items()}


def test_no_module_imports_itself_through_others():
    list(graphlib.TopologicalSorter(graph(CHECKOUT / "coursekit")).static_order())


def test_a_circle_in_a_function_would_be_found(tmp_path: Path):
    package = tmp_path / "ring"
    package.mkdir()
    (package / "one.py").write_text("from ring import two\n")
    (package / "two.py").write_text("def late():\n    from ring.one import anything\n")
    with pytest.raises(graphlib.CycleError, match=r"ring\.one"):
        graphlib.TopologicalSorter(graph(package)).prepare()


def contract(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--no-cache"],
        cwd=checkout, env={"PYTHONPATH": str(checkout), "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("data", "from coursekit import plots"),
        ("trials", "from coursekit.labs import check"),
        ("training/perceptron", "def later():\n    from coursekit import cli"),
        ("plots/training", "import tfx"),
    ],
)
def test_the_contract_is_broken_by_an_import_that_goes_up(tmp_path: Path, module: str, line: str):
    shutil.copytree(CHECKOUT / "coursekit", tmp_path / "coursekit")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    with (tmp_path / "coursekit" / f"{module}.py").open("a") as file:
        file.write(f"\n{line}\n")
    run = contract(tmp_path)
    assert run.returncode == 1, run.stdout
    assert f"coursekit.{module.replace('/', '.')} ->" in run.stdout


def test_every_module_has_its_place_in_the_contract():
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = " ".join(settings["contracts"][0]["layers"])
    placed = set(layers.translate(str.maketrans("()|:", "    ")).split()) | {"__init__"}
    present = {
        path.stem for path in (CHECKOUT / "coursekit").iterdir() if path.suffix in ("", ".py")
    }
    assert present - {"__pycache__"} <= placed
