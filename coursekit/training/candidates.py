"""Candidates: the model that a configuration describes, ready for training from any seed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.data import Dataset, Split
from coursekit.extras import from_extras
from coursekit.loading import quietly
from coursekit.spaces import EdgeCells
from coursekit.training.numpy.net2net import inherit
from coursekit.training.numpy.perceptron import complete, hidden, train_perceptron
from coursekit.training.remapping import COPY_NOISE
from coursekit.trials import Epoch

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]
Weights = Mapping[str, np.ndarray]
Begun = tuple[list[np.ndarray], float]  # initial weights, and the parent's share in them


class Candidate(ABC):
    """A model that can be trained repeatedly, each time from the beginning.

    shape: of the images that it takes, (height, width); None if it takes any. parameters: the
    number of trained parameters. share: the parent's share of the initial weights of the last
    `fit`, 0..1.
    """

    shape: Shape | None
    parameters: int
    share: float = 0.0

    def fit(
        self,
        data: Dataset,
        *,
        epochs: int,
        seed: int,
        patience: int | None = None,
        parent: Weights | None = None,
    ) -> Iterator[Epoch]:
        """Train from fresh weights; yields the validation accuracy and the seconds of each epoch.

        seed: of the initial weights and, independently, of the minibatches. patience: stop after
        this many epochs in a row without a better score. parent: `weights` of another candidate
        of the same space, used as initial weights where they fit. A run that fails ends with a
        score of NaN.
        """
        run, self.share = self._begin(data, seed, epochs=epochs, patience=patience), 0.0
        if parent:
            begun, self.share = self._inherit(parent, self.weights, seed)
            self._set(begun)
        return run

    @abstractmethod
    def _begin(self, data: Dataset, seed: int, **options: Any) -> Iterator[Epoch]:
        """Set fresh weights; returns a run that trains from the weights set when it begins."""

    @abstractmethod
    def _inherit(self, parent: Weights, fresh: Weights, seed: int) -> Begun:
        """The initial weights, in order, and the parent's share in them."""

    @abstractmethod
    def _set(self, weights: list[np.ndarray]) -> None: ...

    @property
    @abstractmethod
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the current weights, by name."""

    @abstractmethod
    def accuracy(self, split: Split) -> float:
        """The share of images that the weights of the last `fit` classify correctly."""


class FastPerceptron(Candidate):
    """A perceptron in NumPy. configuration: as `train_perceptron` takes it.

    width: the share of its units that each hidden layer keeps, at least one unit.
    """

    def __init__(
        self, configuration: Mapping[str, Any], shape: Shape, classes: int, width: float = 1.0
    ) -> None:
        self.configuration, self.shape = thinner(configuration, width), shape
        widths = [int(np.prod(shape)), *hidden(self.configuration), classes]
        self.parameters = sum((a + 1) * b for a, b in pairwise(widths))

    def _begin(self, data: Dataset, seed: int, **options: Any) -> Iterator[Epoch]:
        self._model, run = train_perceptron(self.configuration, data, seed=seed, **options)
        return run

    def _inherit(self, parent: Weights, fresh: Weights, seed: int) -> Begun:
        return _perceptron_inherits(parent, fresh, seed, self.configuration["activation"])

    def _set(self, weights: list[np.ndarray]) -> None:
        for weight, value in zip(self._model.weights, weights, strict=True):
            weight[:] = value

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return {str(place): weight.copy() for place, weight in enumerate(self._model.weights)}

    def accuracy(self, split: Split) -> float:
        return self._model.accuracy(split)


def thinner(configuration: Mapping[str, Any], width: float) -> dict[str, Any]:
    """The complete configuration of a perceptron with a share of each layer's units, at least 1."""
    chosen = complete(configuration)
    return {**chosen, "units": [max(1, round(width * units)) for units in hidden(chosen)]}


def _perceptron_inherits(parent: Weights, fresh: Weights, seed: int, activation: str) -> Begun:
    rng = np.random.default_rng((seed, len(parent)))
    theirs, mine = list(parent.values()), list(fresh.values())
    return inherit(theirs, mine, activation=activation, rng=rng, noise=COPY_NOISE)


