"""The multilayer perceptron, fast on small images.

Rumelhart, Hinton and Williams (1986, Nature 323; `rumelhart1986learning`). It gives the same
numbers as the same network in Keras 3, and starts at once: on images of 8x8 pixels, an epoch takes
milliseconds. Initial weights: Glorot and Bengio, 2010, AISTATS; `glorot2010understanding`. Dropout:
Srivastava et al., 2014, JMLR 15; `srivastava2014dropout`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from coursekit.arguments import probability, whole_number
from coursekit.data import Dataset, Split
from coursekit.training.numpy.activations import ACTIVATIONS, Array, Slope
from coursekit.training.numpy.optimizers import OPTIMIZERS, Optimizer
from coursekit.trials import Epoch


class Perceptron:
    """Dense layers, an activation and dropout after each hidden one, softmax at the end.

    inputs: values in an image (height times width). classes: number of classes.
    units: the width of each hidden layer, first to last; an empty list is softmax regression.
    activation: "relu", "tanh" or "gelu". dropout: the share of hidden outputs set to 0 in
    training, in 0..1. rng: draws the initial weights.

    weights: [kernel, bias, kernel, bias, ...] as in Keras, shapes (inputs, outputs) and (outputs,).
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        *,
        units: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
        rng: np.random.Generator,
    ) -> None:
        for width in (inputs, classes, *units):
            whole_number("layer width", width)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation={activation!r}: take one of {', '.join(ACTIVATIONS)}")
        self.activation = ACTIVATIONS[activation]
        self.dropout = probability("dropout", dropout, below_1=True)
        self.classes = classes
        shapes: list[tuple[int, ...]] = []
        for layer in pairwise((inputs, *units, classes)):
            shapes += [layer, layer[1:]]
        # All weights lie in one vector, and all gradients in another: an optimizer's step is then a
        # few operations for any network. The lists are views of the vectors.
        self._weights, self.weights = _windows(shapes)
        self._gradients, gradients = _windows(shapes)
        self._layers = list(zip(self.weights[::2], self.weights[1::2], strict=True))
        self._layer_gradients = list(zip(gradients[::2], gradients[1::2], strict=True))
        for kernel in self.weights[::2]:
            limit = math.sqrt(6 / sum(kernel.shape))
            kernel[:] = rng.uniform(-limit, limit, kernel.shape)

    @property
    def parameters(self) -> int:
        """The number of trained parameters."""
        return self._weights.size

    def predict(self, x: Array) -> Array:
        """The probability of each class, shape (images, classes)."""
        with np.errstate(all="ignore"):
            return _softmax(self._forward(self._flat(x))[0])

    def accuracy(self, split: Split) -> float:
        """The share of images whose most probable class is correct; NaN after a divergence."""
        with np.errstate(all="ignore"):
            logits = self._forward(self._flat(split.x))[0]
        if not np.isfinite(logits).all():
            return math.nan
        return float(np.mean(logits.argmax(axis=1) == split.y))

    def loss(self, split: Split) -> float:
        """The mean cross-entropy in nats."""
        with np.errstate(all="ignore"):
            logits = self._forward(self._flat(split.x))[0]
            logits -= logits.max(axis=1, keepdims=True)
            right = logits[np.arange(len(logits)), split.y]
            return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - right))

    def gradients(self, split: Split, rng: np.random.Generator | None = None) -> list[Array]:
        """Gradients of the mean cross-entropy, one for each of `weights`; dropout only with rng."""
        self._backward(self._flat(split.x), self._one_hot(split.y), rng)
        return [part.copy() for layer in self._layer_gradients for part in layer]

    def fit(
        self,
        train: Split,
        validation: Split,
        *,
        optimizer: Optimizer,
        epochs: int,
        batch_size: int = 64,
        patience: int | None = None,
        restore_best: bool = False,
        rng: np.random.Generator,
    ) -> Iterator[Epoch]:
        """Train, and yield the validation accuracy and the seconds of each epoch.

        Images are shuffled in every epoch; the last minibatch may be smaller.
        patience: stop after this many epochs in a row without a better score.
        restore_best: end with the weights of the best epoch instead of the last.
        A run that diverges yields one score of NaN and ends. The training begins with the first
        iteration; to stop it, stop iterating.
        """
        whole_number("epochs", epochs)
        whole_number("batch_size", batch_size)
        if patience is not None:
            whole_number("patience", patience)
        x, targets = self._flat(train.x), self._one_hot(train.y)
        validation = Split(self._flat(validation.x), validation.y)
        step = optimizer.start(self._weights)

        def run() -> Iterator[Epoch]:
            best, best_epoch, best_weights = -math.inf, 0, self._weights.copy()
            try:
                for epoch in range(epochs):
                    start = perf_counter()
                    order = rng.permutation(len(x))
                    with np.errstate(all="ignore"):  # the score shows a divergence
                        for first in range(0, len(x), batch_size):
                            batch = order[first : first + batch_size]
                            self._backward(x.take(batch, axis=0), targets.take(batch, axis=0), rng)
                            step(self._gradients)
                    score = self.accuracy(validation)
                    if score > best:
                        best, best_epoch = score, epoch
                        best_weights[:] = self._weights
                    yield Epoch(score, perf_counter() - start)
                    if math.isnan(score) or (patience and epoch - best_epoch >= patience):
                        return
            finally:
                if restore_best:
                    self._weights[:] = best_weights

        return run()

    def _forward(
        self, x: Array, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[Array], list[Slope]]:
        """Logits, the input of each layer, the slope of each hidden one; with an rng, dropout."""
        inputs, slopes = [x], list[Slope]()
        *hidden, (kernel, bias) = self._layers
        for hidden_kernel, hidden_bias in hidden:
            z = inputs[-1] @ hidden_kernel
            z += hidden_bias
            output, slope = self.activation(z)
            if rng is not None and self.dropout:
                output, slope = _drop(output, slope, self.dropout, rng)
            inputs.append(output)
            slopes.append(slope)
        logits = inputs[-1] @ kernel
        logits += bias
        return logits, inputs, slopes

    def _backward(self, x: Array, targets: Array, rng: np.random.Generator | None) -> None:
        """Fill the gradient of the mean cross-entropy."""
        logits, inputs, slopes = self._forward(x, rng)
        delta = _softmax(logits)  # gradient by the layer's pre-activations, for each image
        delta -= targets
        delta *= 1 / len(x)
        for layer in reversed(range(len(inputs))):
            kernel_gradient, bias_gradient = self._layer_gradients[layer]
            np.matmul(inputs[layer].T, delta, out=kernel_gradient)
            delta.sum(axis=0, out=bias_gradient)
            if layer:
                delta = delta @ self._layers[layer][0].T
                delta *= slopes[layer - 1]()

    def _flat(self, x: Array) -> Array:
        x = np.ascontiguousarray(x, np.float32).reshape(len(x), -1)
        if x.shape[1] != len(self.weights[0]):
            inputs = len(self.weights[0])
            raise ValueError(f"images of {x.shape[1]} values: this network takes {inputs}")
        return x

    def _one_hot(self, y: Array) -> Array:
        if not 0 <= y.min() <= y.max() < self.classes:
            raise ValueError(f"labels from {y.min()} to {y.max()}: take 0 to {self.classes - 1}")
        return np.eye(self.classes, dtype=np.float32)[y]


