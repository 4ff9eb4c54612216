"""The tuner class of a strategy: a `keras_tuner.Tuner` that asks the kit's strategies."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import keras_tuner

from coursekit import lookup
from coursekit.log import outside
from coursekit.lookup import options_of
from coursekit.strategies import Strategy
from coursekit.training.keras.transfer import inherit as inherit_weights
from coursekit.training.remapping import COPY_NOISE
from coursekit.tuners.internals import (
    KerasTrial,
    TrialStatus,
    TunerBase,
    is_chief,
    load_json,
    save_json,
)
from coursekit.tuners.oracle import ANCESTOR, EPOCHS, INITIAL_EPOCH, PARENT, StrategyOracle
from coursekit.tuners.running import older_objects_spared

ARGUMENTS = """
The other arguments are those of every Keras Tuner tuner:

hypermodel: a function of `hp` that returns a compiled model, or a `keras_tuner.HyperModel`.
objective: such as "val_accuracy", or a `keras_tuner.Objective`.
max_trials: the number of configurations to try{trials}.
hyperparameters: what to tune, if it is fixed beforehand: `HyperParameters`, or one of the kit's
    spaces.
seed: makes the search repeatable; 0 is a seed. None draws one.
directory, project_name: the folder of the journal, the trials and their checkpoints.
overwrite: True starts again; False resumes a search in that folder, even if it was killed.
executions_per_trial: trainings of each configuration; the score is their mean.
max_retries_per_trial, max_consecutive_failed_trials: retries and limit for failed trials.
inherit: whether a trial with a parent (evolution's and local search's children) starts with the
    weights of its parent's checkpoint: by a morphism in wider and deeper models, otherwise where
    layers match by name or order and by shape. Each trial then needs only a few epochs. The scores
    belong to inherited weights: the best configuration may be worse when trained from scratch, so
    keep the model (`get_best_models`). A resumed search keeps the setting it started with.

