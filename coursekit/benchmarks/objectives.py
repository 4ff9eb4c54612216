"""Stopping unpromising trials by one objective or another, live in Keras Tuner.

Seven perceptrons per seed are trained once. A tuner's trials then replay these curves as accuracies
in 0..1 (bounds known), in percent, as errors and as losses (bounds unknown).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from coursekit.forecasting.experience import Experience
from coursekit.forecasting.forecast import Forecast

EPOCHS = 20
PERCEPTRONS = 7  # trials of a search

Logs = dict[str, list[float]]

DIRECTIONS = {"val_accuracy": "max", "val_percent": "max", "val_error": "min", "val_loss": "min"}
SEEN = 5  # epochs, of the losses that are forecast


def trained(seed: int) -> list[Logs]:
    """What seven perceptrons logged on scikit-learn's digits: each objective, epoch by epoch.

    They are trained together, as branches of one Keras model that share only the batches, so that
    TensorFlow traces once: a branch's learning rate is the weight of its loss.
    """
    import keras
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng([seed, 14])
    order = rng.permutation(len(images))
    x, y = (images / 16).astype("float32")[order], labels[order]
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    pixels, outputs, rates = keras.Input((64,)), {}, {}
    for number in range(PERCEPTRONS):
        name, hidden = f"perceptron{number}", pixels
        for _ in range(int(rng.integers(1, 4))):
            hidden = keras.layers.Dense(int(2 ** rng.integers(2, 8)), "relu")(hidden)
        outputs[name] = keras.layers.Dense(10, "softmax", name=name)(hidden)
        rates[name] = float(10 ** rng.uniform(-3, 0))
    model = keras.Model(pixels, outputs)
    model.compile(
        keras.optimizers.SGD(1.0, momentum=0.5),
        dict.fromkeys(outputs, "sparse_categorical_crossentropy"),
        loss_weights=rates,
        metrics=dict.fromkeys(outputs, "accuracy"),
        jit_compile=False,
    )
    part = dict.fromkeys(outputs, y[:900]), dict.fromkeys(outputs, y[900:])
    logs = model.fit(
        x[:900], part[0], validation_data=(x[900:], part[1]), batch_size=90, epochs=EPOCHS,
        validation_batch_size=900, verbose=0,
    ).history  # fmt: skip
    keras.backend.clear_session()
    found = []
    for name in outputs:
        accuracy = np.array(logs[f"val_{name}_accuracy"])
        found.append({
            "val_accuracy": accuracy.tolist(),
            "val_percent": (100 * accuracy).tolist(),
            "val_error": (100 - 100 * accuracy).tolist(),
            "val_loss": list(map(float, logs[f"val_{name}_loss"])),
        })  # fmt: skip
    return found


class Stops(NamedTuple):
    """A search with termination: the epochs of each trial, and which were wrongly stopped.

    wrong: numbers of trials that were stopped and would have become the best so far.
    """

    lengths: list[int]
    wrong: list[int]


def searched(trainings: Sequence[Logs], objective: str) -> Stops:
    """Keras Tuner's own random search over these trainings, with `StopUnpromising`."""
    import keras
    import keras_tuner

    from coursekit.tuners import StopUnpromising

    lengths = list[int]()

    class Replayed(keras_tuner.HyperModel):
        """Trains nothing: replays the logs."""

        def build(self, hp: Any) -> keras.Model:
            hp.Float("x", 0, 1)
            return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

        def fit(self, hp: Any, model: Any, *, callbacks: Any, **_: Any) -> dict[str, float]:
            logs = trainings[len(lengths)]
            told = [each for each in callbacks if isinstance(each, StopUnpromising)]
            calls = keras.callbacks.CallbackList(told, model=model, epochs=EPOCHS)
            model.stop_training = False
            calls.on_train_begin()
            done = 0
            while done < EPOCHS and not model.stop_training:
                calls.on_epoch_end(done, {name: values[done] for name, values in logs.items()})
                done += 1
            calls.on_train_end()
            lengths.append(done)
            best = max if DIRECTIONS[objective] == "max" else min
            return {objective: best(logs[objective][:done])}

    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.RandomSearch(
            Replayed(),
            keras_tuner.Objective(objective, DIRECTIONS[objective]),
            max_trials=len(trainings),
            seed=0,
            directory=folder,
        )
        tuner.search(callbacks=[StopUnpromising(tuner)], verbose=0)
    return Stops(lengths, wrongly_stopped(trainings, objective, lengths))


def wrongly_stopped(trainings: Sequence[Logs], objective: str, lengths: Sequence[int]) -> list[int]:
    """Numbers of those that would have become the best so far in their later epochs."""
    sign, found, best = (1 if DIRECTIONS[objective] == "max" else -1), list[int](), -np.inf
    for number, (logs, length) in enumerate(zip(trainings, lengths, strict=True)):
        curve = sign * np.array(logs[objective])
        if curve.max() > max(best, curve[:length].max()):
            found.append(number)
        best = max(best, curve[:length].max())
    return found


def run(seeds: int) -> None:
    """Print how many trials are stopped by each objective, and how well losses are forecast."""
    trainings = []
    for seed in range(seeds):
        print(f"perceptrons of seed {seed}", file=sys.stderr, flush=True)
        trainings.append(trained(seed))
    print(
        f"\nStopUnpromising live in Keras Tuner, {seeds} searches of {PERCEPTRONS} perceptrons for "
        f"{EPOCHS} epochs\n{'objective':14}{'stopped':>9}{'wrongly':>9}{'of the epochs':>15}"
    )
    for objective in DIRECTIONS:
        made = [searched(each, objective) for each in trainings]
        lengths = np.array([each.lengths for each in made])
        stopped, wrong = (lengths < EPOCHS).sum(), sum(len(each.wrong) for each in made)
        print(f"{objective:14}{stopped:9}{wrong:9}{lengths.mean() / EPOCHS:15.0%}")
    losses(trainings)


def losses(trainings: Sequence[Sequence[Logs]]) -> None:
    """How the last loss is forecast from the first epochs, without and with finished curves.

    Errors in units of the losses' own standard deviation; coverage of the middle 50, 80 and 95 %.
    """
    curves = -np.array([[logs["val_loss"] for logs in each] for each in trainings])
    ends = curves[..., -1]
    rows: Mapping[str, list[tuple[float, float]]] = {"alone": [], "after the others": []}
    for search in curves:
        for place, curve in enumerate(search):
            told = Experience(EPOCHS)
            others = [other for number, other in enumerate(search) if number != place]
            for other in others:
                told.learn(other)
            best = max(other[-1] for other in others)
            for name, experience in (("alone", None), ("after the others", told)):
                found = Forecast(curve[:SEEN], EPOCHS, incumbent=best, experience=experience)
                off = abs(found.median - curve[-1]) / ends.std()
                rows[name].append((off, 2 * abs(float(found.below(curve[-1])) - 0.5)))
    print(f"\nval_loss, {SEEN} of {EPOCHS} epochs seen: error, and coverage of 50, 80, 95 %")
    last = np.abs(curves[..., SEEN - 1] - ends).mean() / ends.std()
    print(f"{'last value':18}{last:7.2f}")
    for name, pairs in rows.items():
        off, away = np.array(pairs).T
        cover = "".join(f"{np.mean(away <= share):7.0%}" for share in (0.5, 0.8, 0.95))
        print(f"{name:18}{off.mean():7.2f}{cover}")
