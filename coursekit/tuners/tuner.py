"""The tuner class of a strategy: a `keras_tuner.Tuner` that asks the kit's strategies."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import keras_tuner

from coursekit import lookup
from coursekit.log import outside
from coursekit.lookup import options_of
from coursekit.strategies import Strategy
from coursekit.training.keras.seeding import seed_training
from coursekit.training.keras.transfer import inherit as inherit_weights
from coursekit.training.remapping import COPY_NOISE
from coursekit.trials import History
from coursekit.tuners.finished_executions import Executions
from coursekit.tuners.internals import (
    FatalValueError,
    KerasTrial,
    SaveBestEpoch,
    TrialStatus,
    TunerBase,
    is_chief,
    load_json,
    save_json,
)
from coursekit.tuners.late_weights import before_fit
from coursekit.tuners.oracle import (
    ANCESTOR,
    ATTEMPT,
    EPOCHS,
    INITIAL_EPOCH,
    PARENT,
    StrategyOracle,
)
from coursekit.tuners.running import older_objects_spared

ARGUMENTS = """
The other arguments are those of every Keras Tuner tuner:

hypermodel: a function of `hp` that returns a compiled model, or a `keras_tuner.HyperModel`.
objective: such as "val_accuracy", or a `keras_tuner.Objective`.
max_trials: the number of configurations to try{trials}.
hyperparameters: what to tune, if it is fixed beforehand: `HyperParameters`, or one of the kit's
    spaces.
seed: makes the search repeatable, and its trainings: initial weights, shuffling and dropout are
    seeded by this seed, the trial's number and the execution, so a resumed search trains as an
    uninterrupted one. For this, the global generators of Python, NumPy, TensorFlow and Keras are
    seeded before each training. 0 is a seed. None draws one for the configurations and leaves the
    global generators alone. No seed can repeat a `tf.data` pipeline that shuffles (its order also
    depends on the trainings before, and on the seed when it was made), a Python generator, data
    that several threads or processes load, searches in several threads of one process, and some
    operations on a GPU (`tf.config.experimental.enable_op_determinism`).
directory, project_name: the folder of the journal, the trials and their checkpoints.
overwrite: True starts again; False resumes a search in that folder, even if it was killed.
executions_per_trial: trainings of each configuration; the score is their mean. When a trial is
    interrupted, its finished trainings count: the resumed search runs the others.
max_retries_per_trial, max_consecutive_failed_trials: retries and limit for failed trials.
inherit: whether a trial with a parent (evolution's and local search's children) starts with the
    weights of its parent's checkpoint: by a morphism in wider and deeper models, otherwise where
    layers match by name or order and by shape. A child that cannot inherit starts from scratch,
    with a warning. Each trial then needs only a few epochs. The scores
    belong to inherited weights: the best configuration may be worse when trained from scratch, so
    keep the model (`get_best_models`). A resumed search keeps the setting it started with.
