"""Expected improvement against quadrature and draws, and where it is below any float."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from coursekit.surrogates.acquisition import (
    log_augmentation,
    log_expected_improvement,
    log_probability_of_improvement,
    upper_confidence_bound,
)


def log_ei(mean: float, deviation: float, best: float) -> float:
    return float(log_expected_improvement(np.array([mean]), np.array([deviation]), best)[0])


@pytest.mark.parametrize("z", [-12.0, -4.0, -1.01, -0.99, 0.0, 0.3, 2.0, 9.0])
@pytest.mark.parametrize("deviation", [0.1, 3.0])
def test_it_is_the_integral(z: float, deviation: float) -> None:
    mean, best = 5.0, 5.0 - z * deviation
    density = norm(mean, deviation).pdf
    high = max(best, mean) + 12 * deviation
    integral = quad(lambda f: (f - best) * density(f), best, high, epsabs=0, limit=200)[0]
    assert log_ei(mean, deviation, best) == pytest.approx(np.log(integral), abs=1e-6)


def test_it_is_what_draws_come_to() -> None:
    draws = np.random.default_rng(0).normal(0.4, 0.5, 200_000)
    gains = np.maximum(draws - 0.6, 0)
    sigma = gains.std() / len(gains) ** 0.5
    # 5 sigma: 6e-7.
    assert np.exp(log_ei(0.4, 0.5, 0.6)) == pytest.approx(gains.mean(), abs=5 * sigma)


def test_far_below_it_still_tells_points_apart() -> None:
    z = -np.geomspace(1e-3, 1e5, 4000)
    logs = log_expected_improvement(z, np.ones_like(z), 0.0)
    assert np.isfinite(logs).all()
    assert (np.diff(logs) < 0).all()  # no steps where the formulae meet
    # -z^2/2 - log(sqrt(2 pi) z^2): Ament et al., appendix A.
    far = log_ei(-1e3, 1.0, 0.0)
    assert far == pytest.approx(-0.5e6 - 0.5 * np.log(2 * np.pi) - 2 * np.log(1e3), abs=1e-4)


def test_units_and_places_do_not_count() -> None:
    assert log_ei(17.0, 2.0, 18.0) == pytest.approx(log_ei(-0.5, 1.0, 0.0) + np.log(2))


def test_a_certain_gain_is_the_gain() -> None:
    assert log_ei(1.5, 1e-9, 1.0) == pytest.approx(np.log(0.5))


def test_what_noise_leaves_to_be_learnt() -> None:
    deviation = np.array([1e-6, 0.1, 1.0, 1e3])
    expected = np.log(1 - 0.3 / np.sqrt(deviation**2 + 0.09))
    np.testing.assert_allclose(log_augmentation(deviation, 0.3), expected, rtol=1e-6)
    np.testing.assert_array_equal(log_augmentation(deviation, 0.0), np.zeros(4))


def test_the_probability_of_an_improvement_is_that_of_the_normal_law() -> None:
    mean, deviation = np.array([0.2, 0.9, -30.0]), np.array([0.5, 0.1, 0.5])
    found = log_probability_of_improvement(mean, deviation, 0.6)
    np.testing.assert_allclose(found, norm(mean, deviation).logsf(0.6))
    assert np.isfinite(found).all()


def test_an_upper_confidence_bound_counts_standard_deviations() -> None:
    mean, deviation = np.array([0.2, 0.9]), np.array([0.5, 0.1])
    assert upper_confidence_bound(mean, deviation, 2.0).tolist() == [1.2, 1.1]
