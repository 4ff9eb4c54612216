"""The search in a pipeline's Tuner: any strategy of the kit, or a tuner of Keras Tuner's own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from coursekit.strategies import STRATEGIES, Strategy
from coursekit.tfx.plan import check_strategy
from coursekit.tuners import TUNERS
from coursekit.tuners.options import options_of

OFTEN = 2.0  # seconds between two lines of progress
log = logging.getLogger("coursekit.tfx")


def make_tuner(
    name: str,
    build: Callable[[keras_tuner.HyperParameters], keras.Model],
    *,
    trials: int,
    epochs: int,
    seed: int,
    directory: str | Path,
    options: Mapping[str, Any] | None = None,
    objective: str = "val_accuracy",
) -> keras_tuner.Tuner:
    """A tuner by the name of its strategy, "regularized_evolution" or "keras_tuner.Hyperband".

    trials: at most so many. epochs: the most that one trial is trained for, which strategies with
    budgets need to know. directory: of its journal; a search that is there goes on. options: the
    strategy's. Where it would begin with more trials at random than a third of all, and the options
    do not say so, it begins with a third (at least 2): a pipeline has few trials.

    Raises ValueError for a name that nothing has, TypeError for an option that it does not take.
    """
    check_strategy(name)
    arguments: dict[str, Any] = {
        "objective": objective, "directory": str(directory), "project_name": "search",
    }  # fmt: skip
    if name in STRATEGIES:
        arguments |= {"max_trials": trials, "seed": seed} | _few(STRATEGIES[name], trials)
        if STRATEGIES[name].budgeted:
            arguments["max_budget"] = epochs
        return TUNERS[name](build, **arguments | dict(options or {}))
    tuner = getattr(keras_tuner, name.removeprefix("keras_tuner."))
    if name.endswith("Hyperband"):
        arguments["max_epochs"] = epochs
    else:
        arguments["max_trials"] = trials
    arguments |= {"seed": seed or 1} | dict(options or {})  # Keras Tuner takes 0 for no seed
    return tuner(build, **arguments)


def _few(strategy: type[Strategy], trials: int) -> dict[str, int]:
    """Options that say how many trials a strategy begins with at random, for so few trials."""
    third = max(2, trials // 3)
    return {
        option: third
        for option, parameter in options_of(strategy).items()
        if option in ("initial", "population_size", "sample_size") and parameter.default > third
    }


class Report(keras.callbacks.Callback):
    """Says in the log how each training of a search went: one line a trial, its best epoch."""

    def __init__(self, tuner: keras_tuner.Tuner) -> None:
        super().__init__()
        self.tuner = tuner
        self.best: float | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Report:
        """Keras Tuner gives each trial a copy, which must not be a copy of the tuner too."""
        return Report(self.tuner)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Takes in the objective."""
        objective = self.tuner.oracle.objective
        score = (logs or {}).get(objective.name)
        if score is not None and (self.best is None or objective.better_than(score, self.best)):
            self.best = score

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Says it."""
        oracle = self.tuner.oracle
        planned = f" of {oracle.max_trials}" if oracle.max_trials else ""
        score = "" if self.best is None else f": {oracle.objective.name} {self.best:.3f}"
        log.info("trial %d%s%s", len(oracle.end_order) + 1, planned, score)


class EpochReport(keras.callbacks.Callback):
    """Says in the log how a long training goes: a line an epoch, but none within two seconds.

    most: the number of epochs, if it does not end before.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.said = most, time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Says it."""
        now = time.monotonic()
        if now - self.said >= OFTEN:
            self.said = now
            known = ", ".join(f"{name} {value:.3f}" for name, value in (logs or {}).items())
            log.info("epoch %d of at most %d: %s", epoch + 1, self.most, known)
