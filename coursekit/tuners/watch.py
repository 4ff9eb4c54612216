"""Watch any Keras Tuner search, and stop it between two batches without losing a trial."""

from __future__ import annotations

import contextlib
import inspect
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras_tuner

from coursekit.strategies.rungs import bracket_table
from coursekit.tuners.internals import BaseTuner, unlock
from coursekit.tuners.running import SearchStopped, interrupt_calls, older_objects_spared


@dataclass
class WatchedTrial:
    """One trial of a watched search.

    curve: the objective after each epoch. seconds: None for a trial of an earlier session.
    """

    identifier: str
    configuration: dict[str, Any]
    status: str = "running"
    score: float | None = None
    epochs: int = 0
    seconds: float | None = None
    curve: list[float] = field(default_factory=list)


class Watch:
    """Records what a tuner's `search` does, counts its budget in epochs, stops and resumes it.

    tuner: any `keras_tuner` tuner; its `search` is watched from now on, however it is called.
    An interrupted trial stays with the oracle and is the first to run when the search resumes, in
    this process or, with `overwrite=False`, in another one (a grid search only in this one: Keras
    Tuner does not save its position, see its issue 1055).
    Raises TypeError for anything but a tuner, ValueError for a tuner that is already watched.
    """

    @classmethod
    def of(cls, tuner: BaseTuner) -> Watch:
        """The watch that this tuner has, or a new one."""
        watch = getattr(getattr(tuner, "search", None), "__self__", None)
        return watch if isinstance(watch, cls) else cls(tuner)

    def __init__(self, tuner: BaseTuner) -> None:
        if not isinstance(tuner, BaseTuner):
            raise TypeError(f"{tuner!r} is not a tuner: give one of keras_tuner's")
        if isinstance(getattr(tuner.search, "__self__", None), Watch):
            raise ValueError("this tuner is watched already: Watch.of(tuner) returns its watch")
        self.tuner = tuner
        self.state = "ready"  # ready, running, stopping, stopped, finished, failed
        self.error: BaseException | None = None
        self.listeners: list[Callable[[], None]] = []
        self.trials: dict[str, WatchedTrial] = {}
        self._stop = threading.Event()
        self._changing = threading.RLock()  # a button's thread and the search's both change state
        self._call: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._search = tuner.search
        self._thread: threading.Thread | None = None
        self._epochs_wanted: int | None = None
        for trial in tuner.oracle.trials.values():  # reloaded from disk
            self._record(trial)
        interrupted = len(tuner.oracle.end_order) < len(tuner.oracle.trials)
        if interrupted and isinstance(tuner.oracle, keras_tuner.oracles.GridSearchOracle):
            warnings.warn(
                "Keras Tuner cannot continue a grid search of another session: overwrite=True",
                stacklevel=2,
            )
        self._hook("on_trial_begin", before=self._trial_begins)
        self._hook("on_trial_end", after=self._trial_ends)
        if hasattr(tuner, "on_batch_end"):  # Keras models; scikit-learn's have no batches
            self._hook("on_batch_end", before=self._batch_ends)
            self._hook("on_epoch_end", after=self._epoch_ends)
        tuner.search = self.search

    # What it shows

    @property
    def objective(self) -> str:
        """The name of the oracle's objective."""
        return str(self.tuner.oracle.objective.name)

    @property
    def _hyperband(self) -> bool:
        return isinstance(self.tuner.oracle, keras_tuner.oracles.HyperbandOracle)

    @property
    def maximise(self) -> bool:
        """Whether a higher objective is better."""
        return bool(self.tuner.oracle.objective.direction == "max")

    @property
    def completed(self) -> list[WatchedTrial]:
        """Finished trials, in the order in which they ended, without failed ones."""
        order = [self.trials[key] for key in self.tuner.oracle.end_order if key in self.trials]
        return [trial for trial in order if trial.score is not None]

    @property
    def best(self) -> WatchedTrial | None:
        """The incumbent."""
        pick = max if self.maximise else min
        return pick(self.completed, key=lambda trial: trial.score or 0.0, default=None)

    @property
    def epochs(self) -> int:
        """Epochs trained so far, all trials together."""
        return sum(trial.epochs for trial in list(self.trials.values()))

    def planned(self) -> tuple[int | None, int | None]:
        """(trials, epochs) of the whole search; None for a number that is unknown."""
        oracle = self.tuner.oracle
        executions = getattr(self.tuner, "executions_per_trial", 1)
        if self._hyperband:
            rungs = bracket_table(oracle.max_epochs, oracle.factor, rounding="keras_tuner")
            sweeps = oracle.hyperband_iterations
            if sweeps == float("inf"):
                return None, None
            return (
                int(sweeps * sum(rung.trials for rung in rungs)),
                int(sweeps * executions * sum(rung.cost for rung in rungs)),
            )
        trials, epochs = oracle.max_trials, self._epochs_wanted
        return trials, trials * epochs * executions if trials and epochs else None

    def progress(self) -> float:
        """The spent share of the budget, 0 to 1: of epochs in Hyperband, otherwise of trials."""
        trials, epochs = self.planned()
        if self.state == "finished":
            return 1.0
        if self._hyperband and epochs:
            return min(1.0, self.epochs / epochs)
        return min(1.0, len(self.tuner.oracle.end_order) / trials) if trials else 0.0

    def remaining_seconds(self) -> float | None:
        """An estimate from the trials measured so far; None before the first."""
        timed = [t for t in self.completed if t.seconds is not None]
        trials, epochs = self.planned()
        seconds = sum(trial.seconds or 0.0 for trial in timed)
        if not timed or not trials:
            return None
        if self._hyperband and epochs:  # its later trials are longer: count epochs, not trials
            trained = sum(trial.epochs for trial in timed)
            return seconds / max(1, trained) * max(0, epochs - self.epochs)
        return seconds / len(timed) * max(0, trials - len(self.tuner.oracle.end_order))

    # What it does

    def search(self, *args: Any, **options: Any) -> None:
        """Run the tuner's own `search`; a request to stop ends it without an exception.

        Raises RuntimeError if this search is running already.
        """
        with self._changing:
            if self.state in ("running", "stopping"):
                raise RuntimeError("this search is running already: stop it, or wait() for its end")
            self.state, self.error = "running", None
            self._stop.clear()
        self._call = (args, dict(options))
        self._epochs_wanted = options.get("epochs", self._epochs_wanted)
        takes_options = inspect.signature(self._search).parameters.values()
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes_options):
            options.setdefault("verbose", 0)  # the watch's callers print
        self.tuner.oracle.verbose = options.get("verbose", 0)
        self._notify()
        try:
            with interrupt_calls(self.stop), older_objects_spared(), warnings.catch_warnings():
                # By design, Hyperband restores a promoted trial's weights, not its optimizer.
                warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
                self._search(*args, **options)
        except SearchStopped:
            self._change("stopped")
        except BaseException as error:
            self.error = error
            unlock(self.tuner.oracle)
            self._change("failed")
            raise
        else:
            self._change("finished")

    def stop(self) -> None:
        """Ask the search to stop at the end of the current batch."""
        with self._changing:
            if self.state != "running":
                return
            self.state = "stopping"
            self._stop.set()
        self._notify()

    def resume(self) -> None:
        """Resume in the background with the arguments of the last `search`."""
        if self._call is None:
            raise RuntimeError("nothing to resume: call search(...) first")
        if self.state in ("running", "stopping"):
            return
        args, options = self._call

        def run() -> None:
            with contextlib.suppress(Exception):  # kept in self.error, and shown
                self.search(*args, **options)

        name = f"search-{id(self)}-{time.monotonic_ns()}"  # Keras Tuner locks by thread name
        self._thread = threading.Thread(target=run, name=name, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for a search that `resume` started."""
        if self._thread is not None:
            self._thread.join()

    # What the tuner calls

    def _hook(
        self,
        name: str,
        *,
        before: Callable[..., None] | None = None,
        after: Callable[..., None] | None = None,
    ) -> None:
        original = getattr(self.tuner, name)

        def hooked(*args: Any, **options: Any) -> Any:
            if before is not None:
                before(*args, **options)
            result = original(*args, **options)
            if after is not None:
                after(*args, **options)
            return result

        setattr(self.tuner, name, hooked)

    def _record(self, trial: Any) -> WatchedTrial:
        values = trial.hyperparameters.values
        seen = self.trials.setdefault(trial.trial_id, WatchedTrial(trial.trial_id, {}))
        seen.configuration = {k: v for k, v in values.items() if not k.startswith("tuner/")}
        seen.status = str(getattr(trial.status, "value", trial.status)).lower()
        seen.score = trial.score if seen.status == "completed" else None
        if (
            seen.score is not None and not seen.epochs
        ):  # from disk: only Hyperband saves a number of epochs
            seen.epochs = values.get("tuner/epochs", 0) - values.get("tuner/initial_epoch", 0)
        return seen

    def _trial_begins(self, trial: Any) -> None:
        self._check_stop()
        self.trials.pop(trial.trial_id, None)  # an interrupted run starts again
        self._record(trial)
        self._started = time.perf_counter()
        self._notify()

    def _batch_ends(self, *_: Any, **__: Any) -> None:
        self._check_stop()

    def _epoch_ends(self, trial: Any, model: Any, epoch: int, logs: Any = None) -> None:
        seen = self.trials[trial.trial_id]
        seen.epochs += 1
        if logs and self.objective in logs:
            seen.curve.append(float(logs[self.objective]))
        self._notify()

    def _trial_ends(self, trial: Any) -> None:
        seen = self._record(self.tuner.oracle.trials[trial.trial_id])
        seen.seconds = time.perf_counter() - self._started
        self._notify()
        self._check_stop()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise SearchStopped

    def _change(self, state: str) -> None:
        with self._changing:
            self.state = state
        self._notify()

    def _notify(self) -> None:
        for listener in list(self.listeners):
            try:
                listener()
            except Exception as error:  # an error in a drawing must not fail the trial
                self.listeners.remove(listener)
                warnings.warn(f"no longer shown: {type(error).__name__}: {error}", stacklevel=2)
