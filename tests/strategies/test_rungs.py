"""Hyperband's bracket table, against Keras Tuner's own oracle."""

import pytest

from coursekit.strategies.rungs import Rung, bracket_table


def test_the_table_of_the_course():
    table = bracket_table(10, 3, rounding="keras_tuner")
    assert table == [
        Rung(2, 0, 12, 0, 2),
        Rung(2, 1, 4, 2, 4),
        Rung(2, 2, 2, 4, 10),
        Rung(1, 0, 6, 0, 4),
        Rung(1, 1, 2, 4, 10),
        Rung(0, 0, 4, 0, 10),
    ]
    assert sum(rung.trials for rung in table) == 30
    assert sum(rung.cost for rung in table) == 120


@pytest.mark.parametrize("factor", [2, 3, 4, 5])
@pytest.mark.parametrize("max_epochs", [1, 2, 5, 9, 10, 26, 28, 50, 100])
def test_it_agrees_with_keras_tuner(max_epochs, factor):
    oracles = pytest.importorskip("keras_tuner.oracles")
    oracle = oracles.HyperbandOracle("val_accuracy", max_epochs=max_epochs, factor=factor)
    theirs = [
        (bracket, rung, oracle._get_size(bracket, rung), oracle._get_epochs(bracket, rung))
        for bracket in range(oracle._get_num_brackets() - 1, -1, -1)
        for rung in range(oracle._get_num_rounds(bracket))
    ]
    ours = bracket_table(max_epochs, factor, rounding="keras_tuner")
    assert [(r.bracket, r.rung, r.trials, r.stop) for r in ours] == theirs


def test_powers_of_the_factor_are_counted_exactly():
    # floor(log(243) / log(3)) is 4 in floating point; there are five halvings, so six brackets
    assert bracket_table(243, 3, rounding="keras_tuner")[0].bracket == 5


@pytest.mark.parametrize(("arguments", "named"), [((0, 3), "max_budget"), ((9, 1), "factor")])
def test_bad_values_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        bracket_table(*arguments, rounding="keras_tuner")
