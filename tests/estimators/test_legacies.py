"""What trials leave: kept on disk within bounds, whole or absent."""

import os
import time
import warnings

import numpy as np
import pytest

from coursekit.estimators.legacies import Legacies, Legacy


def legacy(number=0, size=10):
    weights = {"0": np.full(size, number, np.float32), "a/b": np.eye(2, dtype=np.float32)}
    return Legacy({"units": number, "rate": 0.5, "kind": "x"}, weights, 7, 3)


def test_what_is_put_is_what_is_got(tmp_path):
    kept = Legacies(tmp_path / "made" / "here")
    kept.put(12, 0.5, legacy(4))
    found = Legacies(tmp_path / "made" / "here").get(12)  # by another process
    assert found.configuration == {"units": 4, "rate": 0.5, "kind": "x"}
    assert (found.epochs, found.own) == (7, 3)
    assert list(found.weights) == ["0", "a/b"]
    assert found.weights["0"].dtype == np.float32 and (found.weights["0"] == 4).all()
    assert kept.get(13) is None and 12 in kept and 13 not in kept
    kept.put(12, 0.75, legacy(5))  # trained again: one file a trial
    assert len(kept) == 1 and kept.get(12).configuration["units"] == 5
    assert [path.suffix for path in kept.folder.iterdir()] == [".npz"]


@pytest.mark.parametrize(
    ("out", "left"), [("oldest", [2, 3, 4]), ("worst", [0, 2, 4])]
)  # scores .9, .1, .8, nan, .7
def test_who_goes_when_there_are_too_many(tmp_path, out, left):
    kept = Legacies(tmp_path, count=3, out=out)
    for number, score in enumerate([0.9, 0.1, 0.8, float("nan"), 0.7]):
        kept.put(number, score, legacy(number))
    assert [number for number in range(5) if number in kept] == left


def test_a_bound_in_bytes(tmp_path):
    Legacies(tmp_path).put(0, 0.5, legacy())
    one = sum(path.stat().st_size for path in tmp_path.iterdir())
    kept = Legacies(tmp_path, size=3 * one + 10, count=None)
    for number in range(1, 8):
        kept.put(number, 0.5, legacy(number))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3 * one + 10
    assert [number for number in range(8) if number in kept] == [5, 6, 7]
    kept.put(8, 0.5, legacy(8, size=10_000))  # larger than all the room there is
    assert len(kept) == 0


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "foreign"])
def test_a_damaged_file_is_dropped_with_a_warning(tmp_path, damage):
    kept = Legacies(tmp_path)
    kept.put(3, 0.5, legacy(3, size=1000))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:middle],
            "flipped": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
            "emptied": b"",
            "foreign": b"not weights",
        }[damage]
    )
    with pytest.warns(UserWarning, match=r"3_0\.5\.npz is damaged .* deleted: the children of"):
        assert kept.get(3) is None
    assert not path.exists() and kept.get(3) is None  # without another warning


def test_no_damage_makes_it_fail(tmp_path):
    """Every byte of a small file, turned round: what is read is whole, or it is gone."""
    kept = Legacies(tmp_path)
    kept.put(3, 0.5, legacy(3, size=2))
    (path,) = tmp_path.iterdir()
    content, dropped = path.read_bytes(), 0
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = kept.get(3)
        dropped += found is None
        assert path.exists() == (found is not None)
        if found is not None:
            assert list(found.weights) == ["0", "a/b"] and found[2:] == (7, 3)
            assert (found.weights["0"] == 3).all() and found.configuration["units"] == 3
    assert dropped > len(content) / 2


def test_a_crash_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    kept = Legacies(tmp_path)
    kept.put(3, 0.5, legacy(3))
    monkeypatch.setattr(os, "fsync", lambda handle: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kept.put(3, 0.6, legacy(9))
    assert kept.get(3).configuration["units"] == 3 and len(list(tmp_path.iterdir())) == 1


def test_what_a_killed_process_left_is_swept_when_it_is_old(tmp_path):
    for name, age in (("old.part", 7200), ("new.part", 0)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Legacies(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new.part"]


def test_errors_name_the_value(tmp_path):
    for options, message in (
        ({"count": 0}, "count=0: give a whole number, 1 or more"),
        ({"size": -1}, "size=-1"),
        ({"out": "best"}, "out='best': take one of oldest, worst"),
    ):
        with pytest.raises(ValueError, match=message):
            Legacies(tmp_path, **options)
    with pytest.raises(ValueError, match="a weight without a name"):
        Legacies(tmp_path).put(1, 0.5, Legacy({}, {"": np.ones(1)}, 1, 1))
