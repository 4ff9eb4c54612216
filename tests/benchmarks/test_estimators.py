"""The benchmark of the estimators: its curves, its scores, and that it runs."""

from __future__ import annotations

import numpy as np
import pytest

from coursekit.benchmarks import estimators
from coursekit.benchmarks.__main__ import main
from coursekit.benchmarks.curves import DEVELOPMENT, REPORTED
from coursekit.benchmarks.estimators import curves_of
from coursekit.benchmarks.forecasters import FORECASTERS, gaussian
from coursekit.benchmarks.scores import Scores, correlation, ranks
from coursekit.worlds import trained_tables

OUTSIDE = DEVELOPMENT | REPORTED


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_set_has_as_many_curves_as_asked_for_and_the_same_each_time(name):
    curves = OUTSIDE[name](2)
    assert curves.shape == (2, 40) and (curves >= 0).all() and (curves <= 1).all()
    assert np.array_equal(curves, OUTSIDE[name](2))


def test_recurrent_networks_learn():
    # Ten classes, so a guess is right in one of ten; the best of these six learns far more.
    curves = REPORTED["recurrent, rows of digits"](6)
    assert curves[:, 0].mean() < 0.5 and curves[:, -1].max() > 0.7


def test_what_was_used_for_development_is_not_reported():
    assert not set(DEVELOPMENT) & set(REPORTED)
    table, _ = trained_tables.read("cells")
    odd = {tuple(curve) for curve in table.validation[1::2, 0].reshape(-1, 12).tolist()}
    curves = [tuple(curve) for curve in curves_of("cells", 10_000).tolist()]
    assert len(curves) == len(table.validation) // 2  # each odd entry once
    assert all(curve in odd for curve in curves)


def test_scores_are_those_worked_out_by_hand():
    ends = np.array([0.5, 0.9])
    scores = Scores([gaussian(0.4, 0.1), gaussian(0.6, 0.1)], ends)
    error, likelihood, rank = scores.three(np.array([[0, 1]]))[0]
    assert error == pytest.approx(20.0) and rank == pytest.approx(1.0)
    # Densities 1 and 3 standard deviations from the middle, per point.
    densities = np.exp(-0.5 * np.array([1.0, 9.0])) / (0.1 * np.sqrt(2 * np.pi))
    assert likelihood == pytest.approx(np.log(densities).mean(), abs=0.01)
    assert scores.place[0] == pytest.approx(0.683, abs=0.005)  # the middle 68.3 % end there


def test_the_rank_of_what_is_all_alike_is_no_number():
    scores = Scores([gaussian(0.4, 0.1)] * 3, np.array([0.1, 0.2, 0.3]))
    assert np.isnan(scores.three(np.array([[0, 1, 2]]))[0, 2])


def test_rank_correlations_of_draws_are_spearmans():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    some, others = rng.integers(5, size=(2, 9)).astype(float)
    drawn = rng.integers(9, size=(20, 9))
    expected = [spearmanr(some[each], others[each])[0] for each in drawn]
    assert np.allclose(correlation(ranks(some, drawn), ranks(others, drawn)), expected)


@pytest.mark.nightly(10)
def test_forecasts_hold_on_curves_of_other_data_and_other_models():
    # The same 60 curves each time, so only another version of scikit-learn can bring others. Bands
    # may be too wide; too narrow by chance at 4.5 standard deviations, 3e-6 each.
    curves = REPORTED["forests, Hastie's Gaussians"](60)
    ends, all_of_them = curves[:, -1], np.arange(60)[None]
    ours, last, fitted = (
        Scores([FORECASTERS[name](curve[:10], 40) for curve in curves], ends)
        for name in ("ours", "last value", "power law")
    )
    error, likelihood, rank = ours.three(all_of_them)[0]
    for other in (last.three(all_of_them)[0], fitted.three(all_of_them)[0]):
        assert error < other[0] and likelihood > other[1]
    assert rank > last.three(all_of_them)[0, 2] - 0.01
    for share in (0.5, 0.8, 0.95):
        least = share - 4.5 * (share * (1 - share) / 60) ** 0.5
        assert np.mean(ours.place <= share) > least


@pytest.mark.nightly(20)
def test_a_small_run_prints_every_table(capsys, monkeypatch):
    monkeypatch.setattr(estimators, "DEVELOPMENT", {"boosting": DEVELOPMENT["boosting, cancer"]})
    monkeypatch.setattr(
        estimators, "REPORTED", {"forests": REPORTED["forests, Hastie's Gaussians"]}
    )
    parts = "--parts=forecasts,termination,races,fidelities,failures"
    sizes = ["--curves=5", "--mcmc=0", "--seeds=2", "--trials=8", "--strategies=random"]
    sizes.append("--workers=1")
    assert main(["estimators", parts, *sizes]) == 0
    out = capsys.readouterr().out
    assert "\nboosting (for development): 5 curves" in out
    assert "\nforests (reported): 5 curves" in out and "\ncells (reported): 5 curves" in out
    assert out.count("ours minus last value: error") == out.count("curves minus ours") == 4
    assert out.count("delta 0.05: full minus stopped") == 2
    assert out.count("% of the seconds (") == 4  # two deltas in two worlds
    assert "\nrace on mlps, the seconds of 8 full trainings\nperceptrons on digits: inc" in out
    assert out.count("\nrandom + lower_fidelity ") == 2
    assert "fidelities of cells" in out and "failures in late bloomers" in out
