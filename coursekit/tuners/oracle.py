"""Any of the kit's strategies as an oracle of Keras Tuner, with a journal of all trials."""

from __future__ import annotations

import contextlib
import math
import secrets
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from coursekit.journal import Finished, Grown, Journal, Retried, header
from coursekit.log import outside
from coursekit.lookup import options_of
from coursekit.search import Search
from coursekit.spaces import Around, Configuration, Space
from coursekit.strategies import Strategy, find
from coursekit.trials import Evaluation, History, Pause, Status, Suggestion, Trial
from coursekit.tuners import internals, project
from coursekit.tuners.conversion import (
    AskedSpace,
    beliefs,
    defaults,
    from_hyperparameters,
    merged,
    to_hyperparameters,
)
from coursekit.tuners.internals import KerasTrial, OracleBase, TrialStatus, guarded
from coursekit.tuners.options import check

# A trial carries its budget among its values, under the names of Keras Tuner's Hyperband: a worker
# receives only the values.
EPOCHS, INITIAL_EPOCH, PARENT = "tuner/epochs", "tuner/initial_epoch", "tuner/trial_id"
ANCESTOR = "tuner/inherits_from"  # the trial that gives another configuration its initial weights
RESERVED = "tuner/"  # names of hyperparameters that begin with it are not the user's
ATTEMPT = "tuner/attempt"  # how often the trial has failed before, if it has


