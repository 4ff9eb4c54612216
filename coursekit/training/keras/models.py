"""Candidates as Keras models: perceptrons, and cells stacked on their skeleton.

The network of cells is that of NAS-Bench-201 (Dong and Yang, 2020, ICLR, arXiv:2001.00326, figure
1; `dong2020nasbench201`), with the stages and cells of the space's skeleton.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from coursekit.spaces import EdgeCells, Skeleton
from coursekit.training.numpy.perceptron import complete, hidden

Shape = tuple[int, ...]
Operation = Callable[..., Any]


def perceptron_network(
    configuration: Mapping[str, Any], shape: Shape, classes: int, *, rng: np.random.Generator
) -> keras.Model:
    """The model of `train_perceptron`, as a Keras model from images to logits.

    configuration: any of that function's keys (the loop uses those of the optimizer). shape: of an
    image, (height, width). rng: draws the seeds of weights and dropout. Raises ValueError like it.
    """
    chosen = complete(configuration)
    images = keras.Input(shape)
    x = layers.Flatten()(images)
    for units in hidden(chosen):
        x = layers.Dense(units, chosen["activation"], kernel_initializer=_glorot(rng))(x)
        if chosen["dropout"]:
            x = layers.Dropout(chosen["dropout"], seed=_seed(rng))(x)
    return keras.Model(images, layers.Dense(classes, kernel_initializer=_glorot(rng))(x))


def cell_network(
    space: EdgeCells,
    configuration: Mapping[str, Any],
    classes: int,
    *,
    skeleton: Skeleton | None = None,
    rng: np.random.Generator,
) -> keras.Model:
    """A cell stacked on a skeleton, by default the space's, as a Keras model from images to logits.

    The images may have any height and width, shape (images, height, width), so one model serves
    all resolutions. A cell whose output no input reaches gives zeros. rng: draws the seeds of the
    weights. Layers are named after their place and edge, so layers that two cells share have the
    same names. Raises ValueError for a configuration that the space does not have.
    """
    if not isinstance(space, EdgeCells):
        raise TypeError(f"{space!r}: only cells with operations on their edges are built")
    skeleton = space.skeleton if skeleton is None else skeleton
    images = keras.Input((None, None))
    x = keras.ops.expand_dims(images, -1)
    for place, part in enumerate(skeleton.parts()):
        if part.kind == "stem":
            x = _normalised(x, part.channels, 3, rng, "stem", stride=skeleton.stride)
        elif part.kind == "reduction":
            x = _residual(x, part.channels, rng, f"{place}_reduction")
        else:
            x = _cell(space, configuration, x, part.channels, rng, place)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    answer = layers.Dense(classes, kernel_initializer=_glorot(rng), name="answer")
    return keras.Model(images, answer(x))


def _cell(
    space: EdgeCells,
    configuration: Mapping[str, Any],
    x: Any,
    channels: int,
    rng: np.random.Generator,
    place: int,
) -> Any:
    """One cell: a node adds up its inputs; edges that do not reach the output are not built."""
    graph = space.graph(configuration)
    arriving: dict[str, list[Any]] = {graph.inputs[0]: [x]}
    for edge in graph.used():
        source = arriving[edge.source]
        if len(source) > 1:
            source[:] = [layers.Add()(source)]
        name = f"{place}_{edge.source}-{edge.target}"
        made = OPERATIONS[edge.operation](source[0], channels, rng, name)
        arriving.setdefault(edge.target, []).append(made)
    output = arriving.get(graph.nodes[-1], [x * 0.0])
    return output[0] if len(output) == 1 else layers.Add()(output)


def _convolution(x: Any, channels: int, rng: np.random.Generator, size: int, name: str) -> Any:
    return _normalised(layers.ReLU()(x), channels, size, rng, f"{name}_{size}x{size}")


OPERATIONS: dict[str, Operation] = {
    "skip_connect": lambda x, channels, rng, name: x,
    "nor_conv_1x1": lambda x, channels, rng, name: _convolution(x, channels, rng, 1, name),
    "nor_conv_3x3": lambda x, channels, rng, name: _convolution(x, channels, rng, 3, name),
    "avg_pool_3x3": lambda x, channels, rng, name: layers.AveragePooling2D(3, 1, padding="same")(x),
    "max_pool_3x3": lambda x, channels, rng, name: layers.MaxPooling2D(3, 1, padding="same")(x),
}


def _residual(x: Any, channels: int, rng: np.random.Generator, name: str) -> Any:
    """The benchmark's residual block, which halves height and width."""
    inner = _normalised(layers.ReLU()(x), channels, 3, rng, f"{name}_1", stride=2)
    inner = _normalised(layers.ReLU()(inner), channels, 3, rng, f"{name}_2")
    short = layers.AveragePooling2D(2, padding="same")(x)
    short = layers.Conv2D(
        channels, 1, use_bias=False, kernel_initializer=_glorot(rng), name=f"{name}_short"
    )(short)
    return layers.Add()([inner, short])


def _normalised(
    x: Any, channels: int, size: int, rng: np.random.Generator, name: str, *, stride: int = 1
) -> Any:
    convolution = layers.Conv2D(
        channels,
        size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_glorot(rng),
        name=f"{name}_convolution",
    )
    # Epochs are short here: averages over a hundred batches would lag behind the weights.
    normalisation = layers.BatchNormalization(momentum=0.9, name=f"{name}_normalisation")
    return normalisation(convolution(x))


def _glorot(rng: np.random.Generator) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=_seed(rng))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
