"""Network morphisms: a Keras model grows and keeps its function.

Net2Net (Chen, Goodfellow and Shlens, 2016, ICLR, arXiv:1511.05641; `chen2016net2net`): `widen`,
`deepen`. Simple and efficient architecture search (Elsken, Metzen and Hutter, 2017,
arXiv:1711.04528; `elsken2017simple`): `skip`, `branch`. Network morphism (Wei et al., 2016, ICML,
arXiv:1603.01670; `wei2016network`): a new activation that blends in gradually.

Each takes a Sequential or functional model and returns a new one, compiled as the old one was, with
a fresh optimizer; the old model is unchanged. (Remapping Adam's moments like the weights was tried
on perceptrons for digits, 20 seeds: after widening, the next ten epochs were worse; after
deepening, they were better at a learning rate of 0.001 and no different above.) A Sequential model
stays Sequential as long as it is a chain.

Morphisms keep the function of *inference* (`model.predict`), to float32's precision. In training,
dropout draws separately for each copy, and batch normalisation uses the statistics of a minibatch
instead of those that the identity was made from.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from coursekit.training.keras.blend import Blend
from coursekit.training.keras.graph_walk import CONVOLUTIONS, Walk, graph_of, layer_of, refused
from coursekit.training.remapping import Remapping

__all__ = ["Blend", "branch", "deepen", "skip", "widen"]


def widen(
    model: keras.Model,
    layer: str,
    units: int,
    *,
    rng: np.random.Generator | None = None,
    noise: float = 0.0,
) -> keras.Model:
    """More units in a dense layer, or more filters in a convolution (Net2WiderNet).

    New units copy old ones; the layers that they feed divide each weight among the copies. Batch
    normalisation, dropout, pooling, flattening and concatenation may come in between.

    layer: its name. units: at least as many as it has. rng: draws which units are copied.
    noise: the standard deviation of the noise on copies, as a share of the weights' own. Without
        noise (and without dropout), copies always get the same gradients; with noise, the function
        changes a little.

    Raises ValueError, which names the layer, where the function cannot be kept: at the model's
    output, before a softmax, where the layer is added to one that is not wider, or where a layer
    is used twice.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    old = layer_of(model, layer)
    if not isinstance(old, (layers.Dense, *CONVOLUTIONS)):
        raise refused(old, "has no units to widen", "name a Dense or Conv layer")
    size = "units" if isinstance(old, layers.Dense) else "filters"
    wider = Remapping.wider(int(getattr(old, size)), units, rng)
    return Walk(model, {layer: wider}, noise=noise, rng=rng).rebuild({layer: {size: int(units)}})


def deepen(
    model: keras.Model,
    after: str,
    *,
    activation: str = "relu",
    blend: bool = False,
    normalise: bool = False,
    data: Any = None,
    kernel_size: int = 3,
    name: str | None = None,
) -> keras.Model:
    """A new layer after this one, initially the identity (Net2DeeperNet).

    It is a dense layer whose kernel is the identity matrix or, after images, a convolution that
    copies each channel. The activation must keep its input: relu after relu does, because it is
    idempotent; tanh after tanh does not.

    after: the layer's name, or its activation's name if that is a separate layer.
    blend: for any other activation f: learns l in l x + (1 - l) f(x), initially l = 1.
    normalise: batch normalisation before the activation, initially the identity. With `data` (some
        of the model's inputs), it uses their mean and variance and stays close to the identity in
        training. Without `data` it uses 0 and 1, and training changes the function.
    kernel_size: of a convolution, odd. name: of the new layer; by default `{after}_deeper`.

    Raises ValueError, which names the layer, where the function cannot be kept.
    """
    old = layer_of(model, after)
    name = _fresh_name(model, name or f"{after}_deeper")
    rank = len(old.output.shape)
    if rank not in (2, 3, 4, 5) or None in old.output.shape[-1:]:
        raise refused(old, f"answers with shape {old.output.shape}", "deepen after dense or images")
    if rank > 2 and (kernel_size < 1 or kernel_size % 2 == 0):
        raise ValueError(f"kernel_size={kernel_size}: take an odd one, such as 3")
    width = int(old.output.shape[-1])
    made: dict[str, tuple[layers.Layer, list[np.ndarray]]] = {}

    def add(output: Any, inputs: Any, positive: bool) -> Any:
        x = output
        for layer, weights in _identity(width, rank, kernel_size, name, normalise, statistics):
            made[layer.name] = (layer, weights)
            x = layer(x)
        if activation == "linear" or (activation == "relu" and positive):
            return layers.Activation(activation, name=f"{name}_activation")(x)
        if not blend:
            raise refused(
                old,
                f"has outputs that {activation} would change",
                "deepen after a layer with relu, or give blend=True or activation='linear'",
            )
        faded = layers.Activation(activation, name=f"{name}_activation")(x)
        return Blend(name=f"{name}_blend")([x, faded])

    statistics = _statistics(model, old, data) if normalise else None
    grown = Walk(model, inserted={after: add}).rebuild()
    for layer, weights in made.values():
        layer.set_weights(weights)
    return grown