class StrategyOracle(OracleBase):
    """Asks one of the kit's strategies: the configurations are those of `coursekit.search.Search`.

    The search writes suggestions and results into a journal in the project's folder before it
    continues, so a killed search resumes: finished trials are kept, unfinished ones run again.
    Hyperparameters that a trial discovers make the space grow: the strategy is built again, and
    earlier trials count as if they had the new hyperparameters at their defaults. A configuration
    is not tried if it differs from a completed trial only in hyperparameters that the trial did not
    ask for (in a search without workers in other processes).

    strategy: a name in the registry, or a class.
    objective, allow_new_entries, tune_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: as `keras_tuner.Oracle` has them.
    hyperparameters: `keras_tuner.HyperParameters`, or one of the kit's spaces. A space of cells
        keeps its methods until a trial discovers other hyperparameters.
    max_trials: None leaves the end to the strategy.
    seed: as in `Search`; None draws one, which a resumed search keeps.
    around: what you believe to be good, by name: a value, or the arguments of
        `coursekit.spaces.Around` (value, spread, trust). A space given as hyperparameters may have
        its own.
    options: the strategy's.

    `history` holds all trials. Its scores are higher for better, so an objective to minimise
    changes sign there; `history.frame()` shows the objective itself.
    """

    def __init__(
        self,
        strategy: str | type[Strategy],
        objective: Any = None,
        max_trials: int | None = None,
        seed: int | None = None,
        hyperparameters: keras_tuner.HyperParameters | Space | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        around: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._around = dict(beliefs(hyperparameters)) if isinstance(hyperparameters, Space) else {}
        for name, belief in (around or {}).items():
            given = dict(belief) if isinstance(belief, Mapping) else {"value": belief}
            self._around[name] = {"spread": Around.spread, "trust": Around.trust} | given
        whole = isinstance(hyperparameters, Space) and not around
        self._space = hyperparameters if whole else None
        if isinstance(hyperparameters, Space):
            hyperparameters = to_hyperparameters(hyperparameters)
        super().__init__(
            objective=objective,
            max_trials=max_trials,
            hyperparameters=hyperparameters,
            allow_new_entries=allow_new_entries,
            tune_new_entries=tune_new_entries,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        if isinstance(strategy, str):
            strategy = find(strategy)
        _check_names(self.hyperparameters)
        self.strategy, self.options = strategy, options
        self._declared = {hp.name for hp in self.hyperparameters.space}  # not found by asking
        self._asked: dict[int, list[str]] = {}  # by each completed trial, if it is known
        self.inherits = False  # whether children start with their parents' weights
        self.overwrites = False  # whether to delete the contents of the project's folder
        check(strategy, options, max_trials)
        self._given_seed = seed
        self.seed = secrets.randbelow(2**32) if seed is None else seed
        self._search = self._new_search()
        self._known = (0, 0)  # identity of the journal that this oracle has taken in
        self._begun: dict[str, float] = {}
        self._failures = 0  # in a row

    def _new_search(self) -> Search:
        return Search(Undiscovered(), seed=self.seed, minimise=self._sign() < 0)

    def _sign(self) -> int:
        return 1 if getattr(self.objective, "direction", "min") == "max" else -1

    @property
    def history(self) -> History:
        """All trials, in the kit's form; number 7 is Keras Tuner's trial "0007"."""
        return self._search.history

    def make_strategy(self) -> Strategy:
        """A new strategy; ValueError or TypeError if its options or the space do not fit."""
        if not self.hyperparameters.space:
            return Undiscovered()
        space = self._space
        if space is None or len(space) < len(self.hyperparameters.space):
            space = from_hyperparameters(self.hyperparameters, self._around)
        known = {"expected_trials": self.max_trials} if self.max_trials else {}
        told = {name: known[name] for name in known.keys() & options_of(self.strategy).keys()}
        return self.strategy(space, **told | self.options)

    def beliefs_without_a_hyperparameter(self) -> list[str]:
        """Names in `around` that no hyperparameter has so far."""
        return sorted(self._around.keys() - {hp.name for hp in self.hyperparameters.space})

    # The project: its journal, and Keras Tuner's files made from it

    def check_directory(self, directory: Any) -> None:
        if "://" in str(directory):
            raise ValueError(
                f"directory={str(directory)!r} is an address, and the journal needs a folder on "
                "this machine: give one, such as tempfile.mkdtemp() (in TFX: the Task's directory)"
            )

    def folder_known(self) -> None:
        if self.overwrites:
            project.clear(self)

    @guarded
    def open(self) -> None:
        """Open the project's journal for this oracle only, and replay it.

        Raises ValueError if the journal belongs to another search, is open in another process or
        is damaged, or if the project was not made by the kit.
        """
        self._drop_strangers()
        if self._search.journal is not None:
            return
        told = self.options | ({"inherit": True} if self.inherits else {})
        told |= {"around": self._around} if self._around else {}
        first = header(self.strategy, told, self.seed) | {"objective": str(self.objective)}
        journal, self.seed = project.open_journal(self, first, self._given_seed)
        try:
            if journal.log.identity() != self._known:
                self._take_in(journal)
        except BaseException:
            journal.close()
            raise
        self._search.attach(journal)

    @guarded
    def close(self) -> None:
        """Release the journal for others; trials that still run are the first to run next time."""
        journal = self._search.journal
        if journal is None:
            return
        running = [trial.trial_id for trial in self.ongoing_trials.values()]
        self.waiting = [*running, *self.waiting]
        self.ongoing_trials.clear()
        self.tuner_ids.clear()
        self._begun.clear()
        self.save()
        self._known = journal.log.identity()
        self._search.attach(None)
        journal.close()

    def abandon(self) -> None:
        """Close the journal, and read all of it again when it is next needed."""
        if self._search.journal is not None:
            self._search.journal.close()
            self._search.attach(None)
            self._known = (0, 0)

    def _take_in(self, journal: Journal) -> None:
        """Restore the journal's state, and journal the part of the space that it lacks."""
        present, told = self.hyperparameters, None
        self.trials, self.start_order, self.end_order = {}, [], []
        self.ongoing_trials, self.waiting, self._failures = {}, [], 0
        self.attempts.clear()
        self._asked.clear()
        self._search, recorded = self._new_search(), None
        for event in journal.events():
            if isinstance(event, Grown):
                told = event.space
                with journal.blamed():
                    self.hyperparameters = internals.from_configs(told)
                    recorded = from_hyperparameters(self.hyperparameters)
                self._grow()
            elif isinstance(event, Retried):
                self.attempts[identifier(event.number)] += 1
            else:
                if isinstance(event, Suggestion) and recorded is not None:
                    with journal.blamed():  # the present space may have more
                        recorded.check(event.configuration)
                if isinstance(event, Finished) and "asked" in event.more:
                    with journal.blamed():
                        self._learn(event.number, event.more["asked"])
                self._search.replay([event])
                if isinstance(event, Finished):
                    with journal.blamed():
                        self._revive(self.trials[identifier(event.number)], event)
                else:
                    self._admit(self.history[-1])
        self.waiting = [identifier(trial.number) for trial in self.history.running]
        self.hyperparameters = merged(self.hyperparameters, present)
        space = self.hyperparameters.get_config()["space"]
        if space and (told is None or len(told) < len(space)):
            self._grow()
            journal.grown(space)

    def save(self) -> None:
        """Write `oracle.json`."""
        project.write(self.state_file, self.get_state())

    def reload(self) -> None:
        """Replay the project's journal, if it has one, and rewrite Keras Tuner's files from it.

        Warns about damaged files.
        """
        if not project.holds_a_search(self.folder):
            return
        self.open()
        wrong = []
        if project.damaged(self.state_file, {"seed": self.seed}):
            wrong.append(self.state_file.name)
        for trial_id in self.end_order:
            trial, path = self.trials[trial_id], self._trial_file(trial_id)
            told = {"trial_id": trial_id, "status": trial.status, "score": trial.score}
            damaged = project.damaged(path, told)
            if damaged:
                wrong.append(f"{path.parent.name}/{path.name}")
            if damaged is not False:
                project.write(path, trial.get_state())
        if wrong:
            names = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if wrong[5:] else "")
            warnings.warn(
                f"{self.folder}: damaged, and rebuilt from the journal: {names}",
                stacklevel=outside(),
            )
        self.close()

    def _trial_file(self, trial_id: str) -> Path:
        return self.folder / f"trial_{trial_id}" / "trial.json"

    # Trials of the history as Keras Tuner's

    def _admit(self, trial: Trial) -> KerasTrial:
        """The trial in Keras Tuner's form, to run from the beginning."""
        values, trial_id = self._values(trial.suggestion), identifier(trial.number)
        if failed := self.attempts.get(trial_id):
            values[ATTEMPT] = failed
        made = KerasTrial(
            internals.with_values(self.hyperparameters, values), trial_id, TrialStatus.RUNNING
        )
        if made.trial_id not in self.trials:
            self.start_order.append(made.trial_id)
        self.trials[made.trial_id] = made
        return made

    def _revive(self, trial: KerasTrial, event: Finished) -> None:
        """Restore a trial to its state at its end; the journal's score says if it completed."""
        given = self._values(self.history[event.number].suggestion)
        values = event.more.get("values", given)
        trial.hyperparameters = internals.with_values(self.hyperparameters, values)
        internals.with_metrics(trial, event.more.get("metrics", {}))
        trial.message = event.evaluation.message or None
        good = self.history[event.number].status is Status.COMPLETED
        trial.status = TrialStatus.COMPLETED if good else TrialStatus.FAILED
        if good:
            self.score_trial(trial)
        self.attempts[trial.trial_id] += 1
        self._ended(trial)

    def _values(self, suggestion: Suggestion) -> dict[str, Any]:
        values, parent = dict(suggestion.configuration), suggestion.parent
        if suggestion.budget is not None:
            values |= {EPOCHS: suggestion.budget, INITIAL_EPOCH: 0}
            trained = None if parent is None else self.history[parent].suggestion.budget
            if parent is not None and trained is not None:
                values |= {INITIAL_EPOCH: trained, PARENT: identifier(parent)}
        if self.inherits and parent is not None and PARENT not in values:
            values[ANCESTOR] = identifier(parent)
        return values

    def _runs(self, trial_id: str) -> bool:
        return self.history[int(trial_id)].status is Status.RUNNING

    def _ended(self, mine: KerasTrial) -> None:
        self.end_order.append(mine.trial_id)
        if self.history[int(mine.trial_id)].added:
            return
        self._failures = self._failures + 1 if mine.status == TrialStatus.FAILED else 0

    # What Keras Tuner asks

    def _grow(self, told: list[Any] | None = None) -> None:
        strategy = self.make_strategy()
        completed: dict[int, Configuration] = {}

        def complete(configuration: Mapping[str, Any]) -> Configuration:
            known = id(configuration)
            if known not in completed:
                given = defaults(self.hyperparameters, configuration)
                completed[known] = strategy.space.complete(given)
            return completed[known]

        if isinstance(strategy.space, AskedSpace):
            for number, asked in self._asked.items():
                strategy.space.learn(asked, complete(self.history[number].configuration))
        self._search.grow(strategy, complete, told)

    def _learn(self, number: int, asked: list[str] | bool) -> None:
        """Take in that a trial asked only for these of its hyperparameters; True: for all."""
        given = self.history[number].configuration
        self._asked[number] = list(given) if asked is True else list(asked or ())
        space = getattr(self._search.strategy, "space", None)
        if isinstance(space, AskedSpace):
            space.learn(self._asked[number], given)

    def _asked_by(self, mine: KerasTrial) -> list[str] | bool:
        """What a completed trial asked for of what it was given; True is all, [] is unknown."""
        given = self.history[int(mine.trial_id)].configuration
        asked = internals.asked(mine.hyperparameters)
        if not asked:
            return []
        names = [name for name in given if name in asked or name in self._declared]
        return names if len(names) < len(given) else True

    @guarded
    def update_space(self, hyperparameters: keras_tuner.HyperParameters) -> None:
        """Add new hyperparameters; the strategy is then built again and learns from all trials."""
        if self.history:
            self.open()
        _check_names(hyperparameters)
        before = len(self.hyperparameters.space)
        super().update_space(hyperparameters)
        if len(self.hyperparameters.space) > before and self._search.journal is not None:
            self._grow(self.hyperparameters.get_config()["space"])

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Not used: `create_trial` numbers a suggestion and journals it before it runs."""
        raise NotImplementedError("ask with create_trial(tuner_id)")

    @guarded
    def create_trial(self, tuner_id: str) -> KerasTrial:
        """A trial to run, or one whose status is IDLE (ask again later) or STOPPED (it is over)."""
        self.open()
        if tuner_id in self.ongoing_trials:
            return self.ongoing_trials[tuner_id]
        self.tuner_ids.add(tuner_id)
        trial = self._next()
        if trial.status == TrialStatus.RUNNING:
            self.ongoing_trials[tuner_id] = trial
            self._begun.setdefault(trial.trial_id, time.monotonic())
            self.show_begin(trial)
        elif trial.status == TrialStatus.STOPPED:
            self.tuner_ids.discard(tuner_id)
        return trial

    def _next(self) -> KerasTrial:
        if self.waiting:
            return self._admit(self.history[int(self.waiting.pop(0))])
        asked: Trial | Pause = Pause.DONE
        more = self.remaining_trials() != 0
        if more:
            asked = self._search.ask()
        if isinstance(asked, Trial):
            return self._admit(asked)
        if asked is Pause.WAIT and not self.history.running:
            raise RuntimeError(f"{self.strategy.__name__} waits for results, but nothing runs")
        # A trial that runs may discover hyperparameters, or fail and have to run again.
        open_end = more and self.allow_new_entries and self.tune_new_entries
        if self.history.running and (open_end or self.max_retries_per_trial):
            asked = Pause.WAIT
        status = TrialStatus.IDLE if asked is Pause.WAIT else TrialStatus.STOPPED
        return KerasTrial(keras_tuner.HyperParameters(), identifier(len(self.history)), status)

    def remaining_trials(self) -> int | None:
        """How many trials may still begin; None without `max_trials`. Added ones do not count."""
        if not self.max_trials:
            return None
        return max(self.max_trials - len(self.trials) + len(self.history.added), 0)

    @guarded
    def add(
        self,
        values: Mapping[str, Any] | keras_tuner.HyperParameters,
        score: float,
        *,
        curve: Sequence[float] = (),
        cost: float = 0.0,
        epochs: int | None = None,
    ) -> KerasTrial:
        """Hand in a trial that was run elsewhere, before or during the search.

        values: of all hyperparameters that exist, by name. score: the objective, with its own sign.
        curve: the objective after each epoch. cost: seconds. epochs: that it was trained, for
        strategies that set budgets.

        The strategy learns from it, the journal keeps it, and `results_summary` shows it; it does
        not count in `max_trials`. The same values with the same result are added once, so a program
        that adds its trials and then searches can resume. Its weights are not here, so no model of
        it can be loaded, and its children start from scratch. Raises ValueError or TypeError for
        values that the space lacks and for a score that is not a number; nothing is kept then.
        """
        with self._outside_a_search():
            return self._add(_given(values), Evaluation(score, curve, cost).checked(), epochs)

    @guarded
    def learn_from(self, history: History) -> int:
        """Hand in all finished trials of another search (`add`); returns how many.

        history: of a search (`search.history`) or another tuner (`tuner.oracle.history`): of the
        same hyperparameters, measured on the same task. For what another data set found, `enqueue`
        the best few. Raises ValueError for a trial with values that this space lacks, and if one
        search minimises and the other does not; nothing is kept then.
        """
        with self._outside_a_search():
            for suggestion, result in self._search.results_of(history):
                self._add(suggestion.configuration, result, suggestion.budget)
        return history.count_finished

    @guarded
    def enqueue(self, values: Mapping[str, Any] | keras_tuner.HyperParameters) -> KerasTrial:
        """Have these values run next, after those that were enqueued before.

        The strategy learns from the result as from its own trials, and it counts in `max_trials`.
        Values that a trial has already are not enqueued again, so a program that enqueues and then
        searches can resume. For a start from an earlier search:
        `for trial in earlier.oracle.history.top(5): tuner.enqueue(trial.configuration)`.

        Raises ValueError for values that the space lacks, if max_trials have begun or wait, and for
        a strategy that sets budgets, since the trial has no place in its plan.
        """
        with self._outside_a_search():
            given = _given(values)
            if self.remaining_trials() == 0 and not self._search.find(given):
                raise ValueError(
                    f"max_trials={self.max_trials}: that many have begun or are enqueued, so this "
                    "one would never run; give more trials"
                )
            number = len(self.history)
            trial = self._search.enqueue(given)
            if trial.number == number:
                self._search.ask()  # it waits here, so that it grows with the space
                self.waiting.append(self._admit(trial).trial_id)
            return self.trials[identifier(trial.number)]

    @contextlib.contextmanager
    def _outside_a_search(self) -> Iterator[None]:
        """The journal is open, and open afterwards if it was before."""
        was_open = self._search.journal is not None
        self.open()
        try:
            if not self.hyperparameters.space:
                raise ValueError(
                    "no hyperparameters are known yet, so no values can be handed in: give "
                    "hyperparameters=, or hand them in after the first trial"
                )
            yield
        finally:
            if not was_open:
                self.close()

    def _add(self, given: Any, evaluation: Evaluation, epochs: int | None) -> KerasTrial:
        metrics = KerasTrial(keras_tuner.HyperParameters())
        if math.isfinite(evaluation.score):
            metrics.metrics.register(self.objective.name, self.objective.direction)
            metrics.metrics.update(self.objective.name, evaluation.score)
        more = {"metrics": internals.metrics_of(metrics)}
        number = len(self.history)
        trial = self._search.add(given, evaluation, budget=epochs, more=more)
        if trial.number == number:
            self._revive(self._admit(trial), Finished(number, trial.evaluation, more))
            mine = self.trials[identifier(number)]
            project.write(self._trial_file(mine.trial_id), mine.get_state())
        return self.trials[identifier(trial.number)]

    def _drop_strangers(self) -> None:
        """Drop what was written into `trials` from outside: the search cannot learn from it."""
        known = {identifier(number) for number in range(len(self.history))}
        strangers = [trial_id for trial_id in self.trials if trial_id not in known]
        for trial_id in strangers:
            del self.trials[trial_id]
        if strangers:
            warnings.warn(
                f"oracle.trials[{strangers[0]!r}] was not made by this search, which drops it and "
                "learns nothing from it: hand in trials that were run elsewhere with "
                "tuner.add(values, score)",
                stacklevel=outside(),
            )

    @guarded
    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> KerasTrial:
        """Take in metrics of a trial that runs."""
        self.open()
        trial, objective = self.trials[trial_id], self.objective
        if self._runs(trial_id):  # otherwise a worker that was presumed dead reports late
            self.check_objective(metrics)
            for name, value in metrics.items():
                if not trial.metrics.exists(name):
                    direction = objective.direction if name == objective.name else None
                    trial.metrics.register(name, direction)
                # Not through the tracker, which would look for the best value twice.
                trial.metrics.metrics[name].update(float(value), step)
        return trial

    def score_trial(self, trial: KerasTrial) -> None:
        """Set a completed trial's score and best step."""
        observations = trial.metrics.get_history(self.objective.name)
        if len(observations) == 1:  # the usual case; the base class is slower
            trial.score, trial.best_step = observations[0].mean(), observations[0].step
        else:
            super().score_trial(trial)

    @guarded
    def end_trial(self, trial: KerasTrial) -> None:
        """Take in the end of a trial: it is journaled, or runs again if retries are left."""
        self.open()
        mine = self.trials[trial.trial_id]
        for tuner_id, each in list(self.ongoing_trials.items()):
            if each.trial_id == trial.trial_id:
                del self.ongoing_trials[tuner_id]
        if not self._runs(trial.trial_id):
            return
        if trial.trial_id in self.waiting:
            self.waiting.remove(trial.trial_id)
        mine.hyperparameters, mine.message = trial.hyperparameters, trial.message
        mine.status = trial.status
        self.update_space(trial.hyperparameters)
        if mine.status == TrialStatus.COMPLETED:
            self.score_trial(mine)
            if not math.isfinite(mine.score):
                mine.status = TrialStatus.INVALID
                mine.message = f"{self.objective.name} is {mine.score}"
        self.attempts[mine.trial_id] += 1
        if self.runs_again(mine):
            self._search.retry(int(mine.trial_id))
        else:
            self._end(mine, getattr(trial, "curve", ()), getattr(trial, "earlier", 0.0))
        self.show_end(mine)
        limit = self.max_consecutive_failed_trials
        if mine.status == TrialStatus.FAILED and limit and self._failures >= limit:
            raise RuntimeError(
                f"{self._failures} trials failed in a row, the limit is {limit}: "
                f"{mine.message or 'no message'}"
            )

    def _end(self, mine: KerasTrial, curve: Sequence[float], earlier: float) -> None:
        """Journal the end of a trial. earlier: seconds of trainings before an interruption."""
        number, good = int(mine.trial_id), mine.status == TrialStatus.COMPLETED
        now = time.monotonic()
        evaluation = Evaluation(
            float(mine.score) if good else math.nan,
            [float(value) for value in curve],
            now - self._begun.pop(mine.trial_id, now) + earlier,
            measures=self._measures(mine) if good else {},
            message=mine.message or "",
        )
        more: dict[str, Any] = {"metrics": internals.metrics_of(mine)}
        if mine.hyperparameters.values != self._values(self.history[number].suggestion):
            more["values"] = mine.hyperparameters.values
        asked = self._asked_by(mine) if good and self.tune_new_entries else []
        if asked:
            more["asked"] = asked
            self._learn(number, asked)
        self._search.tell(number, evaluation, more=more)
        self._ended(mine)
        project.write(self._trial_file(mine.trial_id), mine.get_state())

    def _measures(self, mine: KerasTrial) -> dict[str, float]:
        """The other metrics at the trial's best step."""
        found = {}
        for name in mine.metrics.metrics:
            seen = [each for each in mine.metrics.get_history(name) if each.step == mine.best_step]
            if name != self.objective.name and seen:
                found[name] = float(seen[0].mean())
        return found


class Undiscovered(Strategy):
    """The strategy before any hyperparameter is known: one trial without any, to discover some."""

    def __new__(cls) -> Undiscovered:
        return object.__new__(cls)

    def __init__(self) -> None:
        self.options = {}

    def suggest(self, history: History, rng: Any) -> Suggestion | Pause:
        if not history:
            return Suggestion({})
        return Pause.WAIT if history.running else Pause.DONE


def _check_names(hyperparameters: keras_tuner.HyperParameters) -> None:
    for hp in hyperparameters.space:
        if hp.name.startswith(RESERVED):
            raise internals.FatalValueError(
                f"a hyperparameter is called {hp.name!r}: names that begin with {RESERVED!r} are "
                "the tuner's own, such as its number of epochs; give it another name"
            )


def _given(values: Any) -> Any:
    """Values by name, without the tuner's own."""
    given = values.values if isinstance(values, keras_tuner.HyperParameters) else values
    if isinstance(given, Mapping):
        return {n: value for n, value in given.items() if not str(n).startswith(RESERVED)}
    return given


def identifier(number: int) -> str:
    """Keras Tuner's name of a trial."""
    return f"{number:04d}"
