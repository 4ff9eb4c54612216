"""Random Keras models, with random weights and statistics, for tests of what must hold for all."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers

ACTIVATIONS = ("relu", "tanh", "linear", "sigmoid")


@st.composite
def dense_parts(draw: Any) -> list[tuple[str, Any]]:
    """What a chain of dense layers is made of."""
    parts: list[tuple[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        parts.append(("dense", (draw(st.integers(1, 6)), draw(st.sampled_from(ACTIVATIONS)))))
        parts += [(each, None) for each in ("normal", "relu", "dropout") if draw(st.booleans())]
    return parts


@st.composite
def image_parts(draw: Any) -> list[tuple[str, Any]]:
    """What a chain of convolutions and then dense layers is made of."""
    parts: list[tuple[str, Any]] = []
    for _ in range(draw(st.integers(1, 2))):
        shape = (draw(st.integers(1, 4)), draw(st.sampled_from([1, 2, 3])), draw(st.booleans()))
        parts.append(("convolution", (*shape, draw(st.sampled_from(ACTIVATIONS)))))
        tails = ("normal", "relu", "dropout", "pool", "average")
        parts += [(each, None) for each in tails if draw(st.booleans())]
    parts.append((draw(st.sampled_from(["flatten", "global"])), None))
    return parts + draw(dense_parts())


def make(part: tuple[str, Any], name: str) -> layers.Layer:
    kind, given = part
    if kind == "dense":
        return layers.Dense(given[0], given[1], name=name)
    if kind == "convolution":
        filters, size, bias, activation = given
        return layers.Conv2D(
            filters, size, padding="same", use_bias=bias, activation=activation, name=name
        )
    return {
        "normal": lambda: layers.BatchNormalization(name=name),
        "relu": lambda: layers.ReLU(name=name),
        "dropout": lambda: layers.Dropout(0.3, name=name),
        "pool": lambda: layers.MaxPooling2D(2, padding="same", name=name),
        "average": lambda: layers.AveragePooling2D(3, 1, padding="same", name=name),
        "flatten": lambda: layers.Flatten(name=name),
        "global": lambda: layers.GlobalAveragePooling2D(name=name),
    }[kind]()


def chain(
    parts: list[tuple[str, Any]], shape: tuple[int, ...], *, functional: bool, classes: int = 3
) -> Any:
    """The model of such parts, a softmax over the classes at its end."""
    made = [make(part, f"{part[0]}_{number}") for number, part in enumerate(parts)]
    made.append(layers.Dense(classes, "softmax", name="answer"))
    given = keras.Input(shape)
    if not functional:
        return keras.Sequential([given, *made])
    x = given
    for layer in made:
        x = layer(x)
    return keras.Model(given, x)


def shake(model: Any, seed: int) -> Any:
    """Random weights of the size that training leaves, and statistics of batches."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" in weight.name:
            continue
        if weight.name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 2.0, weight.shape)
        else:
            fan = int(np.prod(weight.shape[:-1])) if len(weight.shape) > 1 else 4
            value = rng.normal(0, 1 / np.sqrt(fan), weight.shape)
        weight.assign(value.astype("float32"))
    return model


def answers(model: Any, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """What it answers to sixteen random inputs in -2..2, in inference."""
    x = np.random.default_rng(seed).uniform(-2, 2, (16, *shape)).astype("float32")
    return np.asarray(model(x, training=False))
