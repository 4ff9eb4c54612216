"""The reading guides: the code that they quote exists, and so do the keys and files they name."""

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


def missing(guide: str, code: str) -> list[str]:
    """What tables quote in their second column and the code does not hold."""
    rows = re.findall(r"^\|(?!-).*\|$", guide, re.MULTILINE)
    quoted = [
        text
        for row in rows
        for text in re.findall(r"`([^`]+)`", row.replace("\\|", "").split("|")[2])
    ]
    return [text for text in quoted if text not in code]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_quoted_code_is_the_code(path: Path):
    guide = path.read_text()
    linked = re.findall(r"\]\((\.\./[^)]+\.py)\)", guide)
    assert linked, "link the code that the guide is about"
    code = "\n".join((FOLDER / each).read_text() for each in linked)
    assert missing(guide, code) == []
    assert "| `" in guide, "quote some code in a table"


def test_a_line_that_has_changed_is_seen():
    assert missing("| the paper | the code |\n|---|---|\n| P | `self.p`, `x = 1` |", "self.p") == [
        "x = 1"
    ]


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
