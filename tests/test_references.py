"""The reading guides: the symbols, keys and files that they name exist; they quote no code."""

import contextlib
import importlib
import inspect
import re
from pathlib import Path

import pytest

import coursekit
from coursekit.labs.exercises import sources
from coursekit.shipped import shipped

FOLDER = Path(coursekit.__file__).parent.parent / "references"
GUIDES = sorted(FOLDER.glob("*.md"))
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="references are part of the checkout")


def keys() -> set[str]:
    return set(
        re.findall(r"^@\w+\{([^,]+),", (FOLDER / "references.bib").read_text(), re.MULTILINE)
    )


def exists(name: str) -> bool:
    """Whether `coursekit.module.Symbol` is there; its last part may name an argument of it."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        with contextlib.suppress(ModuleNotFoundError):
            found = importlib.import_module(".".join(parts[:count]))
            break
    else:
        return False
    for place, part in enumerate(parts[count:], start=count + 1):
        if not hasattr(found, part):
            last = place == len(parts) and callable(found)
            return last and part in inspect.signature(found).parameters
        found = getattr(found, part)
    return True


def unfit(guide: str) -> list[str]:
    """What a guide puts between backticks, and is neither a key nor a command nor a symbol."""
    quoted = re.findall(r"`([^`]*)`", guide)
    told = [text for text in quoted if text not in keys() and not text.startswith("python -m ")]
    return [text for text in told if not (text.startswith("coursekit.") and exists(text))]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_names_symbols_that_exist_and_quotes_no_code(path: Path):
    guide = path.read_text()
    assert unfit(guide) == []
    assert "`coursekit." in guide, "name what the guide is about"
    for linked in re.findall(r"\]\((\.\./[^)]+)\)", guide):
        assert (FOLDER / linked).exists(), linked


def test_what_is_gone_or_is_code_is_seen():
    good = "`coursekit.search.Search.run`, `coursekit.search.Search.run.trials`, `coursekit.search`"
    assert unfit(f"{good} `python -m coursekit.benchmarks`") == []
    bad = ["coursekit.search.Search.walk", "coursekit.gone.Search", "x = 1", "Search.run.walk"]
    bad += ["coursekit.search.Search.run.walk"]
    assert unfit(" ".join(f"`{each}`" for each in bad)) == bad


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_the_paper_is_in_the_bibliography(path: Path):
    assert set(re.findall(r"`(\w+\d{4}\w+)`", path.read_text())) & keys()


def test_every_key_that_a_lab_names_is_in_the_bibliography():
    named = {
        key
        for source in sources(shipped("notebooks"))
        for key in re.findall(r"`([a-z]+(?:19|20)\d\d\w+)`", source.read_text())
    }
    assert named and named <= keys()


def test_keys_are_given_once():
    text = (FOLDER / "references.bib").read_text()
    found = re.findall(r"^@\w+\{([^,]+),", text, re.MULTILINE)
    assert len(found) == len(set(found))


def test_every_paper_that_the_code_cites_is_in_the_bibliography():
    cited = {
        number
        for path in Path(coursekit.__file__).parent.rglob("*.py")
        for number in re.findall(r"arXiv:(\d{4}\.\d{5})", path.read_text())
    }
    assert cited
    assert (
        cited - set(re.findall(r"\d{4}\.\d{5}", (FOLDER / "references.bib").read_text())) == set()
    )
