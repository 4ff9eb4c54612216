"""Checked arguments: one wording; options that an object was made with."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from coursekit import arguments
from coursekit.arguments import KeepsOptions, as_path, is_whole, positive, probability, whole_number


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_a_whole_number_becomes_a_plain_one(value):
    found = whole_number("trials", value)
    assert found == value and type(found) is int
    assert whole_number("offset", -5, least=None) == -5


@pytest.mark.parametrize("value", [2.0, True, np.True_, "5", None, np.array([1])])
def test_another_type_is_named_with_what_would_be_good(value):
    with pytest.raises(TypeError) as caught:
        whole_number("trials", value, 2)
    assert str(caught.value) == f"trials={value!r}: give a whole number, 2 or more"
    assert not is_whole(value)


def test_a_number_out_of_range_is_named_with_the_range():
    with pytest.raises(ValueError, match=r"^seed=-1: give a whole number, 0 or more$"):
        arguments.seed(-1)
    assert arguments.seed(0) == 0
    with pytest.raises(ValueError, match=r"^epochs=9: give a whole number from 1 to 8$"):
        whole_number("epochs", 9, 1, 8)
    assert is_whole(8, 1, 8) and not is_whole(9, 1, 8) and not is_whole(0, 1, 8)


def test_positive_numbers_and_probabilities():
    assert positive("rate", np.float32(0.5)) == 0.5 == probability("share", 0.5)
    assert probability("share", 1) == 1.0
    for value in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=f"rate={value}: give a number above 0"):
            positive("rate", value)
    for value in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=f"share={value}: give a number from 0 to 1"):
            probability("share", value)
    with pytest.raises(ValueError, match="share=1: give a number from 0 to below 1"):
        probability("share", 1, below_1=True)
    for check in (positive, probability):
        with pytest.raises(TypeError, match="share='half': give a number"):
            check("share", "half")


def test_a_tilde_in_a_path_is_the_home_folder(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert as_path("journal", "~/search.jsonl") == tmp_path / "search.jsonl"
    assert as_path("journal", Path("a/b")) == Path("a/b")
    with pytest.raises(TypeError, match="journal=5: give a path"):
        as_path("journal", 5)


class Kept(KeepsOptions):
    def __init__(self, space, *, size=3):
        self.space = space


def test_options_are_kept_through_copies_and_pickles():
    made = Kept("space", size=5)
    for each in (made, copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert each.options == {"size": 5} and each.space == "space"
    assert Kept("space").options == {}
