"""Transfer: a Keras model starts with the weights of another one, of any layers and widths.

Where the child is wider or deeper, this is Net2Net (Chen, Goodfellow and Shlens, 2016, ICLR,
arXiv:1511.05641; `chen2016net2net`), which keeps the parent's function; elsewhere the child gets
what fits.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import keras
import numpy as np
from keras import layers

from coursekit.training.keras.graph_walk import (
    CHANNEL_WISE,
    CONVOLUTIONS,
    MERGES,
    graph_of,
    keras_tensor,
)
from coursekit.training.remapping import Remapping

WEIGHING = (layers.Dense, *CONVOLUTIONS)


def inherit(
    child: keras.Model,
    parent: keras.Model,
    *,
    rng: np.random.Generator | None = None,
    noise: float = 0.0,
) -> float:
    """Set the child's weights from the parent's where they fit; returns the parent's share, 0..1.

    Layers match by their given names, layers without one by their order among layers of their
    class, and the last layer with a kernel matches the parent's last. A wider matched layer copies
    units, a narrower one keeps those with the largest weights. A new dense layer or convolution,
    linear or relu and as wide as its input, starts as the identity. All others keep their fresh
    weights. Models without a graph, or with layers that Keras cannot copy from their `get_config`,
    get the weights of layers that match and are equal in shape.

    rng, noise: as in `morphisms.widen`.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    total = sum(int(np.prod(weight.shape)) for weight in child.weights)
    try:
        graph, _ = graph_of(child), graph_of(parent)
        given = _Heir(graph, parent, rng, noise).given
    except (TypeError, NotImplementedError):
        given = _same(child, parent)
    for layer, weights in given.values():
        layer.set_weights(weights)
    return sum(part.size for _, parts in given.values() for part in parts) / max(total, 1)


Given = dict[str, tuple[Any, list[np.ndarray]]]


def _same(child: keras.Model, parent: keras.Model) -> Given:
    theirs, given = matched(parent), Given()
    for key, layer in matched(child).items():
        other = theirs.get(key)
        if other is not None and layer.weights and _shapes(layer) == _shapes(other):
            given[layer.name] = (layer, other.get_weights())
    return given


def matched(model: keras.Model) -> dict[Hashable, Any]:
    """The model's layers by their key for matching: a name, or a class and a place in order."""
    found: dict[Hashable, Any] = {}
    counts: dict[str, int] = {}
    kernels = [layer for layer in model.layers if isinstance(layer, WEIGHING)]
    for layer in model.layers:
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(layer).__name__)
        unnamed = re.fullmatch(rf"{kind.lower()}(_\d+)?", layer.name) is not None
        if kernels and layer is kernels[-1]:
            key: Hashable = ("last",)
        elif unnamed:
            counts[kind] = counts.get(kind, 0) + 1
            key = (kind, counts[kind])
        else:
            key = layer.name
        found[key] = layer
    return found


