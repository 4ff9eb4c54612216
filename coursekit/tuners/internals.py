"""All private parts of Keras Tuner that the kit uses, in one file.

The classes give these parts public names; no other file uses the private ones
(tests/tuners/test_internals.py). Written for Keras Tuner 1.4.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner
from keras_tuner.engine import hyperparameters as kinds
from keras_tuner.engine.trial import Trial as KerasTrial
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.src import errors, utils
from keras_tuner.src.distribute import utils as distribution
from keras_tuner.src.engine import oracle as locks
from keras_tuner.src.engine.conditions import Parent
from keras_tuner.src.engine.metrics_tracking import MetricsTracker
from keras_tuner.src.engine.tuner_utils import SaveBestEpoch

BaseTuner = base_tuner.BaseTuner
is_chief = distribution.is_chief_oracle
load_json, save_json = utils.load_json, utils.save_json
FatalValueError = errors.FatalValueError  # ends the search; any other error ends the trial

__all__ = [
    "BaseTuner",
    "FatalValueError",
    "Hyperparameters",
    "KerasTrial",
    "OracleBase",
    "Parent",
    "SaveBestEpoch",
    "TrialStatus",
    "TunerBase",
    "asked",
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


# The beginnings of the modules that read hyperparameters for others than the user's program.
INSIDE = ("coursekit.", "keras_tuner.")


class AskedNames(set[str]):
    """Names of hyperparameters; copies of their owner share the set.

    known: False after the program has read all values, so that nobody knows which it uses.
    """

    known = True

    def __copy__(self) -> AskedNames:
        return self

    def __deepcopy__(self, memo: Any) -> AskedNames:
        return self


class Hyperparameters(keras_tuner.HyperParameters):
    """Keras Tuner's hyperparameters of a trial, which note the names that the program asks for.

    asked: these names, also of copies.
    """

    def __init__(self) -> None:
        self.asked = AskedNames()
        super().__init__()

    @property
    def values(self) -> dict[str, Any]:
        if self.asked.known and not sys._getframe(1).f_globals["__name__"].startswith(INSIDE):
            self.asked.known = False
        return self._values

    @values.setter
    def values(self, values: dict[str, Any]) -> None:
        self._values = values

    def get(self, name: str) -> Any:
        if not sys._getframe(1).f_globals["__name__"].startswith(INSIDE):
            self.asked.add(self._get_name(name))
        return super().get(name)

    __getitem__ = get

    def _retrieve(self, hp: Any) -> Any:
        if self._conditions_are_active(hp.conditions):
            self.asked.add(hp.name)
        return super()._retrieve(hp)

    def copy(self) -> Hyperparameters:
        made = with_values(self, self._values)
        made.asked = self.asked
        return made


def asked(hyperparameters: keras_tuner.HyperParameters) -> Set[str]:
    """The names that a trial's program asked for; empty if that is not known."""
    names = getattr(hyperparameters, "asked", AskedNames())
    return names if names.known else set()


def with_values(
    hyperparameters: keras_tuner.HyperParameters, values: Mapping[str, Any]
) -> Hyperparameters:
    """The same hyperparameters, set to these values.

    Faster than Keras Tuner's `copy`, which serialises all of them, although they never change.
    """
    made = Hyperparameters()
    made._space = list(hyperparameters.space)
    for hp in made._space:
        made._hps[hp.name].append(hp)
    made.values = dict(values)
    return made


def with_same_name(hyperparameters: keras_tuner.HyperParameters, name: str) -> Sequence[Any]:
    """All hyperparameters of that name, under any conditions."""
    return hyperparameters._hps.get(name, ())


def from_configs(configs: Sequence[Mapping[str, Any]]) -> keras_tuner.HyperParameters:
    """Hyperparameters from the output of `get_config()["space"]`."""
    made = keras_tuner.HyperParameters()
    made.merge([kinds.deserialize(config) for config in configs])
    return made


def metrics_of(trial: KerasTrial) -> dict[str, Any]:
    """A trial's metrics as plain data, with the history of each."""
    return dict(trial.metrics.get_config()["metrics"])


def with_metrics(trial: KerasTrial, metrics: Mapping[str, Any]) -> None:
    """Set a trial's metrics from the output of `metrics_of`."""
    trial.metrics = MetricsTracker.from_config({"metrics": metrics})


# Locks


