"""The reading guides name what exists, and every paper that is named is in the bibliography."""

import contextlib
import importlib
import inspect
import io
import re
import tokenize
import unicodedata
from functools import cache
from pathlib import Path

import pytest

import coursekit

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


def plain(text: str) -> str:
    """Without accents, LaTeX's or Unicode's, and with single spaces: K{\'e}gl and Kégl are Kegl."""
    text = re.sub(r"\\[a-z](?=\{)|\\\W|[{}]", "", text)
    return " ".join(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().split())


@cache
def first_authors() -> dict[str, tuple[str, str]]:
    """Each key's first author (the surname) and year."""
    entries = re.split(r"^@\w+\{", (FOLDER / "references.bib").read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        author = re.search(r"^  author *= \{(.*?),", entry, re.MULTILINE)
        year = re.search(r"^  year *= \{(\d{4})\}", entry, re.MULTILINE)
        found[entry.partition(",")[0]] = (plain(author[1]), year[1])
    return found


# A year that is not part of a date, a number, an address or an arXiv id.
YEAR = re.compile(r"(?<![\w.:/-])(?<!\d,)(?:1[89]\d|20[0-3])\d[a-z]?(?![\w-]|[.,]\d)")


def prose(path: Path) -> list[str]:
    """What a file says to people: the text itself, or strings and comments of Python.

    Nothing if it names neither a year nor "et al.": most files do not.
    """
    if not re.search(rf"{YEAR.pattern}|\bet\s+al\b", path.read_text()):
        return []
    if path.suffix == ".md":
        return [re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)]
    said, line = [], -1
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("#")
            if token.start[0] == line + 1:
                said[-1] += text
            else:
                said.append(text)
            line = token.start[0]
        elif token.type in (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)):
            said.append(token.string)
    return said


def uncited(text: str, named: set[str]) -> list[str]:
    """Papers in `text` that are not in the bibliography, or whose key is not `named` in the file.

    Every year is taken for a paper's, and the words before it, back to the end of a sentence or to
    the year before, must name the first author. "Surname et al." is a paper without a year, too.
    """
    text, missing, start, entries = plain(text), [], 0, first_authors()
    for found in YEAR.finditer(text):
        before = re.split(r"(?<! al)[.!?] ", text[start : found.start()])[-1]
        start = found.end()
        fits = {
            key
            for key, (author, year) in entries.items()
            if year == found[0] and re.search(rf"\b{author}\b", before)
        }
        if not fits & named:
            missing.append(f"{before[-60:]}{found[0]}")
    known = {author for author, _ in entries.values()}
    others = re.findall(r"([A-Z][\w'-]+),? et al\.", text)
    return missing + [f"{name} et al." for name in others if name not in known]


def texts() -> list[Path]:
    """The package, the guides, the labs with their exercises, and the README."""
    root = FOLDER.parent
    package = Path(coursekit.__file__).parent
    labs = [*(root / "notebooks/source").glob("*.py"), *(root / "notebooks/exercises").glob("*.py")]
    return [*package.rglob("*.py"), *GUIDES, *labs, root / "README.md"]


def test_every_paper_that_is_named_is_in_the_bibliography_and_cited_by_its_key():
    missing = {}
    for path in texts():
        named = set(re.findall(r"`(\w+)`", path.read_text()))
        found = [paper for text in prose(path) for paper in uncited(text, named)]
        if found:
            missing[str(path.relative_to(FOLDER.parent))] = found
    assert missing == {}


def test_a_paper_without_entry_or_key_is_seen():
    cited = {"zoph2017neural", "demsar2006statistical", "bergstra2011algorithms"}
    good = ["Zoph and Le (2017, ICLR)", "as in Zoph and Le 2017; it learns", "Zoph, Le, 2017"]
    good += ["Demšar (2006)", "Demšar\n    2006", "Bergstra et al.,\n2011", "2,000 steps", "1998.5"]
    good += ["arXiv:2009.00437", "2026-11-23", "lab_2019.png", "https://host/2019/"]
    for text in good:
        assert uncited(text, cited) == [], text
    bad = ["Smith and Jones (2019)", "Smith et al.", "Zoph and Le (2018)", "Le (2017)"]
    bad += ["Zoph 2017, and Smith 2017", "Zoph knew. Smith (2017)", "Dong and Yang 2020"]
    bad += ["Smith's rule (1979)", "Smith, Annals of Statistics, 1998a", "(Smith,1931)."]
    for text in bad:
        assert len(uncited(text, cited)) == 1, text


def test_every_key_that_is_cited_is_in_the_bibliography():
    named = {
        key
        for path in texts()
        for key in re.findall(r"`([a-z]+(?:19|20)\d\d[a-z]\w*)`", path.read_text())
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
        for number in re.findall(r"arXiv:(\d{4}\.\d{4,5})", path.read_text())
    }
    assert cited
    assert (
        cited - set(re.findall(r"\d{4}\.\d{4,5}", (FOLDER / "references.bib").read_text())) == set()
    )