around: where you believe good values to be, such as {{"learning_rate": 1e-3}}; see
    `coursekit.spaces.Around` for the arguments behind it, as in
    {{"learning_rate": {{"value": 1e-3, "spread": 0.05, "trust": 0.7}}}}.

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
            around: Mapping[str, Any] | None = None,
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

    def add(
        self,
        values: Mapping[str, Any] | keras_tuner.HyperParameters,
        score: float,
        *,
        curve: Sequence[float] = (),
        cost: float = 0.0,
        epochs: int | None = None,
    ) -> None:
        """Hand in a trial that was run elsewhere: see `StrategyOracle.add`.

        Where several processes search, only the chief adds it.
        """
        if not self.is_worker:
            self.oracle.add(values, score, curve=curve, cost=cost, epochs=epochs)

    def enqueue(self, values: Mapping[str, Any] | keras_tuner.HyperParameters) -> None:
        """Have these values run next: see `StrategyOracle.enqueue`; only the chief does it."""
        if not self.is_worker:
            self.oracle.enqueue(values)

    def learn_from(self, history: History) -> None:
        """Hand in another search's trials: see `StrategyOracle.learn_from`; only the chief does."""
        if not self.is_worker:
            self.oracle.learn_from(history)

    def load_model(self, trial: KerasTrial) -> Any:
        """The model of a trial, with its best weights; ValueError if its weights are not here."""
        if self.checkpoint(trial.trial_id) is None:
            raise ValueError(
                f"trial {trial.trial_id} has no weights in {self.project_dir}: if it was run "
                "elsewhere (tuner.add), build and train a model of its hyperparameters "
                "(get_best_hyperparameters)"
            )
        return super().load_model(trial)

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
        if self._finished is not None:
            self._finished.forget()
        if self.get_state():
            self._save_own()

    def _save_own(self) -> None:
        save_json(str(self.state_file), self.get_state())

    # Trainings

    _trial: KerasTrial  # the one that runs
    _finished: Executions | None = None  # of that trial
    _execution = 0  # the number of its next training
    _seeded = False  # whether the next model is seeded
    _executing = False  # whether a model that is built will be trained
    _late = False  # whether it still waits for the weights to begin with

    def attempt(self, trial: KerasTrial, *args: Any, **options: Any) -> None:
        """Run a trial and hand its result to the oracle; an exception makes the trial failed."""
        self._begin(trial)
        self._seed(0)  # for a `run_trial` of your own
        super().attempt(trial, *args, **options)

    def run_trial(self, trial: KerasTrial, *args: Any, **kwargs: Any) -> Any:
        """Train a trial's model; with a budget, from its parent's last epoch to that epoch."""
        if self._training is not None:  # the first model of this search
            self._training.enter_context(older_objects_spared())
            self._training = None
        values = trial.hyperparameters.values
        if EPOCHS in values:
            start = values[INITIAL_EPOCH]
            if PARENT in values and not self.checkpoint(values[PARENT]):
                _from_scratch(
                    f"trial {trial.trial_id}",
                    f"no checkpoint of trial {values[PARENT]}, which it should continue",
                )
                start = 0
            kwargs |= {"epochs": values[EPOCHS], "initial_epoch": start}
        self._begin(trial, kwargs.get("epochs"))
        results = super().run_trial(trial, *args, **kwargs)
        trial.curve = self._curve(results)
        trial.earlier = 0.0 if self._finished is None else self._finished.seconds_before
        return results

    def _begin(self, trial: KerasTrial, epochs: int | None = None) -> None:
        """Prepare for the trainings of a trial, the first of which is execution 0."""
        self._trial, self._execution, self._finished = trial, 0, None
        if self.executions_per_trial > 1:
            values = trial.hyperparameters.values
            run = {
                "objective": str(self.oracle.objective),
                "seed": self.seed,
                "attempt": values.get(ATTEMPT, 0),
                "epochs": epochs,
            }
            path = self.checkpoint_file(trial.trial_id)
            self._finished = Executions(path.parent, path, values, run)

    def _seed(self, execution: int) -> None:
        if self.seed is not None:
            attempt = self._trial.hyperparameters.values.get(ATTEMPT, 0)
            seed_training(self.seed, int(self._trial.trial_id), execution, attempt)

    def before_build(self) -> None:
        """Seed the training that begins."""
        if self._seeded:
            self._seeded = False
            self._seed(self._execution)

    def execute(self, trial: KerasTrial, *args: Any, **kwargs: Any) -> Any:
        """Build and train a trial's model once, if this execution has not finished before."""
        kept, number = self._finished, self._execution
        callbacks = kwargs.get("callbacks") or []
        savers = [each for each in callbacks if isinstance(each, SaveBestEpoch)]
        if kept is not None and number < len(kept):
            best = kept.restore()
            for saver in savers:
                saver.best_value = saver.best_value if best is None else best
            self._execution += 1
            return kept.result(number)
        begun = time.monotonic()
        self._seeded, self._executing, self._late = True, True, False
        try:
            result = super().execute(trial, *args, **kwargs)
        finally:
            self._seeded = self._executing = False
        if self._late:
            _from_scratch(f"trial {trial.trial_id}", "its model was not trained with `model.fit`")
        self._check_objective(result)
        if kept is not None:
            best = next((float(each.best_value) for each in savers), None)
            kept.keep(number, result, time.monotonic() - begun, best)
        self._execution += 1
        return result

    def _check_objective(self, result: Any) -> None:
        """A wrong name ends the search at its first training, not after several failed trials."""
        columns = result.history if isinstance(result, keras.callbacks.History) else {}
        objective = self.oracle.objective
        if not columns or objective.has_value(columns):
            return
        names = list(getattr(objective, "name_to_direction", [objective.name]))
        missing = next(name for name in names if name not in columns)
        cure = "give one of them as objective="
        if missing.startswith("val_") and not any(name.startswith("val_") for name in columns):
            cure = "give validation_data= or validation_split= to search()"
        raise FatalValueError(
            f"the objective {missing!r} is not among the metrics of this training, which are "
            f"{', '.join(columns)}{lookup.meant(missing, columns)}: {cure}"
        )

    # Weights to begin with

    def prepare(self, model: Any, hp: keras_tuner.HyperParameters) -> None:
        """Load the weights of the parent (promoted trials) or of the ancestor (`inherit`).

        A model without weights gets them when its `fit` is called: only the data tell the shapes
        of its inputs.
        """
        if not self._executing:
            return  # its own weights will be loaded
        parent, ancestor = hp.values.get(PARENT), hp.values.get(ANCESTOR)
        if parent and self.checkpoint(parent):
            begin = functools.partial(self._continue, model, parent)
        elif ancestor and not parent:
            begin = functools.partial(self._inherit, model, ancestor)
        else:
            return
        if model.built:
            begin()
            return

        def late(inputs: Any) -> None:
            self._late = False
            begin(inputs)

        self._late = True
        before_fit(model, late)

    def _continue(self, model: Any, trial_id: str, inputs: Any = None) -> None:
        """Give a model the weights and the optimizer of another trial of its configuration."""
        if not model.built:
            model.build_from_config(self.build_config(trial_id))
        if getattr(model, "optimizer", None) is not None:
            model.optimizer.build(model.trainable_variables)  # creates the variables to load
        model.load_weights(self.checkpoint(trial_id))

    def _inherit(self, model: Any, ancestor: str, inputs: Any = None) -> None:
        """Give a model the weights of another trial's checkpoint where they fit."""
        child, path = f"a child of trial {ancestor}", self.checkpoint(ancestor)
        if path is None:
            _from_scratch(child, "no checkpoint of its parent")
            return
        if not model.built:
            _from_scratch(child, "its data do not tell the shapes of its inputs")
            return
        try:
            parent = self._parent(ancestor, path, inputs)
            share = inherit_weights(model, parent, noise=COPY_NOISE)
        except Exception as error:  # a model of an unknown kind can still train
            _from_scratch(child, f"{type(error).__name__}: {error}")
            return
        if not share:
            _from_scratch(child, "no weights of its parent fit")

    def _parent(self, ancestor: str, path: str, inputs: Any) -> Any:
        """The model of another trial, with the weights of its checkpoint.

        inputs: symbolic tensors of a child that was built with them.
        """
        parent = self.hypermodel.build(self.oracle.get_trial(ancestor).hyperparameters.copy())
        if not parent.built and inputs is not None:
            with contextlib.suppress(Exception):  # inputs of another shape than the child's
                parent(inputs)
        if not parent.built:
            parent.build_from_config(self.build_config(ancestor))
        if getattr(parent, "optimizer", None) is not None:
            parent.optimizer.build(
                parent.trainable_variables
            )  # otherwise Keras warns about skipped variables
        parent.load_weights(path)
        return parent

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


