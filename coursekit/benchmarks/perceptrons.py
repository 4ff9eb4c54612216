"""Live training of small networks: the NumPy perceptron against Keras Tuner and model.fit.

The same work for all three, on the digits (8x8 pixels), in minibatches of 64, one thread:
  keras-tuner  keras_tuner.RandomSearch draws the configurations and trains them
  model.fit    a plain loop of model.fit over the same configurations, in the same order
  perceptron   coursekit.training.numpy.perceptron over them
Each validates after every epoch. Imports and a first warm-up fit are not counted. Wall and CPU
seconds are medians over the repeats. The mean accuracies must agree, else the work was different.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from coursekit.arguments import count
from coursekit.data import Dataset, load

BATCH_SIZE = 64

Configuration = Mapping[str, Any]


class Measurement(NamedTuple):
    """wall and cpu: seconds. accuracy: on validation after the last epoch, mean of the trials."""

    wall: float
    cpu: float
    accuracy: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--trials", type=count, default=20, help="configurations (20)")
    parser.add_argument("--epochs", type=count, default=5, help="epochs of each (5)")
    parser.add_argument("--repeats", type=count, default=1, help="times to measure (1)")
    parser.add_argument("--seed", type=int, default=1, help="of the search, from 1 (1)")


def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the ratios."""
    data = load("digits")
    print("loading Keras and warming up ...", file=sys.stderr, flush=True)
    _warm_up(data)
    measured: dict[str, list[Measurement]] = {"keras-tuner": [], "model.fit": [], "perceptron": []}
    for repeat in range(options.repeats):
        seed, drawn = options.seed + repeat, list[Configuration]()
        # In this order: Keras Tuner draws what the others repeat.
        for name, scores in {
            "keras-tuner": keras_tuner_search(data, options.trials, options.epochs, seed, drawn),
            "model.fit": model_fit_loop(data, drawn, options.epochs),
            "perceptron": perceptron_loop(data, drawn, options.epochs),
        }.items():
            print(f"{name}, repeat {repeat + 1} of {options.repeats}", file=sys.stderr)
            measured[name].append(_measure(scores, options.trials))
    _report(measured, options)


def space() -> Any:
    """The search space: networks small enough for a slider."""
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.Int("layers", 1, 2)
    hp.Int("units", 8, 64, step=8)
    hp.Choice("activation", ["relu", "tanh", "gelu"])
    hp.Choice("dropout", [0.0, 0.1, 0.2])
    hp.Float("learning_rate", 1e-3, 1e-1, sampling="log")
    hp.Choice("optimizer", ["adam", "sgd"])
    return hp


def build(configuration: Configuration, data: Dataset) -> Any:
    """The compiled Keras model of a configuration."""
    import keras

    layers = [keras.layers.Input(data.train.x.shape[1:]), keras.layers.Flatten()]
    for _ in range(configuration["layers"]):
        layers.append(
            keras.layers.Dense(configuration["units"], activation=configuration["activation"])
        )
        if configuration["dropout"]:
            layers.append(keras.layers.Dropout(configuration["dropout"]))
    model = keras.Sequential([*layers, keras.layers.Dense(data.classes, activation="softmax")])
    rate = configuration["learning_rate"]
    model.compile(
        optimizer=keras.optimizers.Adam(rate)
        if configuration["optimizer"] == "adam"
        else keras.optimizers.SGD(rate, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def keras_tuner_search(
    data: Dataset, trials: int, epochs: int, seed: int, drawn: list[Configuration]
) -> Iterator[float]:
    """Yields the last accuracy of each trial, and appends the configurations that it drew."""
    import keras_tuner

    class Recorded(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return build(hp.values, data)

        def fit(self, hp: Any, model: Any, *arguments: Any, **options: Any) -> Any:
            drawn.append(dict(hp.values))
            history = model.fit(*arguments, **options)
            scores.append(history.history["val_accuracy"][-1])
            _progress(len(scores), trials)
            return history

    scores: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.RandomSearch(
            Recorded(),
            objective="val_accuracy",
            max_trials=trials,
            hyperparameters=space(),
            seed=seed,
            directory=folder,
        )
        tuner.search(
            *data.train,
            validation_data=data.validation,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            verbose=0,
        )
    yield from scores


def model_fit_loop(
    data: Dataset, configurations: Sequence[Configuration], epochs: int
) -> Iterator[float]:
    """Yields the last accuracy of each configuration."""
    for configuration in configurations:
        history = build(configuration, data).fit(
            *data.train,
            validation_data=data.validation,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            verbose=0,
        )
        yield history.history["val_accuracy"][-1]


def perceptron_loop(
    data: Dataset, configurations: Sequence[Configuration], epochs: int
) -> Iterator[float]:
    """Yields the last accuracy of each configuration."""
    from coursekit.training.numpy.perceptron import train_perceptron

    for seed, configuration in enumerate(configurations):
        settings = {**configuration, "batch_size": BATCH_SIZE}
        *_, last = train_perceptron(settings, data, epochs=epochs, seed=seed)[1]
        yield last.score


def _warm_up(data: Dataset) -> None:
    """One fit of each kind, so that costs once per process are not measured."""
    drawn: list[Configuration] = []
    list(keras_tuner_search(data, 1, 1, 1, drawn))
    list(model_fit_loop(data, drawn, 1))
    list(perceptron_loop(data, drawn, 1))


def _measure(scores: Iterator[float], trials: int) -> Measurement:
    wall, cpu = time.perf_counter(), time.process_time()
    accuracies = []
    for accuracy in scores:  # generators: the work begins here
        accuracies.append(accuracy)
        _progress(len(accuracies), trials)
    return Measurement(
        time.perf_counter() - wall, time.process_time() - cpu, float(np.mean(accuracies))
    )


def _progress(done: int, trials: int) -> None:
    print(
        f"\r  trial {done} of {trials}",
        end="\n" if done == trials else "",
        file=sys.stderr,
        flush=True,
    )


def _report(measured: Mapping[str, Sequence[Measurement]], options: argparse.Namespace) -> None:
    median = {
        name: Measurement(*(statistics.median(column) for column in zip(*runs, strict=True)))
        for name, runs in measured.items()
    }
    print(
        f"{options.trials} configurations x {options.epochs} epochs on digits, minibatches of "
        f"{BATCH_SIZE}, one thread, {options.repeats} repeat(s)"
    )
    print(f"{'':12}{'wall s':>9}{'CPU s':>9}{'trials/s':>10}{'accuracy':>10}")
    for name, (wall, cpu, accuracy) in median.items():
        rate = options.trials / wall
        print(f"{name:12}{wall:9.2f}{cpu:9.2f}{rate:10.2f}{accuracy:10.3f}")
    fast = median["perceptron"]
    for name in ("keras-tuner", "model.fit"):
        slow = median[name]
        print(
            f"perceptron against {name}: {slow.wall / fast.wall:.0f}x by wall time, "
            f"{slow.cpu / fast.cpu:.0f}x by CPU time"
        )
