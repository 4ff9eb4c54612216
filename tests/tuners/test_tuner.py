"""The tuner classes on real models and real data."""

import pytest

from coursekit.search import Search
from coursekit.strategies import RegularizedEvolution as Strategy
from coursekit.tuners import RegularizedEvolution
from coursekit.tuners.spaces import from_hyperparameters


@pytest.mark.slow(12)
def test_a_search_on_real_data_is_the_strategys_own(make_tuner, fit):
    options = {"population_size": 3, "sample_size": 2}
    tuner = make_tuner(RegularizedEvolution, max_trials=6, **options)
    tuner.search(**fit, verbose=0)
    history = tuner.oracle.history
    scores = iter([trial.score for trial in history])
    space = from_hyperparameters(tuner.oracle.get_space())
    search = Search(Strategy(space, **options), seed=5)
    again = search.run(lambda suggestion: next(scores), trials=6)
    assert [t.suggestion for t in again] == [t.suggestion for t in history]
    assert all(len(t.curve) == 2 and max(t.curve) == t.score and t.cost > 0 for t in history)
    best = tuner.oracle.get_best_trials()[0]
    assert best.score == history.best().score == history.frame().score.max()
    loss, accuracy = tuner.get_best_models()[0].evaluate(*fit["validation_data"], verbose=0)
    assert accuracy == pytest.approx(best.score, abs=1e-6) and loss > 0
