"""Candidates: what a configuration describes, ready to be trained from any seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from coursekit.data import Dataset, Split
from coursekit.spaces import EdgeCells
from coursekit.training.perceptron import complete, train_perceptron
from coursekit.trials import Epoch

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]


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
        self, data: Dataset, *, epochs: int, seed: int, patience: int | None = None
    ) -> Iterator[Epoch]:
        """Train from fresh weights; the validation accuracy and the seconds of each epoch.

        seed: the initial weights, and apart from them the minibatches. patience: stop after so
        many epochs in a row without a better score. A run that fails ends with a score of NaN.
        """
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

    def fit(
        self, data: Dataset, *, epochs: int, seed: int, patience: int | None = None
    ) -> Iterator[Epoch]:
        self._model, run = train_perceptron(
            self.configuration, data, epochs=epochs, seed=seed, patience=patience
        )
        return run

    def accuracy(self, split: Split) -> float:
        return self._model.accuracy(split)


class KerasCandidate:
    """A Keras model in the epoch loop, which traces it once for all its trainings.

    build: makes the model, with the initial weights that a generator draws.
    optimizer: makes its optimizer. falling: whether the learning rate falls to nothing along a
    cosine over so many epochs; None leaves it as it is.

    Raises MemoryError for a model that is too large for this machine.
    """

    def __init__(
        self,
        build: Callable[[np.random.Generator], keras.Model],
        optimizer: Callable[[], keras.optimizers.Optimizer],
        *,
        batch_size: int,
        falling: int | None = None,
    ) -> None:
        from coursekit.training.loop import TOO_LARGE, Loop, cosine

        self._build = build
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
        self, data: Dataset, *, epochs: int, seed: int, patience: int | None = None
    ) -> Iterator[Epoch]:
        weights_rng, batches_rng = np.random.default_rng(seed).spawn(2)
        self.loop.model.set_weights(self._build(weights_rng).get_weights())
        return self.loop.fit(
            data.train,
            data.validation,
            epochs=epochs,
            schedule=self._schedule,
            patience=patience,
            rng=batches_rng,
        )

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
