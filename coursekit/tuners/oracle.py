"""Any of the kit's strategies as an oracle of Keras Tuner, with a journal that loses nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial as KerasTrial
from keras_tuner.engine.trial import TrialStatus

from coursekit.trials import Evaluation, Pause, Trial
from coursekit.tuners import state
from coursekit.tuners.journal import TunerJournal
from coursekit.tuners.journaled import JournaledOracle, identifier
from coursekit.tuners.running import guarded


class StrategyOracle(JournaledOracle):
    """Asks one of the kit's strategies: the configurations are those of `coursekit.search.Search`.

    Suggestions and results go into a journal in the project's folder before the search goes on,
    so a search that was killed goes on where it was: what had finished is kept, what had not runs
    again. Hyperparameters that a trial discovers make the space grow: the strategy is built anew,
    and the trials so far count as if they had had the new ones at their defaults.

    strategy: a name in the registry, or a class.
    objective, allow_new_entries, tune_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: as `keras_tuner.Oracle` has them.
    hyperparameters: `keras_tuner.HyperParameters`, or a space of the kit's (of cells, say: what
        such a space knows beyond its parameters is kept until others are discovered).
    max_trials: None leaves the end to the strategy.
    seed: as `Search` takes it; None draws one, which a resumed search keeps.
    options: the strategy's.

    `history` remembers; its scores are higher for better, so those of an objective to minimise
    have their sign turned.
    """

    @guarded
    def update_space(self, hyperparameters: keras_tuner.HyperParameters) -> None:
        """Add what is new; the strategy is then built anew, and learns from all trials so far."""
        if self.history:
            self.open()
        before = len(self.hyperparameters.space)
        super().update_space(hyperparameters)
        if len(self.hyperparameters.space) > before and self._journal is not None:
            self._grow()
            self._journal.grown(self.hyperparameters.get_config()["space"])

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Not used: `create_trial` numbers a suggestion and writes it down before it runs."""
        raise NotImplementedError("ask with create_trial(tuner_id)")

    @guarded
    def create_trial(self, tuner_id: str) -> KerasTrial:
        """A trial to run, or one whose status is IDLE (ask again later) or STOPPED (it is over)."""
        journal = self.open()
        if tuner_id in self.ongoing_trials:
            return self.ongoing_trials[tuner_id]
        self.tuner_ids.add(tuner_id)
        trial = self._next(journal)
        if trial.status == TrialStatus.RUNNING:
            self.ongoing_trials[tuner_id] = trial
            self._begun.setdefault(trial.trial_id, time.monotonic())
            self._display.on_trial_begin(trial)
        elif trial.status == TrialStatus.STOPPED:
            self.tuner_ids.discard(tuner_id)
        return trial

    def _next(self, journal: TunerJournal) -> KerasTrial:
        if self._retry_queue:
            return self._admit(self.history[int(self._retry_queue.pop(0))])
        asked: Trial | Pause = Pause.DONE
        if not self.max_trials or len(self.trials) < self.max_trials:
            asked = self._search.ask()
        if isinstance(asked, Trial):
            journal.suggested(asked.number, asked.suggestion)
            return self._admit(asked)
        if asked is Pause.WAIT and not self.history.running:
            raise RuntimeError(f"{self.strategy.__name__} waits for results, but nothing runs")
        status = TrialStatus.IDLE if asked is Pause.WAIT else TrialStatus.STOPPED
        return KerasTrial(keras_tuner.HyperParameters(), identifier(len(self.history)), status)

    @guarded
    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> KerasTrial:
        """Take in metrics of a trial that runs."""
        self.open()
        trial, objective = self.trials[trial_id], self.objective
        if self._runs(trial_id):  # or else a worker that was given up for dead reports late
            self._check_objective_found(metrics)
            for name, value in metrics.items():
                if not trial.metrics.exists(name):
                    direction = objective.direction if name == objective.name else None
                    trial.metrics.register(name, direction)
                # Past the tracker, which would look for the best so far, before and after.
                trial.metrics.metrics[name].update(float(value), step)
        return trial

    def score_trial(self, trial: KerasTrial) -> None:
        """Set a completed trial's score and best step."""
        observations = trial.metrics.get_history(self.objective.name)
        if len(observations) == 1:  # as nearly always; the base class looks through them twice
            trial.score, trial.best_step = observations[0].mean(), observations[0].step
        else:
            super().score_trial(trial)

    @guarded
    def end_trial(self, trial: KerasTrial) -> None:
        """Take in how a trial ended: it is written down, or runs again if it may."""
        journal, mine = self.open(), self.trials[trial.trial_id]
        for tuner_id, each in list(self.ongoing_trials.items()):
            if each.trial_id == trial.trial_id:
                del self.ongoing_trials[tuner_id]
        if not self._runs(trial.trial_id):
            return
        if trial.trial_id in self._retry_queue:
            self._retry_queue.remove(trial.trial_id)
        mine.hyperparameters, mine.message = trial.hyperparameters, trial.message
        mine.status = trial.status
        self.update_space(trial.hyperparameters)
        if mine.status == TrialStatus.COMPLETED:
            self.score_trial(mine)
            if not math.isfinite(mine.score):
                mine.status = TrialStatus.INVALID
                mine.message = f"{self.objective.name} is {mine.score}"
        self._run_times[mine.trial_id] += 1
        if self._retry(mine):
            journal.retried(int(mine.trial_id))
        else:
            self._end(journal, mine, getattr(trial, "curve", ()))
        self._display.on_trial_end(mine)
        limit = self.max_consecutive_failed_trials
        if mine.status == TrialStatus.FAILED and limit and self._failures >= limit:
            raise RuntimeError(
                f"{self._failures} trials failed in a row, {limit} are the limit: "
                f"{mine.message or 'no message'}"
            )

    def _end(self, journal: TunerJournal, mine: KerasTrial, curve: Sequence[float]) -> None:
        number, good = int(mine.trial_id), mine.status == TrialStatus.COMPLETED
        sign = 1 if self.objective.direction == "max" else -1
        now = time.monotonic()
        evaluation = Evaluation(
            sign * float(mine.score) if good else math.nan,
            [sign * float(value) for value in curve],
            now - self._begun.pop(mine.trial_id, now),
        )
        given = self._values(self.history[number].suggestion)
        journal.finished(number, evaluation, **state.record(mine, given))
        self._search.tell(number, evaluation)
        self._ended(mine)
        self._save_trial(mine)
