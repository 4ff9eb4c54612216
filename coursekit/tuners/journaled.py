"""What an oracle remembers, and how it is kept: the journal, and Keras Tuner's files from it."""

from __future__ import annotations

import secrets
import warnings
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial as KerasTrial
from keras_tuner.engine.trial import TrialStatus

from coursekit.log import outside
from coursekit.spaces import Configuration, Space
from coursekit.strategies import STRATEGIES, Strategy
from coursekit.trials import History, Status, Suggestion, Trial
from coursekit.tuners import state
from coursekit.tuners.growing import GrowingSearch, Undiscovered
from coursekit.tuners.journal import NAME, Finished, Grown, Retried, TunerJournal
from coursekit.tuners.options import check
from coursekit.tuners.running import guarded
from coursekit.tuners.spaces import defaults, from_hyperparameters, to_hyperparameters

# How a trial knows its budget, by the names that Keras Tuner's Hyperband has for it: only its
# values reach a worker.
EPOCHS, INITIAL_EPOCH, PARENT = "tuner/epochs", "tuner/initial_epoch", "tuner/trial_id"
ANCESTOR = "tuner/inherits_from"  # whose weights another configuration begins with

# Who has a project's journal open in this process.
_holders: weakref.WeakValueDictionary[Path, JournaledOracle] = weakref.WeakValueDictionary()


