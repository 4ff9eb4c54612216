"""Several workers ask one oracle: some wait, some report late. No processes here."""

from threading import Thread

import pytest

import coursekit.tuners
from coursekit.strategies import Strategy
from coursekit.trials import Pause, Suggestion
from coursekit.tuners import StrategyTuner


class InPairs(Strategy):
    """Waits for each second trial's end."""

    def suggest(self, history, rng):
        if len(history) % 2 == 0 and history.running:
            return Pause.WAIT
        return Suggestion(self.space.sample(rng))


def test_who_has_to_wait_is_told_to_ask_again(make):
    tuner = make(type("Tuner", (StrategyTuner,), {"strategy": InPairs}))
    oracle = tuner.oracle
    first, second = oracle.create_trial("one"), oracle.create_trial("two")
    assert (first.trial_id, second.trial_id) == ("0000", "0001")
    assert oracle.create_trial("one").trial_id == "0000"  # it has one already
    assert oracle.create_trial("three").status == "IDLE"
    for trial in (second, first):
        assert oracle.create_trial("three").status == "IDLE"
        oracle.update_trial(trial.trial_id, {"score": 1.0})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    assert [t.number for t in oracle.history.completed] == [1, 0]
    assert oracle.create_trial("three").trial_id == "0002"
    oracle.close()


def test_waiting_sleeps_and_leaves_the_oracle_to_others(make, monkeypatch):
    tuner = make(type("Tuner", (StrategyTuner,), {"strategy": InPairs}), max_trials=4)
    other = tuner.oracle.create_trial("other")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:

            def finish():  # which would wait for ever if the sleeper held the oracle's lock
                tuner.oracle.update_trial(other.trial_id, {"score": 1.0})
                other.status = "COMPLETED"
                tuner.oracle.end_trial(other)

            thread = Thread(target=finish, name="other")
            thread.start()
            thread.join(timeout=60)
            assert not thread.is_alive()

    monkeypatch.setattr(coursekit.tuners.tuner.time, "sleep", sleep)
    tuner.search()
    assert len(slept) == 3 and 0 < slept[0] < slept[1] < slept[2]
    assert tuner.oracle.history.count_finished == 4


def test_to_wait_for_nothing_is_an_error(make):
    class Stuck(Strategy):
        def suggest(self, history, rng):
            return Pause.WAIT

    tuner = make(type("Tuner", (StrategyTuner,), {"strategy": Stuck}))
    with pytest.raises(RuntimeError, match="Stuck waits for results, but nothing runs"):
        tuner.search()


def test_a_worker_given_up_for_dead_may_still_report(make):
    oracle = make().oracle
    lost = oracle.create_trial("one")
    oracle.close()  # as if the chief had been started again
    taken = oracle.create_trial("two")
    assert taken.trial_id == lost.trial_id
    oracle.update_trial(lost.trial_id, {"score": 1.0})
    lost.status = "COMPLETED"
    oracle.end_trial(lost)
    oracle.update_trial(taken.trial_id, {"score": 2.0})
    taken.status = "COMPLETED"
    oracle.end_trial(taken)
    assert [trial.score for trial in oracle.history.completed] == [1.0]
    assert oracle.trials["0000"].score == 1.0
    oracle.close()
