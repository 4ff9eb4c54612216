"""Stopping unpromising trials by one objective or another, live in Keras Tuner.

The very trainings are told to a tuner as accuracies in 0..1, in percent and as losses.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    """What seven perceptrons logged on scikit-learn's digits: each objective, epoch by epoch.

    They are trained side by side, as branches of one Keras model that share nothing but the
    batches, so that TensorFlow traces once: a branch's learning rate is the weight of its loss.
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