DEFAULTS: Mapping[str, Any] = {
    "layers": 1,
    "units": 32,
    "activation": "relu",
    "dropout": 0.0,
    "learning_rate": 0.001,
    "batch_size": 64,
    "optimizer": "adam",
}


def train_perceptron(
    configuration: Mapping[str, Any],
    data: Dataset,
    *,
    epochs: int,
    seed: int,
    patience: int | None = None,
) -> tuple[Perceptron, Iterator[Epoch]]:
    """The network that a configuration describes, and its training run, not yet started.

        model, run = train_perceptron({"units": 64, "learning_rate": 0.01}, data, epochs=5, seed=0)
        for score, seconds in run: ...
        model.accuracy(data.test)

    configuration: any of "layers" (hidden layers, default 1), "units" (of each layer, default 32,
    or a list with one number for each), "activation" ("relu"), "dropout" (0.0), "learning_rate"
    (0.001), "batch_size" (64) and "optimizer" ("adam", or "sgd" with momentum 0.9). Raises
    ValueError for other keys and bad values.
    seed: of the initial weights and, independently, of the minibatches and dropout.
    patience: stop after this many epochs in a row without a better score.
    """
    chosen = complete(configuration)
    weights_rng, batches_rng = np.random.default_rng(seed).spawn(2)
    model = Perceptron(
        math.prod(data.train.x.shape[1:]),
        data.classes,
        units=hidden(chosen),
        activation=chosen["activation"],
        dropout=chosen["dropout"],
        rng=weights_rng,
    )
    run = model.fit(
        data.train,
        data.validation,
        optimizer=OPTIMIZERS[chosen["optimizer"]](chosen["learning_rate"]),
        epochs=epochs,
        batch_size=chosen["batch_size"],
        patience=patience,
        rng=batches_rng,
    )
    return model, run


def complete(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with defaults for missing keys; ValueError for unknown keys."""
    unknown = set(configuration) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(DEFAULTS)}")
    chosen = {**DEFAULTS, **configuration}
    whole_number("layers", chosen["layers"], least=0)
    if chosen["optimizer"] not in OPTIMIZERS:
        raise ValueError(f"optimizer={chosen['optimizer']!r}: take one of {', '.join(OPTIMIZERS)}")
    return chosen


def hidden(chosen: Mapping[str, Any]) -> list[int]:
    """The width of each hidden layer of a complete configuration."""
    units, layers = chosen["units"], chosen["layers"]
    if not isinstance(units, list | tuple):
        return [units] * layers
    if len(units) != layers:
        raise ValueError(f"units={units!r}: give one number for each of {layers} layers")
    return list(units)


def _softmax(logits: Array) -> Array:
    columns = np.ascontiguousarray(logits.T)  # NumPy is slow to reduce many short rows
    columns -= columns.max(axis=0)
    np.exp(columns, out=columns)
    columns /= columns.sum(axis=0)
    return columns.T


def _drop(
    output: Array, slope: Slope, share: float, rng: np.random.Generator
) -> tuple[Array, Slope]:
    """Set a share of the outputs to 0, and scale the others up to keep the expected sum."""
    kept = rng.random(output.shape, np.float32) >= share
    scale = kept * np.float32(1 / (1 - share))
    return output * scale, lambda: slope() * scale


def _windows(shapes: Sequence[tuple[int, ...]]) -> tuple[Array, list[Array]]:
    """A vector of zeros, and views of it with these shapes."""
    stops = np.cumsum([math.prod(shape) for shape in shapes])
    vector = np.zeros(stops[-1], np.float32)
    parts = np.split(vector, stops[:-1])
    return vector, [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
