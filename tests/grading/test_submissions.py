"""Whose is whose, from folders, zip files and rosters; and what is not to be opened."""

import io
import os
import stat
import warnings
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coursekit.grading import submissions
from coursekit.grading.submissions import Roster, find

LAB = "06_evolution"
NOTEBOOK = b'{"nbformat": 4, "cells": []}'


def laid_out(folder: Path, files: Mapping[str, bytes]) -> Path:
    for number, (name, content) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or NOTEBOOK + b" " * number)  # no two alike
    return folder


def zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, each) in enumerate(files.items()):
            archive.writestr(name, each or NOTEBOOK + b" " * (99 + number))
    return content.getvalue()


LAYOUTS = {
    "a folder of notebooks": [
        "ada.ipynb", "06_evolution_bob.ipynb", "Cid Müller-06_evolution.ipynb",
    ],
    "downloaded twice": ["ada (1).ipynb", "bob-Copy1.ipynb", "Cid Müller.ipynb"],
    "a folder a learner": [
        "ada/06_evolution.ipynb", "bob/deep/er/06_evolution.ipynb", "Cid Müller/mine.ipynb",
        "bob/05_bayesian_optimization.ipynb",
        "ada/.ipynb_checkpoints/06_evolution-checkpoint.ipynb",
    ],
    "nbgrader's exchange": [
        "inbound/ada+06_evolution+2026-01-02 03:04:05.678 UTC+x/06_evolution.ipynb",
        "inbound/bob+06_evolution+2026-01-02 03:04:05 UTC/06_evolution.ipynb",
        "inbound/Cid Müller+06_evolution+2026-01-02 03:04:05 UTC/06_evolution.ipynb",
    ],
    "nbgrader's submitted": [
        "submitted/ada/06_evolution/06_evolution.ipynb", "submitted/bob/06_evolution/nb.ipynb",
        "submitted/Cid Müller/06_evolution/06_evolution.ipynb",
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_learner_is_in_the_folder_or_the_name(tmp_path: Path, layout: list[str]) -> None:
    top = laid_out(tmp_path / "class", dict.fromkeys(layout, b""))
    others = {"05_bayesian_optimization"}
    found = find(top, LAB, None, others)
    assert sorted(each.learner for each in found) == ["Cid Müller", "ada", "bob"]
    assert not any(each.doubts or each.problem for each in found)
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped({f"class/{name}": b"" for name in layout}))
    assert {each.learner for each in find(archive, LAB, None, others)} == {
        "ada",
        "bob",
        "Cid Müller",
    }


ROSTER = "name,id,user\nAda Lovelace,1001,al\nBob Ross,1002,br\nCid Ross,1003,cr\n"


@pytest.mark.parametrize(
    "names",
    [
        [  # Moodle, without folders
            "Ada Lovelace_1001_assignsubmission_file_06_evolution.ipynb",
            "Bob Ross_99123_assignsubmission_file_anything.ipynb",
        ],
        [  # Moodle
            "Ada Lovelace_1001_assignsubmission_file_/06_evolution.ipynb",
            "Bob Ross_99123_assignsubmission_file/anything.ipynb",
        ],
        [  # Canvas
            "lovelaceada_1001_5550_06_evolution.ipynb",
            "rossbob_LATE_77_5551_06_evolution-1.ipynb",
        ],
        ["1001.ipynb", "br.ipynb"],
        ["al/06_evolution.ipynb", "Bob_Ross/06_evolution.ipynb"],
    ],
    ids=["Moodle, flat", "Moodle", "Canvas", "numbers and users", "folders"],
)
def test_the_roster_names_the_learner(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER)
    roster = Roster.read(tmp_path / "roster.csv")
    (tmp_path / "class.zip").write_bytes(zipped(dict.fromkeys(names, b"")))
    found = find(tmp_path / "class.zip", LAB, roster)
    assert {each.learner for each in found} == {"Ada Lovelace", "Bob Ross"}, found
    assert not any(each.doubts for each in found)
    assert [each.place for each in found if each.late] == [
        each.place for each in found if "LATE" in each.place
    ]


def test_nobody_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER + "Ross,1004,xx\nROSS,1005,yy\n")
    roster = Roster.read(tmp_path / "roster.csv")
    top = laid_out(
        tmp_path / "class", dict.fromkeys(("dan.ipynb", "ross.ipynb", "06_evolution.ipynb"), b"")
    )
    found = {each.place: each for each in find(top, LAB, roster)}
    assert [each.learner for each in found.values()] == ["", "", ""]
    assert "'dan' is not in the roster" in found["dan.ipynb"].doubts[0]
    assert "several for 'ross': Ross, ROSS" in found["ross.ipynb"].doubts[0]
    without = {each.place: each for each in find(top, LAB)}
    assert "Neither folder nor file name" in without["06_evolution.ipynb"].doubts[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names nobody"),
        ("name\n", "names nobody"),
        ("name\nx\nx\n", "row 3: 'x' is there twice"),
    ],
)
def test_a_roster_that_cannot_be_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        Roster.read(tmp_path / "roster.csv")


def test_two_of_one_learner_and_one_under_two_names_are_said(tmp_path: Path) -> None:
    top = laid_out(
        tmp_path,
        {"ada/a.ipynb": b"1", "ada/b.ipynb": b"2", "bob.ipynb": b"3", "cid.ipynb": b"3"},
    )
    found = {each.place: each.doubts for each in find(top, LAB)}
    assert "has also ada/b.ipynb" in found["ada/a.ipynb"][0]
    assert "byte for byte, is cid.ipynb" in found["bob.ipynb"][-1]
    assert len(found) == 4


