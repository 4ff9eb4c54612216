"""The families of learning curves, and fits of them."""

from __future__ import annotations

import numpy as np
import pytest

from coursekit.forecasting.families import FAMILIES, SHAPES, fit, made_up, value

X = np.arange(1.0, 41)
RISING = {
    "pow3": (0.9, 0.7, 0.6),
    "pow4": (0.9, 0.8, 1.0, 0.7),
    "log power": (0.9, 1.0, -1.2),
    "Hill3": (0.9, 1.2, 2.0),
    "MMF": (0.9, 0.2, 0.3, 1.2),
    "exp3": (0.9, 0.6, 0.2),
    "exp4": (0.9, 0.4, -0.3, 0.8),
    "Janoschek": (0.9, 0.2, 0.3, 0.9),
    "Weibull": (0.9, 0.2, 0.3, 0.9),
    "ilog2": (0.9, 0.3),
    "log-log linear": (0.2, 1.4),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_rises_and_a_fit_finds_it_again(family):
    curve = value(family, RISING[family], X)
    assert (np.diff(curve) > 0).all()
    parameters, deviation = fit(family, curve)
    assert deviation < 1e-3
    assert np.abs(value(family, parameters, X) - curve).max() < 5e-3


@pytest.mark.parametrize("family", FAMILIES)
def test_a_value_is_a_real_number_or_none(family):
    odd = [-0.5] * len(RISING[family])  # a negative number to a power that is not whole
    assert value(family, odd, X).dtype == float and value(family, odd, 40).dtype == float


def test_equal_shapes_are_the_same_curve():
    janoschek = value("Janoschek", (0.9, 0.2, 0.3**0.8, 0.8), X)
    assert np.allclose(janoschek, value("Weibull", (0.9, 0.2, 0.3, 0.8), X))
    mmf = value("MMF", (0.9, 0.0, 0.5, 1.2), X)
    assert np.allclose(mmf, value("Hill3", (0.9, 1.2, 2.0), X))
    assert np.allclose(mmf, value("log power", (0.9, np.log(2.0), -1.2), X))


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_fall_towards_0(shape):
    fall = SHAPES[shape](X, *(np.full((1, 1), each) for each in (5.0, 1.4, 2.0)))
    assert fall.shape == (1, 40) and (np.diff(fall) < 0).all() and (fall > 0).all()


@pytest.mark.parametrize("curve", [[0.5], [0.5, 0.5], [1e9, -1e9, 0.0], [0.1] * 40])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_to_an_odd_curve_is_finite(family, curve):
    parameters, deviation = fit(family, curve)
    assert np.isfinite(parameters).all() and np.isfinite(deviation)


def test_fits_say_what_they_need():
    with pytest.raises(ValueError, match="no family 'pow5'"):
        fit("pow5", [0.1])
    with pytest.raises(ValueError, match="one finite score"):
        fit("pow3", [float("nan")])


def test_a_curve_of_ones_own():
    curve = made_up(0.2, 0.9, 0.5, 0.0, 30, np.random.default_rng(0))
    assert curve[0] == pytest.approx(0.2) and curve[1] == pytest.approx(0.55)
    assert curve[-1] == pytest.approx(0.9, abs=1e-6)
    noisy = made_up(0.2, 1.0, 0.5, 0.1, 30, np.random.default_rng(0))
    assert noisy.min() >= 0 and noisy.max() <= 1 and np.std(np.diff(noisy[10:])) > 0.01
