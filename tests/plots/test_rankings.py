"""The rank heat map: its numbers, its order, and that they can be read on their ground."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from coursekit import plots, theme
from coursekit.race import mean_ranks, race

NAMES = ["random", "regularized_evolution", "local_search"]


def cells(axes):
    """The text at each (row, column)."""
    return {(int(t.get_position()[1]), int(t.get_position()[0])): t for t in axes.texts}


def words(labels):
    return [label.get_text().replace("\n", "") for label in labels]


def luminance(colour):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def test_histories_scores_and_races_give_the_same_ranks(searched, world):
    histories = {name: [searched(name, seed) for seed in range(4)] for name in NAMES}
    scores = {name: [h.best().score for h in runs] for name, runs in histories.items()}
    raced = race(world, NAMES, trials=30, seeds=4, workers=1)
    expected = mean_ranks(scores)
    axes = plots.ranks({"histories": histories, "scores": scores, "race": raced.best()})
    order = sorted(NAMES, key=expected.get)
    assert words(axes.get_yticklabels()) == order
    assert words(axes.get_xticklabels()) == ["histories", "scores", "race"]
    for row, name in enumerate(order):
        for column in range(3):
            assert cells(axes)[row, column].get_text() == f"{expected[name]:.2f}"


def test_who_is_best_is_bold_and_who_is_missing_is_blank():
    axes = plots.ranks({"one": {"a": [3, 3], "b": [2, 2]}, "two": {"b": [1, 1], "c": [2, 0]}})
    assert words(axes.get_yticklabels()) == ["a", "c", "b"]
    found = {place: (t.get_text(), t.get_weight()) for place, t in cells(axes).items()}
    assert found == {
        (0, 0): ("1.00", "bold"),
        (1, 1): ("1.50", "bold"),
        (2, 0): ("2.00", "normal"),
        (2, 1): ("1.50", "bold"),
    }


def test_who_found_nothing_is_last(searched, empty, failing):
    contestants = {"empty": empty, "failed": failing(1), "random": searched("random")}
    axes = plots.ranks({"here": contestants, "there": {"empty": [math.nan], "random": [-math.inf]}})
    assert words(axes.get_yticklabels()) == ["random", "empty", "failed"]
    assert [cells(axes)[row, 0].get_text() for row in range(3)] == ["1.00", "2.50", "2.50"]
    assert [cells(axes)[row, 1].get_text() for row in range(2)] == ["1.50", "1.50"]


def test_the_numbers_can_be_read_on_every_shade():
    axes = plots.ranks({"one": {str(place): [-place] for place in range(21)}})
    image = axes.get_images()[0]
    assert len(axes.texts) == 21
    for (row, column), text in cells(axes).items():
        ground = image.cmap(image.norm(image.get_array()[row, column]))
        light, dark = sorted((luminance(ground[:3]), luminance(text.get_color())), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 4


def test_the_figure_says_its_ranks_in_words():
    axes = plots.ranks({"digits": {"slow & sure": [1, 1], "fast": [2, 2]}})
    assert "digits: fast 1.00, slow &amp; sure 2.00." in theme.svg(axes.figure)


def test_seeds_that_are_not_paired_are_refused():
    with pytest.raises(ValueError, match=r"digits: ranked are paired seeds.*'a': 2, 'b': 1"):
        plots.ranks({"digits": {"a": [1, 2], "b": [1]}})
    with pytest.raises(ValueError, match="nothing to rank"):
        plots.ranks({})
    with pytest.raises(ValueError, match=r"paired seeds.*'a': 0"):
        plots.ranks({"digits": {"a": []}})