def test_two_of_one_name_in_a_zip_file_are_two(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in (b"1", b"2"):
            archive.writestr("ada.ipynb", text)
    (tmp_path / "class.zip").write_bytes(content.getvalue())
    found = find(tmp_path / "class.zip", LAB)
    assert len(found) == 2
    assert all("which counts? This learner has also" in each.doubts[-1] for each in found)


@pytest.mark.parametrize(
    "name",
    [
        "Cid Campeador_1002_assignsubmission_file_/06_evolution.ipynb",  # Bob's number
        "Mallory Nobody_999_assignsubmission_file_/Ada Lovelace.ipynb",  # the learner's own name
        "Ada Lovelace/Bob Ross.ipynb",
    ],
)
def test_labels_that_contradict_name_nobody(tmp_path: Path, name: str) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name,number\nAda Lovelace,1001\nBob Ross,1002\nCid Campeador,1003\n")
    (found,) = find(laid_out(tmp_path / "class", {name: b"1"}), LAB, Roster.read(roster))
    assert found.learner == "" and found.doubts[0].startswith("whose is it? "), found


def test_a_zip_file_in_a_zip_file_has_little_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "OWN_ARCHIVE", 1000)
    own = zipped({f"{number}.ipynb": b" " * 600 for number in range(3)})
    (tmp_path / "class.zip").write_bytes(zipped({"ada/own.zip": own}))
    sizes = [each.problem for each in find(tmp_path / "class.zip", LAB)]
    assert sum("more than" in each for each in sizes) == 2, sizes


def test_the_newest_counts_where_the_exchange_says_when(tmp_path: Path) -> None:
    times = {
        "ada": ["2026-01-02 03:04:05.678", "2026-01-04 00:00:00"],
        "bob": ["2026-01-01 01:01:01"],
    }
    names = [f"{who}+lab+{time} UTC/06_evolution.ipynb" for who in times for time in times[who]]
    names += [f"cid+lab+2026-01-0{day} 03:04:05 XYZ/a.ipynb" for day in (2, 3)]
    old, new, bob, *unknown = find(laid_out(tmp_path, dict.fromkeys(names, b"")), LAB)
    assert old.doubts == ("it does not count: this learner handed in again at 2026-01-04 00:00:00",)
    assert new.doubts == bob.doubts == ()
    assert all("which counts?" in each.doubts[0] for each in unknown)
    due = datetime(2026, 1, 2, 23, 59, tzinfo=UTC)
    assert [each.days_late(due) for each in (old, new, bob, unknown[0])] == [0, 2, 0, None]


def test_links_pipes_and_large_files_are_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(NOTEBOOK)
    top = laid_out(tmp_path / "class", {"ada.ipynb": b"", "dir/fay.ipynb": b""})
    (top / "bob.ipynb").symlink_to(secret)
    (top / "folder").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(top / "cid.ipynb")
    os.link(secret, top / "dan.ipynb")
    with (top / "eve.ipynb").open("wb") as file:
        file.truncate(500 << 20)
    (top / "gil.ipynb").mkdir()
    found = {each.place: each for each in find(top, LAB)}
    assert found["ada.ipynb"].content and found["dir/fay.ipynb"].content
    assert "symbolic link" in found["bob.ipynb"].problem
    assert "symbolic link" in found["folder"].problem
    assert found["cid.ipynb"].problem == "it is not a file"
    assert "hard link" in found["dan.ipynb"].doubts[0]
    assert "500 MB" in found["eve.ipynb"].problem
    assert not any(found[name].content for name in ("bob.ipynb", "cid.ipynb", "eve.ipynb"))


def test_a_zip_file_unpacks_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../out.ipynb", NOTEBOOK)
        archive.writestr("/etc/out.ipynb", NOTEBOOK + b" ")
        archive.writestr("ada/../../out.ipynb", NOTEBOOK + b"  ")
        archive.writestr("..\\bob.ipynb", NOTEBOOK + b"   ")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.ipynb", bytes(submissions.LARGEST + 2))
        archive.writestr("learner/own.zip", zipped({"06_evolution.ipynb": b"", "x.zip": b""}))
        archive.writestr("broken/own.zip", b"PK")
    Path("class.zip").write_bytes(content.getvalue())
    found = {each.place: each for each in find(Path("class.zip"), LAB)}
    assert not list(tmp_path.parent.glob("out.ipynb")) and len(list(tmp_path.iterdir())) == 1
    assert all(".." not in place for place in found)
    assert found["class.zip/learner/own.zip/06_evolution.ipynb"].learner == "learner"
    assert "symbolic link" in found["class.zip/link.ipynb"].problem
    assert "20 MB" in found["class.zip/bomb.ipynb"].problem
    assert "cannot be read" in found["class.zip/broken/own.zip"].problem
    assert found["class.zip/broken/own.zip"].learner == "broken"


def test_odd_names_lose_no_row(tmp_path: Path) -> None:
    odd = ["12_ada/x.ipynb", "a\nb.ipynb", "=1+1.ipynb", "x" * 240 + ".ipynb", "05_bob.ipynb"]
    top = laid_out(tmp_path, dict.fromkeys(odd, b""))
    (tmp_path / os.fsdecode(b"\xff.ipynb")).write_bytes(NOTEBOOK)
    found = find(top, LAB, None, {"05_bayesian_optimization"})
    assert len(found) == 6 and "12_ada" in {each.learner for each in found}


def test_a_folder_without_notebooks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no notebooks: name a folder"):
        find(tmp_path, LAB)
    with pytest.raises(ValueError, match="there is no"):
        find(tmp_path / "none", LAB)