def skip(model: keras.Model, start: str, end: str, *, name: str | None = None) -> keras.Model:
    """A shortcut from one layer's output to a later one's of the same shape.

    The later output y becomes l y + (1 - l) x, with a learnt l, initially 1. Raises ValueError
    where shapes differ, or where `start` is not before `end`.
    """
    first, last = layer_of(model, start), layer_of(model, end)
    if first.output.shape[1:] != last.output.shape[1:]:
        raise refused(
            last,
            f"answers with shape {last.output.shape[1:]}, {start!r} with {first.output.shape[1:]}",
            "connect layers of equal shape",
        )
    name = _fresh_name(model, name or f"{start}_to_{end}")
    seen: list[Any] = []

    def remember(output: Any, inputs: Any, positive: bool) -> Any:
        seen.append(output)
        return output

    def add(output: Any, inputs: Any, positive: bool) -> Any:
        if not seen:
            raise refused(last, f"comes before {start!r}", f"connect {end!r} to {start!r}")
        return Blend(name=name)([output, seen[0]])

    if start == end:
        raise ValueError(f"start and end are both {start!r}: name two layers")
    return Walk(model, inserted={start: remember, end: add}).rebuild()


def branch(
    model: keras.Model, layer: str, new: layers.Layer | None = None, *, name: str | None = None
) -> keras.Model:
    """A second layer beside this one, on the same input, initially with weight 0.

    The output y becomes l y + (1 - l) z, with a learnt l, initially 1.
    new: the layer that makes z, of y's shape; by default a copy of the first with new weights.
    """
    old = layer_of(model, layer)
    name = _fresh_name(model, name or f"{layer}_branch")
    beside = new
    if beside is None:
        beside = type(old).from_config({**old.get_config(), "name": name})

    def add(output: Any, inputs: Any, positive: bool) -> Any:
        other = beside(inputs)
        if other.shape[1:] != output.shape[1:]:
            raise refused(
                old,
                f"answers with shape {output.shape[1:]}, the branch with {other.shape[1:]}",
                "give a layer of equal shape",
            )
        return Blend(name=f"{name}_blend")([output, other])

    return Walk(model, inserted={layer: add}).rebuild()


Statistics = tuple[np.ndarray, np.ndarray]


def _identity(
    width: int,
    rank: int,
    kernel_size: int,
    name: str,
    normalise: bool,
    statistics: Statistics | None,
) -> list[tuple[layers.Layer, list[np.ndarray]]]:
    """Layers that compute the identity, with their weights."""
    kernel: np.ndarray = np.eye(width, dtype=np.float32)
    layer: layers.Layer
    if rank == 2:
        layer = layers.Dense(width, name=name)
    else:
        sizes = (kernel_size,) * (rank - 2)
        middle = np.zeros((*sizes, width, width), np.float32)
        middle[tuple(size // 2 for size in sizes)] = kernel
        kernel = middle
        layer = CONVOLUTIONS[rank - 3](width, kernel_size, padding="same", name=name)
    found = [(layer, [kernel, np.zeros(width, np.float32)])]
    if normalise:
        normal = layers.BatchNormalization(name=f"{name}_normal")
        epsilon = normal.epsilon
        mean, variance = statistics or (np.zeros(width), np.full(width, 1 - epsilon))
        # (x - mean) / sqrt(variance + epsilon) * gamma + beta = x
        gamma, beta = np.sqrt(variance + epsilon), mean
        found.append(
            (normal, [np.asarray(each, np.float32) for each in (gamma, beta, mean, variance)])
        )
    return found


def _statistics(model: keras.Model, layer: layers.Layer, data: Any) -> Statistics | None:
    """Mean and variance of each channel of a layer's output for these inputs."""
    if data is None:
        return None
    seen: list[Any] = []

    def keep(output: Any, inputs: Any, positive: bool) -> Any:
        seen.append(output)
        return output

    same = Walk(graph_of(model), inserted={layer.name: keep}).rebuild()
    output = keras.Model(same.input, seen[0]).predict(data, verbose=0)
    axes = tuple(range(output.ndim - 1))
    return output.mean(axes, dtype=np.float64), output.var(axes, dtype=np.float64)


def _fresh_name(model: keras.Model, name: str) -> str:
    taken = {layer.name for layer in model.layers}
    tried, number = name, 1
    while tried in taken:
        number += 1
        tried = f"{name}_{number}"
    return tried
