"""The tuner classes on real models and real data."""

import numpy as np
import pytest

from coursekit.search import Search
from coursekit.strategies import RegularizedEvolution as Strategy
from coursekit.tuners import RegularizedEvolution
from coursekit.tuners.conversion import from_hyperparameters
from coursekit.tuners.watch import Watch


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


@pytest.mark.slow(12)
def test_a_watched_search_stops_between_batches_and_goes_on(make_tuner, fit):
    tuner = make_tuner(RegularizedEvolution, max_trials=3)
    watch = Watch(tuner)
    watch.listeners.append(lambda: watch.stop() if watch.epochs == 3 else None)
    tuner.search(**fit)
    assert watch.state == "stopped" and len(tuner.oracle.history.completed) == 1
    watch.listeners.clear()
    watch.resume()
    watch.wait()
    assert watch.state == "finished" and watch.progress() == 1
    history = tuner.oracle.history
    assert [trial.number for trial in history.completed] == [0, 1, 2]
    assert watch.best.score == history.best().score
    curves = [watch.trials[f"{trial.number:04d}"].curve for trial in history]
    assert curves == [list(trial.curve) for trial in history]


def test_several_executions_and_a_loss(make_tuner, fit, tmp_path):
    tuner = make_tuner(
        RegularizedEvolution, max_trials=1, executions_per_trial=2, objective="val_loss"
    )
    results = []
    train = tuner.hypermodel.fit

    def remember(*args, **options):
        results.append(train(*args, **options))
        return results[-1]

    tuner.hypermodel.fit = remember
    tuner.search(**fit, verbose=0)
    (trial,) = tuner.oracle.history
    losses = np.array([result.history["val_loss"] for result in results])
    assert losses.shape == (2, 2)
    assert trial.curve == pytest.approx(list(-losses.mean(axis=0)))
    assert trial.score == pytest.approx(-losses.min(axis=1).mean())
