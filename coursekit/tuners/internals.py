"""All that the kit needs of Keras Tuner beyond its public names, in one file.

The classes give Keras Tuner's private parts names of the kit's; no other file uses the private
ones (tests/tuners/test_internals.py). Written for Keras Tuner 1.4.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner
from keras_tuner.engine import hyperparameters as kinds
from keras_tuner.engine.trial import Trial as KerasTrial
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src import utils
from keras_tuner.src.distribute import utils as distribution
from keras_tuner.src.engine import oracle as locks
from keras_tuner.src.engine.conditions import Parent
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

BaseTuner = base_tuner.BaseTuner
is_chief = distribution.is_chief_oracle
load_json, save_json = utils.load_json, utils.save_json

__all__ = [
    "BaseTuner",
    "KerasTrial",
    "OracleBase",
    "Parent",
    "TrialStatus",
    "TunerBase",
    "from_configs",
    "guarded",
    "is_chief",
    "kinds",
    "load_json",
    "metrics_of",
    "save_json",
    "unlock",
    "with_metrics",
    "with_same_name",
    "with_values",
]


# Hyperparameters and metrics


def with_values(
    hyperparameters: keras_tuner.HyperParameters, values: Mapping[str, Any]
) -> keras_tuner.HyperParameters:
    """The same hyperparameters, set to these values.

    Keras Tuner's `copy` writes all of them out and reads them in again; they never change.
    """
    made = keras_tuner.HyperParameters()
    made._space = list(hyperparameters.space)
    for hp in made._space:
        made._hps[hp.name].append(hp)
    made.values = dict(values)
    return made


def with_same_name(hyperparameters: keras_tuner.HyperParameters, name: str) -> Sequence[Any]:
    """All hyperparameters of that name, under whatever conditions."""
    return hyperparameters._hps.get(name, ())


def from_configs(configs: Sequence[Mapping[str, Any]]) -> keras_tuner.HyperParameters:
    """Hyperparameters from what `get_config()["space"]` gave."""
    made = keras_tuner.HyperParameters()
    made.merge([kinds.deserialize(config) for config in configs])
    return made


def metrics_of(trial: KerasTrial) -> dict[str, Any]:
    """A trial's metrics as plain data, with the history of each."""
    return dict(trial.metrics.get_config()["metrics"])


def with_metrics(trial: KerasTrial, metrics: Mapping[str, Any]) -> None:
    """Give a trial what `metrics_of` told of it."""
    trial.metrics = MetricsTracker.from_config({"metrics": metrics})


# Locks


def unlock(oracle: Any) -> None:
    """Give back the oracle's lock, which Keras Tuner keeps when the call that it guards raises."""
    if locks.THREADS[oracle] == threading.current_thread().name:
        locks.THREADS[oracle] = None
        locks.LOCKS[oracle].release()


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """`keras_tuner.synchronized`, but the oracle's lock is given back if the method raises.

    An interrupt or a full disk may come between the journal and what the oracle remembers, which
    therefore abandons it, and reads it again when it continues.
    """
    locked = keras_tuner.synchronized(method)

    @functools.wraps(method)
    def call(oracle: Any, *args: Any, **options: Any) -> Any:
        try:
            return locked(oracle, *args, **options)
        except BaseException as error:
            if isinstance(error, OSError) or not isinstance(error, Exception):
                oracle.abandon()
            unlock(oracle)
            raise

    return call


# Oracle and tuner


class OracleBase(keras_tuner.Oracle):
    """Keras Tuner's oracle, with public names for what its subclasses need."""

    hyperparameters: keras_tuner.HyperParameters
    trials: dict[str, KerasTrial]
    ongoing_trials: dict[str, KerasTrial]
    start_order: list[str]
    end_order: list[str]

    _retry_queue: list[str]

    @property
    def waiting(self) -> list[str]:
        """Trials to be handed out before any new one, the next one first."""
        return self._retry_queue

    @waiting.setter
    def waiting(self, trials: list[str]) -> None:
        self._retry_queue = trials

    @property
    def attempts(self) -> dict[str, int]:
        """How often each trial was run."""
        return self._run_times

    def runs_again(self, trial: KerasTrial) -> bool:
        """Whether a trial that ended without a result is to run again; it then waits."""
        return bool(self._retry(trial))

    def check_objective(self, metrics: Mapping[str, float]) -> None:
        """Raises ValueError if the objective is not among the metrics."""
        self._check_objective_found(metrics)

    def show_begin(self, trial: KerasTrial) -> None:
        """Print what Keras Tuner prints of a trial that begins."""
        self._display.on_trial_begin(trial)

    def show_end(self, trial: KerasTrial) -> None:
        """Print what Keras Tuner prints of a trial that has ended."""
        self._display.on_trial_end(trial)

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return Path(self._project_dir)

    @property
    def state_file(self) -> Path:
        """Where Keras Tuner keeps the oracle's state."""
        return Path(self._get_oracle_fname())

    def check_directory(self, directory: Any) -> None:
        """Raise ValueError for a directory that does not serve; asked before it is taken."""

    def _set_project_dir(self, directory: Any, project_name: str) -> None:
        self.check_directory(directory)
        super()._set_project_dir(directory, project_name)


class TunerBase(keras_tuner.Tuner):
    """Keras Tuner's tuner, with public names for what its subclasses need."""

    @property
    def is_worker(self) -> bool:
        """Whether the oracle lives in another process."""
        return bool(self._is_worker())

    def discover(self) -> None:
        """Build the model once, so that the hyperparameters that it asks for are known."""
        self._populate_initial_space()

    def attempt(self, trial: KerasTrial, *args: Any, **options: Any) -> None:
        """Run a trial and hand what came of it to the oracle; exceptions make it a failed one."""
        self._try_run_and_update_trial(trial, *args, **options)

    def prepare(self, model: Any, hp: keras_tuner.HyperParameters) -> None:
        """Called with each model of a trial, before it is trained."""

    def _build_hypermodel(self, hp: keras_tuner.HyperParameters) -> Any:
        model = super()._build_hypermodel(hp)
        self.prepare(model, hp)
        return model

    @property
    def state_file(self) -> Path:
        """Where Keras Tuner keeps the tuner's own state."""
        return Path(self._get_tuner_fname())

    def checkpoint(self, trial_id: str) -> str | None:
        """The file of a trial's weights; None if there is none."""
        path = self._get_checkpoint_fname(trial_id)
        return path if Path(path).exists() else None

    def build_config(self, trial_id: str) -> dict[str, Any]:
        """What a trial's model was built for: its input shapes."""
        return dict(load_json(self._get_build_config_fname(trial_id)))
