"""The search in a pipeline's Tuner: any strategy of the kit, or any tuner in Keras Tuner's form."""

from __future__ import annotations

import importlib
import inspect
import logging
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from coursekit.extras import from_extras
from coursekit.lookup import check_options, options_of, unknown_option
from coursekit.strategies import Strategy
from coursekit.tfx.code import NoModule, digest
from coursekit.tfx.strategy_names import check_values, unknown
from coursekit.training.keras.seeding import seed_training
from coursekit.tuners import TUNERS, StrategyTuner
from coursekit.tuners.tuner import kit_names

with from_extras():
    import keras
    import keras_tuner

GIVEN = ("hypermodel", "objective", "directory", "project_name")  # what a tuner must take
KEPT = ("hypermodel", "directory", "project_name")  # what no option can set
BASES = (keras_tuner.Tuner, StrategyTuner)  # base classes without a search
LIMITS = ("max_trials", "max_epochs", "max_budget")  # end a search; one of them is enough
PROGRESS_SECONDS = 2.0  # between two lines of progress
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
    """A tuner by its strategy's name, "tpe", or by its own import path, "keras_tuner.Hyperband".

    trials: the most trials. epochs: the most epochs of one trial, which strategies with budgets
    need. seed: of the search and, with a trial's number, of each training. A tuner class gets those
    of max_trials, max_epochs, max_budget and seed that its constructor takes. directory: of its
    journal; a search there resumes. options: the strategy's.
    A strategy that would start with more than a third of all trials at random, without an option
    that says so, starts with a third (at least 2): a pipeline has few trials.

    Raises ValueError for a name that does not lead to a tuner, and for options that it lacks.
    """
    options = dict(options or {})
    check(name, options)
    tuner = tuner_class(name)
    given = {"max_trials": trials, "max_budget": epochs, "seed": seed}
    if issubclass(tuner, StrategyTuner):
        given |= _few(tuner.strategy, trials)
        options = kit_names(tuner.strategy, options)
    else:
        tuner = _seeded(tuner, seed)
        given["max_epochs"] = epochs
        given["seed"] = seed or 1  # Keras Tuner takes 0 for a missing seed
    taken = _taken(tuner)
    arguments: dict[str, Any] = {key: value for key, value in given.items() if key in taken}
    arguments |= {"objective": objective, "directory": str(directory), "project_name": "search"}
    return tuner(hypermodel=build, **arguments | options)


def _seeded(tuner: type[keras_tuner.Tuner], seed: int) -> type[keras_tuner.Tuner]:
    """The same tuner class, which also seeds each trial's trainings, as the kit's own do."""

    ran: Counter[int] = Counter()  # how often each trial, in this process

    class Seeded(tuner):  # type: ignore[misc, valid-type]
        __doc__ = tuner.__doc__

        def run_trial(self, trial: Any, *args: Any, **options: Any) -> Any:
            number = trial.trial_id
            number = int(number) if number.isdecimal() else zlib.crc32(number.encode())
            seed_training(seed, number, attempt=ran[number])
            ran[number] += 1
            return super().run_trial(trial, *args, **options)

    Seeded.__name__ = tuner.__name__
    return Seeded


def tuner_class(name: str) -> type[keras_tuner.Tuner]:
    """The tuner class of a strategy's name or of an import path.

    Raises ValueError if the path does not lead to a tuner class, or its module cannot be imported.
    """
    if name in TUNERS:
        return TUNERS[name]
    try:
        digest(name)  # checks the path, and removes changed modules from sys.modules
    except NoModule:
        raise ValueError(f"strategy={name!r}: no such module; {unknown(name)}") from None
    path, _, wanted = name.rpartition(".")
    try:
        module = importlib.import_module(path)
    except Exception as error:
        raise ValueError(
            f"strategy={name!r}: {path} cannot be imported ({type(error).__name__}: {error})"
        ) from error
    found = getattr(module, wanted, None)
    if _is_tuner(found):
        return found
    tuners = ", ".join(each for each, what in vars(module).items()
                       if _is_tuner(what) and what not in BASES)  # fmt: skip
    raise ValueError(
        f"strategy={name!r}: {path} has no subclass of keras_tuner.Tuner of that name (it has "
        f"{tuners or 'none'})"
    )


