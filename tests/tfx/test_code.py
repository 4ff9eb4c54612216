"""Code of your own is noticed when it changes, that which it imports too; TFX is not needed."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from coursekit.tfx.code import check_function, digest


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that writes modules into a folder where Python finds them."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a file written twice in a second

    def put(texts):
        for name, text in texts.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        importlib.invalidate_caches()

    return put


def test_a_change_in_what_a_module_imports_is_a_change_however_far_away(write):
    texts = {
        "own_a": "def f():\n    from own_b import g\n    return g()\n",
        "own_b": "import os, own_pack.deep as deep\ng = deep.h\n",
        "own_pack/deep": "from own_loose import parts\nfrom own_pack2 import near\nh = near.h\n",
        "own_loose/parts": "x = 1\n",  # without an __init__.py
        "own_pack2/__init__": "y = 1\n",
        "own_pack2/near": "from . import other\nfrom .last import z\ndef h(): return 1\n",
        "own_pack2/other": "z = 1\n",
        "own_pack2/last": "z = 1\n",
    }
    strangers = {"own_stranger": "a = 1\n", "own_pack2/stranger": "b = 1\n"}
    write(texts | strangers)
    seen = {digest("own_a.f")}
    for count, name in enumerate(texts, 2):
        write({name: texts[name] + "# another\n"})
        seen.add(digest("own_a.f"))
        assert len(seen) == count, f"{name} is imported, and has changed"
    write({name: text + "# another\n" for name, text in strangers.items()})
    assert digest("own_a.f") in seen, "nobody imports these"


def test_a_changed_module_and_those_around_it_are_imported_anew(write):
    write({"own_c": "from own_d import value\ndef f(): return value\n", "own_d": "value = 1\n"})
    digest("own_c.f")
    first = importlib.import_module("own_c")
    digest("own_c.f")
    assert importlib.import_module("own_c") is first, "nothing has changed"
    write({"own_d": "value = 2\n"})
    digest("own_c.f")
    assert importlib.import_module("own_c").f() == 2


def test_a_changed_module_of_a_package_without_an_init_file_is_imported_anew(write):
    texts = {"own_n": "from own_open import part\ndef f(): return part.x\n"}
    write(texts | {"own_open/part": "x = 1\n"})
    digest("own_n.f")
    assert importlib.import_module("own_n").f() == 1
    write({"own_open/part": "x = 2\n"})
    digest("own_n.f")
    assert importlib.import_module("own_n").f() == 2


def test_with_a_package_all_that_is_below_it_is_imported_anew(write):
    """Also what the path does not lead to, and so was not looked at."""
    write({"own_m/__init__": "", "own_m/near": "def f(): pass\n", "own_m/far": "import own_m\n"})
    write({"own_mother": ""})
    digest("own_m.near.f")
    far, mother = importlib.import_module("own_m.far"), importlib.import_module("own_mother")
    write({"own_m/near": "def f(): return 2\n"})
    digest("own_m.near.f")
    again = importlib.import_module("own_m.far")
    assert again is not far
    assert again.own_m is importlib.import_module("own_m")
    assert importlib.import_module("own_mother") is mother


def test_what_is_installed_is_looked_at_only_where_the_path_leads_there(write):
    """Beside a package of site-packages are all the others."""
    folder = Path(sys.path[0]) / "site-packages"
    write({"own_e": "import own_installed\ndef f(): pass\n"})
    for name in ("own_installed", "own_neighbour"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("from . import part\nimport own_neighbour\n")
        (folder / name / "part.py").write_text("def f(): pass\n")
    sys.path.insert(1, str(folder))
    try:
        before = digest("own_e.f"), digest("own_installed.f")
        (folder / "own_neighbour" / "part.py").write_text("def f(): return 2\n")
        assert (digest("own_e.f"), digest("own_installed.f")) == before
        (folder / "own_installed" / "part.py").write_text("def f(): return 2\n")
        assert digest("own_e.f") == before[0]
        assert digest("own_installed.f") != before[1]
    finally:
        sys.path.remove(str(folder))


def test_the_kit_s_module_functions_are_looked_at_together():
    module = "coursekit.tfx.modules"
    assert digest(f"{module}.images.run_fn") == digest(f"{module}.tables.tuner_fn")
    assert digest(f"{module}.images.run_fn") != digest("coursekit.tuners.Random")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("own_nowhere.f", "'own_nowhere.f': no such module; give a path"),
        ("f", "'f': no such module"),
        ("sys.f", "'sys.f': no such module"),
        ("own_f.part.f", "'own_f.part.f': no such module"),
        ("own_f.g", "there is no g in .*own_f.py"),
        ("own_g.f", r"own_h.py, line 2: invalid syntax"),
        ("own_torn.part.f", r"own_torn.__init__.py, line 2: invalid syntax"),
        ("own_lacking.part.f", r"'own_lacking.part.f': own_lacking cannot be imported \(.*'own_no"),
        ("own_wrong.part.f", r"own_wrong cannot be imported \(ValueError: no luck\)"),
        ("own_bare.f", "'own_bare.f': no such module"),
    ],
)
def test_what_leads_nowhere_is_refused(write, monkeypatch, path, said):
    f = "def f(): pass\n"
    write({"own_f": f, "own_g": f"import own_h\n{f}", "own_h": "x = 1\nx y\n"})
    starts = {
        "torn": "x = 1\nx y\n",
        "lacking": "import own_no",
        "wrong": "raise ValueError('no luck')",
    }
    for name, start in starts.items():
        write({f"own_{name}/__init__": start, f"own_{name}/part": f})
    monkeypatch.setitem(sys.modules, "own_bare", ModuleType("own_bare"))  # as __main__ may be
    with pytest.raises(ValueError, match=said):
        check_function(path)
        digest(path)
