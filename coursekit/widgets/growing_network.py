"""A perceptron that is trained for a while, grows, and is trained on: what the widget shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coursekit.data import Dataset
from coursekit.training.numpy import net2net
from coursekit.training.numpy.optimizers import Adam
from coursekit.training.numpy.perceptron import Perceptron

MOST = 256  # units of a layer
LAYERS = 5


@dataclass(frozen=True)
class Growth:
    """One step: what was done after which epoch, and what it did to the answers.

    difference: the largest change of any probability on the validation images.
    before, after: validation accuracy.
    """

    epoch: int
    what: str
    difference: float
    before: float
    after: float


class GrowingNetwork:
    """A perceptron with relu on one data set, trained by Adam, that can be widened and deepened.

    units: the widths of the hidden layers that it begins with. learning_rate: Adam's.
    noise: by which copies of units differ, as a share of the weights' standard deviation.
    seed: of the first weights, the minibatches and the choice of units to copy.

    curve: validation accuracy before the first epoch and after each. steps: what was done to it.
    """

    def __init__(
        self,
        data: Dataset,
        *,
        units: Sequence[int] = (4,),
        learning_rate: float = 0.01,
        noise: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.data, self.learning_rate, self.noise, self.seed = data, learning_rate, noise, seed
        self._first = tuple(units)
        self.reset()

    def reset(self) -> None:
        """Back to the first network, untrained."""
        self._weights_rng, self._rng = np.random.default_rng(self.seed).spawn(2)
        self.model = self._make(self._first, self._weights_rng)
        self.curve = [self.model.accuracy(self.data.validation)]
        self.steps: list[Growth] = []

    @property
    def units(self) -> tuple[int, ...]:
        """The widths of the hidden layers."""
        return tuple(len(bias) for bias in self.model.weights[1:-1:2])

    @property
    def epochs(self) -> int:
        """How many epochs it was trained for."""
        return len(self.curve) - 1

    @property
    def accuracy(self) -> float:
        """On the validation images, as it is now: a noisy step may have lost some since `curve`."""
        fresh = self.steps and self.steps[-1].epoch == self.epochs
        return self.steps[-1].after if fresh else self.curve[-1]

    def train(self, epochs: int = 5) -> None:
        """More epochs; Adam's moments begin at 0."""
        self.curve += self._train(self.model, epochs, self._rng)

    def widen(self, layer: int, units: int | None = None) -> Growth:
        """Give a hidden layer more units, by default twice as many (Net2WiderNet)."""
        old = self.units[layer]
        units = 2 * old if units is None else units
        if units > MOST:
            raise ValueError(f"units={units}: this network has at most {MOST} a layer")
        made = net2net.widen(
            self.model.weights, layer, units, rng=self._weights_rng, noise=self.noise
        )
        return self._become(made, f"layer {layer + 1}: {old} to {units} units")

    def deepen(self) -> Growth:
        """Put another hidden layer behind the last (Net2DeeperNet)."""
        if len(self.units) >= LAYERS:
            raise ValueError(f"{len(self.units)} hidden layers: this network has at most {LAYERS}")
        made = net2net.deepen(self.model.weights)
        return self._become(made, f"layer {len(self.units) + 1} is new: {self.units[-1]} units")

    def scratch(self) -> list[float]:
        """The curve of a network of the present shape with fresh weights, for as many epochs."""
        weights_rng, rng = np.random.default_rng((self.seed, 1)).spawn(2)
        model = self._make(self.units, weights_rng)
        start = model.accuracy(self.data.validation)
        return [start, *self._train(model, self.epochs, rng)]

    def _make(self, units: Sequence[int], rng: np.random.Generator) -> Perceptron:
        inputs = int(np.prod(self.data.train.x.shape[1:]))
        return Perceptron(inputs, self.data.classes, units=units, rng=rng)

    def _train(self, model: Perceptron, epochs: int, rng: np.random.Generator) -> list[float]:
        if not epochs:
            return []
        run = model.fit(
            self.data.train,
            self.data.validation,
            optimizer=Adam(self.learning_rate),
            epochs=epochs,
            rng=rng,
        )
        return [epoch.score for epoch in run]

    def _become(self, weights: list[np.ndarray], what: str) -> Growth:
        x, before = self.data.validation.x, self.model
        units = [len(bias) for bias in weights[1:-1:2]]
        self.model = self._make(units, np.random.default_rng(0))
        for mine, value in zip(self.model.weights, weights, strict=True):
            mine[:] = value
        difference = float(np.abs(self.model.predict(x) - before.predict(x)).max())
        scores = [each.accuracy(self.data.validation) for each in (before, self.model)]
        self.steps.append(Growth(self.epochs, what, difference, *scores))
        return self.steps[-1]
