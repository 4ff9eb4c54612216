"""Tuners whose trials train nothing, and what a search of theirs comes to."""

import json

import keras_tuner as kt

from coursekit.search import Search
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.strategies import RegularizedEvolution as Strategy
from coursekit.trials import Evaluation
from coursekit.tuners import RegularizedEvolution
from coursekit.tuners.project import NAME

SPACE = Space(
    {
        "kind": Choice(list("ab")),
        "units": Integer(4, 512),
        "rate": Float(1e-4, 1.0, log=True).when(kind="b"),
    }
)
TRIALS = 16
CONDITIONAL = Space(
    {
        "optimizer": Choice(["sgd", "adam"]),
        "momentum": Float(0, 0.99).when(optimizer="sgd"),
        "depth": Integer(1, 3),
        "units": Integer(8, 64, step=8).when(depth=[2, 3]),
    }
)


def objective(values):
    return values["units"] / 512 - values.get("rate", 0.3)


def tuner_in(folder, kind=RegularizedEvolution, run=None, **options):
    """A tuner whose trials train nothing."""

    class Untrained(kind):
        def run_trial(self, trial, *args, **kwargs):
            return (run or (lambda trial: objective(trial.hyperparameters.values)))(trial)

    options = {"max_trials": TRIALS, "seed": 3, "hyperparameters": SPACE} | options
    if kind is RegularizedEvolution:
        options = {"population_size": 4, "sample_size": 2} | options
    score = options.pop("objective", kt.Objective("score", "max"))
    tuner = Untrained(objective=score, directory=folder, project_name="search", **options)
    tuner.oracle.verbose = 0
    return tuner


def wanted():
    search = Search(Strategy(SPACE, population_size=4, sample_size=2), seed=3)
    return list(search.run(lambda s: Evaluation(objective(s.configuration)), trials=TRIALS))


def told(history):
    return [(trial.suggestion, trial.status, trial.score) for trial in history]


def lines(folder):
    """The journal's whole lines."""
    content = (folder / "search" / NAME).read_bytes()
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


def discover(trial):
    """What `objective` needs, where an option is discovered with the first "b"."""
    hp = trial.hyperparameters
    values = {"kind": hp.Choice("kind", ["a", "b"]), "units": hp.Int("units", 4, 512)}
    if values["kind"] == "b":
        values["rate"] = hp.Float("rate", 1e-4, 1.0, sampling="log")
    return objective(values)


def configuration(trial):
    """What the strategy suggested, of all that a trial of Keras Tuner's holds."""
    values = trial.hyperparameters.values
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}


def summed(values):
    """A score for any configuration."""
    numbers = [value for value in values.values() if not isinstance(value, str)]
    return sum(numbers) / 100 + 0.1 * ("adam" in values.values())
