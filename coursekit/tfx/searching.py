"""The search in a pipeline's Tuner: any strategy of the kit, or a tuner of Keras Tuner's own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from coursekit.strategies import STRATEGIES
from coursekit.tfx.plan import check_strategy
from coursekit.tuners import TUNERS

log = logging.getLogger("coursekit.tfx")


def make_tuner(
    name: str,
    build: Callable[[keras_tuner.HyperParameters], keras.Model],
    *,
    trials: int,
    epochs: int,
    seed: int,
    directory: str | Path,
    objective: str = "val_accuracy",
) -> keras_tuner.Tuner:
    """A tuner by the name of its strategy, "regularized_evolution" or "keras_tuner.Hyperband".

    trials: at most so many. epochs: the most that one trial is trained for, which strategies with
    budgets need to know. directory: of its journal; a search that is there goes on.
    Raises ValueError for a name that nothing has.
    """
    check_strategy(name)
    arguments: dict[str, Any] = {
        "objective": objective, "directory": str(directory), "project_name": "search",
    }  # fmt: skip
    if name in STRATEGIES:
        arguments |= {"max_trials": trials, "seed": seed}
        if STRATEGIES[name].budgeted:
            arguments["max_budget"] = epochs
        return TUNERS[name](build, **arguments)
    tuner = getattr(keras_tuner, name.removeprefix("keras_tuner."))
    if name.endswith("Hyperband"):
        arguments["max_epochs"] = epochs
    else:
        arguments["max_trials"] = trials
    return tuner(build, seed=seed or 1, **arguments)  # Keras Tuner takes 0 for none


class Report(keras.callbacks.Callback):
    """Says in the log how each training of a search went: one line a trial."""

    def __init__(self, tuner: keras_tuner.Tuner) -> None:
        super().__init__()
        self.tuner = tuner

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        oracle = self.tuner.oracle
        done = len(oracle.end_order) + 1
        planned = f" of {oracle.max_trials}" if oracle.max_trials else ""
        name = oracle.objective.name
        score = (logs or {}).get(name)
        log.info("trial %d%s%s", done, planned, "" if score is None else f": {name} {score:.3f}")
