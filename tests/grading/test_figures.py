"""Pictures reach the feedback page, of their pixels alone; nothing else of an output does."""

import base64
import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from coursekit.grading import figures, submissions
from coursekit.grading.figures import pixels
from coursekit.grading.grader import Grade, Grader
from coursekit.grading.results import ClassResults
from tests.grading.conftest import Tags, notebook


def part(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def picture(width: int = 2, height: int = 1, *more: bytes, noise: bytes = b"") -> bytes:
    """A grey picture of so many pixels, with more parts in it."""
    header = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = part(b"IDAT", zlib.compress(bytes(1 + width) * min(height, 9)) + noise)
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *more, rows, part(b"IEND", b"")])


PLAIN = picture()


def output(content: bytes | Any, kind: str = "image/png") -> dict[str, Any]:
    text = base64.encodebytes(content).decode() if isinstance(content, bytes) else content
    return {"output_type": "display_data", "data": {kind: text}, "metadata": {}}


def test_a_picture_keeps_its_pixels_alone() -> None:
    told = part(b"tEXt", b"Comment\0<script>alert(1)</script>")
    assert pixels(PLAIN) == PLAIN
    assert pixels(picture(2, 1, told, part(b"acTL", bytes(8))) + b"<script>") == PLAIN


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<svg onload=alert(1)>", b"GIF89a", PLAIN[:-1], PLAIN[:20], PLAIN[:8] + PLAIN[33:],
        PLAIN.replace(b"IDAT", b"IDAX"), picture(0, 1), picture(1, 100_000),
        picture(2, 1, part(b"IHDR", bytes(13))),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_left_out(content: bytes) -> None:
    with pytest.raises(ValueError):
        pixels(content)
    assert figures.pictures([output(content)]) == []


ANY = some.recursive(
    some.none() | some.integers() | some.text(max_size=5) | some.just(PLAIN.hex()),
    lambda inner: some.lists(inner, max_size=3)
    | some.dictionaries(some.sampled_from(["data", "image/png", "x"]), inner),
    max_leaves=8,
)  # fmt: skip


@given(ANY, some.binary(max_size=60))
def test_no_output_raises(outputs: Any, rest: bytes) -> None:
    figures.pictures(outputs)
    figures.replace_outputs(outputs)
    figures.pictures([output(PLAIN[:33] + rest), output(outputs)])


def test_pictures_are_limited_in_size_and_number() -> None:
    large = picture(noise=bytes(figures.LARGEST))
    assert figures.pictures([output(large)]) == []
    assert len(figures.pictures([output(PLAIN)] * 99)) == figures.MOST
    half = picture(noise=bytes(figures.LARGEST // 2))
    cells: list[dict[str, Any]] = [{"outputs": [output(half)]} for _ in range(30)]
    figures.replace_outputs(cells)
    kept = [each for cell in cells for each in cell["figures"]]
    assert 2 < len(kept) < 8 and sum(map(len, kept)) <= figures.ALL
    assert not any("outputs" in cell for cell in cells)


def drawn() -> bytes:
    """A figure as a notebook holds it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([1, 2, 3])
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def test_figures_are_on_the_page_below_their_exercise(grader: Grader, tmp_path: Path) -> None:
    made = json.loads(notebook())
    for cell in made["cells"]:
        if cell["metadata"].get("coursekit", {}).get("exercise") == "99.2":
            cell["outputs"] = [
                output("<svg onload='alert(1)'>", "image/svg+xml"),
                output(drawn()),
                output("<script>alert(1)</script>", "text/html"),
                output('"><script>alert(1)</script>'),
            ]
    heading = {"cell_type": "markdown", "metadata": {}, "source": "# <b>My own"}
    mine = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output([PLAIN.hex()])]}
    other = {**mine, "outputs": [output(PLAIN)], "figures": ["><script>"]}
    made["cells"] += [heading, mine, other]
    (tmp_path / "ada.ipynb").write_text(json.dumps(made))
    (found,) = submissions.find(tmp_path / "ada.ipynb", grader.lab.name)
    results = ClassResults(tmp_path / "graded", grader.lab, [(found, Grade("ok"))])
    results.keep()
    again = ClassResults.read(tmp_path / "graded", grader.lab)
    assert again is not None and not again.rows[0][0].content
    again.write()
    page = (tmp_path / "graded" / "feedback" / again.names()[0]).read_text()
    tags = Tags(page).found
    assert tags.count("img") == tags.count("alt") == 2
    assert not {"script", "svg", "b", "onload"} & set(tags)
    assert "img-src data:" in page and page.count("data:image/png;base64,") == 2
    assert "A figure below exercise 99.2, as the notebook held it when it was handed in" in page
    assert "A figure below “&lt;b&gt;My own”" in page
    assert base64.b64encode(pixels(drawn())).decode() in page
