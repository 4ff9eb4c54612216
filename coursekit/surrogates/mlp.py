"""An ensemble of small multilayer perceptrons, as progressive NAS's surrogate (Liu et al., 2018).

`liu2018progressive`, section 4.2 of the ECCV version: five members, each of which sees 4/5 of the
data.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from coursekit.surrogates.adam_state import AdamState, Weights


class MLPEnsemble:
    """Regression from features, shape (n, d), to scores, shape (n,): two hidden layers of ReLUs.

    members: number of perceptrons; they are computed together, as one batch.
    units: width of the hidden layers.
    steps: full-batch steps of Adam on the mean absolute error. learning_rate: of Adam.
    decay: decoupled weight decay (Loshchilov and Hutter, 2019; `loshchilov2019decoupled`); a step
        takes off learning_rate * decay of each weight.
    """

    def __init__(
        self,
        *,
        members: int = 5,
        units: int = 32,
        steps: int = 100,
        learning_rate: float = 0.02,
        decay: float = 1.0,
    ) -> None:
        self.members, self.units, self.steps = members, units, steps
        self.learning_rate, self.decay = learning_rate, decay
        self.weights: Weights = {}
        self._centre, self._scale = 0.0, 1.0

    def fit(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> MLPEnsemble:
        """Train from scratch on finite numbers; ValueError without any."""
        if len(x) == 0 or len(x) != len(y):
            raise ValueError(
                f"{len(x)} rows of features, {len(y)} scores: give as many of each, at least 1"
            )
        self._centre, self._scale = float(np.mean(y)), float(np.std(y)) or 1.0
        self.weights = self._drawn(x.shape[1], rng)
        share = self._shares(len(x), rng)
        adam, target = AdamState(self.learning_rate), (y - self._centre) / self._scale
        for _ in range(self.steps):
            adam.step(self.weights, self.gradients(x, target, share))
            for name in ("W1", "W2", "W3"):
                self.weights[name] *= 1 - self.learning_rate * self.decay
        return self

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over the members, shape (n,) each, in the scores' units."""
        out = self._forward(x)[-1]
        return (
            self._centre + self._scale * out.mean(axis=0),
            self._scale * out.std(axis=0),
        )

    def _drawn(self, width: int, rng: np.random.Generator) -> Weights:
        """Normal with variance 2 / fan-in (He et al., 2015; `he2015delving`).

        The first axis is the members'.
        """
        sizes = (width, self.units, self.units, 1)
        weights: Weights = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), 1):
            shape = (self.members, fan_in, fan_out)
            weights[f"W{layer}"] = rng.standard_normal(shape) * np.sqrt(2 / max(fan_in, 1))
            weights[f"b{layer}"] = np.zeros((self.members, 1, fan_out))
        return weights

    def _shares(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Each point's weight in each member's loss, shape (members, count): 0 in one fold.

        Rows sum to 1. With fewer points than members, no point is left out.
        """
        fold = rng.permutation(count) % self.members
        seen = fold != np.arange(self.members)[:, None]
        if self.members == 1 or count < self.members:
            seen[:] = True
        return seen / seen.sum(axis=1, keepdims=True)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w = self.weights
        first = np.maximum(x @ w["W1"] + w["b1"], 0)
        second = np.maximum(first @ w["W2"] + w["b2"], 0)
        return first, second, (second @ w["W3"] + w["b3"])[..., 0]

    def loss(self, x: np.ndarray, y: np.ndarray, share: np.ndarray) -> float:
        """The sum of the members' mean absolute errors, each weighted by its row of `share`."""
        return float((share * np.abs(self._forward(x)[-1] - y)).sum())

    def gradients(self, x: np.ndarray, y: np.ndarray, share: np.ndarray) -> Weights:
        """The gradient of `loss` for each weight."""
        w = self.weights
        first, second, out = self._forward(x)
        dout = (share * np.sign(out - y))[..., None]
        dsecond = (dout @ _turned(w["W3"])) * (second > 0)
        dfirst = (dsecond @ _turned(w["W2"])) * (first > 0)
        return {
            "W3": _turned(second) @ dout,
            "b3": dout.sum(axis=1, keepdims=True),
            "W2": _turned(first) @ dsecond,
            "b2": dsecond.sum(axis=1, keepdims=True),
            "W1": x.T @ dfirst,
            "b1": dfirst.sum(axis=1, keepdims=True),
        }


def _turned(batch: np.ndarray) -> np.ndarray:
    return batch.transpose(0, 2, 1)
