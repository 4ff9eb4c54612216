"""Experience: finished curves make the next forecasts better, and none is believed twice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.forecasting.ensemble import TEMPER, ensemble, posterior
from coursekit.forecasting.experience import CALM, Experience
from coursekit.forecasting.forecast import Forecast
from tests.forecasting.test_forecast import ACCURACY, HORIZON, RISING, SHARES, drawn, real_curves


def test_it_is_held_against_the_forecasts_from_earlier_curves_alone():
    from scipy.special import ndtr, ndtri

    found, members = Experience(HORIZON, bounds=ACCURACY), ensemble(HORIZON)
    everyone, missed = np.arange(members.members), np.zeros(HORIZON)
    for top in (0.9, 0.9, 0.9, 0.9, 0.6):
        curve = np.array([top - (top - 0.1) / epoch for epoch in range(1, HORIZON + 1)])
        angles = np.arcsin(np.sqrt(curve))
        for seen in range(1, HORIZON):
            whitened = members.whitened(angles[:seen])
            weights = posterior(TEMPER * members.evidence(whitened), found.prior)
            means, deviations = members.predict(whitened, HORIZON, everyone)
            place = float(weights @ ndtr((angles[-1] - means) / deviations))
            missed[seen - 1] += ndtri(np.clip(place, 1e-4, 1 - 1e-4)) ** 2
        found.learn(curve)
    for seen in range(1, HORIZON):
        width = math.sqrt((CALM + missed[seen - 1]) / (CALM + 5))
        assert found.width(seen) == pytest.approx(width, rel=1e-9)


@pytest.mark.parametrize("bounds", [ACCURACY, None])
def test_real_curves_are_forecast_better_after_some(bounds):
    # Odd entries of the table, as everywhere here; what was chosen was chosen on even ones.
    curves = real_curves(230)
    before, after = Experience(40, bounds=bounds), Experience(40, bounds=bounds)
    for curve in curves[:30]:
        after.learn(curve)
    error = [
        np.mean(
            [
                abs(Forecast(c[:10], 40, bounds=bounds, experience=e).median - c[-1])
                for c in curves[30:]
            ]
        )
        for e in (before, after)
    ]
    assert error[1] < 0.95 * error[0], error


@pytest.mark.parametrize("bounds", [ACCURACY, None])
def test_one_that_has_learned_nothing_changes_nothing(bounds):
    nothing = Experience(HORIZON, bounds=bounds)
    new = Forecast(RISING[:5], HORIZON, bounds=bounds, experience=nothing)
    without = Forecast(RISING[:5], HORIZON, bounds=bounds)
    assert new.quantiles(SHARES) == pytest.approx(without.quantiles(SHARES), abs=1e-9)
    assert new.score == pytest.approx(without.score, abs=1e-9)


def test_forecasts_that_were_too_wide_get_narrower_and_too_narrow_ones_wider():
    calm, wild = (Experience(HORIZON, bounds=ACCURACY) for _ in range(2))
    rng = np.random.default_rng(0)
    for level in rng.uniform(0.2, 0.9, 40):
        calm.learn([level] * HORIZON)
        # Up or down in the last epoch, which nothing announces.
        wild.learn([*[level] * (HORIZON - 1), level + rng.choice([-0.15, 0.08])])
    assert calm.width(5) < 0.85 and wild.width(19) > 1.5
    bands = [
        Forecast([0.5] * 19, HORIZON, bounds=ACCURACY, experience=each).spread
        for each in (calm, None, wild)
    ]
    assert bands[0] < bands[1] < bands[2]


def test_where_the_prior_is_right_widths_stay_as_they_are():
    # A sum of squares of 200 standard normals lies 4.5 standard deviations (2 x 200 its variance)
    # from 200 once in 10^5; tempering makes forecasts wider than they should be, never narrower,
    # and the weights that are learned are of the very members that were drawn.
    found, learned = Experience(HORIZON, bounds=ACCURACY), 0
    for angles in drawn(400, HORIZON, seed=8):
        if angles.min() > 0.05 and angles.max() < math.pi / 2 - 0.05 and learned < 200:
            found.learn(np.sin(angles) ** 2)
            learned += 1
    assert found.curves == 200
    most = math.sqrt((CALM + 200 + 4.5 * math.sqrt(400)) / (CALM + 200))
    assert all(0.6 < found.width(seen) < most for seen in range(1, HORIZON))


@pytest.mark.parametrize("jump", [0.0, 0.2])
def test_all_of_a_forecast_is_of_one_distribution(jump):
    experience = Experience(HORIZON, bounds=ACCURACY)
    for level in np.linspace(0.2, 0.7, 20):
        experience.learn([*[level] * (HORIZON - 1), level + jump])
    found = Forecast(RISING[:6], HORIZON, bounds=ACCURACY, experience=experience)
    assert experience.width(6) > 1.2 if jump else experience.width(6) < 0.95
    assert np.allclose(found.below(found.quantiles(SHARES)), SHARES, atol=1e-4)
    assert np.allclose(found.band(SHARES)[-1], found.quantiles(SHARES), atol=5e-3)
    assert found.beats(found.quantiles([0.9])[0]) == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize(
    "curve", [RISING[:-1], [*RISING, 0.9], [*RISING[:-1], math.nan], [2.0, *RISING[1:]], []]
)
def test_what_cannot_be_compared_teaches_nothing(curve):
    experience = Experience(HORIZON, bounds=ACCURACY)
    experience.learn(curve)
    assert experience.curves == 0


def test_curves_with_other_bounds_are_not_told_of():
    experience = Experience(HORIZON, bounds=ACCURACY)
    for _ in range(20):
        experience.learn(RISING)
    losses = [-2.3 * math.exp(-epoch / 6) - 0.3 for epoch in range(10)]
    told = Forecast(losses, HORIZON, experience=experience)
    assert told.median == Forecast(losses, HORIZON).median and told.score < 0.5


@pytest.mark.parametrize(("times", "plus"), [(100.0, 0.0), (1.0, -3.0), (1e-9, 0.0), (1e9, 5e9)])
def test_scores_without_bounds_are_learned_from_on_a_scale_that_they_share(times, plus):
    curves = [[top - (top - 0.1) / n for n in range(1, HORIZON + 1)] for top in (0.9, 0.7, 0.8)]
    forecasts = []
    for a, b in ((1.0, 0.0), (times, plus)):
        experience = Experience(HORIZON)
        for curve in curves:
            experience.learn([a * score + b for score in curve])
        assert experience.curves == 3
        seen = [a * score + b for score in (0.15, 0.35, 0.45)]
        found = Forecast(seen, HORIZON, incumbent=a * 0.9 + b, experience=experience)
        assert found.median != Forecast(seen, HORIZON, incumbent=a * 0.9 + b).median
        forecasts.append((found.beats(a * 0.8 + b), *((found.quantiles(SHARES) - b) / a)))
    assert forecasts[0] == pytest.approx(forecasts[1], rel=1e-5, abs=1e-7)


def test_curves_that_never_move_tell_nothing_of_the_scale():
    experience = Experience(HORIZON)
    for _ in range(3):
        experience.learn([0.5] * HORIZON)
    assert experience.scale() is None and not Forecast([0.5], HORIZON, experience=experience).known


def test_bounds_put_other_scores_on_one_scale():
    experience = Experience(HORIZON, bounds=[0, 100])
    for _ in range(20):
        experience.learn([100 * each for each in RISING])
    plain = Experience(HORIZON, bounds=ACCURACY)
    for _ in range(20):
        plain.learn(RISING)
    assert experience.curves == 20
    percent = Forecast([100 * s for s in RISING[:5]], HORIZON, bounds=(0, 100),
                       experience=experience)  # fmt: skip
    share = Forecast(RISING[:5], HORIZON, bounds=ACCURACY, experience=plain)
    assert percent.score == pytest.approx(100 * share.score, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=6, max_size=6), max_size=5),
       st.lists(st.floats(0, 1), max_size=6))  # fmt: skip
def test_no_experience_leaves_a_curve_without_a_forecast(lived, curve):
    experience = Experience(6, bounds=ACCURACY)
    for each in lived:
        experience.learn(each)
    found = Forecast(curve, 6, bounds=ACCURACY, experience=experience)
    quantiles = found.quantiles(SHARES)
    below = found.below(np.linspace(0, 1, 101))
    assert (below >= 0).all() and (below <= 1).all() and (np.diff(below) >= -1e-9).all()
    assert np.isfinite([found.score, found.median, found.spread, *quantiles]).all()
    assert (np.diff(quantiles) >= 0).all() and experience.prior.sum() == pytest.approx(1)


def test_long_curves_are_learned_in_blocks():
    experience = Experience(200, bounds=ACCURACY)
    for _ in range(5):
        experience.learn([0.9 - 0.8 / epoch for epoch in range(1, 201)])
    assert len(ensemble(200).middles) < 50 and experience.width(200) < 1.1
    assert [experience.width(n) for n in (150, 151)] == [experience.width(150)] * 2


def test_no_probability_is_lost_in_the_last_digit():
    # The weights of a flat curve's members sum to a little more than 1.
    experience, grid = Experience(HORIZON, bounds=ACCURACY), np.linspace(0, 1, 401)
    for level in np.linspace(0.2, 0.9, 20):
        experience.learn([level] * HORIZON)
    for level in np.linspace(0.3, 0.8, 40):
        found = Forecast([level] * 12, HORIZON, bounds=ACCURACY, experience=experience)
        assert np.isfinite(found.below(grid)).all()


@pytest.mark.parametrize("horizon", [0, True, 2.5, 6000])
def test_a_horizon_is_checked(horizon):
    with pytest.raises((TypeError, ValueError), match=f"horizon={horizon}"):
        Experience(horizon)


def test_it_belongs_to_one_horizon():
    with pytest.raises(ValueError, match="experience=<Experience of 0 curves of 10 epochs>"):
        Forecast([0.5], 20, experience=Experience(10))
