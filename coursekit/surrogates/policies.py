"""Policies: the probability of each value of each decision, given the decisions before it.

`TabularPolicy` is the controller of NATS-Bench (Dong et al., 2021, TPAMI, arXiv:2009.00437;
`dong2021natsbench`), `RecurrentPolicy` that of Zoph and Le (2017, ICLR, arXiv:1611.01578;
`zoph2017neural`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from coursekit.surrogates.adam_state import Weights
from coursekit.surrogates.lstm import LSTM, LSTMStep


class Policy(Protocol):
    """Logits of decisions in order; a sequence may skip decisions.

    weights: trained in place.
    """

    weights: Weights

    def start(self) -> Any:
        """The state before the first decision."""

    def read(self, here: Any, decision: int, value: int) -> Any:
        """The state after a decision for the value with this index."""

    def logits(self, here: Any, decision: int) -> np.ndarray:
        """Unnormalised log-probabilities of a decision's values, shape (values,)."""
        ...

    def backward(self, path: Sequence[tuple[int, Any]], dlogits: Sequence[np.ndarray]) -> Weights:
        """Gradients of the weights, from those of the logits of each decision on the path."""
        ...


class TabularPolicy:
    """A softmax for each decision, independent of the others; uniform at the start.

    choices: the number of values of each decision.
    """

    def __init__(self, choices: Sequence[int]) -> None:
        self.weights: Weights = {str(d): np.zeros(count) for d, count in enumerate(choices)}

    def start(self) -> None:
        return None

    def read(self, here: None, decision: int, value: int) -> None:
        return None

    def logits(self, here: None, decision: int) -> np.ndarray:
        return self.weights[str(decision)]

    def backward(self, path: Sequence[tuple[int, None]], dlogits: Sequence[np.ndarray]) -> Weights:
        return {str(d): dlogit for (d, _), dlogit in zip(path, dlogits, strict=True)}


class RecurrentPolicy:
    """A softmax for each decision, from an LSTM that has read the decisions before it.

    choices: the number of values of each decision. units: width of the LSTM.

    The LSTM reads the last decision and its value (one-hot); each decision has its own output
    weights. They start at 0, so an untrained policy is uniform.
    """

    def __init__(self, choices: Sequence[int], units: int, rng: np.random.Generator) -> None:
        self._offsets = np.concatenate(([0], np.cumsum(choices))).tolist()
        self._layer = LSTM(self._offsets[-1], units, rng)
        self.weights: Weights = {
            **self._layer.weights,
            "V": np.zeros(
                (units, self._offsets[-1])
            ),  # the output weights of all decisions, side by side
            "v": np.zeros(self._offsets[-1]),
        }

    def start(self) -> LSTMStep:
        return self._layer.step(np.zeros(self._offsets[-1]), self._layer.start())

    def read(self, here: LSTMStep, decision: int, value: int) -> LSTMStep:
        x = np.zeros(self._offsets[-1])
        x[self._offsets[decision] + value] = 1.0
        return self._layer.step(x, here.after)

    def logits(self, here: LSTMStep, decision: int) -> np.ndarray:
        own = slice(self._offsets[decision], self._offsets[decision + 1])
        return here.after.h @ self.weights["V"][:, own] + self.weights["v"][own]

    def backward(
        self, path: Sequence[tuple[int, LSTMStep]], dlogits: Sequence[np.ndarray]
    ) -> Weights:
        heads = {name: np.zeros_like(self.weights[name]) for name in ("V", "v")}
        dh = np.empty((len(path), self._layer.units))
        for row, ((decision, here), dlogit) in enumerate(zip(path, dlogits, strict=True)):
            own = slice(self._offsets[decision], self._offsets[decision + 1])
            heads["V"][:, own] += here.after.h[:, None] * dlogit
            heads["v"][own] += dlogit
            dh[row] = self.weights["V"][:, own] @ dlogit
        return {**self._layer.backward([here for _, here in path], dh), **heads}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities proportional to exp(logits)."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
