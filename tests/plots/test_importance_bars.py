"""Importance as bars: order, lengths, and that several estimates are told apart in grey."""

import pytest

from coursekit import plots

TRUTH = {"units": 0.6, "rate": 0.3, "depth": 0.1}


def rows(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def lengths(axes, place=0):
    return [bar.get_width() for bar in axes.containers[place]]


def test_the_largest_share_is_on_top_in_percent():
    axes = plots.importance({"depth": 0.1, "units": 0.6, "rate": 0.3})
    assert rows(axes) == ["units", "rate", "depth"] and axes.get_ylim() == (2.5, -0.5)
    assert lengths(axes) == pytest.approx([60, 30, 10])
    assert axes.get_xlabel() == "share of importance, %" and axes.get_legend() is None


def test_estimates_stand_beside_the_first_in_its_order():
    axes = plots.importance({"table": TRUTH, "trials": {"rate": 0.7, "units": 0.2, "more": 0.1}})
    assert rows(axes) == ["units", "rate", "depth", "more"]
    assert lengths(axes, 0) == pytest.approx([60, 30, 10, 0])
    assert lengths(axes, 1) == pytest.approx([20, 70, 0, 10])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["table", "trials"]
    first, second = (bars[0] for bars in axes.containers)
    assert first.get_hatch() != second.get_hatch()
    assert second.get_y() == pytest.approx(first.get_y() + 0.4)  # beside it, not over it


def test_interactions_are_products_and_the_small_are_left_out():
    shares = {("a",): 0.5, ("b",): 0.2, ("a", "b"): 0.3}
    assert rows(plots.importance(shares)) == ["a", "a × b", "b"]
    assert rows(plots.importance(shares, most=2)) == ["a", "a × b"]
    assert rows(plots.importance({})) == []