def _is_tuner(what: Any) -> TypeGuard[type[keras_tuner.Tuner]]:
    return isinstance(what, type) and issubclass(what, keras_tuner.Tuner)


def check(name: str, options: Mapping[str, Any]) -> str:
    """The name; for the import path of one of the kit's tuners, the name of its strategy.

    Raises ValueError unless it leads to a tuner that takes these options.
    """
    tuner = tuner_class(name)
    for strategy, known in TUNERS.items():
        if known is tuner:
            more = [
                each for each in _taken(tuner) if each not in (*KEPT, *options_of(known.strategy))
            ]
            check_options(strategy, known.strategy, options, more)
            check_values(strategy, kit_names(known.strategy, options))
            return strategy
    _check_class(name, tuner, options)
    return name


def _check_class(name: str, tuner: type[keras_tuner.Tuner], options: Mapping[str, Any]) -> None:
    """Check a tuner class from outside the kit. A constructor passes its `**arguments` to its
    parent's, as in Keras Tuner."""
    taken = _taken(tuner)
    for needed in GIVEN:
        if needed not in taken:
            cure = "; give a tuner for a search, not its base class" if tuner in BASES else ""
            raise ValueError(f"strategy={name!r}: its constructor takes no {needed}, as "
                             f"keras_tuner.RandomSearch's does{cure}")  # fmt: skip
    for option in options:
        if option not in taken:
            raise unknown_option(name, option, [each for each in taken if each not in GIVEN])
    given = {*GIVEN, *LIMITS, "seed", *options}
    if lacking := [each for each, needed in taken.items() if needed and each not in given]:
        raise ValueError(f"options: {name} cannot be made without {', '.join(lacking)}")
    if not taken.keys() & LIMITS:
        raise ValueError(f"strategy={name!r}: its constructor takes none of {', '.join(LIMITS)}, "
                         "so nothing would end the search")  # fmt: skip


def _taken(tuner: type) -> dict[str, bool]:
    """The keywords of a constructor, and whether each is required."""
    taken: dict[str, bool] = {}
    needed = True
    for each in tuner.__mro__:
        if "__init__" not in each.__dict__:
            continue
        parameters = list(inspect.signature(each.__dict__["__init__"]).parameters.values())[
            1:
        ]  # all but self
        kinds = {parameter.kind for parameter in parameters}
        for parameter in parameters:
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                taken.setdefault(parameter.name, needed and parameter.default is parameter.empty)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            break
        needed = False  # a child class may give it
    return taken


def _few(strategy: type[Strategy], trials: int) -> dict[str, int]:
    """The options that limit a strategy's initial random trials to a third of few trials."""
    third = max(2, trials // 3)
    return {
        option: third
        for option, parameter in options_of(strategy).items()
        if option in ("initial", "population_size", "sample_size")
        and (parameter.default or 0) > third
    }


class ReportEpochs(keras.callbacks.Callback):
    """Logs each training of a search: one line for each trial, with its best epoch."""

    def __init__(self, tuner: keras_tuner.Tuner) -> None:
        super().__init__()
        self.tuner = tuner
        self.best: float | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> ReportEpochs:
        """A copy that shares the tuner: Keras Tuner copies callbacks for each trial."""
        return ReportEpochs(self.tuner)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Update the best value of the objective."""
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
    """Logs the progress of a long training: one line an epoch, at most one in two seconds.

    most: the number of epochs, unless the training ends before.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.said = most, time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Says it."""
        now = time.monotonic()
        if now - self.said >= PROGRESS_SECONDS:
            self.said = now
            known = ", ".join(f"{name} {value:.3f}" for name, value in (logs or {}).items())
            log.info("epoch %d of at most %d: %s", epoch + 1, self.most, known)
