"""Candidates: what a configuration describes, ready to be trained from any seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from coursekit.data import Dataset, Split
from coursekit.spaces import EdgeCells
from coursekit.training.heredity import inherit
from coursekit.training.perceptron import complete, train_perceptron
from coursekit.trials import Epoch

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]
Weights = Mapping[str, np.ndarray]
NOISE = 0.05  # by which copies of units differ, so that training parts them


class Candidate(Protocol):
    """A model that can be trained again and again, each time from the beginning.

    shape: of the images that it takes, (height, width); None if it takes any.
    """

    shape: Shape | None

    @property
    def parameters(self) -> int:
        """How many numbers training has to find."""
        ...

    def fit(
        self,
        data: Dataset,
        *,
        epochs: int,
        seed: int,
        patience: int | None = None,
        parent: Weights | None = None,
    ) -> Iterator[Epoch]:
        """Train from fresh weights; the validation accuracy and the seconds of each epoch.

        seed: the initial weights, and apart from them the minibatches. patience: stop after so
        many epochs in a row without a better score. parent: `weights` of another candidate of the
        same space, to begin with as far as they go. A run that fails ends with a score of NaN.
        """
        ...

    @property
    def share(self) -> float:
        """Which share of the weights that the last `fit` began with were the parent's, 0..1."""
        ...

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the weights as they are now, by name."""
        ...

    def accuracy(self, split: Split) -> float:
        """The share of images that the weights of the last `fit` tell right."""
        ...


class FastPerceptron:
    """A perceptron in NumPy. configuration: as `train_perceptron` takes it."""

    def __init__(self, configuration: Mapping[str, Any], shape: Shape, classes: int) -> None:
        self.configuration = complete(configuration)
        self.shape: Shape | None = shape
        layers, units = self.configuration["layers"], self.configuration["units"]
        widths = [int(np.prod(shape)), *[units] * layers, classes]
        self.parameters = sum((a + 1) * b for a, b in pairwise(widths))
        self.share = 0.0

    def fit(
        self,
        data: Dataset,
        *,
        epochs: int,
        seed: int,
        patience: int | None = None,
        parent: Weights | None = None,
    ) -> Iterator[Epoch]:
        self._model, run = train_perceptron(
            self.configuration, data, epochs=epochs, seed=seed, patience=patience
        )
        self.share = 0.0
        if parent:
            begun, self.share = _perceptron_inherits(
                parent, self._model.weights, self.configuration, seed
            )
            for weight, value in zip(self._model.weights, begun, strict=True):
                weight[:] = value
        return run

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return {str(place): weight.copy() for place, weight in enumerate(self._model.weights)}

    def accuracy(self, split: Split) -> float:
        return self._model.accuracy(split)


Inherits = Callable[[Weights, dict[str, np.ndarray], int], tuple[list[np.ndarray], float]]


def _perceptron_inherits(
    parent: Weights, fresh: list[np.ndarray], configuration: Mapping[str, Any], seed: int
) -> tuple[list[np.ndarray], float]:
    rng = np.random.default_rng((seed, len(parent)))
    return inherit(
        list(parent.values()), fresh, activation=configuration["activation"], rng=rng, noise=NOISE
    )


def _same_names(
    parent: Weights, fresh: dict[str, np.ndarray], seed: int
) -> tuple[list[np.ndarray], float]:
    """The parent's weights where name and shape are the same: the edges that have not changed."""
    kept = {n: parent[n] for n, v in fresh.items() if n in parent and parent[n].shape == v.shape}
    share = sum(v.size for v in kept.values()) / sum(v.size for v in fresh.values())
    return list({**fresh, **kept}.values()), share


class KerasCandidate:
    """A Keras model in the epoch loop, which traces it once for all its trainings.

    build: makes the model, with the initial weights that a generator draws.
    optimizer: makes its optimizer. falling: whether the learning rate falls to nothing along a
    cosine over so many epochs; None leaves it as it is. inherits: takes a parent's weights, fresh
    ones and a seed, and gives the weights to begin with and the parent's share in them.

    Raises MemoryError for a model that is too large for this machine.
    """

    def __init__(
        self,
        build: Callable[[np.random.Generator], keras.Model],
        optimizer: Callable[[], keras.optimizers.Optimizer],
        *,
        batch_size: int,
        falling: int | None = None,
        inherits: Inherits | None = None,
    ) -> None:
        from coursekit.training.loop import TOO_LARGE, Loop, cosine

        self._build, self._inherits = build, inherits or _same_names
        self.share = 0.0
        try:
            self.loop = Loop(build(np.random.default_rng(0)), optimizer(), batch_size=batch_size)
        except TOO_LARGE as error:
            raise MemoryError(f"the model is too large: {error}") from error
        shape = self.loop.model.input_shape[1:]
        self.shape: Shape | None = None if None in shape else shape
        self._schedule = None if falling is None else cosine(falling)
        self.parameters = sum(
            int(np.prod(weight.shape)) for weight in self.loop.model.trainable_variables
        )

    def fit(
        self,
        data: Dataset,
        *,
        epochs: int,
        seed: int,
        patience: int | None = None,
        parent: Weights | None = None,
    ) -> Iterator[Epoch]:
        weights_rng, batches_rng = np.random.default_rng(seed).spawn(2)
        begun, self.share = self._build(weights_rng).get_weights(), 0.0
        if parent:
            fresh = dict(zip(self._names, begun, strict=True))
            begun, self.share = self._inherits(parent, fresh, seed)
        self.loop.model.set_weights(begun)
        return self.loop.fit(
            data.train,
            data.validation,
            epochs=epochs,
            schedule=self._schedule,
            patience=patience,
            rng=batches_rng,
        )

    @property
    def _names(self) -> list[str]:
        return [weight.path for weight in self.loop.model.weights]

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return dict(zip(self._names, self.loop.model.get_weights(), strict=True))

    def accuracy(self, split: Split) -> float:
        return self.loop.accuracy(split)


def keras_perceptron(
    configuration: Mapping[str, Any], shape: Shape, classes: int
) -> KerasCandidate:
    """What `FastPerceptron` is, in Keras."""
    import keras

    from coursekit.training.models import perceptron_network

    chosen = complete(configuration)
    optimizers = {
        "adam": lambda: keras.optimizers.Adam(chosen["learning_rate"]),
        "sgd": lambda: keras.optimizers.SGD(chosen["learning_rate"], momentum=0.9),
    }
    return KerasCandidate(
        lambda rng: perceptron_network(chosen, shape, classes, rng=rng),
        optimizers[chosen["optimizer"]],
        batch_size=chosen["batch_size"],
        inherits=lambda parent, fresh, seed: _perceptron_inherits(
            parent, list(fresh.values()), chosen, seed
        ),
    )


def keras_cells(
    space: EdgeCells, configuration: Mapping[str, Any], classes: int, *, epochs: int
) -> KerasCandidate:
    """A network of cells, trained by Adam from 0.01 to nothing over so many epochs."""
    import keras

    from coursekit.training.models import cell_network

    return KerasCandidate(
        lambda rng: cell_network(space, configuration, classes, rng=rng),
        lambda: keras.optimizers.Adam(0.01),
        batch_size=64,
        falling=epochs,
    )
