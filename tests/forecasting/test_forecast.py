"""Forecasts of learning curves: right, calibrated, and never without an answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coursekit.forecasting.ensemble import (
    PRIORS,
    TEMPER,
    CurveEnsemble,
    _edges,
    ensemble,
    posterior,
)
from coursekit.forecasting.experience import Experience
from coursekit.forecasting.families import fit
from coursekit.forecasting.forecast import Forecast
from coursekit.forecasting.scale import Bounded, Unbounded
from coursekit.trials import Suggestion
from coursekit.worlds import MLPs

HORIZON = 20
ACCURACY = (0.0, 1.0)  # what is known of one
RISING = [0.9 - 0.8 / epoch for epoch in range(1, HORIZON + 1)]
SHARES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


def drawn(count: int, horizon: int, seed: int) -> np.ndarray:
    """Curves from the ensemble itself, as angles, shape (count, horizon)."""
    members, rng = ensemble(horizon), np.random.default_rng(seed)
    curves = []
    for _ in range(count):
        k = rng.integers(members.members)
        factor = np.linalg.inv(members.whiten[k])
        curves.append(members.mean[k] + factor @ rng.normal(size=horizon))
    return np.array(curves)


def test_a_member_conditions_as_a_gaussian_does():
    small = CurveEnsemble(6, members=8, seed=3)
    mean, covariance = small._moments(small.middles)
    place = np.arange(6)
    covariance[:, place, place] += small._variance(small.middles) + 1e-8
    seen = np.array([0.5, 0.7, 0.75])
    found, deviation = small.predict(small.whitened(seen), 6, np.arange(8))
    for k in range(8):
        known, along = covariance[k, :3, :3], covariance[k, :3, 5]
        by_hand = mean[k, 5] + along @ np.linalg.solve(known, seen - mean[k, :3])
        variance = covariance[k, 5, 5] - along @ np.linalg.solve(known, along)
        assert found[k] == pytest.approx(by_hand, rel=1e-6)
        assert deviation[k] == pytest.approx(math.sqrt(variance), rel=1e-3)
    evidence = [
        -0.5 * (seen - mean[k, :3]) @ np.linalg.solve(covariance[k, :3, :3], seen - mean[k, :3])
        - 0.5 * np.linalg.slogdet(covariance[k, :3, :3])[1]
        for k in range(8)
    ]
    weights = np.exp(TEMPER * (np.array(evidence) - max(evidence)))
    found = posterior(TEMPER * small.evidence(small.whitened(seen)), np.full(8, 1 / 8))
    assert np.allclose(found, weights / weights.sum())


def test_the_ensemble_is_the_same_each_time():
    one, other = CurveEnsemble(5, members=10), CurveEnsemble(5, members=10)
    assert np.array_equal(one.whiten, other.whiten)


def test_every_prior_has_its_share():
    assert sum(prior.share for prior in PRIORS) == pytest.approx(1)
    for members in (1, 10, 333):
        assert CurveEnsemble(3, members=members).whiten.shape == (members, 3, 3)


def test_noise_is_what_the_members_do_not_take_for_the_curve():
    # What is left of the last score is a member's own idea of the curve there, by Bayes' rule.
    small, seen = CurveEnsemble(6, members=8, seed=3), np.array([0.5, 0.7, 0.75])
    mean, covariance = small._moments(small.middles)
    place = np.arange(3)
    known = covariance[:, :3, :3].copy()
    known[:, place, place] += small._variance(small.middles)[:, :3] + 1e-8
    found = small.noise(small.whitened(seen), np.arange(8))
    for k in range(8):
        smooth = mean[k, 2] + covariance[k, 2, :3] @ np.linalg.solve(known[k], seen - mean[k, :3])
        assert found[k] == pytest.approx(seen[2] - smooth, abs=1e-7)


def test_a_rising_curve_is_expected_to_rise():
    found = Forecast(RISING[:8], HORIZON, bounds=ACCURACY)
    assert RISING[7] < found.score < 0.95 and RISING[7] < found.median
    assert abs(found.median - RISING[-1]) < 0.03
    assert found.beats(0.5) > 0.99 and found.beats(0.97) < 0.01


def test_more_epochs_make_it_surer():
    spreads = [Forecast(RISING[:n], HORIZON).spread for n in (0, 3, 8, 15, 19, 20)]
    assert spreads == sorted(spreads, reverse=True) and spreads[-1] == 0


def test_a_curve_that_is_complete_is_its_own_forecast():
    found = Forecast(RISING, HORIZON)
    assert found.score == found.median == RISING[-1] and found.spread == 0
    assert found.beats(RISING[-1]) == 0 and found.beats(RISING[-1] - 1e-9) == 1
    assert found.band(SHARES).shape == (0, len(SHARES))


@pytest.mark.parametrize("bounds", [ACCURACY, None])
def test_quantiles_and_probabilities_are_of_one_distribution(bounds):
    found = Forecast(RISING[:6], HORIZON, bounds=bounds)
    assert np.allclose(found.below(found.quantiles(SHARES)), SHARES, atol=1e-4)
    band = found.band(SHARES)
    assert band.shape == (HORIZON - 6, len(SHARES)) and (np.diff(band, axis=1) >= 0).all()
    assert np.allclose(band[-1], found.quantiles(SHARES), atol=5e-3)


def test_a_higher_level_never_scores_less():
    # Curves alike but for their level: the search's order is kept.
    shape = np.array([0.0, 0.1, 0.15, 0.17, 0.18])
    scores = [Forecast(level + shape, 40).score for level in np.linspace(0.05, 0.75, 15)]
    assert (np.diff(scores) > 0).all()


def test_losses_are_forecast_too():
    losses = [-2.3 * math.exp(-epoch / 6) - 0.3 for epoch in range(HORIZON)]
    found = Forecast(losses[:10], HORIZON)
    assert losses[9] < found.median < 0.5 and abs(found.median - losses[-1]) < 0.25
    shifted = Forecast([100 + each for each in losses[:10]], HORIZON)
    assert shifted.median == pytest.approx(found.median + 100, abs=1e-3)


@pytest.mark.parametrize(
    ("times", "plus"), [(100.0, 0.0), (1.0, -1.0), (2.0**-30, 0.0), (1e9, 0.0), (100.0, -1e3)]
)
@pytest.mark.parametrize("incumbent", [None, 0.6])
@pytest.mark.parametrize("bounds", [None, ACCURACY])
def test_a_scaled_curve_has_the_scaled_forecast(times, plus, incumbent, bounds):
    for curve in (RISING[:2], RISING[:9], [0.1, 0.101], [0.7, 0.75, 0.6, 0.5, 0.45], [0.3, 0.3]):
        one, other = (
            Forecast(
                [a * score + b for score in curve],
                HORIZON,
                bounds=bounds and (a * bounds[0] + b, a * bounds[1] + b),
                incumbent=None if incumbent is None else a * incumbent + b,
            )
            for a, b in ((1.0, 0.0), (times, plus))
        )
        assert one.known == other.known
        for name in ("median", "score"):
            scaled = times * getattr(one, name) + plus
            assert getattr(other, name) == pytest.approx(scaled, abs=1e-5 * times)
        assert other.spread == pytest.approx(times * one.spread, rel=1e-4, abs=1e-6 * times)
        for score in (0.05, 0.5, 0.8):
            assert other.beats(times * score + plus) == pytest.approx(one.beats(score), abs=1e-6)


def test_a_guess_is_never_a_certainty():
    for curve, incumbent in (([10.0, 10.1], 60.0), ([-1.0, -0.8], -0.5), ([0.9, 0.99], 0.99)):
        found = Forecast(curve, HORIZON, incumbent=incumbent)
        for far in (1e3, 1e9):
            assert 0 < found.beats(far) < 1e-3 and 1 - 1e-3 < found.beats(-far) < 1


def test_the_best_so_far_widens_what_is_thought_possible():
    alone = Forecast([10.0, 10.1], HORIZON).beats(50.0)
    assert alone < 1e-3 < 0.05 < Forecast([10.0, 10.1], HORIZON, incumbent=60.0).beats(50.0)


def test_nothing_changes_by_the_last_digit():
    # What lies between 0 and 1 is no accuracy by that alone.
    one, other = (Forecast([0.9, 0.99, last], HORIZON).median for last in (1.0, 1.0000001))
    assert one == pytest.approx(other, abs=1e-5)
    bounded = [
        Forecast([0.9, 0.99, last], HORIZON, bounds=ACCURACY).median for last in (1.0, 1.0000001)
    ]
    assert bounded[0] == bounded[1] <= 1


@pytest.mark.parametrize("curve", [[0.1], [0.1] * 7, []])
def test_where_nothing_is_known_of_the_scale_every_chance_is_one_half(curve):
    found = Forecast(curve, HORIZON)
    assert not found.known and found.beats(0.5) == found.beats(-9) == 0.5
    assert found.band(SHARES).shape == (HORIZON - len(curve), len(SHARES))
    assert found.median == 0.1 if curve else math.isnan(found.median)


def test_bounds_are_kept():
    found = Forecast([2.0, 3.0, 3.5], HORIZON, bounds=(0, 4))
    assert found.beats(4) == 0 and found.below(-1) == 0 and 3 < found.score < 4
    assert found.quantiles([0.999])[0] <= 4


SCORES = st.floats(-1e6, 1e6, allow_subnormal=False) | st.floats(0, 1) | st.just(0.0) | st.just(1.0)
ODD = st.lists(SCORES | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=HORIZON + 5)


@settings(max_examples=60, deadline=None)
@given(ODD, SCORES)
@example([], 0.5)
@example([0.5], 0.5)
@example([0.3, 0.31, 0.29], 1.0)
@example([0.5] * 15, 0.5)
@example([0.0] * 15, 0.0)
@example([1.0] * 15, 1.0)
@example([0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.1], 0.9)
@example([0.1, 0.2, 0.9, 0.2, 0.25, 0.3], 0.3)
@example([0.1, 0.2, 0.3, math.nan], 0.3)
@example([math.nan], 0.3)
@example([-2.3, -1.0, -0.5, -1e6], 0.0)
@example([1e300, -1e300, 1e308], 0.0)
@example([5e-324, 0.0], 0.0)
def test_no_curve_is_without_a_forecast(curve, incumbent):
    finite = np.isfinite(curve[:HORIZON])
    for bounds in (ACCURACY, (-1e6, 1e6), None):
        found = Forecast(curve, HORIZON, bounds=bounds, incumbent=incumbent)
        if bounds is None and not (len(finite) and finite[0]) and not found.known:
            assert math.isnan(found.median), "nothing is known, and nothing is made up"
        else:
            check_forecast(found, incumbent)


def check_forecast(found, incumbent):
    quantiles = found.quantiles(SHARES)
    for number in (found.score, found.median, found.spread, *quantiles):
        assert math.isfinite(number)
    assert found.spread >= 0 and (np.diff(quantiles) >= 0).all()
    assert 0 <= found.beats(incumbent) <= 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=HORIZON))
def test_accuracies_are_forecast_as_accuracies(curve):
    found = Forecast(curve, HORIZON, bounds=ACCURACY)
    assert 0 <= found.score <= 1 and 0 <= found.quantiles([0.01])[0] <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9), st.floats(0, 1))
def test_a_scale_goes_there_and_back(curve, share):
    low = min(curve)
    width = max(max(curve) - low, 1e-3 * max(1.0, abs(low)))
    for scale in (Bounded((low, low + width)), Unbounded(low, width)):
        score = low + share * width
        assert scale.back(scale.forth(score)) == pytest.approx(score, abs=1e-6 * width)


def test_the_bands_hold_as_many_as_they_say_where_the_prior_is_right():
    # Without tempering the posterior of curves that are drawn from the prior is exact; tempered,
    # the bands may only be too wide. 400 curves: 4.5 standard deviations below, 3e-6 each.
    ends, places = drawn(400, HORIZON, seed=5), []
    scale = Bounded(ACCURACY)
    inside = (ends > 0.05).all(axis=1) & (ends < math.pi / 2 - 0.05).all(axis=1)
    for angles in ends[inside]:
        curve = scale.back(angles)
        found = Forecast(curve[:8], HORIZON, bounds=ACCURACY)
        places.append(float(found.below(curve[-1])))
    away = 2 * np.abs(np.array(places) - 0.5)
    for share in (0.5, 0.8, 0.95):
        expected = 4.5 * math.sqrt(share * (1 - share) / len(away))
        assert np.mean(away <= share) > share - expected


def real_curves(count: int) -> np.ndarray:
    """Of odd entries of the table: the constants of the forecast were chosen on even ones."""
    world, rng, curves = MLPs(seed=1), np.random.default_rng(0), list[tuple[float, ...]]()
    while len(curves) < count:
        configuration = world.space.sample(rng)
        curve = world.evaluate(Suggestion(configuration)).curve
        if world.entry(configuration) % 2 and np.isfinite(curve).all():
            curves.append(curve)
    return np.array(curves)


@pytest.mark.parametrize("seen", [5, 10, 20])
def test_the_bands_hold_as_many_as_they_say_on_real_curves(seen):
    # The model is not the truth, so ten points are allowed beside chance: 4.5 standard deviations
    # of 200 independent curves, one false failure in 10^5.
    curves = real_curves(200)
    places = [float(Forecast(c[:seen], 40, bounds=ACCURACY).below(c[-1])) for c in curves]
    away = 2 * np.abs(np.array(places) - 0.5)
    for share in (0.5, 0.8, 0.95):
        allowed = 0.1 + 4.5 * math.sqrt(share * (1 - share) / len(away))
        assert abs(np.mean(away <= share) - share) < allowed, (share, np.mean(away <= share))


@pytest.mark.parametrize("bounds", [ACCURACY, None])
def test_it_is_ahead_of_the_last_value_and_keeps_its_order(bounds):
    from scipy.stats import spearmanr

    curves = real_curves(200)
    last, ends = curves[:, 9], curves[:, -1]
    found = [Forecast(curve[:10], 40, bounds=bounds) for curve in curves]
    error = np.mean([abs(f.median - end) for f, end in zip(found, ends, strict=True)])
    assert error < 0.75 * np.abs(last - ends).mean()
    ranks = spearmanr([f.score for f in found], ends)[0], spearmanr(last, ends)[0]
    assert ranks[0] > ranks[1] - 0.01, ranks


def test_long_horizons_are_averaged_in_blocks():
    edges = _edges(200)
    assert edges[0] == 0 and edges[-1] == 200 and (np.diff(edges) >= 1).all() and len(edges) < 50
    blocks = ensemble(200).blocks(np.arange(1.0, 121))
    assert blocks[0] == 1 and (np.diff(blocks) > 0).all() and blocks[-1] <= 120
    found = Forecast([0.9 - 0.8 / epoch for epoch in range(1, 61)], 200)
    assert 0.88 < found.median < 0.93


@pytest.mark.parametrize("horizon", [0, -1, 2.5, 10**6, True])
def test_a_horizon_is_checked(horizon):
    with pytest.raises((TypeError, ValueError), match=f"horizon={horizon}"):
        Forecast([0.5], horizon)


@pytest.mark.parametrize("curve", [[0.5, "a"], "0.5", [[0.5]], 0.5, {0.5: 1}])
def test_a_curve_is_one_number_an_epoch(curve):
    for use in (lambda it: Forecast(it, 10), Experience(10).learn, lambda it: fit("pow3", it)):
        with pytest.raises(TypeError, match=r"curve=.*give one score for each epoch"):
            use(curve)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="bounds="):
        Forecast([0.5], 10, bounds=(1, 0))
    with pytest.raises(ValueError, match="shares="):
        Forecast([0.5], 10).quantiles([0, 0.5])
    with pytest.raises(ValueError, match="epoch=3"):
        Forecast([0.5] * 4, 10).mixture(3)
