"""The peers: other packages' searches behind one small protocol, with their default settings.

A search is a generator that yields configurations and receives their scores. Packages are imported
when a search begins; the course needs none of them.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from coursekit.search import Search
from coursekit.spaces import Choice, Configuration, Float, Integer, Space
from coursekit.strategies import Strategy, make
from coursekit.trials import History, Pause, Suggestion, Trial

Asking = Generator[Mapping[str, Any], float, None]


def kit(name: str, space: Space, seed: int, trials: int, at_once: int = 1) -> Asking:
    """The kit's own strategy of that name, without a journal.

    at_once: how many trials run at the same time; they take equally long.
    """
    search, running = Search(make(name, space), seed=seed), deque[Trial]()
    while True:
        while len(running) < at_once and isinstance(trial := search.ask(), Trial):
            running.append(trial)
        if not running:
            return
        first = running.popleft()
        search.tell(first, (yield first.configuration))


def optuna(sampler: Callable[[Any, int], Any], space: Space, seed: int, trials: int) -> Asking:
    """Optuna's ask and tell, in memory."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", module="optuna")
    study = optuna.create_study(direction="maximize", sampler=sampler(optuna.samplers, seed))
    while True:
        trial, made = study.ask(), dict[str, Any]()
        for parameter in space.parameters:  # optuna learns conditions from what is asked for
            name, domain = parameter.name, _listed(parameter.domain)
            if not parameter.exists(made):
                continue
            if isinstance(domain, Integer):
                made[name] = trial.suggest_int(name, domain.low, domain.high, log=domain.log)
            elif isinstance(domain, Float):
                made[name] = trial.suggest_float(name, domain.low, domain.high, log=domain.log)
            elif domain.ordered:
                made[name] = domain.items[trial.suggest_int(name, 0, len(domain.items) - 1)]
            else:
                made[name] = trial.suggest_categorical(name, domain.items)
        study.tell(trial, (yield made))


def syne_tune(space: Space, seed: int, trials: int) -> Asking:
    """Syne Tune's regularized evolution."""
    from syne_tune import config_space
    from syne_tune.backend.trial_status import Trial as Running
    from syne_tune.optimizer.baselines import REA

    known: dict[str, Any] = {}
    for name, domain in _domains(space):
        if isinstance(domain, Integer):
            known[name] = config_space.randint(domain.low, domain.high)
        elif isinstance(domain, Float):
            make_float = config_space.loguniform if domain.log else config_space.uniform
            known[name] = make_float(domain.low, domain.high)
        else:
            known[name] = config_space.choice(list(domain.items))
    scheduler = REA(known, metric="score", do_minimize=False, random_seed=seed)
    number = 0
    while True:
        suggestion = scheduler.suggest()
        trial = Running(number, suggestion.config, None)
        scheduler.on_trial_add(trial)
        result = {"score": (yield suggestion.config)}
        scheduler.on_trial_result(trial, result)
        scheduler.on_trial_complete(trial, result)
        number += 1