def _from_scratch(trial: str, why: str) -> None:
    warnings.warn(f"{trial} starts from scratch: {why}", stacklevel=outside())


def _check_hypermodel(cls: type[StrategyTuner], hypermodel: Any) -> None:
    """TypeError or ValueError for what builds no models, before anything is made."""
    if hypermodel is None and cls.run_trial is StrategyTuner.run_trial:
        raise ValueError(
            f"{cls.__name__} got no hypermodel: give a function of hp that returns a compiled "
            "model, or a keras_tuner.HyperModel (only a subclass with its own run_trial needs none)"
        )
    if isinstance(hypermodel, keras.Model):
        raise TypeError(
            f"hypermodel={hypermodel!r} is one model: give a function of hp that returns a model"
        )
    if isinstance(hypermodel, type):
        raise TypeError(
            f"hypermodel={hypermodel!r} is a class: give an instance, {hypermodel.__name__}()"
        )


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
    first = [
        p.replace(default=None) if p.name == "max_trials" and _ends(cls.strategy) else p
        for p in inspect.signature(keras_tuner.RandomSearch.__init__).parameters.values()
        if p.kind not in kept
    ]
    names = {p.name for p in first} | {"oracle"}
    last = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for p in inspect.signature(keras_tuner.Tuner.__init__).parameters.values()
        if p.kind not in kept and p.name not in names
    ]
    own = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in (("inherit", False), ("around", None))
    ]
    keras = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in _keras_names(cls.strategy)
    ]
    return inspect.Signature([*first, *_options(cls.strategy), *keras, *own, *last])


def _ends(strategy: type[Strategy]) -> bool:
    """Whether its tuner ends without `max_trials`."""
    return strategy.deterministic or "iterations" in options_of(strategy)


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
    for theirs, name in names.items():
        value = made.pop(theirs, None)
        if value is None:
            continue
        if name in made:
            raise ValueError(
                f"{theirs}={value!r}, {name}={made[name]!r}: two names for one option, give one"
            )
        if theirs == "beta":
            made.setdefault("acquisition", "ucb")
        if theirs == "hyperband_iterations" and isinstance(value, float):
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
        own = {name: arguments.pop(name) for name in [*of_oracle, "around", *names]}
        self.seed = own["seed"]
        overwrite = arguments.pop("overwrite") and not self.is_worker
        oracle = StrategyOracle(cls.strategy, **own)
        _check_hypermodel(type(self), arguments.get("hypermodel"))
        oracle.inherits, oracle.overwrites = arguments.pop("inherit"), overwrite
        base: Any = super(StrategyTuner, self)
        base.__init__(oracle, overwrite=overwrite, **arguments)
        if isinstance(self.oracle, StrategyOracle):
            oracle.make_strategy()  # checks its options
            for name in oracle.beliefs_without_a_hyperparameter():
                known = [hp.name for hp in oracle.hyperparameters.space]
                warnings.warn(
                    f"around has {name!r}, which the model has not asked for"
                    f"{lookup.meant(name, known)}: it asks for {', '.join(known) or 'nothing'}",
                    stacklevel=outside(),
                )
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
    trials = "; None leaves the end to the strategy" if budgeted and _ends(cls.strategy) else ""
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