def unlock(oracle: Any) -> None:
    """Release the oracle's lock, which Keras Tuner keeps when the guarded call raises."""
    if locks.THREADS[oracle] == threading.current_thread().name:
        locks.THREADS[oracle] = None
        locks.LOCKS[oracle].release()


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """`keras_tuner.synchronized`, which also releases the oracle's lock if the method raises.

    After an interrupt or a full disk, journal and memory may differ. The oracle then closes its
    journal, and reads it again before it continues.
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
        """Trials to hand out before any new one, the next one first."""
        return self._retry_queue

    @waiting.setter
    def waiting(self, trials: list[str]) -> None:
        self._retry_queue = trials

    @property
    def attempts(self) -> dict[str, int]:
        """The number of runs of each trial."""
        return self._run_times

    def runs_again(self, trial: KerasTrial) -> bool:
        """Whether a trial that ended without a result will run again; if so, it waits."""
        return bool(self._retry(trial))

    def check_objective(self, metrics: Mapping[str, float]) -> None:
        """Raises ValueError, which ends the search, if the objective is not among the metrics."""
        try:
            self._check_objective_found(metrics)
        except ValueError as error:
            raise FatalValueError(str(error)) from None

    def show_begin(self, trial: KerasTrial) -> None:
        """Print what Keras Tuner prints when a trial begins."""
        self._display.on_trial_begin(trial)

    def show_end(self, trial: KerasTrial) -> None:
        """Print what Keras Tuner prints when a trial has ended."""
        self._display.on_trial_end(trial)

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return Path(self._project_dir)

    @property
    def state_file(self) -> Path:
        """The file in which Keras Tuner keeps the oracle's state."""
        return Path(self._get_oracle_fname())

    def check_directory(self, directory: Any) -> None:
        """Raise ValueError for an unsuitable directory; called before it is set."""

    def folder_known(self) -> None:
        """Called when `folder` is set, before Keras Tuner deletes anything in it."""

    def _set_project_dir(self, directory: Any, project_name: str) -> None:
        self.check_directory(directory)
        super()._set_project_dir(directory, project_name)
        self.folder_known()


class TunerBase(keras_tuner.Tuner):
    """Keras Tuner's tuner, with public names for what its subclasses need."""

    @property
    def is_worker(self) -> bool:
        """Whether the oracle lives in another process."""
        return bool(self._is_worker())

    def discover(self) -> None:
        """Build the model once, to discover its hyperparameters."""
        self._populate_initial_space()

    def attempt(self, trial: KerasTrial, *args: Any, **options: Any) -> None:
        """Run a trial and hand its result to the oracle; an exception makes the trial failed."""
        self._try_run_and_update_trial(trial, *args, **options)

    def execute(self, trial: KerasTrial, *args: Any, **options: Any) -> Any:
        """Build a trial's model and train it once; returns what `HyperModel.fit` returns."""
        return super()._build_and_fit_model(trial, *args, **options)

    def _build_and_fit_model(self, trial: KerasTrial, *args: Any, **options: Any) -> Any:
        return self.execute(trial, *args, **options)

    def before_build(self) -> None:
        """Called before each model is built, after Keras's session was cleared."""

    def prepare(self, model: Any, hp: keras_tuner.HyperParameters) -> None:
        """Called with each model of a trial, before its training."""

    def _build_hypermodel(self, hp: keras_tuner.HyperParameters) -> Any:
        self.before_build()
        model = super()._build_hypermodel(hp)
        self.prepare(model, hp)
        return model

    def _override_compile_args(self, model: Any) -> None:
        if (self.optimizer or self.loss) and not getattr(model, "compiled", True):
            model.compile()  # Keras Tuner reads the optimizer that it overrides
        super()._override_compile_args(model)

    @property
    def state_file(self) -> Path:
        """The file in which Keras Tuner keeps the tuner's own state."""
        return Path(self._get_tuner_fname())

    def checkpoint_file(self, trial_id: str) -> Path:
        """The path of a trial's weights, in its folder."""
        return Path(self._get_checkpoint_fname(trial_id))

    def checkpoint(self, trial_id: str) -> str | None:
        """The file of a trial's weights; None if there is none."""
        path = self.checkpoint_file(trial_id)
        return str(path) if path.exists() else None

    def build_config(self, trial_id: str) -> dict[str, Any]:
        """The build configuration of a trial's model: its input shapes."""
        return dict(load_json(self._get_build_config_fname(trial_id)))