class _Heir:
    """Walks through the child and tracks which of the parent's channels each tensor holds."""

    def __init__(
        self, child: keras.Model, parent: keras.Model, rng: np.random.Generator, noise: float
    ) -> None:
        self.rng, self.noise = rng, noise
        self.given: Given = {}
        self.maps: dict[int, Remapping] = {}  # absent: unknown
        self.kept: list[Any] = []
        theirs = matched(parent)
        self.theirs = {layer.name: theirs.get(key) for key, layer in matched(child).items()}
        self.layers = {layer.name: layer for layer in child.layers}
        shapes = [tuple(each.shape[1:]) for each in parent.inputs]
        self.known = [tuple(each.shape[1:]) for each in child.inputs] == shapes
        keras.models.clone_model(child, clone_function=_copy, call_function=self._call)

    def _call(self, new: Any, *args: Any, **kwargs: Any) -> Any:
        output = new(*args, **kwargs)
        inputs = [each for each in keras.tree.flatten((args, kwargs)) if keras_tensor(each)]
        self.kept += [*inputs, output]
        for each in inputs:
            history = each._keras_history.operation
            if isinstance(history, layers.InputLayer) and self.known and each.shape[-1]:
                self.maps[id(each)] = Remapping.same(int(each.shape[-1]))
        leaving = self._follow(new, inputs, [self.maps.get(id(each)) for each in inputs])
        if leaving is not None and keras_tensor(output):
            self.maps[id(output)] = leaving
        return output

    def _follow(self, new: Any, inputs: list[Any], maps: list[Any]) -> Remapping | None:
        """Give a layer its weights; returns the remapping of its output."""
        layer, other = self.layers.get(new.name), self.theirs.get(new.name)
        entering = maps[0] if maps else None
        if isinstance(new, WEIGHING):
            return self._weighing(layer, other, entering)
        if isinstance(new, layers.BatchNormalization):
            if other is not None and entering and entering.old == other.weights[0].shape[0]:
                weights = [entering.leaving(part) for part in other.get_weights()]
                if [part.shape for part in weights] == _shapes(layer):
                    self.given[new.name] = (layer, weights)
            return entering
        if layer is not None and layer.weights:
            if other is not None and _shapes(layer) == _shapes(other):
                self.given[new.name] = (layer, other.get_weights())
            return None
        if isinstance(new, CHANNEL_WISE):
            return entering
        if isinstance(new, layers.Flatten) and entering and None not in inputs[0].shape[1:-1]:
            return entering.repeated(int(np.prod(inputs[0].shape[1:-1])))
        if not all(maps):
            return None
        if isinstance(new, MERGES) and all(each.equals(entering) for each in maps):
            return entering
        if isinstance(new, layers.Concatenate) and new.axis in (-1, len(inputs[0].shape) - 1):
            joined = maps[0]
            for each in maps[1:]:
                joined = joined.beside(each)
            return joined
        return None

    def _weighing(self, layer: Any, other: Any, entering: Remapping | None) -> Remapping | None:
        mine = np.asarray(layer.kernel)
        if other is None or type(other) is not type(layer):
            return self._identity(layer, mine, entering)
        theirs = np.asarray(other.kernel)
        units, old = mine.shape[-1], theirs.shape[-1]
        if mine.shape[:-2] != theirs.shape[:-2] or layer.use_bias != other.use_bias:
            return None
        if entering is None and mine.shape[-2] == theirs.shape[-2]:
            entering = Remapping.same(mine.shape[-2])  # equal widths: assume equal channels
        if entering is None or (entering.old, entering.new) != (theirs.shape[-2], mine.shape[-2]):
            return None
        if units >= old:
            leaving = Remapping.wider(old, units, self.rng)
        else:
            size = np.abs(theirs).sum(axis=tuple(range(theirs.ndim - 1)))
            leaving = Remapping.narrower(size, units)
        weights = [leaving.leaving(entering.entering(theirs), self.rng, self.noise)]
        if layer.use_bias:
            weights.append(leaving.leaving(np.asarray(other.bias)))
        self.given[layer.name] = (layer, weights)
        return leaving

    def _identity(self, layer: Any, mine: Any, entering: Remapping | None) -> Remapping | None:
        """A layer that the parent does not have: set it to the identity, if it can be."""
        inputs, units = mine.shape[-2:]
        simple = getattr(layer.activation, "__name__", "") in ("relu", "linear")
        if isinstance(layer, CONVOLUTIONS):
            odd = all(size % 2 for size in layer.kernel_size)
            simple = simple and odd and layer.padding == "same" and set(layer.strides) == {1}
        if entering is None or inputs != units or not simple:
            return None
        kernel = np.zeros_like(mine)
        kernel[tuple(size // 2 for size in mine.shape[:-2])] = np.eye(units)
        self.given[layer.name] = (
            layer,
            [kernel, np.zeros(units, np.float32)][: 1 + layer.use_bias],
        )
        return entering


def _copy(operation: Any) -> Any:
    if isinstance(operation, layers.Layer):
        return type(operation).from_config(operation.get_config())
    return operation


def _shapes(layer: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