def keras_tuner(oracle: str, space: Space, seed: int, trials: int) -> Asking:
    """Keras Tuner's oracles; they write every trial to disk, here to a temporary folder."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    for name, domain in _domains(space):
        if isinstance(domain, Integer):
            hp.Int(name, domain.low, domain.high)
        elif isinstance(domain, Float):
            hp.Float(name, domain.low, domain.high, sampling="log" if domain.log else "linear")
        else:
            hp.Choice(name, list(domain.items))
    with tempfile.TemporaryDirectory() as folder:
        search = getattr(keras_tuner.oracles, oracle)(
            objective=keras_tuner.Objective("score", "max"),
            max_trials=trials,
            hyperparameters=hp,
            seed=seed + 1,  # Keras Tuner ignores a seed of 0
        )
        search.verbose = 0
        search._set_project_dir(folder, "project")
        while (trial := search.create_trial("tuner")).status == "RUNNING":
            score = yield dict(trial.hyperparameters.values)
            search.update_trial(trial.trial_id, {"score": score})
            trial.status = "COMPLETED"
            search.end_trial(trial)


def smac(space: Space, seed: int, trials: int) -> Asking:
    """SMAC's facade for hyperparameters (random forest); its initial design depends on `trials`."""
    import ConfigSpace
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.runhistory import TrialValue

    known = ConfigSpace.ConfigurationSpace(seed=seed)
    for name, domain in _domains(space):
        if isinstance(domain, Integer):
            known.add(ConfigSpace.UniformIntegerHyperparameter(name, domain.low, domain.high))
        elif isinstance(domain, Float):
            bounds = (domain.low, domain.high)
            known.add(ConfigSpace.UniformFloatHyperparameter(name, *bounds, log=domain.log))
        else:
            known.add(ConfigSpace.CategoricalHyperparameter(name, list(domain.items)))
    logging.getLogger("smac").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            known, n_trials=trials, deterministic=True, seed=seed, output_directory=folder
        )
        search = HyperparameterOptimizationFacade(
            scenario, lambda configuration, seed: 0.0, overwrite=True, logging_level=False
        )
        while True:
            info = search.ask()
            plain = {k: getattr(v, "item", lambda v=v: v)() for k, v in dict(info.config).items()}
            search.tell(info, TrialValue(cost=-(yield plain)))


def _domains(space: Space) -> list[tuple[str, Any]]:
    return [(parameter.name, _listed(parameter.domain)) for parameter in space.parameters]


def _listed(domain: Any) -> Any:
    """Whole numbers with a step, which peers would fill in, as an ordered list."""
    stepped = isinstance(domain, Integer) and domain.step is not None
    return Choice(domain.values(), ordered=True) if stepped else domain


class Package(NamedTuple):
    """package: required by it. search: starts it. trials: the most, since it is slow."""

    package: str
    search: Callable[[Space, int, int], Asking]
    trials: int | None = None


PEERS = {
    "optuna random": Package("optuna", partial(optuna, lambda s, n: s.RandomSampler(seed=n))),
    "optuna NSGA-II": Package("optuna", partial(optuna, lambda s, n: s.NSGAIISampler(seed=n))),
    "optuna TPE": Package("optuna", partial(optuna, lambda s, n: s.TPESampler(seed=n))),
    "optuna CMA-ES": Package("cmaes", partial(optuna, lambda s, n: s.CmaEsSampler(seed=n))),
    "optuna GP": Package("torch", partial(optuna, lambda s, n: s.GPSampler(seed=n)), 100),
    "syne-tune REA": Package("syne_tune", syne_tune),
    "keras-tuner random": Package("keras_tuner", partial(keras_tuner, "RandomSearchOracle")),
    "keras-tuner Bayesian": Package(
        "keras_tuner", partial(keras_tuner, "BayesianOptimizationOracle"), 50
    ),
    "smac": Package("smac", smac, 100),
}
SLOW = [name for name, peer in PEERS.items() if peer.trials]


def contestant(name: str, space: Space, seed: int, trials: int, at_once: int = 1) -> Asking:
    """A search by a peer, one trial at a time, or by a strategy of the kit."""
    if name in PEERS:
        return PEERS[name].search(space, seed, trials)
    return kit(name, space, seed, trials, at_once)


class Peer(Strategy):
    """A peer in a race. Unlike the kit's strategies it keeps its own state and cannot resume."""

    def __init__(self, space: Space, *, name: str, trials: int) -> None:
        super().__init__(space)
        self._name, self._trials = name, trials
        self._asking: Asking | None = None
        self._next: Configuration | None = None

    def suggest(self, history: History, rng: np.random.Generator) -> Suggestion | Pause:
        if self._asking is None:
            seed = int(rng.integers(2**31 - 1))
            self._asking = contestant(self._name, self.space, seed, self._trials)
            self._next = dict(next(self._asking))
        return Pause.DONE if self._next is None else Suggestion(self._next)

    def observe(self, trial: Trial, rng: np.random.Generator) -> None:
        if self._asking is not None:
            try:
                self._next = dict(self._asking.send(trial.score))
            except StopIteration:
                self._next = None