def _same_names(parent: Weights, fresh: Weights, seed: int) -> Begun:
    """The parent's weights where name and shape are the same, as for unchanged edges."""
    kept = {n: parent[n] for n, v in fresh.items() if n in parent and parent[n].shape == v.shape}
    share = sum(v.size for v in kept.values()) / sum(v.size for v in fresh.values())
    return list({**fresh, **kept}.values()), share


class KerasCandidate(Candidate):
    """A Keras model in the epoch loop, which traces it once for all its trainings.

    build: makes the model; a generator draws the initial weights. optimizer: makes its optimizer.
    falling: the number of epochs over which the learning rate falls to 0 along a cosine; None
    keeps it constant. inherits: a function from a parent's weights, fresh ones and a seed to the
    initial weights and the parent's share in them.

    Raises MemoryError for a model that is too large for this machine.
    """

    def __init__(
        self,
        build: Callable[[np.random.Generator], keras.Model],
        optimizer: Callable[[], keras.optimizers.Optimizer],
        *,
        batch_size: int,
        falling: int | None = None,
        inherits: Callable[[Weights, Weights, int], Begun] = _same_names,
    ) -> None:
        from coursekit.training.keras.loop import TOO_LARGE, Loop, cosine

        self._build, self._inherits = build, inherits
        try:
            self.loop = Loop(build(np.random.default_rng(0)), optimizer(), batch_size=batch_size)
        except TOO_LARGE as error:
            raise MemoryError(f"the model is too large: {error}") from error
        shape = self.loop.model.input_shape[1:]
        self.shape = None if None in shape else shape
        self._schedule = None if falling is None else cosine(falling)
        self.parameters = sum(
            int(np.prod(weight.shape)) for weight in self.loop.model.trainable_variables
        )

    def _begin(self, data: Dataset, seed: int, **options: Any) -> Iterator[Epoch]:
        weights_rng, batches_rng = np.random.default_rng(seed).spawn(2)
        self._set(self._build(weights_rng).get_weights())
        return self.loop.fit(
            data.train, data.validation, schedule=self._schedule, rng=batches_rng, **options
        )

    def _inherit(self, parent: Weights, fresh: Weights, seed: int) -> Begun:
        return self._inherits(parent, fresh, seed)

    def _set(self, weights: list[np.ndarray]) -> None:
        self.loop.model.set_weights(weights)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        names = [weight.path for weight in self.loop.model.weights]
        return dict(zip(names, self.loop.model.get_weights(), strict=True))

    def accuracy(self, split: Split) -> float:
        return self.loop.accuracy(split)


def keras_perceptron(
    configuration: Mapping[str, Any], shape: Shape, classes: int, width: float = 1.0
) -> KerasCandidate:
    """The same model as `FastPerceptron`, in Keras."""
    with from_extras(), quietly():
        import keras

    from coursekit.training.keras.models import perceptron_network

    chosen = thinner(configuration, width)
    optimizers = {
        "adam": lambda: keras.optimizers.Adam(chosen["learning_rate"]),
        "sgd": lambda: keras.optimizers.SGD(chosen["learning_rate"], momentum=0.9),
    }
    return KerasCandidate(
        lambda rng: perceptron_network(chosen, shape, classes, rng=rng),
        optimizers[chosen["optimizer"]],
        batch_size=chosen["batch_size"],
        inherits=lambda parent, fresh, seed: _perceptron_inherits(
            parent, fresh, seed, chosen["activation"]
        ),
    )


def keras_cells(
    space: EdgeCells,
    configuration: Mapping[str, Any],
    classes: int,
    *,
    epochs: int,
    width: float = 1.0,
) -> KerasCandidate:
    """A network of cells, trained by Adam; the learning rate falls from 0.01 to 0 over `epochs`.

    width: the share of the skeleton's channels that it has.
    """
    with from_extras(), quietly():
        import keras

    from coursekit.training.keras.models import cell_network

    stem = max(1, round(width * space.skeleton.stem))
    skeleton = replace(space.skeleton, stem=stem)
    return KerasCandidate(
        lambda rng: cell_network(space, configuration, classes, skeleton=skeleton, rng=rng),
        lambda: keras.optimizers.Adam(0.01),
        batch_size=64,
        falling=epochs,
    )