`tuner.oracle.history` holds all trials; `tuner.oracle.history.frame()` is a table of them.
"""
BUDGETED = """
The strategy sets the epochs of each trial; `epochs=` in `search` is ignored. A promoted trial
continues from the weights and the optimizer of its parent.
"""
ONCE = "As a tuner, it makes one iteration by default."
# Keras Tuner's names for options of the kit's strategies.
KERAS_NAMES = {
    "max_epochs": "max_budget",
    "hyperband_iterations": "iterations",
    "num_initial_points": "initial",
    "beta": "exploration",
}
# Keras Tuner's arguments that some of the kit's tuners lack, and the cure.
CURES = {
    "alpha": "the kit's Gaussian process estimates the noise itself, so leave it out",
    "beta": "only Bayesian has it",
    "max_epochs": "each trial is trained for the epochs= of search(), or until a callback stops it",
    "hyperband_iterations": "the search ends after max_trials",
    "num_initial_points": "see this strategy's options for its initial trials",
}


class StrategyTuner(TunerBase):
    """A tuner for Keras models that asks one of the kit's strategies.

    Subclass it and set `strategy` to a strategy class, as in `coursekit.tuners`; the constructor
    then takes the strategy's options besides Keras Tuner's arguments.
    """

    strategy: ClassVar[type[Strategy]]

    if TYPE_CHECKING:  # the common arguments; `inspect.signature` also has the options

        def __init__(
            self,
            hypermodel: Any = None,
            objective: Any = None,
            max_trials: int | None = None,
            seed: int | None = None,
            hyperparameters: Any = None,
            tune_new_entries: bool = True,
            allow_new_entries: bool = True,
            max_retries_per_trial: int = 0,
            max_consecutive_failed_trials: int = 3,
            *,
            inherit: bool = False,
            **options: Any,
        ) -> None: ...

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "strategy" in cls.__dict__ and "__init__" not in cls.__dict__:
            cls.__init__ = _initialiser(cls)  # type: ignore[method-assign]
            cls.__doc__ = cls.__dict__.get("__doc__") or _documentation(cls)

    _reloaded = False

    def reload(self) -> None:
        """Load the project: the journal, and this tuner's own state."""
        self._reloaded = True
        self.discover()
        if not self.is_worker:
            self.oracle.reload()
            if finished := self.oracle.history.count_finished:
                print(
                    f"{self.project_dir}: {finished} trials are done (overwrite=True starts again)"
                )
        path = self.state_file
        try:
            if path.exists():
                self.set_state(load_json(str(path)))
        except (ValueError, KeyError) as error:
            warnings.warn(f"{path} is damaged and left out: {error}", stacklevel=outside())

    # The search

    _training: contextlib.ExitStack | None = None  # entered with the first model of a search

    def search(self, *fit_args: Any, **fit_kwargs: Any) -> None:
        """Search for the best configuration; the arguments go to `model.fit`."""
        try:
            if is_chief():
                super().search(*fit_args, **fit_kwargs)
                return
            with contextlib.ExitStack() as self._training:
                self._search(*fit_args, **fit_kwargs)
        finally:
            self._training = None
            if isinstance(self.oracle, StrategyOracle):  # and not a worker's client
                self.oracle.close()
            self._save_own()

    def _search(self, *fit_args: Any, **fit_kwargs: Any) -> None:
        """Keras Tuner's loop, but with a pause before it asks an idle oracle again."""
        if "verbose" in fit_kwargs and not self.is_worker:
            self.oracle.verbose = fit_kwargs["verbose"]
        self.on_search_begin()
        idle = 0
        while True:
            self.pre_create_trial()
            trial = self.oracle.create_trial(self.tuner_id)
            if trial.status == TrialStatus.STOPPED:
                break
            if trial.status == TrialStatus.IDLE:
                time.sleep(min(1.0, 0.02 * 2**idle))  # outside of the oracle's lock
                idle = min(idle + 1, 6)
                continue
            idle = 0
            self.on_trial_begin(trial)
            self.attempt(trial, *fit_args, **fit_kwargs)
            self.on_trial_end(trial)
        self.on_search_end()

    def on_trial_end(self, trial: KerasTrial) -> None:
        """Tell only the oracle: its journal replaces Keras Tuner's saving of everything."""
        self.oracle.end_trial(trial)
        if self.get_state():
            self._save_own()

    def _save_own(self) -> None:
        save_json(str(self.state_file), self.get_state())

    # Budgets

    def run_trial(self, trial: KerasTrial, *args: Any, **kwargs: Any) -> Any:
        """Train a trial's model; with a budget, from its parent's last epoch to that epoch."""
        if self._training is not None:  # the first model of this search
            self._training.enter_context(older_objects_spared())
            self._training = None
        values = trial.hyperparameters.values
        if EPOCHS in values:
            start = values[INITIAL_EPOCH]
            if PARENT in values and not self.checkpoint(values[PARENT]):
                warnings.warn(
                    f"trial {trial.trial_id} starts from scratch: no checkpoint of trial "
                    f"{values[PARENT]}, which it should continue",
                    stacklevel=outside(),
                )
                start = 0
            kwargs |= {"epochs": values[EPOCHS], "initial_epoch": start}
        results = super().run_trial(trial, *args, **kwargs)
        trial.curve = self._curve(results)
        return results

    def prepare(self, model: Any, hp: keras_tuner.HyperParameters) -> None:
        """Load the weights of the parent (promoted trials) or of the ancestor (`inherit`)."""
        parent = hp.values.get(PARENT)
        path = parent and self.checkpoint(parent)
        if path:
            if not model.built:
                model.build_from_config(self.build_config(parent))
            if getattr(model, "optimizer", None) is not None:
                model.optimizer.build(model.trainable_variables)  # creates the variables to load
            model.load_weights(path)
        elif ANCESTOR in hp.values:
            self._begin_with(model, hp.values[ANCESTOR])

    def _begin_with(self, model: Any, ancestor: str) -> None:
        """Give a model the weights of another trial's checkpoint where they fit."""
        path = self.checkpoint(ancestor)
        if path is None:
            warnings.warn(
                f"a child of trial {ancestor} starts from scratch: no checkpoint of its parent",
                stacklevel=outside(),
            )
            return
        values = self.oracle.get_trial(ancestor).hyperparameters.copy()
        parent = self.hypermodel.build(values)
        if not parent.built:
            parent.build_from_config(self.build_config(ancestor))
        if not model.built:
            model.build(parent.input_shape)
        if getattr(parent, "optimizer", None) is not None:
            parent.optimizer.build(
                parent.trainable_variables
            )  # otherwise Keras warns about skipped variables
        parent.load_weights(path)
        inherit_weights(model, parent, noise=COPY_NOISE)

    def _curve(self, results: Any) -> list[float]:
        """The objective after each epoch, the mean over executions; empty if unknown."""
        objective, curves = self.oracle.objective, []
        for each in results if isinstance(results, list) else [results]:
            columns = getattr(each, "history", None) or {}
            if not isinstance(columns, dict) or not objective.has_value(columns):
                return []
            rows = zip(*columns.values(), strict=False)
            curves.append([objective.get_value(dict(zip(columns, r, strict=True))) for r in rows])
        return [sum(values) / len(values) for values in zip(*curves, strict=False)]


def _options(strategy: type[Strategy]) -> list[inspect.Parameter]:
    """A strategy's keyword options; `iterations` is 1 where the strategy would never end."""
    found = []
    for parameter in options_of(strategy).values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if parameter.name == "iterations" and parameter.default is None:
            parameter = parameter.replace(default=1)
        found.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    return found