class JournaledOracle(keras_tuner.Oracle):
    """A search of the kit's in Keras Tuner's terms, and its journal; `StrategyOracle` runs it."""

    hyperparameters: keras_tuner.HyperParameters
    trials: dict[str, KerasTrial]
    ongoing_trials: dict[str, KerasTrial]
    start_order: list[str]
    end_order: list[str]
    _retry_queue: list[str]

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
        **options: Any,
    ) -> None:
        self._space = hyperparameters if isinstance(hyperparameters, Space) else None
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
            if strategy not in STRATEGIES:
                raise ValueError(f"no strategy {strategy!r}: there are {', '.join(STRATEGIES)}")
            strategy = STRATEGIES[strategy]
        self.strategy, self.options = strategy, options
        self.inherits = False  # whether children begin with their parents' weights
        check(strategy, options, max_trials)
        self._given_seed = seed
        self.seed = secrets.randbelow(2**32) if seed is None else seed
        self._search = GrowingSearch(Undiscovered(), seed=self.seed)  # until the journal is open
        self._journal: TunerJournal | None = None
        self._known = (0, 0)  # identity of the journal that this oracle has taken in
        self._begun: dict[str, float] = {}
        self._failures = 0  # in a row

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_journal": None}  # opened again when it is needed

    @property
    def history(self) -> History:
        """All trials as the kit has them; number 7 is Keras Tuner's trial "0007"."""
        return self._search.history

    def make_strategy(self) -> Strategy:
        """The strategy, new; ValueError or TypeError if its options or the space are no good."""
        if not self.hyperparameters.space:
            return Undiscovered()
        space = self._space
        if space is None or len(space) < len(self.hyperparameters.space):
            space = from_hyperparameters(self.hyperparameters)
        return self.strategy(space, **self.options)

    def _grow(self) -> None:
        strategy = self.make_strategy()

        def complete(configuration: Mapping[str, Any]) -> Configuration:
            return strategy.space.complete(defaults(self.hyperparameters, configuration))

        self._search.grow(strategy, complete)

    def _admit(self, trial: Trial) -> KerasTrial:
        """A trial of the history as one of Keras Tuner's, to run from the beginning."""
        values = state.with_values(self.hyperparameters, self._values(trial.suggestion))
        made = KerasTrial(values, identifier(trial.number), TrialStatus.RUNNING)
        if made.trial_id not in self.trials:
            self.start_order.append(made.trial_id)
        self.trials[made.trial_id] = made
        return made

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
        self._failures = self._failures + 1 if mine.status == TrialStatus.FAILED else 0

    # The journal

    def _set_project_dir(self, directory: Any, project_name: str) -> None:
        if "://" in str(directory):
            raise ValueError(
                f"directory={str(directory)!r} is an address, and the journal needs a folder of "
                "this machine: give one, such as tempfile.mkdtemp() (in TFX: the Task's directory)"
            )
        super()._set_project_dir(directory, project_name)

    def _folder(self) -> Path:
        return Path(self._project_dir)

    @guarded
    def open(self) -> TunerJournal:
        """The project's journal, open for this oracle alone, and what it holds taken in.

        Raises ValueError if it belongs to another search, if another process has it open, if it
        is damaged, or if the project is not one of the kit's.
        """
        if self._journal is not None:
            return self._journal
        folder = self._folder()
        if not (folder / NAME).exists() and any(folder.glob("trial_*/trial.json")):
            raise ValueError(
                f"{folder} holds a search without a journal of the kit's: overwrite=True starts "
                "anew, another project_name goes beside it"
            )
        holder = _holders.get(folder.resolve())
        if holder is not None:  # a tuner made earlier in this process, in a notebook's cell say
            holder.close()
        told = self.options | ({"inherit": True} if self.inherits else {})
        objective, given = str(self.objective), self._given_seed
        journal = TunerJournal(folder, self.strategy, told, objective, given, self.seed)
        try:
            if journal.identity() != self._known:
                self._take_in(journal)
        except BaseException:
            journal.close()
            raise
        self._journal = journal
        _holders[folder.resolve()] = self
        return journal

    @guarded
    def close(self) -> None:
        """Give the journal free for others; what still runs is the first to run next time."""
        if self._journal is None:
            return
        running = [trial.trial_id for trial in self.ongoing_trials.values()]
        self._retry_queue = [*running, *self._retry_queue]
        self.ongoing_trials.clear()
        self.tuner_ids.clear()
        self._begun.clear()
        self.save()
        self._known = self._journal.identity()
        self._journal.close()
        self._journal = None

    def abandon(self) -> None:
        """Close the journal, and read all of it again when it is next needed."""
        if self._journal is not None:
            self._journal.close()
            self._journal, self._known = None, (0, 0)

    def _take_in(self, journal: TunerJournal) -> None:
        """Become what the journal tells, and journal what only this program knows of the space."""
        present, told = self.hyperparameters, None
        self.trials, self.start_order, self.end_order = {}, [], []
        self.ongoing_trials, self._retry_queue, self._failures = {}, [], 0
        self._run_times.clear()
        self.seed = journal.seed
        self._search = GrowingSearch(Undiscovered(), seed=self.seed)
        for event in journal.records():
            if isinstance(event, Grown):
                told = event.space
                self.hyperparameters = state.from_configs(told)
                self._grow()
            elif isinstance(event, Suggestion):
                self._search.replay([event])
                self._admit(self.history[-1])
            elif isinstance(event, Retried):
                self._run_times[identifier(event.number)] += 1
            elif isinstance(event, Finished):
                self._search.replay([(event.number, event.evaluation)])
                self._revive(self.trials[identifier(event.number)], event)
        self._retry_queue = [identifier(trial.number) for trial in self.history.running]
        self.hyperparameters = state.merged(self.hyperparameters, present)
        space = self.hyperparameters.get_config()["space"]
        if space and (told is None or len(told) < len(space)):
            self._grow()
            journal.grown(space)

    def _revive(self, trial: KerasTrial, event: Finished) -> None:
        given = self._values(self.history[event.number].suggestion)
        values = event.record.get("values", given)
        trial.hyperparameters = state.with_values(self.hyperparameters, values)
        state.revive(trial, event.record)
        if trial.status == TrialStatus.COMPLETED:
            self.score_trial(trial)
        self._run_times[trial.trial_id] += 1
        self._ended(trial)

    # Keras Tuner's files, for others to read

    def _save_trial(self, trial: KerasTrial) -> None:
        if not self._runs(trial.trial_id):  # until then the journal is enough
            state.write(self._trial_file(trial.trial_id), trial.get_state())

    def _trial_file(self, trial_id: str) -> Path:
        return self._folder() / f"trial_{trial_id}" / "trial.json"

    def save(self) -> None:
        """Write `oracle.json`."""
        state.write(Path(self._get_oracle_fname()), self.get_state())

    def reload(self) -> None:
        """Take in the project's journal, if it has one, and mend Keras Tuner's files after it.

        Warns of those that are damaged.
        """
        if not (self._folder() / NAME).exists() and not any(self._folder().glob("trial_*/*.json")):
            return
        self.open()
        wrong = []
        path = Path(self._get_oracle_fname())
        if state.damaged(path, {"seed": self.seed}):
            wrong.append(path.name)
        for trial_id in self.end_order:
            trial, path = self.trials[trial_id], self._trial_file(trial_id)
            told = {"trial_id": trial_id, "status": trial.status, "score": trial.score}
            damaged = state.damaged(path, told)
            if damaged:
                wrong.append(f"{path.parent.name}/{path.name}")
            if damaged is not False:
                self._save_trial(trial)
        if wrong:
            names = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if wrong[5:] else "")
            warnings.warn(
                f"{self._folder()}: damaged, and rebuilt from the journal: {names}",
                stacklevel=outside(),
            )
        self.close()


def identifier(number: int) -> str:
    return f"{number:04d}"
