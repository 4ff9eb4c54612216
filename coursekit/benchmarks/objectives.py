"""Stopping unpromising trials by one objective or another, live in Keras Tuner.

The very trainings are told to a tuner as accuracies in 0..1, in percent and as losses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

EPOCHS = 20
PERCEPTRONS = 7  # trials of a search

# How each objective is told: its name, its direction, and its value of an epoch's logs.
OBJECTIVES: Mapping[str, tuple[str, str]] = {
    "accuracy in 0..1": ("val_accuracy", "max"),
    "accuracy in percent": ("val_percent", "max"),
    "error in percent": ("val_error", "min"),
    "loss": ("val_loss", "min"),
}


def trained(seed: int) -> list[dict[str, list[float]]]:
    """What seven perceptrons logged on scikit-learn's digits: each objective, epoch by epoch."""
    import keras
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng([seed, 14])
    order = rng.permutation(len(images))
    x, y = (images / 16).astype("float32")[order], labels[order]
    logs = []
    for _ in range(PERCEPTRONS):
        units, rate = int(2 ** rng.integers(3, 8)), float(10 ** rng.uniform(-4, -1.3))
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        layers = [keras.layers.Dense(units, "relu") for _ in range(int(rng.integers(1, 3)))]
        head = keras.layers.Dense(10, "softmax")
        model = keras.Sequential([keras.Input((64,)), *layers, head])
        model.compile(
            keras.optimizers.Adam(rate),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=32,
            jit_compile=False,
        )
        made = model.fit(
            x[:1024], y[:1024], validation_data=(x[1024:], y[1024:]), batch_size=32,
            epochs=EPOCHS, verbose=0,
        ).history  # fmt: skip
        accuracy = np.array(made["val_accuracy"])
        logs.append({
            "val_accuracy": accuracy.tolist(),
            "val_percent": (100 * accuracy).tolist(),
            "val_error": (100 - 100 * accuracy).tolist(),
            "val_loss": list(map(float, made["val_loss"])),
        })  # fmt: skip
        keras.backend.clear_session()
    return logs