def _signature(cls: type[StrategyTuner]) -> inspect.Signature:
    """`keras_tuner.RandomSearch`'s arguments, the strategy's options, `keras_tuner.Tuner`'s."""
    kept = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    ends = cls.strategy.budgeted or cls.strategy.deterministic  # without max_trials
    first = [
        p.replace(default=None) if p.name == "max_trials" and ends else p
        for p in inspect.signature(keras_tuner.RandomSearch.__init__).parameters.values()
        if p.kind not in kept
    ]
    names = {p.name for p in first} | {"oracle"}
    last = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for p in inspect.signature(keras_tuner.Tuner.__init__).parameters.values()
        if p.kind not in kept and p.name not in names
    ]
    own = inspect.Parameter("inherit", inspect.Parameter.KEYWORD_ONLY, default=False)
    keras = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in _keras_names(cls.strategy)
    ]
    return inspect.Signature([*first, *_options(cls.strategy), *keras, own, *last])


def _keras_names(strategy: type[Strategy]) -> dict[str, str]:
    """The kit's name of each of a strategy's options, by Keras Tuner's name."""
    known = options_of(strategy)
    return {keras: name for keras, name in KERAS_NAMES.items() if name in known}


def kit_names(strategy: type[Strategy], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options under the kit's names; ValueError for an option given under both names.

    None under Keras Tuner's name counts as not given. `beta` also chooses its acquisition, "ucb";
    hyperband_iterations=inf is iterations=None.
    """
    made, names = dict(options), _keras_names(strategy)
    for keras, name in names.items():
        value = made.pop(keras, None)
        if value is None:
            continue
        if name in made:
            raise ValueError(
                f"{keras}={value!r}, {name}={made[name]!r}: two names for one option, give one"
            )
        if keras == "beta":
            made.setdefault("acquisition", "ucb")
        if keras == "hyperband_iterations" and isinstance(value, float):
            value = None if value == math.inf else int(value) if value.is_integer() else value
        made[name] = value
    return made


def _check_names(cls: type[StrategyTuner], signature: inspect.Signature, given: Any) -> None:
    known = signature.parameters
    for name in given:
        if name not in known:
            cure = CURES.get(name) or f"it has {', '.join(list(known)[1:])}"
            raise TypeError(
                f"{cls.__name__} got an unexpected keyword argument {name!r}"
                f"{lookup.meant(name, known)}: {cure}"
            )


def _initialiser(cls: type[StrategyTuner]) -> Callable[..., None]:
    signature, names = _signature(cls), [p.name for p in _options(cls.strategy)]
    of_oracle, keras = list(signature.parameters)[2:10], _keras_names(cls.strategy)

    def __init__(self: StrategyTuner, *args: Any, **given: Any) -> None:
        _check_names(cls, signature, given)
        bound = signature.bind(self, *args, **kit_names(cls.strategy, given))
        bound.apply_defaults()
        arguments = {k: v for k, v in bound.arguments.items() if k not in keras}
        del arguments["self"]
        own = {name: arguments.pop(name) for name in [*of_oracle, *names]}
        self.seed = own["seed"]
        overwrite = arguments.pop("overwrite") and not self.is_worker
        oracle = StrategyOracle(cls.strategy, **own)
        oracle.inherits, oracle.overwrites = arguments.pop("inherit"), overwrite
        base: Any = super(StrategyTuner, self)
        base.__init__(oracle, overwrite=overwrite, **arguments)
        if isinstance(self.oracle, StrategyOracle):
            oracle.make_strategy()  # checks its options
        if not self._reloaded:
            self.reload()

    functools.update_wrapper(__init__, StrategyTuner.__init__, assigned=("__name__",))
    __init__.__signature__ = signature  # type: ignore[attr-defined]
    __init__.__doc__ = f"See `help({cls.__name__})`."
    return __init__


def _translation(strategy: type[Strategy]) -> str:
    names = [f"{keras} for {name}" for keras, name in _keras_names(strategy).items()]
    return f"Keras Tuner's own names work as well: {', '.join(names)}." if names else ""


def _documentation(cls: type[StrategyTuner]) -> str:
    text = inspect.getdoc(cls.strategy) or cls.strategy.__name__
    idea, _, rest = text.partition("\n\n")
    budgeted = cls.strategy.budgeted
    trials = "; None leaves the end to the strategy" if budgeted else ""
    source = (inspect.getmodule(cls.strategy).__doc__ or "").partition("\n")[0]
    return "\n\n".join(
        part.strip()
        for part in (
            f"{idea}\n\n{source}",
            "A tuner for Keras models, a drop-in replacement for `keras_tuner.RandomSearch`.",
            BUDGETED if budgeted else "",
            rest,
            _translation(cls.strategy),
            ONCE if any(p.name == "iterations" for p in _options(cls.strategy)) else "",
            ARGUMENTS.format(trials=trials),
        )
        if part.strip()
    )
